import Harness
import Models
import Testing

/// Reads with the file name that all tests share.
func read(_ text: String) throws -> ChainExperiment {
  try #require(point(text).body as? ChainExperiment)
}

func point(_ text: String) throws -> Spec {
  try Spec.read(text: text, fileName: "levels.yaml")
}

/// The smallest spec, with replacements: `with("seed: 1", for: "kind: chain")`. Line numbers of the
/// messages below count from here.
private let smallest = """
  name: levels
  kind: chain
  model: {preset: gpt3-nano}
  data: {corpus: Data/kjv.txt}
  training: {learning_rate: 0.1, batch: 16, steps_per_block: 8}
  chain: {blocks: 6}

  """

private func smallest(_ line: String, instead old: String) -> String {
  precondition(smallest.contains(old), "the smallest spec has no '\(old)'")
  return smallest.replacing(old, with: line)
}

private let full = """
  name: quantization-levels
  title: "Loss: bytes, \\"bits\\" & more"
  kind: chain
  seed: 18446744073709551615
  model: {n_layers: 2, d_model: 48, n_heads: 3, context: 128, vocab_size: 256}
  data: {corpus: Data/kjv.txt, tokenizer: bytes, context: 128}
  training: {optimizer: sgd, learning_rate: 1e-3, batch: 16, steps_per_block: 8}
  quantization:
    gradient: {format: int, bits: 2, group: 48, rounding: nearest}
    model: {format: int, bits: 8, group: 4096, rounding: nearest}
  commitment: {leaf_size: 100}
  chain:
    blocks: 6
    block_time: 90s
    beacon_period: 500ms
    attestation_window: 30m
    miners:
      - {name: alice, behaviour: honest, stake: 7}
      - {name: mallory, behaviour: tampered-leaves, fraction: 1}
      - name: faker
        behaviour: faked-steps
        stake: 1000000000000
    verifiers:
      - {name: vera}
      - {name: larry, behaviour: lazy, stake: 1}
    block_reward: 0
    verifier_reward: 1
    miner_slash_rate: 1
    reporter_rate: 0
    verifier_penalty_rate: .25
  verification: {leaf_rate: 1, replay_rate: -0, progress_tokens: 0, progress_margin: 2.5}
  """

@Suite struct SpecReadingTests {
  @Test func readsEveryKey() throws {
    let spec = try read(full)
    let header = try point(full).header
    #expect(header.name == "quantization-levels")
    #expect(header.title == "Loss: bytes, \"bits\" & more")
    #expect(header.kind == "chain")
    #expect(spec.seed == UInt64.max)
    let shape = spec.model.shape
    #expect(spec.model.preset == nil && shape.family == "gpt3")
    #expect(shape.layerCount == 2)
    #expect(shape.dModel == 48)
    #expect(shape.headCount == 3)
    #expect(shape.contextLength == 128)
    #expect(shape.vocabularySize == 256)
    #expect(spec.data.texts.map(\.path) == ["Data/kjv.txt"])
    #expect(spec.data.tokenizer == .bytes)
    #expect(spec.data.contextLength == 128)
    #expect(spec.training.optimizer == .sgd)
    #expect(spec.training.learningRate == 0.001)
    #expect(spec.training.batchSize == 16)
    #expect(spec.training.stepsPerBlock == 8)
    #expect(spec.quantization.gradient.value.name == "int2:g48:float32")
    #expect(spec.quantization.gradient.bits == 2)
    #expect(spec.quantization.gradient.groupSize == 48)
    #expect(spec.quantization.gradient.rounding == .nearest)
    #expect(spec.quantization.model.bits == 8)
    #expect(spec.quantization.model.groupSize == 4096)
    #expect(spec.commitment.leafByteCount == 100)
    #expect(spec.verification.leafRate == 1)
    #expect(spec.verification.replayRate.bitPattern == 0)
    #expect(spec.verification.progressTokens == 0)
    #expect(spec.verification.progressMargin == 2.5)
  }

  @Test func readsEveryKeyOfTheChain() throws {
    let chain = try read(full).chain
    #expect(chain.blockCount == 6)
    #expect(chain.blockTimeMilliseconds == 90_000)
    #expect(chain.beaconPeriodMilliseconds == 500)
    #expect(chain.attestationWindowMilliseconds == 1_800_000)
    #expect(chain.miners.map(\.name) == ["alice", "mallory", "faker"])
    #expect(
      chain.miners.map(\.behaviour) == [
        .honest, .tamperedLeaves(fraction: 1), .fakedSteps(fraction: 0.25),
      ])
    #expect(chain.miners.map(\.stake) == [7, 1000, 1_000_000_000_000])
    #expect(chain.verifiers.map(\.name) == ["vera", "larry"])
    #expect(chain.verifiers.map(\.behaviour) == [.honest, .lazy])
    #expect(chain.verifiers.map(\.stake) == [100, 1])
    #expect(chain.blockReward == 0)
    #expect(chain.verifierReward == 1)
    #expect(chain.minerSlashRate == 1)
    #expect(chain.reporterRate == 0)
    #expect(chain.verifierPenaltyRate == 0.25)
  }

  @Test func fillsInDefaults() throws {
    let spec = try read(smallest)
    #expect(try point(smallest).header.title == "levels")
    #expect(spec.seed == 1)
    #expect(spec.model.preset == "gpt3-nano")
    #expect(spec.model.shape == ModelShape.preset(named: "gpt3-nano"))
    #expect(spec.data.contextLength == 64)
    for format in [spec.quantization.gradient, spec.quantization.model] {
      #expect(format.bits == 4)
      #expect(format.groupSize == 64)
    }
    #expect(spec.commitment.leafByteCount == 4096)
    #expect(spec.chain.blockTimeMilliseconds == 7_200_000)
    #expect(spec.chain.beaconPeriodMilliseconds == 600_000)
    #expect(spec.chain.attestationWindowMilliseconds == 3_600_000)
    #expect(spec.chain.miners.map(\.name) == ["miner-1"])
    #expect(spec.chain.miners.map(\.behaviour) == [.honest])
    #expect(spec.chain.miners.map(\.stake) == [1000])
    let names = ["verifier-1", "verifier-2", "verifier-3", "verifier-4"]
    #expect(spec.chain.verifiers.map(\.name) == names)
    #expect(spec.chain.verifiers.allSatisfy { $0.behaviour == .honest && $0.stake == 100 })
    #expect(spec.chain.blockReward == 50)
    #expect(spec.chain.verifierReward == 10)
    #expect(spec.chain.minerSlashRate == 0.5)
    #expect(spec.chain.reporterRate == 0.1)
    #expect(spec.chain.verifierPenaltyRate == 0.1)
    #expect(spec.verification.leafRate == 0.02)
    #expect(spec.verification.replayRate == 0.125)
    #expect(spec.verification.progressTokens == 4096)
    #expect(spec.verification.progressMargin == 0.05)
  }

  @Test func acceptsAnchorsAndLineEndsOfOtherSystems() throws {
    let text = smallest + "quantization: {gradient: &low {bits: 2}, model: *low}\n"
    let spec = try read(text)
    #expect(spec.quantization.model.bits == 2)
    #expect(spec.quantization.gradient == spec.quantization.model)
    #expect(try read(text.replacing("\n", with: "\r\n")) == spec)
    #expect(try read("\u{FEFF}" + text) == spec)
  }

  @Test(arguments: [("64B", 64), ("64", 64), ("4KiB", 4096), ("64MiB", 67_108_864), ("100B", 100)])
  func readsLeafSizes(text: String, bytes: Int) throws {
    let spec = try read(smallest + "commitment: {leaf_size: \(text)}")
    #expect(spec.commitment.leafByteCount == bytes)
  }

  @Test(arguments: [("1ms", 1), ("8760h", 31_536_000_000), ("60s", 60_000), ("\"5m\"", 300_000)])
  func readsDurations(text: String, milliseconds: Int) throws {
    let spec = try read(smallest("blocks: 6, block_time: \(text)", instead: "blocks: 6"))
    #expect(spec.chain.blockTimeMilliseconds == milliseconds)
  }

  @Test(arguments: [1, 256]) func namesCountedVerifiers(count: Int) throws {
    let spec = try read(smallest("blocks: 6, verifiers: \(count)", instead: "blocks: 6"))
    #expect(spec.chain.verifiers.map(\.name) == (1...count).map { "verifier-\($0)" })
  }
}

@Suite struct SpecCanonicalTextTests {
  @Test(arguments: [smallest, full]) func readsBackAsAnEqualSpec(text: String) throws {
    let spec = try point(text)
    let again = try point(spec.canonicalText)
    #expect(try read(spec.canonicalText) == read(text))
    #expect(again.canonicalText == spec.canonicalText)
  }

  @Test func writesEveryDefaultInAFixedOrder() throws {
    let expected = """
      name: "levels"
      title: "levels"
      kind: chain
      seed: 1
      model:
        preset: gpt3-nano
      data:
        corpus: "Data/kjv.txt"
        tokenizer: bytes
        context: 64
        sampling: uniform
        validation: 0.0
      training:
        optimizer: sgd
        learning_rate: 0.1
        batch: 16
        steps_per_block: 8
      quantization:
        gradient:
          format: int
          bits: 4
          group: 64
          granularity: group
          scale: float32
          rounding: nearest
          clipping: "absmax"
          rotation: 0
        model:
          format: int
          bits: 4
          group: 64
          granularity: group
          scale: float32
          rounding: nearest
          clipping: "absmax"
          rotation: 0
      commitment:
        leaf_size: 4KiB
      chain:
        blocks: 6
        block_time: 2h
        beacon_period: 10m
        attestation_window: 1h
        miners:
          - {name: "miner-1", behaviour: honest, stake: 1000}
        verifiers:
          - {name: "verifier-1", behaviour: honest, stake: 100}
          - {name: "verifier-2", behaviour: honest, stake: 100}
        block_reward: 50
        verifier_reward: 10
        miner_slash_rate: 0.5
        reporter_rate: 0.1
        verifier_penalty_rate: 0.1
      verification:
        leaf_rate: 0.02
        replay_rate: 0.125
        progress_tokens: 4096
        progress_margin: 0.05
        disputes: false
      arithmetic:
        products: fixed
        verifiers: fixed
        tolerance: 0.0

      """
    let text = smallest("verifiers: 2, blocks: 6", instead: "blocks: 6")
    #expect(try point(text).canonicalText == expected)
  }

  @Test func doesNotDependOnTheOrderOfKeys() throws {
    let reversed = smallest.split(separator: "\n").reversed().joined(separator: "\n")
    #expect(try point(reversed).canonicalText == point(smallest).canonicalText)
  }

  @Test(arguments: [
    "# : {} [] & * ! | > ' \\\" % @ `", "\\\\ back \\\\n", "größer → 大きい 🙂", "null", "3",
    "- ---", "a\\u00A0b", "x\\uFEFFy", " spaces ",
  ]) func keepsTitlesAsTheyAre(title: String) throws {
    let spec = try point(smallest + "title: \"\(title)\"")
    let again = try point(spec.canonicalText)
    #expect(Array(again.header.title.unicodeScalars) == Array(spec.header.title.unicodeScalars))
    #expect(again.resolved == spec.resolved)
  }

  @Test(arguments: [
    "1e300", "5e-324", "1e16", "0.30000000000000004", "123456789.125", "1.", ".5E+1",
  ])
  func keepsTheBitsOfNumbers(number: String) throws {
    let text = smallest(" learning_rate: \(number)", instead: "learning_rate: 0.1")
    let (spec, again) = (try read(text), try read(point(text).canonicalText))
    #expect(again.training.learningRate.bitPattern == spec.training.learningRate.bitPattern)
  }
}
