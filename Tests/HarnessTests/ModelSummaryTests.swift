import Foundation
import Harness
import Models
import Testing

@Suite struct ModelSummaryTests {
  static func summary(_ name: String, _ batch: Int = 1, _ tokens: Int? = nil) throws -> ModelSummary
  {
    try ModelSummary(
      name: name, shape: ModelShape.requirePreset(name), batch: batch, tokens: tokens,
      listsTensors: true)
  }

  @Test(arguments: ModelShape.presets.map(\.name))
  func partsAddUp(name: String) throws {
    let summary = try Self.summary(name)
    let parameters = summary.parameters
    #expect(parameters.embedding + parameters.nonEmbedding == parameters.total)
    #expect(
      parameters.attention + parameters.feedForward + parameters.norm == parameters.nonEmbedding)
    for operations in [summary.forward, summary.backward] {
      #expect(
        operations.attentionScoresGlobal + operations.attentionScoresLocal
          == operations.attentionScores)
      #expect(
        operations.attentionProjections + operations.attentionScores + operations.feedForward
          + operations.head + operations.norms == operations.total)
    }
    #expect(summary.globalLayers + summary.localLayers == summary.nLayers)
    let sizes = Dictionary(uniqueKeysWithValues: summary.sizes.map { ($0.format, $0.bytes) })
    #expect(sizes["float32"] == 4 * parameters.total)
    #expect(sizes["bfloat16"] == 2 * parameters.total)
    let tensors = try #require(summary.tensors)
    #expect(tensors.reduce(0) { $0 + $1.dimensions.reduce(1, *) } == parameters.total)
  }

  /// A windowed layer costs what its pairs cost, worked out by hand: 6 layers, of which one global,
  /// 4 heads of 16, 64 tokens, window 32.
  @Test func windowsAreToldApart() throws {
    let forward = try Self.summary("gemma3-nano").forward
    #expect(forward.attentionScoresGlobal == 2 * 2 * 4 * 16 * (64 * 65 / 2))
    #expect(forward.attentionScoresLocal == 5 * 2 * 2 * 4 * 16 * (32 * 33 / 2 + 32 * 32))
    #expect(try Self.summary("gpt3-nano").forward.attentionScoresLocal == 0)
  }

  @Test func tensorsHaveTheNamesOfHuggingFace() throws {
    let gpt = try #require(Self.summary("gpt3-nano").tensors)
    #expect(gpt[0].name == "transformer.wte.weight")
    let gemma = try #require(Self.summary("gemma3-nano").tensors)
    #expect(gemma[2].name == "model.layers.0.self_attn.q_proj.weight")
    #expect(gemma[2].dimensions == [64, 64])
  }

  @Test func jsonHoldsTheSameNumbers() throws {
    let summary = try Self.summary("gemma3-tiny", 3, 50)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(summary.json.utf8)) as? [String: Any])
    #expect(object["n_kv_heads"] as? Int == 2 && object["d_ff"] as? Int == 640)
    #expect((object["forward"] as? [String: Any])?["total"] as? UInt64 == summary.forward.total)
    #expect(object["activation_bytes"] as? Double == summary.activationBytes)
    #expect((object["tensors"] as? [Any])?.count == 2 + 6 * 13)
  }

  @Test func whatAShapeDoesNotHaveIsRefused() throws {
    let shape = try ModelShape.requirePreset("gpt3-nano")
    #expect(throws: ModelSummaryError.context(65, longest: 64)) {
      try ModelSummary(name: "x", shape: shape, tokens: 65)
    }
    #expect(throws: ModelSummaryError.batch(0)) {
      try ModelSummary(name: "x", shape: shape, batch: 0)
    }
    #expect(throws: ModelSummaryError.unknownPreset("gtp3-nano", nearest: "gpt3-nano")) {
      try ModelShape.requirePreset("gtp3-nano")
    }
  }
}
