/// Integers of 2 to 8 bits with a scale and a zero point for each group, so that all 2^bits codes
/// cover the range from the smallest to the largest value (and 0).
public struct AsymmetricInteger: ElementFormat {
  /// The width of a code.
  public let bits: Int

  /// One format for each width of ``SymmetricInteger``.
  public static let all = SymmetricInteger.allowedBits.map { AsymmetricInteger(bits: $0) }

  public var name: String { "uint\(bits)" }
  public var identifier: UInt8 { 16 + UInt8(bits) }
  public var summary: String { "integers 0...\(largestCode), a scale and a zero point a group" }
  /// 2^bits - 1: 3, 7, 15, 31, 63, 127 or 255.
  public var largestCode: Int { 1 << bits - 1 }
  public var coding: ElementCoding { .asymmetric(bits: bits, largest: largestCode) }
}
