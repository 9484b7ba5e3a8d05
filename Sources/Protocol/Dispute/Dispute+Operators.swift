import Kernels
import Models
import Proofs

/// Inside a step: to the first layer, then to the first operator about which the parties differ, which
/// the referee runs alone on inputs that both agreed to.
extension Dispute {
  /// Settles a difference about the operators of a step or about the float32 gradient that they left;
  /// nil if there is none.
  mutating func judgeOperators(
    step: Int, _ a: OperatorTrace, _ b: OperatorTrace
  ) throws -> Outcome? {
    let parameters = accuser.states[step].parameters
    let plan = OperatorPlan()
    try trainer.observe(step: step, parameters: parameters, seed: seed, plan)
    guard a.fits(plan), b.fits(plan) else {
      return outcome(.structure(step: step), Self.guilty(a.fits(plan), b.fits(plan)))
    }
    let layers = (a.layerRoots(plan), b.layerRoots(plan))
    let trees = (
      OperatorTrace.tree(layerRoots: layers.0), OperatorTrace.tree(layerRoots: layers.1)
    )
    if !agree(trees.0.root, trees.1.root) {
      // Both trees are descended, always to the left where that differs: all before agrees.
      descend(leaves: plan.layers.count)
      guard let layer = plan.layers.indices.first(where: { layers.0[$0] != layers.1[$0] }) else {
        return nil
      }
      descend(leaves: plan.layers[layer].count)
      guard let index = plan.layers[layer].first(where: { a.records[$0] != b.records[$0] }) else {
        return nil
      }
      rounds += 1
      for trace in [a, b] { exchangedBytes += UInt64(trace.records[index].byteCount) }
      return try judge(operator: index, step: step, plan, a, b)
    }
    if !agree(a.gradientRoot, b.gradientRoot) {
      return try judgeLeaf(step: step, plan, a, b)
    }
    return nil
  }

  /// Two children a level from each party.
  private mutating func descend(leaves: Int) {
    let levels = Int.bitWidth - max(0, leaves - 1).leadingZeroBitCount
    rounds += levels
    exchangedBytes += UInt64(4 * Digest.byteCount * levels)
  }

  /// Runs the operator on what the agreed operators before it left.
  private mutating func judge(
    operator index: Int, step: Int, _ plan: OperatorPlan, _ a: OperatorTrace, _ b: OperatorTrace
  ) throws -> Outcome {
    let operation = plan.operators[index]
    let contested = Contested.operation(
      step: step,
      OperatorName(
        index: index, part: operation.part, place: operation.place, name: operation.name))
    let inputs = try contents(
      of: operation.reads, before: index, step: step, plan: plan, traces: [b, a])
    guard let inputs else { return outcome(contested, .both) }
    let referee = OperatorReferee(operator: index, contents: inputs)
    let before = trainer.workspace.flops.total
    try trainer.observe(
      step: step, parameters: accuser.states[step].parameters, seed: seed, referee)
    work.flops += trainer.workspace.flops.total - before
    for window in operation.reads + operation.writes { countWindow(window.rows * window.columns) }
    let honest = referee.record
    return outcome(contested, Self.guilty(a.records[index] == honest, b.records[index] == honest))
  }

  /// A leaf of the gradient is what the agreed operators wrote there.
  private mutating func judgeLeaf(
    step: Int, _ plan: OperatorPlan, _ a: OperatorTrace, _ b: OperatorTrace
  ) throws -> Outcome {
    func leaf(_ index: Int, _ trace: OperatorTrace) -> [UInt8] {
      let range = task.valueRange(ofLeaf: index)
      let end = min(4 * range.upperBound, trace.gradient.count)
      return Array(trace.gradient[min(4 * range.lowerBound, end)..<end])
    }
    // Roots that nothing stands behind are no answer.
    let stands = [a, b].map { rootOfGradient($0) == $0.gradientRoot }
    guard stands == [true, true],
      let first = (0..<task.leafCount).first(where: { leaf($0, a) != leaf($0, b) })
    else { return outcome(.structure(step: step), Self.guilty(stands[0], stands[1])) }
    descend(leaves: task.leafCount)
    let range = task.valueRange(ofLeaf: first)
    exchangedBytes += UInt64(2 * 4 * range.count)
    let contested = Contested.gradientLeaf(step: step, leaf: first)
    let window = Matrix(
      trainer.gradient, offset: range.lowerBound, rows: 1, columns: range.count)
    let values = try contents(
      of: [window], before: plan.operators.count, step: step, plan: plan, traces: [b, a])
    guard let values = values?.first else { return outcome(contested, .both) }
    let honest = FloatBuffer(values).littleEndianBytes(0..<values.count)
    return outcome(contested, Self.guilty(leaf(first, a) == honest, leaf(first, b) == honest))
  }

  private func rootOfGradient(_ trace: OperatorTrace) -> Digest? {
    guard trace.gradient.count == task.parameterByteCount else { return nil }
    return task.parameterTree(
      FloatBuffer(littleEndianBytes: trace.gradient), workers: workers
    ).root
  }

  /// Clips and quantizes the agreed float32 gradient: no products.
  mutating func judgeGradient(
    step: Int, _ a: OperatorTrace, _ b: OperatorTrace
  ) throws -> Outcome {
    exchangedBytes += UInt64(task.parameterByteCount)
    work.hashedBytes += task.parameterHashedByteCount
    guard let served = [b, a].first(where: { rootOfGradient($0) == $0.gradientRoot }) else {
      return outcome(.gradient(step: step), .both)
    }
    let state = accuser.states[step].copy()
    if task.recipe.usesErrorFeedback {
      // The residual is in the tree over everything besides the parameters.
      exchangedBytes += UInt64(task.auxiliaryByteCount + Digest.byteCount)
      work.hashedBytes += task.auxiliaryHashedByteCount
    }
    trainer.gradient.setLittleEndianBytes(served.gradient, at: 0)
    var meter = PhaseMeter(clock: NoClock())
    let honest = try trainer.conclude(
      loss: 0, batchDigest: trainer.batchDigest(step: step, seed: seed), state: state,
      meter: &meter, phase: .replay)
    work += meter.totalWork
    let tree = task.stepTree(honest.gradient, workers: workers)
    work.hashedBytes += UInt64(tree.hashedByteCount)
    let (root, own, other) = (
      tree.root, accused.steps[step].gradientRoot, accuser.steps[step].gradientRoot
    )
    return outcome(.gradient(step: step), Self.guilty(own == root, other == root))
  }

  /// The loss is what the last operator of that name wrote.
  mutating func judgeLoss(
    step: Int, _ a: OperatorTrace, _ b: OperatorTrace
  ) throws -> Outcome {
    let plan = OperatorPlan()
    try trainer.observe(
      step: step, parameters: accuser.states[step].parameters, seed: seed, plan)
    guard let index = plan.operators.lastIndex(where: { $0.name == "mean-loss" }),
      let bytes = try fetch(
        OperatorPlan.Output(index: index, window: 0), plan: plan, traces: [b, a])
    else { return outcome(.loss(step: step), .both) }
    let bits = FloatBuffer(littleEndianBytes: bytes)[0].bitPattern
    return outcome(
      .loss(step: step),
      Self.guilty(
        accused.steps[step].loss.bitPattern == bits, accuser.steps[step].loss.bitPattern == bits))
  }

  // MARK: what the referee fetches

  /// Values of windows before operator `index`, put together from what the agreed operators wrote and
  /// from the agreed parameters; nil if nobody serves them.
  private mutating func contents(
    of windows: [Matrix], before index: Int, step: Int, plan: OperatorPlan,
    traces: [OperatorTrace]
  ) throws -> [[Float]]? {
    let parameters = accuser.states[step].parameters
    var leaves: Set<Int> = []
    var contents: [[Float]] = []
    for window in windows {
      var values: [Float] = []
      values.reserveCapacity(window.rows * window.columns)
      var floats: [OperatorPlan.Output: FloatBuffer] = [:]
      for (position, source) in plan.sources(of: window, before: index).enumerated() {
        switch source {
        case .zero: values.append(0)
        case .written(let output, let element):
          if floats[output] == nil {
            guard let bytes = try fetch(output, plan: plan, traces: traces) else { return nil }
            floats[output] = FloatBuffer(littleEndianBytes: bytes)
          }
          guard let buffer = floats[output], element < buffer.count else { return nil }
          values.append(buffer[element])
        case .initial:
          let place =
            window.offset + position / window.columns * window.rowStride
            + position % window.columns
          let isParameter = window.buffer === parameters
          guard isParameter || trainer.workspace.constants.contains(where: { $0 === window.buffer })
          else { throw DisputeError.undefinedInput(operator: index) }
          if isParameter { leaves.insert(place / Int(task.leafValueCount)) }
          values.append(window.buffer[place])
        }
      }
      contents.append(values)
    }
    countParameters(leaves)
    return contents
  }

  /// What an agreed operator wrote, from the first party whose bytes have the agreed digest.
  private mutating func fetch(
    _ output: OperatorPlan.Output, plan: OperatorPlan, traces: [OperatorTrace]
  ) throws(ProofError) -> [UInt8]? {
    if let bytes = fetched[output] { return bytes }
    let window = plan.operators[output.index].writes[output.window]
    let record = traces[0].records[output.index]
    let served = traces.lazy.compactMap { trace -> [UInt8]? in
      guard trace.outputs.indices.contains(output.index),
        trace.outputs[output.index].indices.contains(output.window)
      else { return nil }
      let bytes = trace.outputs[output.index][output.window]
      guard bytes.count == 4 * window.rows * window.columns,
        OperatorRecord.digest(rows: window.rows, columns: window.columns, bytes: bytes)
          == record.writes[output.window]
      else { return nil }
      return bytes
    }.first
    guard let served else { return nil }
    fetched[output] = served
    exchangedBytes += UInt64(served.count)
    countWindow(window.rows * window.columns)
    if opened.insert(output.index).inserted { try countOpening(of: output.index, record, plan) }
    return served
  }

  private mutating func countWindow(_ values: Int) {
    work.hashedBytes += UInt64(OperatorRecord.windowHeaderByteCount + 4 * values)
  }

  /// A record with its paths to the root over its layer and to that over all layers.
  private mutating func countOpening(
    of index: Int, _ record: OperatorRecord, _ plan: OperatorPlan
  ) throws(ProofError) {
    guard let layer = plan.layers.firstIndex(where: { $0.contains(index) }) else { return }
    let range = plan.layers[layer]
    let path =
      try InclusionProof.auditPathLength(at: index - range.lowerBound, leafCount: range.count)
      + InclusionProof.auditPathLength(at: layer, leafCount: plan.layers.count)
    let leaf = OperatorTrace.leaf(record, index, plan.operators[index])
    exchangedBytes += UInt64(record.byteCount + Digest.byteCount * path)
    // Two leaves, one of the record and one of the layer's root, and a node for each step up.
    work.hashedBytes += UInt64(1 + leaf.count + 1 + Digest.byteCount + 65 * path)
  }

  /// Leaves of the parameters before the step with one proof for all of them, and the root of what is
  /// committed besides.
  private mutating func countParameters(_ leaves: Set<Int>) {
    guard !leaves.isEmpty else { return }
    let indices = leaves.sorted()
    let hashes = MultiProof.siblingCount(of: indices, leafCount: task.leafCount)
    let bytes = indices.reduce(0) { $0 + 4 * task.valueRange(ofLeaf: $1).count }
    exchangedBytes += UInt64(bytes + Digest.byteCount * (hashes + 1))
    work.hashedBytes += UInt64(bytes + indices.count + 65 * (indices.count + hashes - 1))
  }
}

/// Why a dispute cannot be decided, whoever is right.
public enum DisputeError: Error, Sendable, Hashable {
  /// An operator reads memory that nothing wrote: a fault of the model's code.
  case undefinedInput(operator: Int)
}
