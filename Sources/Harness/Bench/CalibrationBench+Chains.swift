import Costs
import Foundation
import Kernels
import Models
import Protocol

extension CalibrationBench {
  /// Blocks of each chain; the median counts.
  private static let blockCount = 3
  private static let steps = 4
  private static let sequences = 4
  private static let tokens = 128

  /// Fits, then runs chains of both minis and puts what was predicted beside what was measured.
  ///
  /// - Parameter progress: told what goes on.
  public func run(progress: (String) -> Void = { _ in }) throws -> Calibration {
    let (hashing, quantizing) = try measureBytesAndValues(progress: progress)
    var rates = [hashing, quantizing]
    var predictions: [Calibration.Prediction] = []
    var proving: [Calibration.Proving] = []
    var stepGigaFLOPS = 0.0
    for family in Family.allCases {
      let cases = try Self.cases(family)
      let (losses, steps) = try measure(cases, progress: progress)
      let loss = try FittedRates(
        "\(family.rawValue): loss", units: Self.countUnits, counts: cases.map { $0.lossCounts() },
        measured: losses)
      let step = try FittedRates(
        "\(family.rawValue): step", units: Self.countUnits, counts: cases.map { $0.stepCounts() },
        measured: steps)
      rates += [loss, step]
      progress("a chain of \(family.mini)")
      let chain = try Chain(family.mini, bench: self)
      let mini = Case(
        shape: chain.plan.task.shape, sequences: Self.sequences, tokens: Self.tokens)
      let (stepSeconds, lossSeconds) = (step(mini.stepCounts()), loss(mini.lossCounts()))
      /// Seconds of work without its products, which are given by the number of steps and losses.
      func seconds(_ work: Workload, steps: Int, losses: Int) -> Double {
        Double(steps) * stepSeconds + Double(losses) * lossSeconds
          + Double(work.hashedBytes) * hashing.seconds[0]
          + Double(work.quantizedValues) * quantizing.seconds[0]
      }
      let mining = chain.costs.mining().total
      let verification = chain.costs.verification(chain.parts).total
      let microbatches = chain.parts.evaluationSequences / Self.sequences
      for (part, predicted, measured) in [
        ("training", Double(Self.steps) * stepSeconds, chain.trainingSeconds),
        ("mining", seconds(mining, steps: Self.steps, losses: 0), chain.miningSeconds),
        (
          "verification",
          seconds(verification, steps: Self.steps, losses: 2 * microbatches),
          chain.verificationSeconds
        ),
      ] {
        predictions.append(
          .init(model: family.mini, part: part, predicted: predicted, measured: measured))
      }
      proving.append(chain.proving(family.mini))
      if family == .gpt3 {
        stepGigaFLOPS =
          Double(chain.costs.step.total) * Double(Self.steps) / chain.trainingSeconds / 1e9
      }
    }
    return Calibration(
      machine: RunEnvironment.machine(arithmetic), rates: rates.flatMap(\.rates),
      fits: rates.map(\.fit), predictions: predictions, proving: proving,
      peakGigaFLOPS: peak(), stepGigaFLOPS: stepGigaFLOPS,
      hashedGigabytes: 1e-9 / hashing.seconds[0], copiedGigabytes: copy())
  }

  /// The best of several: anything else on the machine only slows it.
  private func peak() -> Double {
    (0..<rounds + 4).map { _ in
      let start = clock.seconds()
      let flops = arithmetic.runPeak(rounds: 200_000)
      return Double(flops) / (clock.seconds() - start) / 1e9
    }.max() ?? .nan
  }

  private func copy() -> Double {
    let (x, y) = (FloatBuffer(count: 1 << 24), FloatBuffer(count: 1 << 24))
    return median(
      (0..<rounds + 1).map { _ in
        let start = clock.seconds()
        arithmetic.copy(Vector(x), into: Vector(y))
        return 8 * Double(1 << 24) / (clock.seconds() - start) / 1e9
      })
  }

  /// A chain that was mined and verified with a clock.
  private struct Chain {
    let plan: Plan
    let costs: BlockCosts
    let parts: SampledParts
    let trainingSeconds: Double
    let miningSeconds: Double
    let verificationSeconds: Double
    let replaySeconds: Double
    let leafSeconds: Double

    init(_ preset: String, bench: CalibrationBench) throws {
      let text = """
        name: calibration
        kind: chain
        model: {preset: \(preset)}
        data: {corpus: none, context: \(CalibrationBench.tokens)}
        training:
          learning_rate: 0.01
          batch: \(CalibrationBench.sequences)
          steps_per_block: \(CalibrationBench.steps)
        chain: {blocks: \(CalibrationBench.blockCount), verifiers: 1}
        verification: {leaf_rate: 0.01, replay_rate: 1, progress_tokens: 2048, progress_margin: 100}
        """
      let spec = try Spec.read(text: text, fileName: "calibration")
      guard let experiment = spec.body as? ChainExperiment else {
        preconditionFailure("the calibration is a chain")
      }
      // What a step costs does not depend on the text.
      let random = RandomStream(seed: 1, stream: 7)
      let corpus = (0..<65_536).map { UInt8(97 + random.integer(at: UInt64($0), below: 26)) }
      plan = try Plan(spec: experiment, corpus: [corpus], workers: bench.arithmetic.workers)
      costs = try BlockCosts(plan.task)
      parts = SampledParts(evenlyOver: costs, constants: plan.constants)
      let record = try Simulation(
        plan: plan, arithmetic: bench.arithmetic, clock: bench.clock
      ).run(observer: QuietObserver())
      func seconds(_ blocks: [[Phase: Double]], _ phases: [Phase]) -> Double {
        median(blocks.map { block in phases.reduce(0) { $0 + (block[$1] ?? 0) } })
      }
      let mined = record.blocks.map(\.miningSeconds)
      let verified = record.blocks.flatMap { $0.ballots.map(\.seconds) }
      trainingSeconds = seconds(mined, [.training])
      miningSeconds = seconds(mined, Phase.mining)
      verificationSeconds = seconds(verified, Phase.verifying)
      replaySeconds = seconds(verified, [.replay]) / Double(CalibrationBench.steps)
      leafSeconds = seconds(verified, [.leaf, .update]) / Double(max(1, parts.leaves.count))
    }

    func proving(_ name: String) -> Calibration.Proving {
      Calibration.Proving(
        model: name, parameters: costs.parameterCount, sequences: CalibrationBench.sequences,
        tokens: CalibrationBench.tokens,
        stepSeconds: trainingSeconds / Double(CalibrationBench.steps),
        replaySeconds: replaySeconds, leafSeconds: leafSeconds,
        leafBytes: Int(costs.answerBytes(leaf: 0)),
        headerBytes: Int(costs.headerBytes + costs.traceBytes))
    }
  }
}

/// Nobody listens.
private struct QuietObserver: RunObserver {
  func progress(done: Double, total: Double, activity: String) throws {}
  func note(_ line: String) throws {}
}
