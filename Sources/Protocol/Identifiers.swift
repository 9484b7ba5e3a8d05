import Proofs

/// Place of a block in the chain; genesis is 0.
public struct Height: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Blocks above genesis.
  public let value: UInt64
  /// Wraps a plain number.
  public init(_ value: UInt64) { self.value = value }
  /// The height after this one.
  public var next: Height { Height(value + 1) }
  public static func < (a: Height, b: Height) -> Bool { a.value < b.value }
  public var description: String { "\(value)" }
}

/// Time on the virtual clock, in milliseconds since genesis.
public struct VirtualTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Milliseconds since genesis.
  public let milliseconds: UInt64
  /// Wraps a plain number.
  public init(milliseconds: UInt64) { self.milliseconds = milliseconds }
  public static func < (a: VirtualTime, b: VirtualTime) -> Bool {
    a.milliseconds < b.milliseconds
  }
  public static func + (a: VirtualTime, milliseconds: UInt64) -> VirtualTime {
    VirtualTime(milliseconds: a.milliseconds + milliseconds)
  }
  public var description: String { "\(milliseconds) ms" }
}

/// Units at stake or paid; never negative, never a fraction.
public struct Stake: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Whole units.
  public let units: UInt64
  /// Wraps a plain number.
  public init(_ units: UInt64) { self.units = units }
  public static func < (a: Stake, b: Stake) -> Bool { a.units < b.units }
  public static func + (a: Stake, b: Stake) -> Stake { Stake(a.units + b.units) }
  /// The difference; `b` must not be larger than `a`.
  public static func - (a: Stake, b: Stake) -> Stake { Stake(a.units - b.units) }
  /// Nothing.
  public static let zero = Stake(0)
  public var description: String { "\(units)" }

  /// This many parts in a million of it, rounded down.
  public func share(of rate: PartsPerMillion) -> Stake {
    let (high, low) = units.multipliedFullWidth(by: UInt64(rate.value))
    return Stake(PartsPerMillion.whole.dividing((high, low)).quotient)
  }
}

/// A rate in integers, so that no two machines round it differently.
public struct PartsPerMillion: Sendable, Hashable, Comparable {
  /// 0 ... 1,000,000.
  public let value: UInt32
  static let whole: UInt64 = 1_000_000

  /// Nothing.
  public static let zero = PartsPerMillion(parts: 0)

  private init(parts: UInt32) { value = parts }

  /// nil above one million.
  public init?(_ value: UInt32) {
    guard UInt64(value) <= Self.whole else { return nil }
    self.value = value
  }

  /// The rate nearest to `fraction`; nil outside 0...1.
  public init?(fraction: Double) {
    guard fraction >= 0, fraction <= 1 else { return nil }
    value = UInt32((fraction * Double(Self.whole)).rounded())
  }

  /// As a number in 0...1.
  public var fraction: Double { Double(value) / Double(Self.whole) }

  /// How many of `count` things a verifier looks at: rounded up, so at least one unless the rate
  /// is zero.
  public func sampleCount(of count: Int) -> Int {
    let (high, low) = UInt64(count).multipliedFullWidth(by: UInt64(value))
    let (quotient, remainder) = Self.whole.dividing((high, low))
    return Int(quotient) + (remainder > 0 ? 1 : 0)
  }

  public static func < (a: PartsPerMillion, b: PartsPerMillion) -> Bool { a.value < b.value }
}

extension UInt64 {
  /// The 128-bit `value` divided by self.
  fileprivate func dividing(
    _ value: (high: UInt64, low: UInt64)
  ) -> (quotient: UInt64, remainder: UInt64) {
    // A rate is at most one, so the quotient fits 64 bits and the high word is below the divisor.
    dividingFullWidth(value)
  }
}

extension Height: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(value) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    value = try reader.readUInt64()
  }
}

extension VirtualTime: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(milliseconds) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    milliseconds = try reader.readUInt64()
  }
}

extension Stake: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(units) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    units = try reader.readUInt64()
  }
}

extension PartsPerMillion: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(value) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let raw = try reader.readUInt32()
    guard let rate = PartsPerMillion(raw) else {
      throw .invalidValue(offset: start, expected: "at most 1000000", actual: "\(raw)")
    }
    self = rate
  }
}
