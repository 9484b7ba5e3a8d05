import Kernels
import Quant
import Testing

/// `mse` as docs/quantization.md has it, one scale after the other, against what the kernels find.
@Suite struct ScaleSearchTests {
  static let sets = InstructionSet.allCases.filter(\.isSupported)
  static let formats = [
    "lm4", "lm4:g64:float32", "int2:mse", "int3:g32:float16:mse", "int8:mse", "nf4:mse",
    "fp4:float16:mse", "fp4-e2m1:mse", "ternary:mse", "sign:mse",
  ].map { try! QuantizationFormat(named: $0) }

  private func vectors(_ size: Int) -> [[Float]] {
    var random = TestRandom(size)
    let outlier = (0..<size).map { $0 == 5 ? Float(40) : random.uniform() }
    return [
      (0..<size).map { _ in random.uniform() },
      (0..<size).map { _ in random.anyFinite() },
      (0..<size - 3).map { Float($0 % 9) / 4 - 1 },
      outlier, outlier.map { -$0 }, outlier.map { $0 * 0x1p-20 }, outlier.map { $0 * 0x1p-140 },
      [Float](repeating: 1, count: size), [Float](repeating: 0, count: size),
      outlier.map { $0 * 0x1p121 }, [3],
    ]
  }

  /// The stored form of a scale, and its value.
  private func stored(_ scale: Float, _ format: QuantizationFormat) -> (bits: UInt32, value: Float)
  {
    guard format.scale == .float16 else { return (scale.bitPattern, scale) }
    let half = Float16(min(max(scale, -65504), 65504))
    return (UInt32(half.bitPattern), Float(half))
  }

  /// Largest value of a code, and what a number becomes in a group of a scale.
  private func rounding(_ format: QuantizationFormat) -> (Float, (Float, Float) -> Float) {
    switch format.element.format.coding {
    case .symmetric(_, let largest):
      let limit = Float(largest)
      return (limit, { min(max($0 / $1, -limit), limit).rounded(.toNearestOrEven) * $1 })
    case .codebook(let book, _):
      return (
        book.values.map(\.magnitude).max()!,
        { number, scale in
          let (x, width) = scale < 0 ? (-number, -scale) : (number, scale)
          var place = 0
          for i in 1..<book.values.count {
            let middle = Float((Double(book.values[i - 1]) + Double(book.values[i])) / 2) * width
            if x > middle || (x == middle && book.codes[i] % 2 == 0) { place = i }
          }
          return book.values[place] * scale
        }
      )
    default: preconditionFailure("\(format)")
    }
  }

  private func bestScale(_ values: [Float], _ format: QuantizationFormat) -> UInt32 {
    let (largest, rounded) = rounding(format)
    let magnitude = values.map(\.magnitude).max()!
    var best: (bits: UInt32, error: Double) = (0, .infinity)
    for k in 8...80 {
      for sign: Float in format.element.name == "lm4" ? [1, -1] : [1] {
        let wanted = min(magnitude * (Float(k) / 64), .greatestFiniteMagnitude) / largest
        var (bits, scale) = stored(wanted * sign, format)
        if scale == 0 { (bits, scale) = (0, 0) }
        if !(scale * largest).isFinite {
          scale = (.greatestFiniteMagnitude / largest) * sign
          if !(scale * largest).isFinite {
            scale = sign * scale.magnitude.nextDown
          }
          bits = scale.bitPattern
        }
        let error = values.reduce(0.0) { sum, value in
          let difference = Double(value) - Double(scale == 0 ? 0 : rounded(value, scale))
          return sum + difference * difference
        }
        if error < best.error { best = (bits, error) }
      }
    }
    return best.bits
  }

  private func encode(
    _ format: QuantizationFormat, _ values: [Float], _ set: InstructionSet
  ) throws -> [UInt8] {
    let arithmetic = Arithmetic(
      instructionSet: set, workers: Workers(threads: 1, pinned: false))
    var bytes = [UInt8](repeating: 0xaa, count: format.byteCount(values: values.count))
    try values.withUnsafeBufferPointer { input in
      try bytes.withUnsafeMutableBufferPointer {
        try format.quantize(input, into: $0, arithmetic: arithmetic)
      }
    }
    return bytes
  }

  @Test(arguments: formats)
  func everySetFindsTheScaleOfTheDefinition(format: QuantizationFormat) throws {
    for (number, values) in vectors(min(format.groupSize, 64)).enumerated() {
      let expected = bestScale(values, format)
      for set in Self.sets {
        let bytes = try encode(format, values, set)
        let found = (0..<format.scale.byteCount).reduce(UInt32(0)) {
          $0 | UInt32(bytes[$1]) << UInt32(8 * $1)
        }
        #expect(found == expected, "\(set), vector \(number)")
      }
    }
  }

  /// Formats whose candidates are made one by one.
  @Test(arguments: ["int4:e8m0:mse", "mxfp4:mse", "uint2:mse", "uint4:g32:float16:mse"])
  func everySetFindsTheSameAndNoWorseThanTheLargestMagnitude(name: String) throws {
    let format = try QuantizationFormat(named: name)
    let plain = try QuantizationFormat(
      format.element, groupSize: format.groupSize, scale: format.scale)
    func error(_ format: QuantizationFormat, _ values: [Float]) throws -> Double {
      let back = try format.dequantize(format.quantize(values), count: values.count)
      return zip(values, back).reduce(0) {
        let difference = Double($1.0) - Double($1.1)
        return $0 + difference * difference
      }
    }
    for values in vectors(format.groupSize) {
      let expected = try encode(format, values, .portable)
      for set in Self.sets { #expect(try encode(format, values, set) == expected, "\(set)") }
      // k = 64 is among the candidates.
      #expect(try error(format, values) <= error(plain, values))
    }
  }
}
