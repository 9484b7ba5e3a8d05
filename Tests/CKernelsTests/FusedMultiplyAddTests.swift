import CKernels
import Glibc
import Testing

/// The fma of each instruction set against the C library's, bit for bit.
@Suite struct FusedMultiplyAddTests {
  static let supported = [CK_PORTABLE, CK_AVX2, CK_AVX512].map { Int32($0) }
    .filter { ck_isSupported($0) != 0 }

  private struct Bits {
    var state: UInt64
    mutating func next() -> UInt32 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return UInt32(truncatingIfNeeded: z >> 32)
    }
    mutating func float() -> Float { Float(bitPattern: next()) }
  }

  private func differences(_ set: Int32, _ a: [Float], _ b: [Float], _ c: [Float]) -> [String] {
    var d = [Float](repeating: 0, count: a.count)
    ck_kernels(set).pointee.fma(a.count, a, b, c, &d)
    return a.indices.compactMap { i in
      let expected = fmaf(a[i], b[i], c[i])
      if expected.isNaN && d[i].isNaN || expected.bitPattern == d[i].bitPattern { return nil }
      return "fma(\(a[i]), \(b[i]), \(c[i])) = \(expected), not \(d[i])"
    }
  }

  @Test(arguments: supported) func anyBitPatterns(set: Int32) {
    var bits = Bits(state: 1)
    let count = 1 << 20
    let (a, b, c) = (
      (0..<count).map { _ in bits.float() }, (0..<count).map { _ in bits.float() },
      (0..<count).map { _ in bits.float() }
    )
    #expect(differences(set, a, b, c).first == nil)
  }

  @Test(arguments: supported) func cancellationTiesAndDenormalResults(set: Int32) {
    var bits = Bits(state: 2)
    var (a, b, c) = ([Float](), [Float](), [Float]())
    for i in 0..<(1 << 20) {
      // Few significant bits make exact ties common.
      let mask: UInt32 = i % 3 == 0 ? 0xffff_f000 : i % 3 == 1 ? 0xfff0_0000 : .max
      let x = Float(bitPattern: bits.next() & mask)
      let y = Float(bitPattern: bits.next() & mask)
      let product = x * y
      let shift = Int(bits.next() % 120) - 60
      let addend: Float
      switch i % 5 {
      case 0: addend = -product  // leaves the rounding error of the product
      case 1: addend = Float(sign: .plus, exponent: shift, significand: product)
      case 2: addend = -Float(sign: .plus, exponent: shift / 12, significand: product).nextUp
      case 3: addend = Float(bitPattern: bits.next() & 0x80ff_ffff)  // denormal and just above
      default: addend = Float(sign: .minus, exponent: shift / 2, significand: x)
      }
      a.append(x)
      b.append(y)
      c.append(addend)
    }
    #expect(differences(set, a, b, c).first == nil)
  }

  @Test(arguments: supported) func denormalProducts(set: Int32) {
    var bits = Bits(state: 3)
    var (a, b, c) = ([Float](), [Float](), [Float]())
    for i in 0..<(1 << 19) {
      // Exponents that add up to the neighbourhood of 2^-149.
      let e = Int(bits.next() % 100) - 120
      let x = Float(sign: .plus, exponent: e, significand: 1 + Float(bits.next() >> 9) * 0x1p-23)
      let y = Float(
        sign: i % 2 == 0 ? .plus : .minus, exponent: -150 - e + Int(bits.next() % 30),
        significand: 1 + Float(bits.next() >> 9) * 0x1p-23)
      a.append(x)
      b.append(y)
      c.append(i % 4 == 0 ? 0 : Float(bitPattern: bits.next() & 0x8000_0fff))
    }
    #expect(differences(set, a, b, c).first == nil)
  }

  @Test(arguments: supported) func specialValues(set: Int32) {
    let special: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 1.5, Float(1).nextUp, Float(1).nextDown, 0x1p64, -0x1p-75,
    ]
    var (a, b, c) = ([Float](), [Float](), [Float]())
    for x in special {
      for y in special {
        for z in special {
          a.append(x)
          b.append(y)
          c.append(z)
        }
      }
    }
    #expect(differences(set, a, b, c).first == nil)
  }
}
