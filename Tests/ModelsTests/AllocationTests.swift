import AllocationCounter
import Kernels
import Models
import Synchronization
import Testing

/// A training step finds all memory that it needs there after the first one.
@Suite struct AllocationTests {
  static let settings = [Setting.nano, .gemmaNano]

  /// What all threads of a pool asked the C library for while `body` ran.
  private static func allocations(
    of workers: Workers, _ body: () -> Void
  ) -> AllocationCount {
    // Exactly one task for each thread.
    workers.run(tasks: workers.threads) { _ in allocationCounterBegin() }
    body()
    let total = Mutex(AllocationCount())
    workers.run(tasks: workers.threads) { _ in
      let own = allocationCounterEnd()
      total.withLock { sum in
        sum.count += own.count
        sum.bytes += own.bytes
        sum.largest = max(sum.largest, own.largest)
      }
    }
    return total.withLock { $0 }
  }

  /// What each of `steps` whole steps of AdamW on fresh memory asked for.
  private static func trainingSteps(
    _ setting: Setting, threads: Int, steps: Int
  ) throws -> [AllocationCount] {
    var numbers = TestNumbers(seed: 5)
    // Another one for each step, with other tokens in it.
    let batches = try (1...steps).map { _ in try setting.batch(&numbers) }
    let parameters = FloatBuffer(setting.parameters(&numbers))
    let workers = Workers(threads: threads, pinned: false)
    let arithmetic = Arithmetic(workers: workers)
    let model = setting.model(arithmetic)
    let optimizer = Optimizer.adamW(.init())
    let gradient = FloatBuffer(count: parameters.count)
    var workspace: ModelWorkspace?
    var moments: [Vector] = []
    return (1...steps).map { step in
      allocations(of: workers) {
        if workspace == nil {
          workspace = model.makeWorkspace(
            sequenceCount: setting.sequenceCount, contextLength: setting.contextLength)
          moments = optimizer.makeState(parameterCount: parameters.count).map { Vector($0) }
        }
        guard let workspace else { return }
        _ = model.lossAndGradient(
          parameters, on: batches[step - 1], gradient: gradient, in: workspace)
        _ = arithmetic.clip(Vector(gradient), toNorm: 1)
        optimizer.step(
          step, parameters: Vector(parameters), gradient: Vector(gradient), state: moments,
          learningRate: 0.001, arithmetic: arithmetic)
      }
    }
  }

  @Test func theCounterCounts() {
    let workers = Workers(threads: 3, pinned: false)
    let nothing = Self.allocations(of: workers) {}
    #expect(nothing.largest < 1024)
    let buffers = Mutex<[FloatBuffer]>([])
    let some = Self.allocations(of: workers) {
      workers.run(tasks: 3) { _ in
        let buffer = FloatBuffer(count: 1000)
        buffers.withLock { $0.append(buffer) }
      }
    }
    #expect(some.bytes >= nothing.bytes + 3 * 4000 && some.largest >= 4000)
  }

  @Test(arguments: settings, [1, 2, 3])
  func aStepAllocatesNothingAfterTheFirst(setting: Setting, threads: Int) throws {
    let counts = try Self.trainingSteps(setting, threads: threads, steps: 5)
    // The first one makes activations, moments and packing memory.
    #expect(counts[0].bytes > 8 * setting.model(Machine().arithmetic).layout.count)
    for later in counts.dropFirst() { #expect(later.count == 0, "\(later)") }
  }
}
