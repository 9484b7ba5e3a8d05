import Proofs
import Safetensors

/// Reads published rounds: one JSON object a line, as drand's HTTP interface answers
/// (`round`, `randomness`, `signature`, and in chained beacons `previous_signature`).
public enum RecordedBeaconFile {
  /// Longest file that is read.
  public static let maximumByteCount = 64 << 20

  /// The beacon that the lines of `bytes` record; empty lines are passed over.
  /// Throws ``RecordedBeaconFileError`` with the line that is wrong.
  public static func beacon(_ bytes: [UInt8]) throws(RecordedBeaconFileError) -> RecordedBeacon {
    guard bytes.count <= maximumByteCount else {
      throw RecordedBeaconFileError(
        "it has \(bytes.count) bytes, but at most \(maximumByteCount) are read")
    }
    var rounds: [RecordedRound] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
      do throws(RecordedBeaconFileError) { rounds.append(try round(Array(line))) } catch {
        throw RecordedBeaconFileError("line \(number + 1): \(error)")
      }
    }
    do throws(RecordedBeaconError) { return try RecordedBeacon(rounds) } catch {
      throw RecordedBeaconFileError("\(error)")
    }
  }

  private static func round(_ line: [UInt8]) throws(RecordedBeaconFileError) -> RecordedRound {
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: line) } catch {
      throw RecordedBeaconFileError("byte \(error.offset): \(error.problem)")
    }
    let known: Set = ["round", "randomness", "signature", "previous_signature"]
    if let other = value.members?.first(where: { !known.contains($0.key) }) {
      throw RecordedBeaconFileError("a round has no member '\(other.key)'")
    }
    guard let round = value["round"]?.count else {
      throw RecordedBeaconFileError("'round' must be a number from 1")
    }
    guard let randomness = value["randomness"]?.string.flatMap({ Digest(hex: $0) }) else {
      throw RecordedBeaconFileError("'randomness' must be 64 hexadecimal digits")
    }
    guard let signature = value["signature"]?.string.flatMap({ Hexadecimal.decode($0) }) else {
      throw RecordedBeaconFileError("'signature' must be hexadecimal digits")
    }
    var previous: [UInt8]?
    if let text = value["previous_signature"] {
      guard let bytes = text.string.flatMap({ Hexadecimal.decode($0) }) else {
        throw RecordedBeaconFileError("'previous_signature' must be hexadecimal digits")
      }
      // Unchained beacons answer with an empty one.
      previous = bytes.isEmpty ? nil : bytes
    }
    return RecordedRound(
      round: round, randomness: randomness, signature: signature, previousSignature: previous)
  }
}

/// Why a file of beacon rounds is refused.
public struct RecordedBeaconFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, in words.
  public let description: String

  init(_ description: String) { self.description = description }
}
