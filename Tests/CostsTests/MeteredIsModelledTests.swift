import Costs
import Kernels
import Models
import Proofs
import Protocol
import Quant
import Testing

/// The formulas are what the meters of real chains count, exactly.
@Suite("Metered is modelled") struct MeteredIsModelledTests {
  /// Update rules, what is quantized, segments, error feedback and microbatches.
  static let everyRecipe: [TrainingRecipe] = {
    var recipes: [TrainingRecipe] = []
    for optimizer in [Optimizer.sgd, .momentum(.init()), .adamW(.init())] {
      for point in TrainingRecipe.QuantizationPoint.allCases {
        for feedback in [false, true] {
          for (segment, microbatches) in [(1, 1), (2, 2), (5, 4), (0, 4)] {
            recipes.append(
              TrainingRecipe(
                optimizer: optimizer, schedule: LearningRateSchedule(peak: 0.01),
                microbatchCount: microbatches, segmentLength: segment,
                usesErrorFeedback: feedback, quantizationPoint: point))
          }
        }
      }
    }
    return recipes + packedRecipes
  }()

  /// What the optimizer remembers lies packed between steps.
  static let packedRecipes: [TrainingRecipe] = [Optimizer.momentum(.init()), .adamW(.init())]
    .flatMap { optimizer in
      TrainingRecipe.QuantizationPoint.allCases.flatMap { point in
        [("fp8-e5m2:g16", 1, false), ("float16", 2, true)].map { name, segment, feedback in
          TrainingRecipe(
            optimizer: optimizer, schedule: LearningRateSchedule(peak: 0.01),
            segmentLength: segment, usesErrorFeedback: feedback, quantizationPoint: point,
            stateFormat: try? QuantizationFormat(named: name))
        }
      }
    }

  static let variants: [FineTuning] = [
    .lora(rank: 2, alpha: 4, matrices: ["attention"]),
    .lora(rank: 3, alpha: 3, matrices: ["attention", "feed_forward"]), .layers(["feed_forward"]),
    .layers(["embedding"]),
  ]

  static func require(_ chain: TinyChain) throws {
    let costs = try BlockCosts(chain.task)
    let mined = try chain.mine()
    let mining = costs.mining()
    for phase in Phase.allCases {
      #expect(
        mining[phase] ?? Workload() == Workload(mined.meter.work[phase] ?? Work()),
        "mining: \(phase)")
    }
    #expect(mining.total == Workload(mined.meter.totalWork))
    let server = CountingServer(mined)
    let outcome = try chain.verify(mined, server: server)
    #expect(outcome.failure == nil)
    let parts = SampledParts(outcome.challenge)
    let verification = costs.verification(parts)
    for phase in Phase.allCases {
      #expect(
        verification[phase] ?? Workload() == Workload(outcome.meter.work[phase] ?? Work()),
        "verifying: \(phase)")
    }
    #expect(
      costs.messages(parts)
        == MessageCount(
          publications: server.publications, answers: server.answers, states: server.states,
          accumulations: server.accumulations, twins: server.twins))
    try requireBytes(costs, mined, outcome)
  }

  static func requireBytes(
    _ costs: BlockCosts, _ mined: MinedBlock, _ outcome: Verifier.Outcome
  ) throws {
    #expect(costs.headerBytes == UInt128(mined.signed.canonicalBytes.count))
    #expect(BlockCosts.attestationBytes == UInt128(outcome.attestation.canonicalBytes.count))
    #expect(costs.publicationBytes == UInt128(mined.content.canonicalBytes.count))
    #expect(costs.diffBytes == UInt128(mined.signed.header.diffByteCount))
    #expect(costs.twinBytes == UInt128(mined.model.quantized.count))
    #expect(costs.parameterBytes == UInt128(4 * mined.model.parameters.count))
    #expect(
      costs.auxiliaryBytes == UInt128(mined.model.auxiliary.reduce(0) { $0 + $1.bytes.count }))
    for leaf in 0..<costs.leafCount {
      let answer = try #require(mined.answer(leaf: leaf))
      #expect(costs.answerBytes(leaf: leaf) == UInt128(answer.canonicalBytes.count))
    }
  }

  @Test("for every update rule of both families", arguments: everyRecipe, TinyChain.Family.allCases)
  func recipes(recipe: TrainingRecipe, family: TinyChain.Family) throws {
    try Self.require(TinyChain(family, recipe: recipe))
  }

  @Test("for every way to fine-tune", arguments: variants, TinyChain.Family.allCases)
  func fineTuning(variant: FineTuning, family: TinyChain.Family) throws {
    for recipe in [0, 3, 21, 23, 45, 47].map({ Self.everyRecipe[$0] }) {
      try Self.require(TinyChain(family, recipe: recipe, fineTuning: variant))
    }
  }

  @Test("for updates of low rank", arguments: TinyChain.Family.allCases)
  func lowRank(family: TinyChain.Family) throws {
    for usesErrorFeedback in [false, true] {
      let recipe = TrainingRecipe(
        schedule: LearningRateSchedule(peak: 0.05), segmentLength: 2,
        usesErrorFeedback: usesErrorFeedback, quantizationPoint: .block)
      try Self.require(TinyChain(family, recipe: recipe, fineTuning: .lowRank(rank: 2)))
    }
  }

  @Test(
    "for formats with other records and bits, and for whole and no samples",
    arguments: ["int2:g16", "int8:g32", "float32", "nf4:g64"])
  func formats(name: String) throws {
    for (leaves, segments, tokens) in [(0, 0, 0), (1_000_000, 1_000_000, 200), (1, 1, 1)]
      as [(UInt32, UInt32, UInt32)]
    {
      try Self.require(
        TinyChain(
          .gpt3, recipe: Self.everyRecipe[1], gradientFormat: name, leafRate: leaves,
          replayRate: segments, progressTokens: tokens))
    }
  }

  @Test("for disputes about a step's gradient", arguments: everyRecipe)
  func disputes(recipe: TrainingRecipe) throws {
    let chain = try TinyChain(.gpt3, recipe: recipe)
    let outcome = try chain.dispute(FakedSteps(fraction: PartsPerMillion(200_000)!))
    guard case .gradient = outcome.contested else {
      Issue.record("\(outcome.contested)")
      return
    }
    let model = try BlockCosts(chain.task).disputeAboutGradient()
    #expect(Workload(outcome.refereeWork) == model.referee)
    // Bisection of five steps takes two or three questions.
    #expect((model.rounds - 1...model.rounds).contains(outcome.rounds))
    #expect(
      UInt128(outcome.exchangedBytes) + UInt128(64 * model.rounds)
        == model.exchangedBytes + UInt128(64 * outcome.rounds))
  }

  @Test(
    "for disputes about the logits of a step", arguments: TinyChain.Family.allCases, everyRecipe)
  func operators(family: TinyChain.Family, recipe: TrainingRecipe) throws {
    let chain = try TinyChain(family, recipe: recipe)
    let names = try chain.trainer.operatorTrace(
      step: 0, parameters: chain.parent.parameters, seed: .zero
    ).names
    let index = try #require(names.firstIndex(of: "logits"))
    let outcome = try chain.dispute(FalseOperator(step: 0, operator: index))
    guard case .operation(_, let found) = outcome.contested else {
      Issue.record("\(outcome.contested)")
      return
    }
    #expect(found.name == "logits" && found.part == 0 && outcome.guilty == .accused)
    let costs = try BlockCosts(chain.task)
    let model = try #require(costs.disputeAboutLogits())
    #expect(Workload(outcome.refereeWork) == model.referee)
    #expect((model.rounds - 1...model.rounds).contains(outcome.rounds))
    #expect(
      UInt128(outcome.exchangedBytes) + UInt128(64 * model.rounds)
        == model.exchangedBytes + UInt128(64 * outcome.rounds))
    #expect(model.referee.flops * 2 < costs.segmentReplay)
  }
}
