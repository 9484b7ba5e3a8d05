import Proofs

/// How a diff says what changed.
public enum DiffKind: UInt8, Sendable, Hashable, CaseIterable {
  /// The published quantized gradients of each step.
  case stepGradients = 1
  /// The quantized update of a whole block.
  case blockUpdate = 2
  /// The exclusive or of the words, in byte planes, compressed.
  case xor = 3
  /// The bytes of the leaves that changed.
  case changedLeaves = 4
  /// Low-rank factors of the matrices, and the exclusive or of what they leave.
  case lowRank = 5

  /// The word for the kind in tables.
  public var name: String {
    switch self {
    case .stepGradients: "step-gradients"
    case .blockUpdate: "block-update"
    case .xor: "xor"
    case .changedLeaves: "changed-leaves"
    case .lowRank: "low-rank"
    }
  }
}

/// What stands at the start of a diff.
///
/// `docs/diffs.md` lays every byte out: the text "PoGO diff", version u16, kind u8, byteCount u64,
/// chunkByteCount u32, parameters (u32 count, bytes).
public struct DiffHeader: Sendable, Hashable {
  /// How it says what changed.
  public let kind: DiffKind
  /// Bytes of both models, a multiple of 4.
  public let byteCount: Int
  /// Bytes of the model that one chunk covers, the last one maybe fewer; a multiple of 4.
  public let chunkByteCount: Int
  /// What the kind needs besides.
  public let parameters: [UInt8]

  static let magic = "PoGO diff"
  static let version: UInt16 = 1
  /// Chunk sizes that are written and read.
  public static let chunkByteCounts = 1 << 10...1 << 24
  /// Longest parameters that are read.
  public static let maximumParameterByteCount = 1 << 28

  /// Bytes before the parameters: text, version, kind, sizes, and the length of the parameters.
  static let fixedByteCount = 4 + magic.utf8.count + 2 + 1 + 8 + 4 + 4

  /// Throws `impossible` for sizes that no diff has.
  init(
    kind: DiffKind, byteCount: Int, chunkByteCount: Int, parameters: [UInt8]
  ) throws(DiffError) {
    guard byteCount >= 0, byteCount % 4 == 0 else {
      throw .impossible("a model has a multiple of 4 bytes, not \(byteCount)")
    }
    guard Self.chunkByteCounts.contains(chunkByteCount), chunkByteCount % 4 == 0 else {
      throw .impossible(
        "chunks have a multiple of 4 bytes in \(Self.chunkByteCounts), not \(chunkByteCount)")
    }
    guard parameters.count <= Self.maximumParameterByteCount else {
      throw .oversized(
        "parameters", byteCount: parameters.count, limit: Self.maximumParameterByteCount)
    }
    self.kind = kind
    self.byteCount = byteCount
    self.chunkByteCount = chunkByteCount
    self.parameters = parameters
  }

  /// Number of chunks.
  var chunkCount: Int { MerkleTree.leafCount(byteCount: byteCount, leafSize: chunkByteCount) }

  /// Bytes of the model that chunk `index` covers.
  func range(ofChunk index: Int) -> Range<Int> {
    index * chunkByteCount..<min((index + 1) * chunkByteCount, byteCount)
  }

  var bytes: [UInt8] {
    var writer = CanonicalWriter()
    writer.append(Self.magic)
    writer.append(Self.version)
    writer.append(kind.rawValue)
    writer.append(UInt64(byteCount))
    writer.append(UInt32(chunkByteCount))
    writer.append(parameters)
    return writer.bytes
  }

  /// Reads a header from the start of a diff.
  init<Source>(_ reader: inout DiffReader<Source>) throws {
    let fixed = try reader.read(Self.fixedByteCount, "the header")
    var fields = CanonicalReader(fixed)
    do {
      guard try fields.readString() == Self.magic else { throw DiffError.notADiff }
      let version = try fields.readUInt16()
      guard version == Self.version else { throw DiffError.wrongVersion(version) }
      let number = try fields.readUInt8()
      guard let kind = DiffKind(rawValue: number) else {
        throw DiffError.impossible("there is no diff of kind \(number)")
      }
      let byteCount = try fields.readCount64("byte count")
      let chunkByteCount = Int(try fields.readUInt32())
      let count = Int(try fields.readUInt32())
      guard count <= Self.maximumParameterByteCount else {
        throw DiffError.oversized(
          "the header", byteCount: count, limit: Self.maximumParameterByteCount)
      }
      let parameters = try reader.read(count, "the parameters")
      try self.init(
        kind: kind, byteCount: byteCount, chunkByteCount: chunkByteCount, parameters: parameters)
    } catch let error as CanonicalError {
      // A text of another length, so another text.
      if case .lengthTooLarge = error { throw DiffError.notADiff }
      throw DiffError.malformed(error)
    }
  }
}
