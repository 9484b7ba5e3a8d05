/// The floating-point formats that stand for a value by themselves, without a scale.
public enum BinaryInterchange: Sendable, Hashable {
  case binary16, brain16, binary32

  /// Bits of a code.
  public var bits: Int { self == .binary32 ? 32 : 16 }

  /// The code of a finite value: rounded to nearest, ties to even, and at most the largest finite
  /// number of the format. A negative number that rounds to zero is -0.
  func code(_ value: Float) -> UInt32 {
    switch self {
    case .binary32: return value.bitPattern
    case .binary16:
      let rounded = Float16(value)
      let finite =
        rounded.isFinite
        ? rounded : Float16(signOf: rounded, magnitudeOf: Float16.greatestFiniteMagnitude)
      return UInt32(finite.bitPattern)
    case .brain16:
      let bits = value.bitPattern
      // Half of the last place, less one if that place is even: a tie stays there.
      let rounded = (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16
      return rounded & 0x7fff == 0x7f80 ? rounded - 1 : rounded
    }
  }

  /// The code of the neighbour below or above, the upper one with the probability that makes the
  /// mean equal to `value`, where `random` is uniform in 0..<1.
  func code(_ value: Float, random: Double) -> UInt32 {
    let nearest = code(value)
    let magnitude = Double(value.magnitude)
    // Codes of a sign order as their magnitudes do. 0 lies at or below every magnitude.
    let low = Double(self.value(nearest).magnitude) > magnitude ? nearest - 1 : nearest
    let (lower, upper) = (
      Double(self.value(low).magnitude), Double(self.value(low + 1).magnitude)
    )
    guard lower < magnitude, upper.isFinite else { return low }
    return random < (magnitude - lower) / (upper - lower) ? low + 1 : low
  }

  /// The value of a code: exact, infinity and NaN included.
  func value(_ code: UInt32) -> Float {
    switch self {
    case .binary32: Float(bitPattern: code)
    case .binary16: Float(Float16(bitPattern: UInt16(truncatingIfNeeded: code)))
    case .brain16: Float(bitPattern: code << 16)
    }
  }

  /// Little-endian codes of all values, which are finite.
  func encode(
    _ values: UnsafeBufferPointer<Float>, draws: inout RoundingDraws?,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    for (index, value) in values.enumerated() {
      let code = draws == nil ? code(value) : code(value, random: draws!.next())
      if bits == 16 {
        bytes.storeBytes(
          of: UInt16(truncatingIfNeeded: code).littleEndian, toByteOffset: 2 * index,
          as: UInt16.self)
      } else {
        bytes.storeBytes(of: code.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
    }
  }

  /// The values of little-endian codes. Throws `notFiniteCode`.
  func decode(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    for index in values.indices {
      let code =
        bits == 16
        ? UInt32(
          UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
        : UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      let value = value(code)
      guard value.isFinite else { throw .notFiniteCode(index: index) }
      values[index] = value
    }
  }
}
