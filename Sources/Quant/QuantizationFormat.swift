/// How a vector of float32 values becomes bytes and comes back. `docs/quantization.md` specifies
/// every byte.
///
/// A vector is cut into groups of `groupSize` values, the last of which may be shorter. Each group
/// (with double quantization, 256 of them) becomes one record, records follow each other without
/// gaps, and no record depends on another; so a range of whole records is a range of bytes, and can
/// be encoded and decoded alone. Matrices are taken as flat vectors.
///
/// Laws, checked in `FormatLawTests` for every format:
/// - Equal values, and equal random numbers where rounding takes them, give equal bytes; the number
///   of bytes depends on the number of values alone.
/// - Bytes from `quantize` decode to finite values, each the nearest that its group can express (of
///   those around it, if rounding is stochastic).
/// - A group of zeros (of either sign) that has a scale comes back as +0.
/// - Encoding a range of whole records gives that range of the bytes.
/// - NaN and infinity are refused; bytes that no encoder makes are refused where it can tell.
public struct QuantizationFormat: Sendable, Hashable {
  /// What the codes stand for.
  public let element: Element
  /// The number of values that share a scale; ``wholeTensor`` for one scale for all values, and 1
  /// without a scale.
  public let groupSize: Int
  /// How a scale is stored.
  public let scale: ScaleFormat
  /// Where a value between two codes goes.
  public let rounding: Rounding
  /// What fits the scale to the values of a group.
  public let clipping: Clipping
  /// The transform of the values before, and back after.
  public let rotation: Rotation?

  /// The group size that puts all values into one group.
  public static let wholeTensor = Int.max
  /// The other group sizes there are.
  public static let allowedGroupSizes = 1...65536

  /// A format of its parts; what is left out is the element's default.
  ///
  /// Throws `groupSizeOutOfRange`, `scaleNotOffered`, `percentileOutOfRange`, `rotationNotOffered`,
  /// `optionNotOffered`.
  public init(
    _ element: Element, groupSize: Int? = nil, scale: ScaleFormat? = nil,
    rounding: Rounding = .nearest, clipping: Clipping? = nil, rotation: Rotation? = nil
  ) throws(QuantError) {
    let definition = element.format
    let scale = scale ?? definition.defaultScale
    guard definition.scales.contains(scale) else {
      throw .scaleNotOffered(scale, element: element.name)
    }
    var size = groupSize ?? definition.defaultGroupSize
    let isWhole = size == Self.wholeTensor
    guard isWhole ? scale != .double : Self.allowedGroupSizes.contains(size) else {
      throw .groupSizeOutOfRange(groupSize: size, allowed: Self.allowedGroupSizes)
    }
    let clipping = clipping ?? definition.defaultClipping
    switch clipping {
    case .percentile(let millionths) where !Clipping.allowedMillionths.contains(millionths):
      throw .percentileOutOfRange(millionths: millionths)
    case .mean where definition.defaultClipping != .mean:
      throw .optionNotOffered("clipping to the mean", element: element.name)
    default: break
    }
    if let rotation {
      guard scale != .none else { throw .optionNotOffered("rotation", element: element.name) }
      guard isWhole || size % rotation.size == 0 || rotation.size % size == 0 else {
        throw .rotationNotOffered(size: rotation.size, groupSize: size)
      }
    }
    self.element = element
    self.scale = scale
    self.rotation = rotation
    // Without a scale, groups and what fits scales to them would be other names for the same bytes;
    // and float32 is never rounded.
    if scale == .none { size = 1 }
    self.groupSize = size
    self.clipping = scale == .none ? .absmax : clipping
    self.rounding = element == .float32 ? .nearest : rounding
  }

  /// float32, the control.
  public static let float32 = QuantizationFormat(unscaled: .float32)

  private init(unscaled element: Element) {
    self.element = element
    groupSize = 1
    scale = .none
    rounding = .nearest
    clipping = .absmax
    rotation = nil
  }
}
