import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// Runs the stages of a `fine-tuning` experiment one after the other, and keeps each that is done.
struct FineTuningRun {
  private let experiment: FineTuningExperiment
  private let context: RunContext
  private let texts: [EvaluationText]
  private var done = 0.0
  private let total: Double

  init(_ experiment: FineTuningExperiment, _ context: RunContext) throws {
    self.experiment = experiment
    self.context = context
    let length = experiment.setup.data.contextLength
    let vocabulary = experiment.setup.model.shape.vocabularySize
    texts = try [
      (experiment.pretraining.data, FineTuningExperiment.pretrainingPrefix),
      (experiment.setup.data, ""),
    ].map { data, prefix in
      try EvaluationText(
        TrainingData(
          data, files: context.inputs.files(data, prefix: prefix), vocabularySize: vocabulary),
        contextLength: length, tokens: experiment.evaluationTokens)
    }
    total = max(1, try experiment.estimate(context.inputs).flops)
  }

  /// Runs what is not in the journal, and gives the variables of all.
  mutating func variables() throws -> [ResultVariable] {
    let pieces = try context.journal?.load() ?? []
    var rows: [FineTuningRow] = []
    var model: WholeModel
    var losses: [Float]
    if let first = pieces.first, let kept = try? Pretrained(canonicalBytes: first),
      kept.parameters.count == 4 * ParameterLayout(experiment.setup.model.shape).count
    {
      let parameters = FloatBuffer(count: kept.parameters.count / 4)
      parameters.setLittleEndianBytes(kept.parameters, at: 0)
      model = WholeModel(shape: experiment.setup.model.shape, parameters: parameters)
      losses = kept.losses
      for piece in pieces.dropFirst().prefix(experiment.variants.count) {
        guard let row = try? FineTuningRow(canonicalBytes: piece) else { break }
        rows.append(row)
      }
      try context.journal?.keep(pieces.prefix(1 + rows.count))
      try context.observer.note("goes on after \(rows.count) variants")
    } else {
      try context.journal?.keep([])
      (model, losses) = try pretrain()
      let bytes = model.parameters.littleEndianBytes(0..<model.parameters.count)
      try context.journal?.append(
        Pretrained(parameters: bytes, losses: losses).canonicalBytes)
    }
    for variant in experiment.variants.dropFirst(rows.count) {
      let row = try fineTune(variant, from: model)
      rows.append(row)
      try context.journal?.append(row.canonicalBytes)
    }
    return try FineTuningTable(
      experiment: experiment, startLosses: losses, rows: rows,
      full: fullTask(), root: model.root
    ).variables()
  }

  /// The task of the fine-tuning if it trained everything.
  private func fullTask() throws -> TrainingTask {
    let chain = experiment.chain(.init(name: "full", tuning: Spec.FineTuning(value: .full)))
    return try Plan(
      spec: chain, corpus: context.inputs.files(chain.data), workers: context.arithmetic.workers
    ).task
  }

  private mutating func pretrain() throws -> (WholeModel, [Float]) {
    let plan = try Plan(
      spec: experiment.pretrainingChain,
      corpus: context.inputs.files(
        experiment.pretraining.data, prefix: FineTuningExperiment.pretrainingPrefix),
      workers: context.arithmetic.workers)
    let (_, state) = try run(plan, "pre-training")
    let model = WholeModel(shape: plan.task.shape, parameters: state.parameters)
    return (model, try measure(model))
  }

  private mutating func fineTune(
    _ variant: FineTuningExperiment.Variant, from start: WholeModel
  ) throws -> FineTuningRow {
    var spec = experiment.chain(variant)
    spec.start = .pretrained
    let plan = try Plan(
      spec: spec, corpus: context.inputs.files(spec.data), start: start,
      workers: context.arithmetic.workers)
    let (record, state) = try run(plan, variant.name)
    let model = WholeModel(
      shape: start.shape,
      parameters: try plan.task.modelParameters(
        state.parameters, start: start.parameters, arithmetic: context.arithmetic))
    return FineTuningRow(record, losses: try measure(model))
  }

  private mutating func run(_ plan: Plan, _ name: String) throws -> (ChainRecord, ModelState) {
    let observer = StageObserver(outer: context.observer, name: name, done: done, total: total)
    let ended = try Simulation(plan: plan, arithmetic: context.arithmetic, clock: context.clock)
      .runKeepingModel(observer: observer)
    done += Double(WorkEstimate(plan).total)
    return ended
  }

  /// The losses of a model on both texts.
  private func measure(_ model: WholeModel) throws -> [Float] {
    try texts.map { text in
      try text.loss(of: model, arithmetic: context.arithmetic) {
        try context.observer.progress(done: done, total: total, activity: "measuring losses")
      }
    }
  }
}

/// Tells the progress of a stage as a part of the whole.
private struct StageObserver: RunObserver {
  let outer: any RunObserver
  let name: String
  let done: Double
  let total: Double

  func progress(done own: Double, total _: Double, activity: String) throws {
    try outer.progress(done: done + own, total: total, activity: "\(name): \(activity)")
  }
  func note(_ line: String) throws { try outer.note("\(name): \(line)") }
}

/// A text with the places in it on which losses are measured: whole sequences, evenly spread.
struct EvaluationText {
  private let corpus: Corpus
  private let contextLength: Int
  private let starts: [Int]
  /// Sequences that are computed at a time.
  private static let batchSize = 16

  /// - Parameter data: of which what is kept for validation is measured on, or, if nothing is, all.
  init(_ data: TrainingData, contextLength: Int, tokens: Int) throws {
    corpus = data.corpus
    self.contextLength = contextLength
    let places = data.rule.evaluationPlaces(contextLength: contextLength)
    guard places.count > 0 else {
      throw PlanError.impossible("a text has no sequence of \(contextLength) tokens to measure on")
    }
    let sequences = max(1, (tokens + contextLength - 1) / contextLength)
    let batches = (sequences + Self.batchSize - 1) / Self.batchSize
    let count = batches * Self.batchSize
    starts = (0..<count).map { places[$0 * (places.count - 1) / max(count - 1, 1)] }
  }

  /// Mean cross-entropy in nats a token: the mean of the batches' means, added in ascending order.
  func loss(
    of model: WholeModel, arithmetic: Arithmetic, progress: () throws -> Void
  ) throws -> Float {
    let computed = model.shape.languageModel(arithmetic: arithmetic)
    let workspace = computed.makeWorkspace(
      sequenceCount: Self.batchSize, contextLength: contextLength)
    var sum: Float = 0
    for first in stride(from: 0, to: starts.count, by: Self.batchSize) {
      try progress()
      let batch = try corpus.batch(
        startingAt: Array(starts[first..<first + Self.batchSize]), contextLength: contextLength)
      sum += computed.loss(model.parameters, on: batch, in: workspace)
    }
    return sum / Float(starts.count / Self.batchSize)
  }
}

/// The end of the first stage, as the journal keeps it.
private struct Pretrained: CanonicalCodable {
  let parameters: [UInt8]
  let losses: [Float]

  init(parameters: [UInt8], losses: [Float]) {
    self.parameters = parameters
    self.losses = losses
  }
  func encode(to writer: inout CanonicalWriter) {
    writer.append(parameters)
    for loss in losses { writer.append(loss) }
  }
  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    parameters = try reader.readBytes()
    losses = [try reader.readFloat(), try reader.readFloat()]
  }
}
