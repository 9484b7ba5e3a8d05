/// Integers of 2 to 8 bits that use -L...L, L = 2^(bits - 1) - 1; the most negative code is unused.
public struct SymmetricInteger: ElementFormat {
  /// The width of a code.
  public let bits: Int

  /// The widths there are.
  public static let allowedBits = 2...8
  /// One format for each width.
  public static let all = allowedBits.map { SymmetricInteger(bits: $0) }

  public var name: String { "int\(bits)" }
  public var identifier: UInt8 { UInt8(bits) }
  public var summary: String { "integers -\(largestCode)...\(largestCode), one scale a group" }
  /// Codes are `-largestCode...largestCode`: 1, 3, 7, 15, 31, 63 or 127.
  public var largestCode: Int { 1 << (bits - 1) - 1 }
  public var coding: ElementCoding { .symmetric(bits: bits, largest: largestCode) }
}
