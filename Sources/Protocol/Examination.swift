import Kernels
import Proofs

/// One honest verifier's walk through the checks of one block.
struct Examination {
  let context: BlockContext
  let challenge: Challenge
  var meter: PhaseMeter
  var transcript = Transcript()
  var replayedSteps = 0
  var progress: ProgressMeasurement?
  private var records: [TraceRecord] = []
  private var phase = Phase.structure

  init(context: BlockContext, challenge: Challenge, clock: any Stopwatch) {
    self.context = context
    self.challenge = challenge
    meter = PhaseMeter(clock: clock)
  }

  /// Throws ``CheckFailure`` at the first check that fails.
  mutating func run(server: some BlockServer, trainer: Trainer) throws {
    let header = context.block.header
    let publication = try checkStructure(server: server, task: trainer.task)
    for leaf in challenge.leaves { try check(leaf: leaf, server: server, trainer: trainer) }
    phase = .replay
    replayedSteps = try ReplayCheck.check(
      steps: challenge.steps, header: header, publication: publication, parent: context.parent,
      trainingSeed: context.trainingSeed, trainer: trainer, meter: &meter)
    try checkProgress(server: server, trainer: trainer)
  }

  private mutating func checkStructure(
    server: some BlockServer, task: TrainingTask
  ) throws -> Publication {
    let (block, state) = (context.block, context.state)
    let header = block.header
    phase = .structure
    let publication = try meter.measure(.structure) { work in
      if let violation = StructureCheck.violation(in: header, state: state) {
        throw CheckFailure.fraud(.header(violation))
      }
      guard let publication = server.publication() else {
        throw CheckFailure.unavailable("nothing was published")
      }
      let traceBytes = UInt64(publication.records.count * TraceRecord.byteCount)
      work.receivedBytes += UInt64(block.canonicalBytes.count) + traceBytes
      work.hashedBytes += traceBytes + UInt64(publication.records.count * 66)
      return publication
    }
    // Kept before they are judged: they are the evidence if they contradict the header.
    records = publication.records
    try StructureCheck.check(trace: records, header: header, task: task)
    return publication
  }

  private mutating func check(leaf: Int, server: some BlockServer, trainer: Trainer) throws {
    let (header, task) = (context.block.header, trainer.task)
    phase = .leaf
    guard let answer = server.answer(leaf: leaf) else {
      throw CheckFailure.unavailable("no answer for leaf \(leaf)")
    }
    try meter.measure(.leaf) { [records] work in
      work.receivedBytes += UInt64(answer.canonicalBytes.count)
      work.hashedBytes += answer.hashedByteCount
      try LeafCheck.checkOpenings(
        of: answer, leaf: leaf, header: header, records: records, task: task)
    }
    transcript.answers.append(answer)
    let values = UInt64(answer.after.leaf.count / 4)
    try meter.measure(.leaf) { work in
      work.quantizedValues += values
      try LeafCheck.check(after: answer.after, quantized: answer.quantized, task: task)
    }
    phase = .update
    try meter.measure(.update) { work in
      work.quantizedValues += values * UInt64(answer.gradients.count)
      try UpdateCheck.check(answer, task: task, arithmetic: trainer.arithmetic)
    }
  }

  private mutating func checkProgress(server: some BlockServer, trainer: Trainer) throws {
    guard !challenge.evaluationStarts.isEmpty else { return }
    phase = .progress
    let (context, challenge) = (context, challenge)
    let measured = try meter.measure(.progress) { work in
      guard let quantized = server.quantizedModel() else {
        throw CheckFailure.unavailable("no quantized model")
      }
      return try ProgressCheck.measure(
        quantizedAfter: quantized, header: context.block.header, parent: context.parent,
        starts: challenge.evaluationStarts, trainer: trainer, work: &work)
    }
    progress = measured
    let margin = context.state.genesis.constants.progressMargin
    guard ProgressCheck.accepts(measured, margin: margin) else {
      throw CheckFailure.noProgress(before: measured.before, after: measured.after)
    }
  }

  /// The reason that the attestation gives for `failure`.
  func reason(for failure: CheckFailure?) -> Attestation.Reason {
    switch failure {
    case nil: .positive
    case .unavailable: .unavailable
    case .noProgress: .progress
    case .fraud:
      switch phase {
      case .leaf: .leaf
      case .update: .update
      case .replay: .replay
      default: .structure
      }
    }
  }

  /// What lets a stranger see the fraud; nil if the failure is no proven fraud.
  func evidence(for failure: CheckFailure?, block: Digest) -> Evidence? {
    guard case .fraud(let finding) = failure else { return nil }
    switch finding {
    case .header:
      return Evidence(block: block, proof: .header)
    case .trace:
      return Evidence(block: block, proof: .trace(records))
    case .quantizedLeaf:
      return transcript.answers.last.map {
        Evidence(block: block, proof: .quantizedLeaf(after: $0.after, quantized: $0.quantized))
      }
    case .update:
      return transcript.answers.last.map {
        Evidence(block: block, proof: .update(records: records, answer: $0))
      }
    case .state(let step), .batch(let step), .gradient(let step), .loss(let step):
      return Evidence(block: block, proof: .step(UInt32(step)))
    }
  }
}
