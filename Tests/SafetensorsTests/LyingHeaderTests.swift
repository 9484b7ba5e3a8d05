import Foundation
import Safetensors
import Testing

/// Every lie of a header is refused, and the message names it.
@Suite struct LyingHeaderTests {
  static func tensor(
    _ name: String, _ type: String = "F32", shape: String = "[2]", _ offsets: String = "[0,8]"
  ) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  /// Header texts over 8 bytes of data, and a part of the message.
  static let lies: [(header: String, message: String)] = [
    ("{\(tensor("a", "[0,4]"))}", "dtype"),
    ("{\(tensor("a", shape: "[1]", "[0,8]"))}", "take 4 bytes"),
    ("{\(tensor("a", shape: "[3]", "[0,12]"))}", "cut short"),
    ("{\(tensor("a", "[8,0]"))}", "dtype"),
    ("{\(tensor("a", shape: "[2]", "[8,0]"))}", "in order"),
    ("{\(tensor("a", shape: "[2]", "[0,18446744073709551616]"))}", "counts"),
    ("{\(tensor("a", shape: "[2]", "[-8,0]"))}", "counts"),
    ("{\(tensor("a", shape: "[2.0]"))}", "counts"),
    ("{\(tensor("a", shape: "[NaN]"))}", "JSON"),
    ("{\(tensor("a", shape: "[null]"))}", "counts"),
    ("{\(tensor("a", shape: "[2e0]"))}", "counts"),
    ("{\(tensor("a", shape: "\"2\""))}", "list"),
    ("{\(tensor("a", shape: "[4294967296,4294967296,4294967296]"))}", "any memory"),
    ("{\(tensor("a", shape: "[0,9223372036854775807,9]", "[0,0]"))}", "belong to no tensor"),
    (
      "{\(tensor("a", shape: "[\((0..<33).map { _ in "1" }.joined(separator: ","))]", "[0,4]"))}",
      "dimensions"
    ),
    ("{\(tensor("a", shape: "[1]", "[0,4]"))}", "belong to no tensor"),
    ("{\(tensor("a", shape: "[1]", "[4,8]"))}", "belong to no tensor"),
    ("{\(tensor("a")),\(tensor("b"))}", "before it ends"),
    ("{\(tensor("a")),\(tensor("b", shape: "[1]", "[4,8]"))}", "before it ends"),
    ("{\(tensor("a", shape: "[1]", "[0,4]")),\(tensor("a", shape: "[1]", "[4,8]"))}", "twice"),
    ("{\(tensor("a", "F31"))}", "dtype"),
    ("{\(tensor("a", "f32"))}", "dtype"),
    ("{\(tensor(String(repeating: "n", count: 1025)))}", "1025 bytes"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "data_offsets is missing"),
    ("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "shape is missing"),
    ("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "dtype is missing"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", "unknown key"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]}}", "two numbers"),
    ("{\"a\":[]}", "expected dtype"),
    ("{\"__metadata__\":{\"a\":1},\(tensor("a"))}", "must be a text"),
    ("{\"__metadata__\":[],\(tensor("a"))}", "mapping of texts"),
    ("[]", "mapping"),
    (" {\(tensor("a"))}", "starts with '{'"),
    ("", "expected a value"),
    ("{\(tensor("a"))", "','"),
    ("{\(tensor("a"))}}", "end of the text"),
    ("{\(tensor("a"))}\u{0}", "end of the text"),
    ("{\"a\u{1}\":0}", "control character"),
    ("{\"a\":\"\\ud800\"}", "surrogate"),
    ("{\"a\":\"\\x\"}", "escape"),
    ("{\"a\":01}", "','"),
    (String(repeating: "[", count: 100_000), "nested deeper"),
    ("{}", "belong to no tensor"),
  ]

  @Test(arguments: lies.indices) func isRefused(_ index: Int) {
    let (text, message) = Self.lies[index]
    let error = #expect(throws: SafetensorsError.self) {
      try header(of: file(header: text, dataByteCount: 8))
    }
    let words = error?.description ?? ""
    #expect(words.contains(message), "\(words)")
    #expect(!words.contains("\n") && words.utf8.count < 600)
  }

  @Test func namesThatAreNoTextAreRefused() {
    let bytes = Array("{\"".utf8) + [0xFF, 0xC0] + Array("\":0}".utf8)
    let error = #expect(throws: SafetensorsError.self) {
      try header(of: file(header: bytes, dataByteCount: 0))
    }
    #expect(error?.description.contains("UTF-8") == true)
  }

  @Test func lengthsThatLieAreRefused() throws {
    let good = file(header: "{\(Self.tensor("a"))}", dataByteCount: 8)
    #expect(try header(of: good).tensors.count == 1)
    for count in 0..<good.count {
      #expect(throws: SafetensorsError.self) { try header(of: Array(good[..<count])) }
    }
    for length in [UInt64.max, 1 << 63, 100_000_001, UInt64(good.count) - 7] {
      var bad = good
      for place in 0..<8 { bad[place] = UInt8(truncatingIfNeeded: length >> (8 * place)) }
      let error = #expect(throws: SafetensorsError.self) { try header(of: bad) }
      #expect(error?.description.contains("claims") == true)
    }
    #expect(throws: SafetensorsError.self) { try header(of: good + [0]) }
  }

  @Test func thousandsOfMutationsNeverHarm() throws {
    let originals = try ["floats", "others"].map {
      try fileBytes("\(vectors)/\($0).safetensors")
    }
    var random = TestNumbers(state: 20_240_520)
    var refused = 0
    var accepted = 0
    for round in 0..<20_000 {
      var bytes = originals[round % 2]
      let headerEnd = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let place = Int.random(in: 0..<min(headerEnd, bytes.count), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8(ascii: "0") + UInt8.random(in: 0..<10, using: &random)
        case 2: bytes.remove(at: place)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        default: bytes.removeSubrange(Int.random(in: place..<bytes.count, using: &random)...)
        }
        if bytes.count < 9 { break }
      }
      do {
        let header = try header(of: bytes)
        // What is accepted keeps its promise: each byte of data in one tensor, sizes by shape.
        var end = 0
        for tensor in header.tensors {
          #expect(tensor.byteRange.lowerBound == end)
          #expect(tensor.byteRange.count == tensor.shape.reduce(tensor.type.byteCount, *))
          end = tensor.byteRange.upperBound
        }
        #expect(header.dataOffset + end == bytes.count)
        #expect(Set(header.tensors.map(\.name)).count == header.tensors.count)
        accepted += 1
      } catch {
        #expect(!error.description.contains("\n") && !error.description.isEmpty)
        refused += 1
      }
    }
    // Some mutations only rename a tensor or change a text; most break something.
    #expect(refused > 15_000 && accepted > 20, "\(refused) refused, \(accepted) accepted")
  }
}
