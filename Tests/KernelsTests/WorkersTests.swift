import Kernels
import Testing

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 3, 4, 9], [true, false])
  func everyTaskRunsOnce(threads: Int, pinned: Bool) {
    let workers = Workers(threads: threads, pinned: pinned)
    #expect(workers.threads == threads)
    for tasks in [0, 1, 2, 3, 10, 1000] {
      let counts = FloatBuffer(count: tasks)
      workers.run(tasks: tasks) { counts[$0] += 1 }
      #expect(counts.array.allSatisfy { $0 == 1 })
    }
  }

  @Test func thousandsOfCallsInARow() {
    let workers = Workers(threads: 3)
    let sums = FloatBuffer(count: 3)
    for _ in 0..<20_000 { workers.run(tasks: 3) { sums[$0] += 1 } }
    #expect(sums.array == [20_000, 20_000, 20_000])
  }

  @Test func nestedCallsRunAlone() {
    let workers = Workers(threads: 4)
    let counts = FloatBuffer(count: 16 * 16)
    workers.run(tasks: 16) { outer in
      workers.run(tasks: 16) { inner in
        workers.run(tasks: 1) { _ in counts[outer * 16 + inner] += 1 }
      }
    }
    #expect(counts.array.allSatisfy { $0 == 1 })
  }

  @Test func callsFromManyThreadsAtOnce() async {
    let workers = Workers(threads: 2)
    let counts = FloatBuffer(count: 8 * 64)
    await withTaskGroup(of: Void.self) { group in
      for caller in 0..<8 {
        group.addTask {
          for _ in 0..<100 { workers.run(tasks: 64) { counts[caller * 64 + $0] += 1 } }
        }
      }
    }
    #expect(counts.array.allSatisfy { $0 == 100 })
  }

  @Test func poolsComeAndGo() {
    weak var last: Workers?
    for round in 0..<200 {
      let workers = Workers(threads: 1 + round % 4, pinned: round % 2 == 0)
      let counts = FloatBuffer(count: 5)
      if round % 3 != 0 {
        workers.run(tasks: 5) { counts[$0] += 1 }
        #expect(counts.array == [1, 1, 1, 1, 1])
      }
      last = workers
    }
    #expect(last == nil)
  }

  @Test func aSleepingPoolWakes() async throws {
    let workers = Workers(threads: 3)
    let counts = FloatBuffer(count: 6)
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(5))
      workers.run(tasks: 6) { counts[$0] += 1 }
    }
    #expect(counts.array.allSatisfy { $0 == 5 })
  }

  @Test func serialHasNoThreads() {
    let arithmetic = Arithmetic(workers: Workers(threads: 3))
    #expect(arithmetic.serial.workers.threads == 1)
    #expect(arithmetic.serial.instructionSet == arithmetic.instructionSet)
    #expect(arithmetic.serial.serial.workers === arithmetic.serial.workers)
    #expect(Workers.cores >= 1)
  }

  @Test func productsInsideTasksKeepTheirBits() {
    var data = TestData(seed: 77)
    let n = 48
    let (x, w) = (data.numbers(8 * n * n), data.numbers(n * n))
    let weight = Matrix(FloatBuffer(w), rows: n, columns: n)
    let input = Matrix(FloatBuffer(x), rows: 8 * n, columns: n)
    let output = Matrix(FloatBuffer(count: 8 * n * n), rows: 8 * n, columns: n)
    let arithmetic = Arithmetic(workers: Workers(threads: 4, pinned: false))
    arithmetic.workers.run(tasks: 8) { task in
      let rows = task * n..<(task + 1) * n
      arithmetic.serial.product(input.rows(rows), weight.transposed, into: output.rows(rows))
    }
    let expected = Reference.product(
      m: 8 * n, n: n, k: n, a: { x[$0 * n + $1] }, b: { w[$1 * n + $0] }, onto: nil)
    #expect(difference(output.array, expected) == nil)
  }

  @Test func pinnedHelpersLeaveTheCallerAsFreeAsItWas() {
    let before = Workers.cores
    let pinned = Workers(threads: before, pinned: true)
    for _ in 0..<200 { pinned.run(tasks: before * 4) { _ in } }
    #expect(Workers.cores == before)
  }

  /// A call that has begun is finished, whoever loses interest; the pool serves the next one.
  @Test func cancelledCallersLeaveThePoolInOrder() async {
    let workers = Workers(threads: 3)
    let counts = FloatBuffer(count: 64 * 12)
    for round in 0..<20 {
      await withTaskGroup(of: Void.self) { group in
        for caller in 0..<12 {
          group.addTask {
            if Task.isCancelled { return }
            workers.run(tasks: 64) { counts[caller * 64 + $0] += 1 }
          }
          if caller == round % 12 { group.cancelAll() }
        }
      }
    }
    // Each call did all of its tasks or none.
    for caller in 0..<12 {
      let row = counts.array[caller * 64..<caller * 64 + 64]
      #expect(row.allSatisfy { $0 == row.first })
    }
    let after = FloatBuffer(count: 1000)
    workers.run(tasks: 1000) { after[$0] += 1 }
    #expect(after.array.allSatisfy { $0 == 1 })
  }

  /// A pool that is let go inside of another pool's task ends its threads there.
  @Test func poolsEndInsideTasks() {
    let outer = Workers(threads: 3)
    let sums = FloatBuffer(count: 16 * 9)
    outer.run(tasks: 9) { task in
      let inner = Workers(threads: 2, pinned: false)
      inner.run(tasks: 16) { sums[16 * task + $0] += 1 }
    }
    #expect(sums.array.allSatisfy { $0 == 1 })
  }
}
