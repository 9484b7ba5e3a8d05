import Foundation
import Quant
import Testing

/// What others make of the formats: Tests/Vectors/quant_formats.json, written by
/// make_format_vectors.py.
@Suite struct FormatVectorTests {
  private struct File: Decodable {
    let tables: [String: String]
    let cases: [Case]
  }

  private struct Case: Decodable {
    let format: String
    let name: String
    let oracle: String
    let values: String
    let codes: String
    let scales: String
    let inexact: [Int]
  }

  private static let file: File = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/quant_formats.json")
    return try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
  }()

  @Test func codesAndScalesAreThoseOfTheOracles() throws {
    #expect(Self.file.cases.count == 69)
    for vector in Self.file.cases {
      let label = "\(vector.format), \(vector.name), \(vector.oracle)"
      let format = try QuantizationFormat(named: vector.format)
      let values = floats(hexBytes(vector.values))
      let parts = try split(format.quantize(values), format, count: values.count)
      #expect(parts.scales.map(\.bitPattern) == floats(hexBytes(vector.scales)).map(\.bitPattern))
      let codes = hexBytes(vector.codes)
      #expect(codes.count == values.count)
      let different = codes.indices.filter { codes[$0] != parts.codes[$0] }
      // bitsandbytes is inexact there: see the script.
      #expect(Set(different).isSubset(of: vector.inexact), "\(label): \(different)")
      // Most of what could differ must not.
      #expect(different.count <= vector.inexact.count * 3 / 4, "\(label)")
    }
  }

  /// Every code of every format of 8 bits and fewer, with the scale 1.
  @Test func everyCodeDecodesToItsValue() throws {
    let covered = Element.all.filter { $0.bits <= 8 && !$0.name.hasPrefix("uint") }
      .map(\.name).filter { $0 != "lm4" && $0 != "ternary" }
    #expect(Set(Self.file.tables.keys) == Set(covered))
    for (name, text) in Self.file.tables.sorted(by: { $0.key < $1.key }) {
      let element = try #require(Element(named: name))
      let scale: ScaleFormat = name == "int8-mx" ? .e8m0 : .float32
      let format = try QuantizationFormat(
        element, groupSize: QuantizationFormat.wholeTensor, scale: scale)
      let one: [UInt8] = scale == .e8m0 ? [127] : [0, 0, 0x80, 0x3f]
      let table = floats(hexBytes(text))
      #expect(table.count == 1 << element.bits)
      for (code, expected) in table.enumerated() {
        let bytes = one + [UInt8(code)]
        guard expected.isNaN else {
          let decoded = try format.dequantize(bytes, count: 1)
          #expect(decoded[0].bitPattern == expected.bitPattern, "\(name), code \(code)")
          continue
        }
        #expect(throws: QuantError.self, "\(name), code \(code)") {
          try format.dequantize(bytes, count: 1)
        }
      }
    }
  }

  /// Codes that follow each other without gaps, and the scales before them.
  private func split(
    _ bytes: [UInt8], _ format: QuantizationFormat, count: Int
  ) throws -> (codes: [UInt8], scales: [Float]) {
    var codes: [UInt8] = []
    var scales: [Float] = []
    var rest = bytes[...]
    var left = count
    while left > 0 {
      let size = min(left, format.groupSize)
      let header = rest.prefix(format.scale.byteCount)
      scales.append(
        format.scale == .e8m0
          ? Float(sign: .plus, exponent: Int(header.first!) - 127, significand: 1)
          : floats(Array(header))[0])
      let bits = format.element.bits
      let packed = Array(rest.dropFirst(header.count).prefix((size * bits + 7) / 8))
      for index in 0..<size {
        codes.append(
          (0..<bits).reduce(0) { code, bit in
            let position = index * bits + bit
            return code | (packed[position / 8] >> UInt8(position % 8) & 1) << UInt8(bit)
          })
      }
      rest = rest.dropFirst(header.count + packed.count)
      left -= size
    }
    #expect(rest.isEmpty)
    return (codes, scales)
  }
}
