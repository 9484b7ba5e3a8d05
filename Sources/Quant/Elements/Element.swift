/// What the codes of a format stand for: one conforming type a format, each in a file of its own.
///
/// `docs/quantization.md` specifies every one of them.
public protocol ElementFormat: Sendable {
  /// Name in specs, commands and reports.
  var name: String { get }
  /// Number in canonical bytes; never used again for another format.
  var identifier: UInt8 { get }
  /// One line for `pogo list formats`.
  var summary: String { get }
  /// How values become codes.
  var coding: ElementCoding { get }
  /// The scale formats that it can have.
  var scales: [ScaleFormat] { get }
  /// The scale format that it has if not told otherwise.
  var defaultScale: ScaleFormat { get }
  /// The group size that it has if not told otherwise.
  var defaultGroupSize: Int { get }
  /// What fits the scale to a group if not told otherwise.
  var defaultClipping: Clipping { get }
  /// Whether the sign of a scale is chosen too: then the table's lowest value stands for the value
  /// of the largest magnitude.
  var hasSignedScale: Bool { get }
}

extension ElementFormat {
  public var scales: [ScaleFormat] { ScaleFormat.allCases.filter { $0 != .none } }
  public var defaultScale: ScaleFormat { .float32 }
  public var defaultGroupSize: Int { 64 }
  public var defaultClipping: Clipping { .absmax }
  public var hasSignedScale: Bool { false }
}

/// The ways in which values become codes.
public enum ElementCoding: Sendable {
  /// Whole multiples of the scale from -`largest` to `largest`, in two's complement of `bits` bits.
  case symmetric(bits: Int, largest: Int)
  /// Whole multiples of the scale, 0...`largest` after the group's zero point is added.
  case asymmetric(bits: Int, largest: Int)
  /// The values of a table, in units of the scale.
  case codebook(Codebook, CodePacking)
  /// The value itself in a shorter or the same binary floating-point format, without a scale.
  case binary(BinaryInterchange)
}

/// One of the formats there are, compared by its identifier.
public struct Element: Sendable {
  /// The definition.
  public let format: any ElementFormat
  /// Bits of a code, before packing.
  public let bits: Int
  /// How its codes are packed.
  let packing: CodePacking
  /// Whether groups of it have a zero point.
  let hasZeroPoint: Bool

  private init(_ format: any ElementFormat) {
    self.format = format
    switch format.coding {
    case .symmetric(let bits, _):
      (self.bits, packing, hasZeroPoint) = (bits, .bits(bits), false)
    case .asymmetric(let bits, _):
      (self.bits, packing, hasZeroPoint) = (bits, .bits(bits), true)
    case .codebook(let book, let packing):
      (bits, self.packing, hasZeroPoint) = (book.bits, packing, false)
    case .binary(let kind):
      (bits, packing, hasZeroPoint) = (kind.bits, .bits(kind.bits), false)
    }
  }

  /// All formats, in the order in which they are listed.
  public static let all: [Element] =
    SymmetricInteger.all.map { Element($0) } + AsymmetricInteger.all.map { Element($0) }
    + [
      Element(Sign()), Element(Ternary()), Element(NormalFloat4()), Element(BitsAndBytesFloat4()),
      Element(LloydMax4()), Element(Float4E2M1()), Element(Float6E2M3()), Element(Float6E3M2()),
      Element(Float8E4M3()), Element(Float8E5M2()), Element(MicroscalingInt8()),
      Element(Binary16()), Element(BrainFloat16()), Element(Binary32()),
    ]

  /// The format called `name`.
  public init?(named name: String) {
    guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// The format with the number `identifier`.
  public init?(identifier: UInt8) {
    guard let found = Self.all.first(where: { $0.format.identifier == identifier }) else {
      return nil
    }
    self = found
  }

  /// Name in specs, commands and reports.
  public var name: String { format.name }

}

extension Element: Hashable, CustomStringConvertible {
  public static func == (a: Element, b: Element) -> Bool {
    a.format.identifier == b.format.identifier
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(format.identifier) }
  public var description: String { name }
}

extension Element {
  /// Symmetric integers of `bits` bits. Throws `bitsOutOfRange`.
  public static func integer(bits: Int) throws(QuantError) -> Element {
    guard let found = Element(named: "int\(bits)") else {
      throw .bitsOutOfRange(bits: bits, allowed: SymmetricInteger.allowedBits)
    }
    return found
  }

  /// Asymmetric integers of `bits` bits. Throws `bitsOutOfRange`.
  public static func unsignedInteger(bits: Int) throws(QuantError) -> Element {
    guard let found = Element(named: "uint\(bits)") else {
      throw .bitsOutOfRange(bits: bits, allowed: SymmetricInteger.allowedBits)
    }
    return found
  }

  /// IEEE 754 binary32: the control.
  public static let float32 = Element(Binary32())
  /// IEEE 754 binary16.
  public static let float16 = Element(Binary16())
  /// bfloat16: the upper half of binary32.
  public static let bfloat16 = Element(BrainFloat16())
}
