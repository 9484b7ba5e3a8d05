import Foundation
import Quant

/// Group sizes that end within a byte, a word and a vector, and larger than all.
let groupSizes = [1, 2, 3, 7, 8, 9, 16, 31, 64, 100, 65536]

func integer(_ bits: Int, _ groupSize: Int) throws -> QuantizationFormat {
  try QuantizationFormat(.integer(bits: bits), groupSize: groupSize)
}

let symmetricFormats: [QuantizationFormat] = (2...8).flatMap { bits in
  groupSizes.map { try! integer(bits, $0) }
}

/// Every element format with every scale format it goes with and some group sizes, then each
/// rounding, clipping and rotation with some of them.
let allFormats: [QuantizationFormat] =
  Element.all.flatMap { element in
    element.format.scales.flatMap { scale in
      (scale == .none ? [1] : [1, 7, 16, 64, 100, QuantizationFormat.wholeTensor])
        .filter { scale != .double || $0 < 65536 }
        .map { try! QuantizationFormat(element, groupSize: $0, scale: scale) }
    }
  }
  + [
    "int2:stochastic", "uint3:g16:stochastic", "nf4:g32:double:stochastic", "ternary:stochastic",
    "sign:absmax:stochastic", "float16:stochastic", "fp8-e5m2:none:stochastic", "lm4:stochastic",
    "int3:mse", "uint4:p95", "int4:p99.9:float16", "mxfp4:mse", "lm4:absmax", "lm4:p90", "sign:mse",
    "int4:had64", "nf4:g128:had32", "uint4:g16:had64", "mxfp8-e4m3:had32", "int2:tensor:had16",
    "int4:g16:double:had64:mse:stochastic",
  ].map { try! QuantizationFormat(named: $0) }

/// Little-endian float32.
func floats(_ bytes: [UInt8]) -> [Float] {
  stride(from: 0, to: bytes.count, by: 4).map { offset in
    let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    return Float(bitPattern: bits)
  }
}

/// L = 2^(bits - 1) - 1 of a symmetric format.
func largestCode(_ format: QuantizationFormat) -> Int { 1 << (format.element.bits - 1) - 1 }

/// docs/quantization.md: scale (1/2 + 4 L u), and L 2^-150 more if the scale is 0 or subnormal.
func symmetricErrorBound(bits: Int, largestMagnitude: Float) -> Double {
  let largest = Float(1 << (bits - 1) - 1)
  var scale = largestMagnitude / largest
  if !(scale * largest).isFinite { scale = scale.nextDown }
  let bound = Double(scale) * (0.5 + Double(largest) * 0x1p-22)
  return scale < .leastNormalMagnitude ? bound + Double(largest) * 0x1p-150 : bound
}

/// Numbers that look random: a linear congruential generator, high bits only.
struct TestRandom {
  private var state: UInt64

  init(_ seed: Int) {
    state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15 &+ 1
  }

  mutating func word() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 32)
  }

  /// In -1..<1.
  mutating func uniform() -> Float {
    Float(Int32(bitPattern: word()) >> 8) / 8_388_608
  }

  /// Any finite float, as good as all of them equally likely.
  mutating func anyFinite() -> Float {
    while true {
      let value = Float(bitPattern: word())
      if value.isFinite { return value }
    }
  }
}

/// Vectors that test the laws: ordinary, wild, extreme and empty ones.
func sampleVectors(_ seed: Int) -> [(name: String, values: [Float])] {
  var random = TestRandom(seed)
  let tiny = Float.leastNonzeroMagnitude
  let large = Float.greatestFiniteMagnitude
  var outlier = (0..<130).map { _ in random.uniform() }
  outlier[57] = -1e9
  return [
    ("none", []),
    ("one", [0.3]),
    ("uniform", (0..<333).map { _ in random.uniform() }),
    ("any finite", (0..<500).map { _ in random.anyFinite() }),
    ("zeros", [0, -0.0, 0, -0.0, 0, 0, 0, -0.0, 0, 0]),
    ("outlier", outlier),
    ("largest", [large, -large, large / 2, large.nextDown, 1, 0, -1, large, large]),
    ("smallest normal", (0..<100).map { _ in random.uniform() * 0x1p-120 }),
    ("subnormal", (0..<200).map { _ in Float(Int32(random.word() % 2001) - 1000) * tiny }),
    ("tiny", (0..<200).map { _ in Float(Int32(random.word() % 41) - 20) * tiny }),
  ]
}

/// The values group by group.
func groups(of values: [Float], size: Int) -> [ArraySlice<Float>] {
  stride(from: 0, to: values.count, by: size).map {
    values[$0..<min($0 + size, values.count)]
  }
}

func largestMagnitude(_ group: ArraySlice<Float>) -> Float {
  group.map(\.magnitude).max() ?? 0
}

/// docs/quantization.md as it is written there, bit by bit. Shares nothing with the module.
func referenceEncoding(_ values: [Float], bits: Int, groupSize: Int) -> [UInt8] {
  let largest = Float((1 << (bits - 1)) - 1)
  var bytes: [UInt8] = []
  for group in groups(of: values, size: groupSize) {
    var scale = largestMagnitude(group) / largest
    if scale * largest == .infinity { scale = scale.nextDown }
    withUnsafeBytes(of: scale.bitPattern.littleEndian) { bytes += $0 }
    var field: [Bool] = []
    for value in group {
      let quotient = scale == 0 ? 0 : (value / scale).rounded(.toNearestOrEven)
      let code = Int(min(max(quotient, -largest), largest))
      for bit in 0..<bits { field.append(code >> bit & 1 == 1) }
    }
    while field.count % 8 != 0 { field.append(false) }
    for byte in 0..<(field.count / 8) {
      bytes.append((0..<8).reduce(0) { $0 | (field[byte * 8 + $1] ? 1 << $1 : 0) })
    }
  }
  return bytes
}

func hexBytes(_ text: String) -> [UInt8] {
  let digits = Array(text.utf8)
  return stride(from: 0, to: digits.count, by: 2).map {
    UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)!
  }
}
