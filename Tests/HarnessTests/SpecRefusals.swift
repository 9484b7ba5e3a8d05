import Harness
import Models
import Testing

/// A good spec; the messages below count its lines.
let goodSpec = """
  name: levels
  title: Levels
  kind: chain
  seed: 7
  model: {preset: gpt3-nano}
  data: {corpus: kjv.txt, context: 64}
  training: {learning_rate: 0.1, batch: 16, steps_per_block: 8}
  quantization: {gradient: {bits: 4, group: 64}}
  commitment: {leaf_size: 4KiB}
  chain:
    blocks: 6
    block_time: 2h
    miners: [{name: alice}, {name: mallory, behaviour: faked-steps, fraction: 0.5}]
    verifiers: 8
    block_reward: 50
  verification: {leaf_rate: 0.02, progress_margin: 0.05}
  """

/// One change of the good spec, and the message that it must cause.
struct Change: Sendable, CustomTestStringConvertible {
  let old: String
  let new: String
  let message: String

  init(_ old: String, _ new: String, _ message: String) {
    self.old = old
    self.new = new
    self.message = message
  }

  var testDescription: String { "'\(new)'" }
}

let customGemma =
  "{family: gemma3, n_layers: 7, d_model: 12, n_heads: 4, n_kv_heads: 2, head_dim: 6, d_ff: 20, "
  + "context: 64, vocab_size: 256, window: 16}"
let customModel = "{n_layers: 1, d_model: 12, n_heads: 4, context: 64, vocab_size: 256}"
let duration = "a duration such as 2h, 30m, 90s or 500ms, in 1ms...8760h"
let leafSize = "a multiple of 4 bytes in 64B...64MiB, such as 4KiB or 4096"
let nameRule = "1...64 characters of a-z, 0-9 and '-'"
/// How messages list what may stand there.
private func oneOf(_ names: [String]) -> String {
  names.count == 1 ? "'\(names[0])'" : "one of \(names.joined(separator: ", "))"
}
let kinds = oneOf(KindRegistry.all.names)
let presets = oneOf(ModelShape.presets.map(\.name))
let modelRule = "either preset or all of n_layers, d_model, n_heads, context and vocab_size"

let wrongTexts: [Change] = [
  Change("name: levels", "name: Levels", "f.yaml:1: name must be \(nameRule), but is 'Levels'"),
  Change(
    "name: levels", "name: \"\"",
    "f.yaml:1: name must be \(nameRule), but is the quoted text ''"),
  Change(
    "title: Levels", "title: \"a\\nb\"",
    "f.yaml:2: title must be one line of 1...200 characters, but is the quoted text 'a?b'"),
  Change(
    "kind: chain", "kind: chein",
    "f.yaml:3: kind must be \(kinds), but is 'chein'; did you mean 'chain'?"),
  Change(
    "gpt3-nano", "gpt3-nanno",
    "f.yaml:5: model.preset must be \(presets), but is 'gpt3-nanno'; did "
      + "you mean 'gpt3-nano'?"),
  Change(
    "gpt3-nano", "[gpt3-nano]",
    "f.yaml:5: model.preset must be \(presets), but is a list"),
  Change(
    "corpus: kjv.txt", "corpus: ~",
    "f.yaml:6: data.corpus must be the path of a text file, but is empty"),
  Change(
    "behaviour: faked-steps", "behaviour: faked-step",
    "f.yaml:13: chain.miners[1].behaviour must be one of honest, skipped-training, faked-steps, "
      + "tampered-leaves, backdoored-tensor, wrong-twin, false-loss, reused-gradients, "
      + "evaluation-training, withholding, late-answers, lower-precision, false-operator, "
      + "copied-block, equivocation, ground-challenge, spoofed-trajectory, random-weights, invented-roots, "
      + "fabricated-proofs, infinite-starting-loss, but is 'faked-step'; did you mean "
      + "'faked-steps'?"),
  Change(
    "block_time: 2h", "block_time: 2",
    "f.yaml:12: chain.block_time must be \(duration), but is '2'"),
  Change(
    "block_time: 2h", "block_time: 2 h",
    "f.yaml:12: chain.block_time must be \(duration), but is '2 h'"),
  Change(
    "block_time: 2h", "block_time: 0s",
    "f.yaml:12: chain.block_time must be \(duration), but is '0s'"),
  Change(
    "block_time: 2h", "block_time: -2h",
    "f.yaml:12: chain.block_time must be \(duration), but is '-2h'"),
  Change(
    "block_time: 2h", "block_time: 8761h",
    "f.yaml:12: chain.block_time must be \(duration), but is '8761h'"),
  Change(
    "block_time: 2h", "block_time: 9000000000000000h",
    "f.yaml:12: chain.block_time must be \(duration), but is '9000000000000000h'"),
  Change("4KiB", "4KB", "f.yaml:9: commitment.leaf_size must be \(leafSize), but is '4KB'"),
  Change("4KiB", "102", "f.yaml:9: commitment.leaf_size must be \(leafSize), but is '102'"),
  Change("4KiB", "60", "f.yaml:9: commitment.leaf_size must be \(leafSize), but is '60'"),
  Change("4KiB", "65MiB", "f.yaml:9: commitment.leaf_size must be \(leafSize), but is '65MiB'"),
  Change(
    "4KiB", "\"4096\"",
    "f.yaml:9: commitment.leaf_size must be \(leafSize), but is the quoted text '4096'"),
]

let wrongShapes: [Change] = [
  Change(
    "{preset: gpt3-nano}", "gpt3-nano",
    "f.yaml:5: model must be a mapping, but is 'gpt3-nano'"),
  Change(
    "{bits: 4, group: 64}", "[4]",
    "f.yaml:8: quantization.gradient must be a mapping, but is a list"),
  Change("{leaf_size: 4KiB}", "", "f.yaml:9: commitment must be a mapping, but is empty"),
  Change(
    "{leaf_size: 4KiB}", "!odd {leaf_size: 4KiB}",
    "f.yaml:9: commitment must be a mapping, but is a mapping with an explicit tag"),
  Change("[{name: alice}, ", "[3, ", "f.yaml:13: chain.miners[0] must be a mapping, but is '3'"),
  Change(
    "verifiers: 8", "verifiers: !odd [{name: v}]",
    "f.yaml:14: chain.verifiers must be an integer in 1...256 or a list of 1...256 entries, but is a list with an "
      + "explicit tag"),
  Change(
    "verifiers: 8", "verifiers: []",
    "f.yaml:14: chain.verifiers must be an integer in 1...256 or a list of 1...256 entries, but is an empty list"
  ),
  Change(
    "[{name: alice}, {name: mallory, behaviour: faked-steps, fraction: 0.5}]", "[]",
    "f.yaml:13: chain.miners must be a list of 1...256 entries, but is an empty list"),
  Change(
    "[{name: alice}, {name: mallory, behaviour: faked-steps, fraction: 0.5}]", "3",
    "f.yaml:13: chain.miners must be a list of 1...256 entries, but is '3'"),
  Change(
    "verifiers: 8", "verifiers: [\(String(repeating: "{},", count: 257))]",
    "f.yaml:14: chain.verifiers must be an integer in 1...256 or a list of 1...256 entries, but is a list of 257"
  ),
]

let conflicts: [Change] = [
  Change(
    "seed: 7", "fine_tuning: {variant: full, rank: 4}",
    "f.yaml:4: fine_tuning.rank is for the variants 'lora' and 'low-rank', but the variant is 'full'"),
  Change(
    "seed: 7", "fine_tuning: {variant: layers, target_modules: [norm], alpha: 4}",
    "f.yaml:4: fine_tuning.alpha is for the variant 'lora', but the variant is 'layers'"),
  Change(
    "seed: 7", "fine_tuning: {variant: full, target_modules: [norm]}",
    "f.yaml:4: fine_tuning.target_modules is for the variants 'lora' and 'layers', but the variant "
      + "is 'full'"),
  Change(
    "seed: 7", "fine_tuning: {variant: low-rank}",
    "f.yaml:4: fine_tuning of the variant 'low-rank' cuts updates of whole blocks, so training needs "
      + "quantize: block"),
  Change(
    "seed: 7", "fine_tuning: {variant: low-rank, rank: 600}",
    "f.yaml:4: fine_tuning does not fit the model: no matrix of the model gets smaller by two factors "
      + "of rank 600"),
  Change(
    "seed: 7", "fine_tuning: {variant: layers}",
    "f.yaml: fine_tuning.target_modules is missing: the variant 'layers' needs to know which tensors "
      + "are trained"),
  Change(
    "seed: 7", "fine_tuning: {variant: lora, target_modules: [q_proj]}",
    "f.yaml:4: fine_tuning does not fit the model: 'q_proj' names none of the matrices, such as "
      + "'h.0.attn.c_attn.weight', 'h.0.attn.c_proj.weight', 'h.0.mlp.c_fc.weight'"),
  Change(
    "seed: 7", "fine_tuning: {variant: lora, rank: 4097}",
    "f.yaml:4: fine_tuning.rank must be an integer in 1...4096, but is '4097'"),
  Change(
    "seed: 7", "fine_tuning: {variant: lora, target_modules: attention}",
    "f.yaml:4: fine_tuning.target_modules must be a list, each a part or some words of a tensor's "
      + "name, but is 'attention'"),
  Change(
    "seed: 7", "start: {checkpoint: a, result: b.h5}",
    "f.yaml:4: start.result cannot stand beside start.checkpoint"),
  Change(
    "seed: 7", "start: {point: 2}",
    "f.yaml: start.checkpoint is missing: start needs either checkpoint or result"),
  Change(
    "seed: 7", "start: {checkpoint: a, point: 2}",
    "f.yaml:4: start.point is for start.result, but there is a checkpoint"),
  Change(
    "name: mallory", "name: alice",
    "f.yaml:13: chain.miners[1].name must be unique, but 'alice' is already the name of "
      + "chain.miners[0]"),
  Change(
    "verifiers: 8", "verifiers: [{name: alice}]",
    "f.yaml:14: chain.verifiers[0].name must be unique, but 'alice' is already the name of "
      + "chain.miners[0]"),
  Change(
    "verifiers: 8", "verifiers: [{name: v}, {name: w}, {name: v}]",
    "f.yaml:14: chain.verifiers[2].name must be unique, but 'v' is already the name of "
      + "chain.verifiers[0]"),
  Change(
    "name: mallory", "name: verifier-8",
    "f.yaml:14: chain.verifiers would name one 'verifier-8', which is already the name of "
      + "chain.miners[1]"),
  Change(
    "name: alice", "name: alice, fraction: 0.5",
    "f.yaml:13: chain.miners[0].fraction is only for cheats, but the behaviour is 'honest'"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, d_model: 8",
    "f.yaml:5: model.d_model cannot stand beside model.preset; give \(modelRule)"),
  Change(
    "{preset: gpt3-nano}", customModel.replacing("12", with: "13"),
    "f.yaml:5: model.d_model must be a multiple of n_heads (4), but is '13'"),
  Change(
    "{preset: gpt3-nano}", customModel.replacing("256", with: "255"),
    "f.yaml:5: model.vocab_size must be an integer in 256...1048576, but is '255'"),
  Change(
    "{preset: gpt3-nano}", customModel.replacing("64", with: "63"),
    "f.yaml:6: data.context must be at most the model's context (63), but is '64'"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, attention: alternating",
    "f.yaml:5: model.attention alternating needs a window beside it, the width of the band"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, window: 8",
    "f.yaml:5: model.window needs attention: alternating beside it in a gpt3"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, attention: dense, window: 8",
    "f.yaml:5: model.window needs attention: alternating beside it in a gpt3"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, local_per_global: 5",
    "f.yaml:5: model.local_per_global is only for gemma3, but the family is gpt3"),
  Change(
    "preset: gpt3-nano", "preset: gemma3-nano, attention: dense",
    "f.yaml:5: model.attention is only for gpt3, but the family is gemma3"),
  Change(
    "preset: gpt3-nano", "preset: gemma3-nano, family: gemma3",
    "f.yaml:5: model.family cannot stand beside model.preset; give \(modelRule)"),
  Change(
    "{preset: gpt3-nano}", customModel.replacing("{", with: "{head_dim: 4, "),
    "f.yaml:5: model.head_dim is only for gemma3, but the family is gpt3"),
  Change(
    "{preset: gpt3-nano}", customGemma.replacing("n_kv_heads: 2", with: "n_kv_heads: 3"),
    "f.yaml:5: model.n_kv_heads must divide n_heads, but 4 is no multiple of 3"),
  Change(
    "{preset: gpt3-nano}", customGemma.replacing("head_dim: 6", with: "head_dim: 5"),
    "f.yaml:5: model.head_dim must be even, as positions turn pairs of dimensions, but is 5"),
  Change(
    "{preset: gpt3-nano}", customGemma.replacing(", window: 16", with: ""),
    "f.yaml: model.window is missing: the local layers of a gemma3 need one"),
  Change(
    "{preset: gpt3-nano}", customGemma.replacing("d_ff: 20, ", with: ""),
    "f.yaml: missing key 'model.d_ff': an integer in 1...1048576"),
]

let notYAML: [Change] = [
  Change("seed: 7", "kind: chain", "f.yaml:3: key 'kind' is given more than once in this mapping"),
  Change("bits: 4", "group: 4", "f.yaml:8: key 'group' is given more than once in this mapping"),
  Change(
    "seed: 7", "\tseed: 7",
    "f.yaml:4: not valid YAML: while scanning a plain scalar found a tab character that "
      + "violates indentation; indent with spaces, not with tabs"),
  Change("seed: 7", "seed: *none", "f.yaml:4: not valid YAML: found undefined alias"),
  Change(
    "preset: gpt3-nano}", "preset: gpt3-nano",
    "f.yaml:6: not valid YAML: while parsing a flow mapping did not find expected ',' or '}'"),
  Change(
    "seed: 7", "---\nseed: 7",
    "f.yaml:4: not valid YAML: expected a single document in the stream but found another "
      + "document"),
  Change("seed: 7", "seed: \u{1}", "f.yaml:4: not valid YAML: control characters are not allowed"),
]

/// All of them.
let refusedChanges = [
  unknownKeys, missingKeys, wrongNumbers, wrongTexts, wrongShapes, conflicts, notYAML,
].flatMap { $0 }
