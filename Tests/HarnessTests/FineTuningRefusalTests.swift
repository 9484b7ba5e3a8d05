import Harness
import Testing

/// What the kind `fine-tuning` and the sections `start` and `fine_tuning` refuse, and with which words.
@Suite struct FineTuningRefusalTests {
  /// A good spec of the kind; the messages count its lines.
  static let kind = """
    name: tuning
    kind: fine-tuning
    seed: 7
    model: {preset: gpt3-nano}
    pretraining:
      data: {corpus: kjv.txt, context: 64}
      training: {learning_rate: 0.1, batch: 16, steps_per_block: 8}
      blocks: 8
    data: {corpus: founding.txt, context: 64}
    training: {learning_rate: 0.1, batch: 16, steps_per_block: 8}
    chain: {blocks: 4, verifiers: 2}
    variants:
      - {variant: full}
      - {variant: lora, rank: 4, alpha: 8, target_modules: [attention]}
      - {name: last, variant: layers, target_modules: [h.1]}
      - {variant: low-rank, rank: 8}
    evaluation_tokens: 65536
    """

  /// A good chain, to which a section is added.
  static let chain = """
    name: tuning
    kind: chain
    seed: 7
    model: {preset: gpt3-nano}
    data: {corpus: founding.txt, context: 64}
    training: {learning_rate: 0.1, batch: 16, steps_per_block: 8}
    chain: {blocks: 4, verifiers: 2}

    """

  private static func refusal(_ text: String) -> String? {
    do {
      _ = try Spec.read(text: text, fileName: "f.yaml")
      return nil
    } catch {
      return error.description
    }
  }

  static let changes = [
    Change("pretraining:", "pretrainin:", "f.yaml:5: unknown key 'pretrainin'; did you mean 'pretraining'?"),
    Change(
      "  blocks: 8\n", "", "f.yaml: missing key 'pretraining.blocks': an integer in 1...10000"),
    Change(
      "{variant: full}", "{variant: fulll}",
      "f.yaml:13: variants[0].variant must be one of full, lora, layers, low-rank, but is 'fulll'; "
        + "did you mean 'full'?"),
    Change(
      "rank: 4,", "rank: 0,",
      "f.yaml:14: variants[1].rank must be an integer in 1...4096, but is '0'"),
    Change(
      "rank: 4,", "rank: 4000,",
      "f.yaml:14: variants[1].variant does not fit the model: the rank is 4000, but "
        + "h.0.attn.c_attn.weight has only 64 inputs"),
    Change(
      "[attention]", "[attentin]",
      "f.yaml:14: variants[1].variant does not fit the model: 'attentin' names none of the matrices, "
        + "such as 'h.0.attn.c_attn.weight', 'h.0.attn.c_proj.weight', 'h.0.mlp.c_fc.weight'"),
    Change(
      "layers, target_modules: [h.1]", "layers",
      "f.yaml: variants[2].target_modules is missing: the variant 'layers' needs to know which "
        + "tensors are trained"),
    Change(
      "{name: last, variant: layers,", "{name: last, variant: layers, rank: 3,",
      "f.yaml:15: variants[2].rank is for the variants 'lora' and 'low-rank', but the variant is "
        + "'layers'"),
    Change(
      "{variant: full}", "{variant: full, target_modules: [h.1]}",
      "f.yaml:13: variants[0].target_modules is for the variants 'lora' and 'layers', but the "
        + "variant is 'full'"),
    Change(
      "{variant: low-rank, rank: 8}", "{variant: low-rank, rank: 8, quantize: step}",
      "f.yaml:16: variants[3].quantize must be 'block' in the variant 'low-rank', whose updates are "
        + "those of whole blocks"),
    Change(
      "{variant: low-rank, rank: 8}", "{variant: low-rank, rank: 8, alpha: 3}",
      "f.yaml:16: variants[3].alpha is for the variant 'lora', but the variant is 'low-rank'"),
    Change(
      "{name: last,", "{name: full,",
      "f.yaml:12: variants must have unique names, but 'full' stands there twice; add name"),
    Change(
      "evaluation_tokens: 65536", "evaluation_tokens: 0",
      "f.yaml:17: evaluation_tokens must be an integer in 1...1000000000, but is '0'"),
  ]

  @Test func theGoodSpecsAreAccepted() {
    #expect(Self.refusal(Self.kind) == nil)
    for section in ["", "fine_tuning: {variant: lora}", "start: {checkpoint: folder}"] {
      #expect(Self.refusal(Self.chain + section) == nil)
    }
  }

  @Test(arguments: changes)
  func oneChangeIsRefusedWithItsMessage(change: Change) {
    #expect(Self.kind.contains(change.old))
    #expect(Self.refusal(Self.kind.replacing(change.old, with: change.new)) == change.message)
  }

  @Test(arguments: [
    (
      "fine_tuning: {variant: low-rank, rank: 2}",
      ":8: fine_tuning of the variant 'low-rank' cuts updates of whole blocks, so training needs "
        + "quantize: block"
    ),
    (
      "fine_tuning: {variant: layers, target_modules: [wte.weigh]}",
      ":8: fine_tuning does not fit the model: 'wte.weigh' names none of the tensors, such as "
        + "'wte.weight', 'wpe.weight', 'h.0.ln_1.weight'"
    ),
    ("start: {}", ": start.checkpoint is missing: start needs either checkpoint or result"),
    ("start: {checkpoint: a, result: b}", ":8: start.result cannot stand beside start.checkpoint"),
    ("start: {checkpoint: a, point: 2}", ":8: start.point is for start.result, but there is a checkpoint"),
    ("start: {result: a, point: 0}", ":8: start.point must be an integer in 1...100000, but is '0'"),
  ])
  func sectionsOfAChainAreRefused(section: String, message: String) {
    #expect(Self.refusal(Self.chain + section) == "f.yaml" + message)
  }
}
