import Foundation
import Safetensors
import Testing

@Suite struct JSONTests {
  @Test func readsWhatFoundationWrites() throws {
    let object: [String: Any] = [
      "text": "a\u{1}\"\\/\u{8}\u{c}\n\r\t é 𝄞", "list": [1, -2.5, 1e300, true, false, NSNull()],
      "empty": [String: Any](), "deep": [[[["x": [0]]]]],
    ]
    for options: JSONSerialization.WritingOptions in [[], .prettyPrinted] {
      let data = try JSONSerialization.data(withJSONObject: object, options: options)
      let json = try JSON(parsing: [UInt8](data))
      #expect(json["text"]?.string == object["text"] as? String)
      #expect(json["list"]?.array?.prefix(3).map(\.double) == [1, -2.5, 1e300])
      #expect(json["list"]?.array?.suffix(3) == [.bool(true), .bool(false), .null])
      for text in [json.text, json.indentedText()] {
        #expect(try JSON(parsing: Array(text.utf8)) == json)
        let back = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(NSDictionary(dictionary: object).isEqual(back))
      }
    }
  }

  @Test(arguments: [
    "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "'a'", "tru", "nul", "+1", ".5",
    "1.", "1e", "01", "-", "--1", "NaN", "Infinity", "\"\\u12\"", "\"\\ud800x\"", "\"\\udc00\"",
    "1 2",
    "\"a", "[1 2]", "{\"a\":1,\"a\":1}", "\"\t\"", "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test func keepsIntegersExact() throws {
    #expect(try JSON(parsing: Array("9223372036854775807".utf8)).count == .max)
    #expect(try JSON(parsing: Array("9223372036854775808".utf8)).count == nil)
    #expect(try JSON(parsing: Array("-1".utf8)).count == nil)
    #expect(try JSON(parsing: Array("1e999".utf8)).double == nil)
    #expect(try JSON(parsing: Array(#""\ud834\udd1e""#.utf8)).string == "𝄞")
  }
}
