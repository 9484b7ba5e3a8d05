import Proofs
import Quant

/// Element u8, scale u8, group size u32 (0: whole tensor), rounding u8, clipping u8 (0 absmax, 1
/// mean, 2 percentile, 3 least squares), its millionths u32 (0 but for a percentile), size of the
/// rotation u16 (0: none), its seed u32 (0 without).
extension QuantizationFormat: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 18 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(element.format.identifier)
    writer.append(scale.identifier)
    writer.append(groupSize == Self.wholeTensor ? 0 : UInt32(groupSize))
    writer.append(rounding.identifier)
    let (kind, millionths) = clipping.numbers
    writer.append(kind)
    writer.append(millionths)
    writer.append(UInt16(rotation?.size ?? 0))
    writer.append(rotation?.seed ?? 0)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let element = try reader.readUInt8()
    let scale = try reader.readUInt8()
    let groupSize = try reader.readUInt32()
    let rounding = try reader.readUInt8()
    let clipping = (kind: try reader.readUInt8(), millionths: try reader.readUInt32())
    let rotation = (size: try reader.readUInt16(), seed: try reader.readUInt32())
    let format = Self.make(
      element: element, scale: scale, groupSize: Int(groupSize), rounding: rounding,
      clipping: clipping, rotation: (Int(rotation.size), rotation.seed))
    guard let format else {
      throw .invalidValue(
        offset: start, expected: "a quantization format",
        actual: "element \(element), scale \(scale), group \(groupSize), rounding \(rounding), "
          + "clipping \(clipping), rotation \(rotation)")
    }
    // What a format leaves out has one way to be written.
    var writer = CanonicalWriter()
    format.encode(to: &writer)
    guard writer.bytes.count == reader.offset - start,
      format.groupSize == (groupSize == 0 ? Self.wholeTensor : Int(groupSize)),
      format.rounding.identifier == rounding, format.clipping.numbers == clipping
    else {
      throw .invalidValue(
        offset: start, expected: "the shortest form of a quantization format",
        actual: "another form of \(format)")
    }
    self = format
  }

  private static func make(
    element: UInt8, scale: UInt8, groupSize: Int, rounding: UInt8,
    clipping: (kind: UInt8, millionths: UInt32), rotation: (size: Int, seed: UInt32)
  ) -> QuantizationFormat? {
    guard let element = Element(identifier: element), let scale = ScaleFormat(identifier: scale),
      let rounding = Rounding(identifier: rounding), let clipping = Clipping(numbers: clipping),
      rotation.size > 0 || rotation.seed == 0
    else { return nil }
    do {
      return try QuantizationFormat(
        element, groupSize: groupSize == 0 ? wholeTensor : groupSize, scale: scale,
        rounding: rounding, clipping: clipping,
        rotation: rotation.size == 0 ? nil : Rotation(size: rotation.size, seed: rotation.seed))
    } catch { return nil }
  }
}

extension Clipping {
  fileprivate var numbers: (kind: UInt8, millionths: UInt32) {
    switch self {
    case .absmax: (0, 0)
    case .mean: (1, 0)
    case .percentile(let millionths): (2, UInt32(millionths))
    case .leastSquares: (3, 0)
    }
  }

  fileprivate init?(numbers: (kind: UInt8, millionths: UInt32)) {
    switch numbers {
    case (0, 0): self = .absmax
    case (1, 0): self = .mean
    case (2, let millionths): self = .percentile(millionths: Int(millionths))
    case (3, 0): self = .leastSquares
    default: return nil
    }
  }
}
