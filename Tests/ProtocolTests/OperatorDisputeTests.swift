import Kernels
import Models
import Proofs
import Protocol
import Testing

@Suite("Disputes end at one operator that the referee runs alone")
struct OperatorDisputeTests {
  /// A way to train a tiny model.
  struct Setting: CustomTestStringConvertible {
    let name: String
    let shape: ModelShape
    let fineTuning: FineTuning
    var recipe = TrainingRecipe(
      schedule: LearningRateSchedule(peak: 0.05), microbatchCount: 2)
    var testDescription: String { name }
  }

  static let gemma: ModelShape = {
    do {
      return try ModelShape.gemma3(
        layerCount: 2, dModel: 8, headCount: 4, kvHeadCount: 2, headDimension: 4,
        feedForwardWidth: 12, contextLength: 8, vocabularySize: 256,
        attention: .localThenGlobal(window: 5, localPerGlobal: 1),
        settings: Gemma3Settings(queryScale: 4))
    } catch { fatalError("\(error)") }
  }()

  static let settings = [
    Setting(name: "gpt3", shape: Fixture.shape, fineTuning: .full),
    Setting(name: "gemma3", shape: gemma, fineTuning: .full),
    Setting(
      name: "gpt3 lora", shape: Fixture.shape,
      fineTuning: .lora(rank: 2, alpha: 4, matrices: ["attention"])),
    Setting(
      name: "gemma3 lora", shape: gemma,
      fineTuning: .lora(rank: 2, alpha: 4, matrices: ["attention", "mlp"])),
    Setting(name: "gpt3 layers", shape: Fixture.shape, fineTuning: .layers(["attention"])),
  ]

  struct Stage {
    let fixture: Fixture
    let context: MiningContext

    init(_ setting: Setting) throws {
      fixture = try Fixture(
        FixtureOptions(
          recipe: setting.recipe, fineTuning: setting.fineTuning, shape: setting.shape))
      context = MiningContext(
        state: fixture.state, parent: fixture.parent,
        trainingBeacon: try fixture.trainingBeacon(), miner: fixture.minerKey, salt: 0,
        trainer: fixture.trainer)
    }

    func dispute(
      _ accused: any MinerBehaviour, against accuser: any MinerBehaviour = HonestMiner()
    ) throws -> Dispute.Outcome {
      var meter = PhaseMeter(clock: StoppedClock())
      var dispute = Dispute(
        accused: try DisputeRecord(of: accused, in: context, meter: &meter),
        accuser: try DisputeRecord(of: accuser, in: context, meter: &meter),
        trainer: fixture.trainer, firstStep: 0, seed: context.seed)
      return try dispute.run()
    }

    func honestTrace() throws -> OperatorTrace {
      try fixture.trainer.operatorTrace(
        step: 0, parameters: fixture.parent.parameters, seed: context.seed)
    }

    var microbatchFLOPs: UInt64 { fixture.task.trainingFLOPs / 4 / 2 }
  }

  /// Forges the gradients of all steps and shows a changed trace for them.
  struct Garbled: MinerBehaviour {
    let number: UInt64
    let change: @Sendable (inout OperatorTrace) -> Void

    init(_ number: UInt64 = 0, change: @escaping @Sendable (inout OperatorTrace) -> Void) {
      self.number = number
      self.change = change
    }

    func step(
      _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
      meter: inout PhaseMeter
    ) throws -> Trainer.Step {
      let faked = try FakedSteps(fraction: PartsPerMillion(1_000_000)!).step(
        step, after: previous, state: state, in: context, meter: &meter)
      var gradient = faked.gradient
      gradient[0] ^= UInt8(number)
      return Trainer.Step(loss: faked.loss, gradient: gradient, batchDigest: faked.batchDigest)
    }

    func operatorTrace(
      _ step: Int, before state: TrainingState, in context: MiningContext
    ) throws -> OperatorTrace {
      var trace = try HonestMiner().operatorTrace(step, before: state, in: context)
      change(&trace)
      return trace
    }
  }

  @Test("whichever operator is false, in both families and fine-tuned", arguments: settings)
  func everyOperator(setting: Setting) throws {
    let stage = try Stage(setting)
    let names = try stage.honestTrace().names
    #expect(names.count > 30)
    var flops: Set<UInt64> = []
    var quiet: [String] = []
    for index in names.indices {
      let outcome = try stage.dispute(FalseOperator(step: 0, operator: index))
      // A false value that reaches neither gradient nor loss is no reason for a dispute.
      guard outcome.contested != .nothing else {
        quiet.append(names[index])
        continue
      }
      guard case .operation(0, let found) = outcome.contested else {
        Issue.record("\(names[index]): \(outcome.contested)")
        continue
      }
      #expect(found.index == index && found.name == names[index])
      #expect(outcome.guilty == .accused, "\(found)")
      #expect(outcome.refereeWork.flops < stage.microbatchFLOPs, "\(found)")
      flops.insert(outcome.refereeWork.flops)
    }
    // Norms, products and what has no products at all were among them.
    #expect(flops.contains(0) && flops.count > 3)
    #expect(quiet.count * 4 < names.count, "\(quiet)")
  }

  @Test("and an honest party is never found guilty", arguments: settings)
  func honestAccused(setting: Setting) throws {
    let stage = try Stage(setting)
    let count = try stage.honestTrace().names.count
    for index in stride(from: 1, to: count, by: 5) {
      let outcome = try stage.dispute(
        HonestMiner(), against: FalseOperator(step: 2, operator: index, window: 1))
      guard outcome.contested != .nothing else { continue }
      #expect(outcome.guilty == .accuser, "\(outcome.contested)")
    }
  }

  @Test("both are guilty where both are wrong about one operator", arguments: settings)
  func both(setting: Setting) throws {
    let outcome = try Stage(setting).dispute(
      Garbled(1) { $0.records[3].writes[0] = Fixture.digest("one", 1) },
      against: Garbled(2) { $0.records[3].reads[0] = Fixture.digest("two", 2) })
    guard case .operation(_, let found) = outcome.contested else {
      Issue.record("\(outcome.contested)")
      return
    }
    #expect(found.index == 3 && outcome.guilty == .both)
  }

  @Test("false inputs are told by what earlier operators wrote", arguments: settings)
  func inputs(setting: Setting) throws {
    let stage = try Stage(setting)
    let honest = try stage.honestTrace()
    for index in stride(from: 2, to: honest.records.count, by: 7) {
      for input in honest.records[index].reads.indices {
        // Invented, or taken from another window.
        for lie in [Fixture.digest("lie", 1), honest.records[index - 1].writes[0]]
        where lie != honest.records[index].reads[input] {
          let outcome = try stage.dispute(Garbled { $0.records[index].reads[input] = lie })
          guard case .operation(_, let found) = outcome.contested else {
            Issue.record("\(outcome.contested)")
            continue
          }
          #expect(found.index == index && outcome.guilty == .accused)
        }
      }
    }
  }

  @Test("other structures, refused answers and a false end convict too", arguments: settings)
  func ends(setting: Setting) throws {
    let stage = try Stage(setting)
    let short = try stage.dispute(Garbled { $0.records.removeLast() })
    #expect(short.contested == .structure(step: 0) && short.guilty == .accused)
    let more = try stage.dispute(Garbled { $0.records[1].reads.append(.zero) })
    #expect(more.contested == .structure(step: 0) && more.guilty == .accused)
    // All operators are true, and then another gradient is said to have come out.
    let task = stage.fixture.task
    let falseEnd = Garbled { trace in
      trace.gradient[9] ^= 1
      trace.gradientRoot = trace.gradient.withUnsafeBytes {
        MerkleTree(
          bytes: $0, leafSize: 4 * Int(task.leafValueCount), concurrently: MerkleTree.serially
        ).root
      }
    }
    let end = try stage.dispute(falseEnd)
    #expect(end.contested == .gradientLeaf(step: 0, leaf: 0) && end.guilty == .accused)
    #expect(end.refereeWork.flops == 0)
    #expect(try stage.dispute(HonestMiner(), against: falseEnd).guilty == .accuser)
    let nothing = try stage.dispute(Garbled { $0.gradientRoot = .zero })
    #expect(nothing.contested == .structure(step: 0) && nothing.guilty == .accused)
    // An accuser that serves nothing, or rubbish, does not harm the accused: that one is asked then.
    let refusing = try stage.dispute(
      HonestMiner(),
      against: Garbled { trace in
        trace.records[4].writes[0] = .zero
        for index in trace.outputs.indices { trace.outputs[index] = index % 2 == 0 ? [] : [[1]] }
      })
    #expect(refusing.guilty == .accuser)
  }
}
