internal import CKernels

extension Arithmetic {
  /// For every head of every sequence and every token i: output(i) = the sum over the keys j that
  /// i sees of softmax(scale * query(i) . key(j)) * value(j). Keys that are not seen take no part,
  /// whatever they hold.
  ///
  /// Shapes: query, output (B * T, H * headDimension); key, value (B * T, G * headDimension);
  /// statistics (`shape.statisticsCount`), kept for the backward pass. output may lie beside query,
  /// key and value in one buffer, but not over them.
  public func attention(
    _ shape: AttentionShape, query: Matrix, key: Matrix, value: Matrix, into output: Matrix,
    statistics: Vector
  ) {
    check(shape, query, key, value, statistics)
    require(output, rows: shape.rows, columns: shape.queryColumns)
    precondition(
      !output.overlaps(query) && !output.overlaps(key) && !output.overlaps(value),
      "attention over its operands")
    // Heads that share keys are computed apart: there are the more tasks to share out.
    forEachTask(shape, shape.heads) { sequence, head in
      var task = self.task(shape, sequence: sequence, head: head, heads: 1, statistics)
      place(query, shape, sequence, head, &task.query, &task.queryRow)
      let group = head / (shape.heads / shape.keyValueHeads)
      place(key, shape, sequence, group, &task.key, &task.keyRow)
      place(value, shape, sequence, group, &task.value, &task.valueRow)
      place(output, shape, sequence, head, &task.output, &task.outputRow)
      withSpareMemory { kernels.pointee.attention(&task, $0) }
    }
  }

  /// The gradients of `attention` for its operands, overwritten.
  ///
  /// Shapes: as in `attention`; dOutput and dQuery as query, dKey and dValue as key. `statistics`
  /// are those of the forward pass on the same operands. Results may lie beside each other and
  /// beside operands in one buffer, but not over them.
  public func attentionBackward(
    _ shape: AttentionShape, query: Matrix, key: Matrix, value: Matrix, statistics: Vector,
    dOutput: Matrix, dQuery: Matrix, dKey: Matrix, dValue: Matrix
  ) {
    check(shape, query, key, value, statistics)
    require(dOutput, rows: shape.rows, columns: shape.queryColumns)
    func checkResult(_ result: Matrix, columns: Int) {
      require(result, rows: shape.rows, columns: columns)
      precondition(
        !result.overlaps(query) && !result.overlaps(key) && !result.overlaps(value)
          && !result.overlaps(dOutput), "a gradient over its operand")
    }
    checkResult(dQuery, columns: shape.queryColumns)
    checkResult(dKey, columns: shape.keyColumns)
    checkResult(dValue, columns: shape.keyColumns)
    let heads = shape.heads / shape.keyValueHeads
    forEachTask(shape, shape.keyValueHeads) { sequence, group in
      let head = group * heads
      var task = self.task(shape, sequence: sequence, head: head, heads: heads, statistics)
      place(query, shape, sequence, head, &task.query, &task.queryRow)
      place(key, shape, sequence, group, &task.key, &task.keyRow)
      place(value, shape, sequence, group, &task.value, &task.valueRow)
      place(dOutput, shape, sequence, head, &task.dOutput, &task.dOutputRow)
      place(dQuery, shape, sequence, head, &task.dQuery, &task.dQueryRow)
      place(dKey, shape, sequence, group, &task.dKey, &task.dKeyRow)
      place(dValue, shape, sequence, group, &task.dValue, &task.dValueRow)
      withSpareMemory { kernels.pointee.attentionBackward(&task, $0) }
    }
  }

  private func check(
    _ shape: AttentionShape, _ query: Matrix, _ key: Matrix, _ value: Matrix, _ statistics: Vector
  ) {
    require(query, rows: shape.rows, columns: shape.queryColumns)
    require(key, rows: shape.rows, columns: shape.keyColumns)
    require(value, rows: shape.rows, columns: shape.keyColumns)
    precondition(
      statistics.count == shape.statisticsCount, "\(statistics.count) statistics for \(shape)")
  }

  private func require(_ window: Matrix, rows: Int, columns: Int) {
    precondition(
      window.rows == rows && window.columns == columns,
      "a window of (\(window.rows), \(window.columns)) for (\(rows), \(columns))")
  }

  /// Calls `body` for each of `heads` heads of each sequence.
  private func forEachTask(
    _ shape: AttentionShape, _ heads: Int, _ body: @Sendable (_ sequence: Int, _ head: Int) -> Void
  ) {
    workers.run(tasks: shape.sequences * heads) { task in body(task / heads, task % heads) }
  }

  private func task(
    _ shape: AttentionShape, sequence: Int, head: Int, heads: Int, _ statistics: Vector
  ) -> CKAttention {
    var task = CKAttention()
    task.length = shape.length
    task.heads = heads
    task.dimension = shape.headDimension
    task.window = min(shape.window ?? shape.length, shape.length)
    task.scale = shape.scale
    task.statistics = statistics.pointer + 2 * (sequence * shape.heads + head) * shape.length
    return task
  }

  private func place(
    _ matrix: Matrix, _ shape: AttentionShape, _ sequence: Int, _ head: Int,
    _ pointer: inout UnsafePointer<Float>?, _ row: inout Int
  ) {
    row = matrix.rowStride
    pointer = UnsafePointer(start(of: matrix, shape, sequence, head))
  }

  private func place(
    _ matrix: Matrix, _ shape: AttentionShape, _ sequence: Int, _ head: Int,
    _ pointer: inout UnsafeMutablePointer<Float>?, _ row: inout Int
  ) {
    row = matrix.rowStride
    pointer = start(of: matrix, shape, sequence, head)
  }

  private func start(
    of matrix: Matrix, _ shape: AttentionShape, _ sequence: Int, _ head: Int
  ) -> UnsafeMutablePointer<Float> {
    matrix.pointer + sequence * shape.length * matrix.rowStride + head * shape.headDimension
  }
}
