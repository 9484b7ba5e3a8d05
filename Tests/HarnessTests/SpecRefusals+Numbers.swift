/// Changes of keys and numbers that must be refused.

let unknownKeys: [Change] = [
  Change(
    "bits: 4", "roundng: nearest",
    "f.yaml:8: unknown key 'roundng' in quantization.gradient; did you mean 'rounding'?"),
  Change(
    "bits: 4", "colour: red",
    "f.yaml:8: unknown key 'colour' in quantization.gradient; known keys: format, bits, "
      + "group, granularity, scale, rounding, clipping, rotation"),
  Change("seed: 7", "sede: 7", "f.yaml:4: unknown key 'sede'; did you mean 'seed'?"),
  Change(
    "learning_rate", "learning_rte",
    "f.yaml:7: unknown key 'learning_rte' in training; did you mean 'learning_rate'?"),
  Change(
    "name: alice", "name: alice, steak: 3",
    "f.yaml:13: unknown key 'steak' in chain.miners[0]; did you mean 'stake'?"),
  Change(
    "seed: 7", "[a, b]: 7",
    "f.yaml:4: unknown key 'a list or mapping'; known keys: name, title, kind, seed, model, data, "
      + "training, quantization, commitment, chain, verification, arithmetic, "
      + "fine_tuning, start"),
  Change(
    "preset: gpt3-nano", "preset: gpt3-nano, size: 3",
    "f.yaml:5: unknown key 'size' in model; known keys: preset, family, "
      + "n_layers, d_model, n_heads, context, vocab_size, n_kv_heads, head_dim, d_ff, query_scale, "
      + "rope_base_local, rope_base_global, rope_scaling_global, norm_epsilon, attention, window, "
      + "local_per_global"),
  Change(
    "corpus: kjv.txt", "corpus: kjv.txt, url: x",
    "f.yaml:6: unknown key 'url' in data; known keys: corpus, corpora, tokenizer, "
      + "context, sampling, validation"),
  Change(
    "leaf_size: 4KiB", "size: 4KiB",
    "f.yaml:9: unknown key 'size' in commitment; known keys: leaf_size"),
  Change(
    "leaf_rate: 0.02", "leaf_rat: 0.02",
    "f.yaml:16: unknown key 'leaf_rat' in verification; did you mean 'leaf_rate'?"),
  Change(
    "block_reward", "block_rewards",
    "f.yaml:15: unknown key 'block_rewards' in chain; did you mean 'block_reward'?"),
  Change(
    "verifiers: 8", "verifiers: [{name: v, x: 1}]",
    "f.yaml:14: unknown key 'x' in chain.verifiers[0]; known keys: name, behaviour, with, stake"),
  Change(
    "gradient: {", "gradients: {",
    "f.yaml:8: unknown key 'gradients' in quantization; did you mean 'gradient'?"),
]

let missingKeys: [Change] = [
  Change("name: levels\n", "", "f.yaml: missing key 'name': \(nameRule)"),
  Change("kind: chain\n", "", "f.yaml: missing key 'kind': \(kinds)"),
  Change(
    "model: {preset: gpt3-nano}\n", "",
    "f.yaml: missing key 'model': a mapping with \(modelRule)"),
  Change(
    "{preset: gpt3-nano}", "{}",
    "f.yaml: missing key 'model.preset': \(presets)"),
  Change(
    "{preset: gpt3-nano}", "{d_model: 8}",
    "f.yaml: missing key 'model.n_layers': an integer in 1...1024"),
  Change("corpus: kjv.txt, ", "", "f.yaml: missing key 'data.corpus': the path of a text file"),
  Change(
    "data: {corpus: kjv.txt, context: 64}\n", "",
    "f.yaml: missing key 'data': a mapping with corpus"),
  Change(
    "learning_rate: 0.1, ", "",
    "f.yaml: missing key 'training.learning_rate': a number above 0"),
  Change("batch: 16, ", "", "f.yaml: missing key 'training.batch': an integer in 1...65536"),
  Change(
    ", steps_per_block: 8", "",
    "f.yaml: missing key 'training.steps_per_block': an integer in 1...100000"),
  Change("  blocks: 6\n", "", "f.yaml: missing key 'chain.blocks': an integer in 1...10000"),
  Change("{name: alice}", "{stake: 1}", "f.yaml: missing key 'chain.miners[0].name': \(nameRule)"),
]

let wrongNumbers: [Change] = [
  Change(
    "bits: 4", "bits: -4",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '-4'"),
  Change(
    "bits: 4", "bits: 9",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '9'"),
  Change(
    "bits: 4", "bits: 4.0",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '4.0'"),
  Change(
    "bits: 4", "bits: 0x4",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '0x4'"),
  Change(
    "bits: 4", "bits: 04",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '04'"),
  Change(
    "bits: 4", "bits: +4",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '+4'"),
  Change(
    "bits: 4", "bits: \"4\"",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is the quoted "
      + "text '4'"),
  Change(
    "bits: 4", "bits: !!int 4",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is '4' with an "
      + "explicit tag"),
  Change(
    "bits: 4", "bits: ",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is empty"),
  Change(
    "bits: 4", "bits: true",
    "f.yaml:8: quantization.gradient.bits must be an integer in 2...8, but is 'true'"),
  Change(
    "group: 64", "group: 15",
    "f.yaml:8: quantization.gradient.group must be an integer in 16...4096, but is '15'"),
  Change(
    "seed: 7", "seed: 18446744073709551616",
    "f.yaml:4: seed must be an integer in 0...18446744073709551615, but is "
      + "'18446744073709551616'"),
  Change(
    "seed: 7", "seed: -1",
    "f.yaml:4: seed must be an integer in 0...18446744073709551615, but is '-1'"),
  Change(
    "seed: 7", "seed: ４",
    "f.yaml:4: seed must be an integer in 0...18446744073709551615, but is '４'"),
  Change(
    "context: 64", "context: 131073",
    "f.yaml:6: data.context must be an integer in 1...131072, but is '131073'"),
  Change(
    "rate: 0.1", "rate: 0",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '0'"),
  Change(
    "rate: 0.1", "rate: .nan",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '.nan'"),
  Change(
    "rate: 0.1", "rate: nan",
    "f.yaml:7: training.learning_rate must be a number above 0, but is 'nan'"),
  Change(
    "rate: 0.1", "rate: .inf",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '.inf'"),
  Change(
    "rate: 0.1", "rate: inf",
    "f.yaml:7: training.learning_rate must be a number above 0, but is 'inf'"),
  Change(
    "rate: 0.1", "rate: 1e999",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '1e999'"),
  Change(
    "rate: 0.1", "rate: 0x1p3",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '0x1p3'"),
  Change(
    "rate: 0.1", "rate: '0.1'",
    "f.yaml:7: training.learning_rate must be a number above 0, but is the quoted text '0.1'"),
  Change(
    "rate: 0.1", "rate: 1e",
    "f.yaml:7: training.learning_rate must be a number above 0, but is '1e'"),
  Change(
    "rate: 0.02", "rate: 1.01",
    "f.yaml:16: verification.leaf_rate must be a number in 0...1, but is '1.01'"),
  Change(
    "margin: 0.05", "margin: -1",
    "f.yaml:16: verification.progress_margin must be a number of at least 0, but is '-1'"),
  Change(
    "fraction: 0.5", "fraction: 0",
    "f.yaml:13: chain.miners[1].fraction must be a number above 0 and at most 1, but is '0'"),
  Change(
    "name: alice", "name: alice, stake: 0",
    "f.yaml:13: chain.miners[0].stake must be an integer in 1...1000000000000, but is '0'"),
  Change(
    "blocks: 6", "blocks: 10001",
    "f.yaml:11: chain.blocks must be an integer in 1...10000, but is '10001'"),
  Change(
    "verifiers: 8", "verifiers: 257",
    "f.yaml:14: chain.verifiers must be an integer in 1...256 or a list of 1...256 entries, but "
      + "is '257'"),
  Change(
    "verifiers: 8", "verifiers: {name: v}",
    "f.yaml:14: chain.verifiers must be an integer in 1...256 or a list of 1...256 entries, but "
      + "is a mapping"),
]
