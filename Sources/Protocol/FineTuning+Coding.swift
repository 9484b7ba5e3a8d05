import Models
import Proofs

/// A tag, then what the variant has: rank, alpha and patterns.
extension FineTuning: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .full: writer.append(UInt8(0))
    case .lora(let rank, let alpha, let matrices):
      writer.append(UInt8(1))
      writer.append(UInt32(rank))
      writer.append(alpha)
      writer.append(matrices)
    case .layers(let patterns):
      writer.append(UInt8(2))
      writer.append(patterns)
    case .lowRank(let rank):
      writer.append(UInt8(3))
      writer.append(UInt32(rank))
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let offset = reader.offset
    switch try reader.readUInt8() {
    case 0: self = .full
    case 1:
      let rank = Int(try reader.readUInt32())
      let alpha = try reader.readFloat()
      self = .lora(rank: rank, alpha: alpha, matrices: try reader.readArray())
    case 2: self = .layers(try reader.readArray())
    case 3: self = .lowRank(rank: Int(try reader.readUInt32()))
    case let tag:
      throw .invalidValue(offset: offset, expected: "a variant of fine-tuning", actual: "\(tag)")
    }
  }
}
