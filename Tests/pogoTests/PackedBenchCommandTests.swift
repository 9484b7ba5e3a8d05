import Foundation
import Testing

@Suite struct PackedBenchCommandTests {
  private func json(_ arguments: [String]) throws -> [String: Any] {
    let outcome = try Program.run(arguments)
    #expect(outcome.code == 0, "said: \(outcome.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require(object as? [String: Any])
  }

  @Test func passesInThreeFormsAreMeasured() throws {
    let result = try json([
      "bench", "packed", "--model", "gpt3-tiny", "--context", "16", "--rounds", "1", "--json",
    ])
    let packed = try #require(result["packed"] as? [String: Any])
    let floats = try #require(result["float32"] as? [String: Any])
    let integers = try #require(result["integers"] as? [String: Any])
    let losses = try [packed, floats, integers].map { try #require($0["loss"] as? Double) }
    #expect(losses[0] == losses[1] && (losses[0] - losses[2]).magnitude < 0.02)
    for key in ["speedRatio", "integerSpeedRatio"] {
      #expect(try #require(result[key] as? Double) > 0, "\(key)")
    }
  }

  @Test func aLayerAtItsOwnWidthIsMeasured() throws {
    let result = try json([
      "bench", "layer", "--model", "gpt3-125m", "--context", "8", "--rounds", "1", "--json",
      "--format", "nf4",
    ])
    // A layer of width 768, with an embedding of 256 tokens, 8 positions and the last norm.
    #expect(result["parameters"] as? Int == 12 * 768 * 768 + 13 * 768 + (256 + 8 + 2) * 768)
    #expect(result["float32"] == nil && result["integers"] == nil)
  }

  @Test(arguments: [
    (["packed", "--model", "gpt9"], "there are gpt3-nano"),
    (["packed", "--context", "0"], "--context must be in 1...2048"),
    (["packed", "--batch", "0"], "--batch must be in"),
    (["packed", "--format", "int4:tensor"], "take a smaller group"),
    (["packed", "--format", "int99"], "int99"),
    (["packed", "--rounds", "0"], "--rounds must be in"),
    (["layer", "--layers", "97"], "--layers must be in 1...96"),
    (["layer", "--context", "4096"], "--context must be in 1...2048"),
  ])
  func misuseIsRefused(arguments: [String], words: String) throws {
    let outcome = try Program.run(["bench"] + arguments)
    #expect(outcome.code == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(words), "said: \(outcome.errors)")
  }
}
