import Proofs

/// How strongly the two phases of randomness are bound; the weaker forms exist to show by
/// experiment what breaks without them (`docs/protocol.md`, section 4).
public struct RandomnessRules: Sendable, Hashable {
  /// What fixes the training data.
  public enum Training: UInt8, Sendable, Hashable, CaseIterable {
    /// The parent, a beacon value and the miner's key: nobody chooses.
    case beacon = 0
    /// A number in the header that the miner chooses freely.
    case minerChosen = 1
  }

  /// What fixes the challenges.
  public enum Challenge: UInt8, Sendable, Hashable, CaseIterable {
    /// A beacon value born after the commitment and the verifier's random function.
    case afterCommitment = 0
    /// The header and the verifier's key: the miner knows them before it commits.
    case knownEarly = 1
  }

  /// Phase one.
  public var training: Training
  /// Phase two.
  public var challenge: Challenge

  /// From its parts.
  public init(training: Training = .beacon, challenge: Challenge = .afterCommitment) {
    self.training = training
    self.challenge = challenge
  }

  /// Both phases as the protocol means them.
  public static let strong = RandomnessRules()
}

extension RandomnessRules: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 2 }
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(training.rawValue)
    writer.append(challenge.rawValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let raw = (try reader.readUInt8(), try reader.readUInt8())
    guard let training = Training(rawValue: raw.0), let challenge = Challenge(rawValue: raw.1)
    else {
      throw .invalidValue(
        offset: start, expected: "two phases of randomness", actual: "\(raw.0), \(raw.1)")
    }
    self.init(training: training, challenge: challenge)
  }
}
