/// Kind `xor`: the exclusive or of the float32 words, byte plane after byte plane, compressed.
///
/// Words of similar value share sign, exponent and the upper bits of the fraction, so the planes of
/// their exclusive or are zeros at the top and noise at the bottom; side by side they compress.
public struct XorEncoder: DiffEncoder {
  /// The encoder has no settings.
  public init() {}

  /// `xor`.
  public var kind: DiffKind { .xor }
  /// None.
  public var parameters: [UInt8] { [] }

  /// The compressed planes of the range.
  public func encode(
    _ range: Range<Int>, before: UnsafeRawBufferPointer, after: UnsafeRawBufferPointer
  ) -> [UInt8] { BytePlanes.compress(before, after) }
}

struct XorDecoder: DiffDecoder {
  init(_ header: DiffHeader) throws(DiffError) {
    guard header.parameters.isEmpty else {
      throw .impossible("a diff of kind xor has no parameters")
    }
  }

  func maximumPayloadByteCount(_ range: Range<Int>) -> Int { Zstandard.bound(range.count) }

  func decode(
    _ payload: [UInt8], _ range: Range<Int>, before: UnsafeRawBufferPointer,
    into after: UnsafeMutableRawBufferPointer
  ) throws(DiffError) {
    guard BytePlanes.decompress(payload, onto: before, into: after) else {
      throw .inconsistent(offset: range.lowerBound, "it is no frame of \(range.count) bytes")
    }
  }
}

/// The four byte planes of the exclusive or of float32 words, compressed.
enum BytePlanes {
  /// Bytes 0 of all words, then bytes 1, 2 and 3.
  static func compress(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let count = first.count / 4
    let planes = [UInt8](unsafeUninitializedCapacity: first.count) { target, written in
      for plane in 0..<4 {
        for word in 0..<count {
          target[plane * count + word] = first[4 * word + plane] ^ second[4 * word + plane]
        }
      }
      written = first.count
    }
    return Zstandard.compress(planes)
  }

  /// Writes the words that `payload` leads to from `first`; false if it holds another number.
  static func decompress(
    _ payload: [UInt8], onto first: UnsafeRawBufferPointer,
    into second: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let planes = Zstandard.decompress(payload, count: first.count) else { return false }
    let count = first.count / 4
    planes.withUnsafeBytes { planes in
      for plane in 0..<4 {
        for word in 0..<count {
          second[4 * word + plane] = first[4 * word + plane] ^ planes[plane * count + word]
        }
      }
    }
    return true
  }
}
