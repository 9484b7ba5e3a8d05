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
  /// Virtual time until the last answer came: questions are asked at once.
  private(set) var waitedMilliseconds: UInt64 = 0
  private var records: [TraceRecord] = []
  /// States and accumulations that were fetched for replays, by segment.
  private var served: [Int: SegmentState] = [:]
  private var carried: [Int: [UInt8]] = [:]
  private var phase = Phase.structure

  init(context: BlockContext, challenge: Challenge, clock: any Stopwatch) {
    self.context = context
    self.challenge = challenge
    meter = PhaseMeter(clock: clock)
  }

  private var constants: ProtocolConstants { context.state.genesis.constants }
  private var checks: Checks { constants.checks }

  /// Throws ``CheckFailure`` at the first check that fails.
  mutating func run(server: some BlockServer, trainer: Trainer) throws {
    let header = context.block.header
    guard let publication = try checkStructure(server: server, task: trainer.task) else { return }
    for leaf in challenge.leaves { try check(leaf: leaf, server: server, trainer: trainer) }
    phase = .replay
    replayedSteps = try passingOver(0) { (examination: inout Examination) in
      var states: [Int: SegmentState] = [:]
      var accumulations: [Int: [UInt8]] = [:]
      defer { (examination.served, examination.carried) = (states, accumulations) }
      func fetchState(_ segment: Int) -> SegmentState? {
        states[segment] = server.state(ofSegment: segment)
        return states[segment]
      }
      func fetchAccumulation(_ segment: Int) -> [UInt8]? {
        accumulations[segment] = server.accumulation(beforeSegment: segment)
        return accumulations[segment]
      }
      do {
        return try ReplayCheck.check(
          segments: examination.challenge.segments, header: header, publication: publication,
          parent: examination.context.parent, states: fetchState,
          accumulations: fetchAccumulation, trainingSeed: examination.context.trainingSeed,
          trainer: trainer, tolerance: examination.constants.tolerance,
          meter: &examination.meter)
      } catch CheckFailure.fraud(let finding) {
        // A stranger has not replayed what came before: it needs what the segment of the fraud
        // starts from.
        if let segment = finding.segment(trainer.task) {
          if states[segment] == nil { _ = fetchState(segment) }
          if accumulations[segment] == nil { _ = fetchAccumulation(segment) }
        }
        throw CheckFailure.fraud(finding)
      }
    }
    try checkProgress(server: server, trainer: trainer)
  }

  /// Runs `body`; where the chain does not check availability, what cannot be had is passed over.
  private mutating func passingOver<Result>(
    _ nothing: Result, _ body: (inout Examination) throws -> Result
  ) throws -> Result {
    do { return try body(&self) } catch CheckFailure.unavailable(let what) {
      guard checks.contains(.availability) else { return nothing }
      throw CheckFailure.unavailable(what)
    }
  }

  /// One question to the miner: an answer after the deadline is none.
  private mutating func ask<Answer>(
    _ server: some BlockServer, _ what: String, _ question: () -> Answer?
  ) throws(CheckFailure) -> Answer {
    let deadline = constants.answerDeadlineMilliseconds
    guard let answer = question() else {
      waitedMilliseconds = deadline
      throw .unavailable("no \(what)")
    }
    waitedMilliseconds = max(waitedMilliseconds, min(server.answerMilliseconds, deadline))
    guard server.answerMilliseconds <= deadline else {
      throw .unavailable("\(what) after the deadline of \(deadline) ms")
    }
    return answer
  }

  private mutating func checkStructure(
    server: some BlockServer, task: TrainingTask
  ) throws -> Publication? {
    let (block, state) = (context.block, context.state)
    let header = block.header
    phase = .structure
    if let violation = StructureCheck.violation(in: header, state: state) {
      throw CheckFailure.fraud(.header(violation))
    }
    if context.sightings.contains(where: { EquivocationCheck.contradicts(header, $0) }) {
      throw CheckFailure.fraud(.equivocation)
    }
    return try passingOver(nil) { examination in
      let publication = try examination.ask(server, "publication", server.publication)
      examination.meter.measure(.structure) { work in
        let traceBytes = UInt64(publication.records.count * task.traceRecordByteCount)
        work.receivedBytes += UInt64(block.canonicalBytes.count) + traceBytes
        // A prefix for each leaf of their tree, 65 bytes for each node above.
        let leaves = publication.records.count
        work.hashedBytes += traceBytes + UInt64(leaves + 65 * max(0, leaves - 1))
      }
      // Kept before they are judged: they are the evidence if they contradict the header.
      examination.records = publication.records
      try StructureCheck.check(trace: publication.records, header: header, task: task)
      return publication
    }
  }

  private mutating func check(leaf: Int, server: some BlockServer, trainer: Trainer) throws {
    let (header, task) = (context.block.header, trainer.task)
    phase = .leaf
    let opened: LeafAnswer? = try passingOver(nil) { examination in
      let answer = try examination.ask(server, "answer for leaf \(leaf)") {
        server.answer(leaf: leaf)
      }
      try examination.meter.measure(.leaf) { [records = examination.records] work in
        work.receivedBytes += UInt64(answer.canonicalBytes.count)
        work.hashedBytes += answer.hashedByteCount
        try LeafCheck.checkOpenings(
          of: answer, leaf: leaf, header: header, records: records, task: task)
      }
      return answer
    }
    guard let answer = opened else { return }
    transcript.answers.append(answer)
    let values = UInt64(answer.after.leaf.count / 4)
    if checks.contains(.leaf) {
      try meter.measure(.leaf) { work in
        work.quantizedValues += values
        try LeafCheck.check(after: answer.after, quantized: answer.quantized, task: task)
      }
    }
    guard checks.contains(.update) else { return }
    phase = .update
    try meter.measure(.update) { work in
      // The openings were checked: there is one of each published gradient.
      work.quantizedValues += UInt64(trainer.task.updateValueCount(Int(values)))
      try UpdateCheck.check(
        answer, firstStep: task.stepsBefore(height: header.height), task: task,
        arithmetic: trainer.arithmetic)
    }
  }

  private mutating func checkProgress(server: some BlockServer, trainer: Trainer) throws {
    guard !challenge.evaluationStarts.isEmpty else { return }
    phase = .progress
    let measurement: ProgressMeasurement? = try passingOver(nil) { examination in
      let quantized = try examination.ask(server, "quantized model", server.quantizedModel)
      let (context, challenge) = (examination.context, examination.challenge)
      return try examination.meter.measure(.progress) { work in
        try ProgressCheck.measure(
          quantizedAfter: quantized, header: context.block.header, parent: context.parent,
          starts: challenge.evaluationStarts, trainer: trainer, work: &work)
      }
    }
    guard let measured = measurement else { return }
    progress = measured
    guard ProgressCheck.accepts(measured, margin: constants.progressMargin) else {
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
    case .state, .outcome, .batch, .gradient, .loss, .microbatch:
      return finding.segment(context.state.genesis.task).map { segment in
        let state = served[segment]
        guard let accumulation = carried[segment] else {
          return Evidence(block: block, proof: .segment(UInt32(segment), state: state))
        }
        return Evidence(
          block: block,
          proof: .microbatch(UInt32(segment), state: state, accumulation: accumulation))
      }
    case .equivocation:
      let header = context.block.header
      return context.sightings.first { EquivocationCheck.contradicts(header, $0) }
        .map { Evidence(block: block, proof: .equivocation($0)) }
    }
  }
}
