/// A pool of threads that lives as long as this object and shares out the tasks of one call at a
/// time.
///
/// The thread that calls `run` takes part, so a pool of one has no threads of its own. How tasks are
/// shared out is fixed: worker w of n gets tasks w * tasks / n ..< (w + 1) * tasks / n. A call that
/// comes while the pool is at work, nested or from another thread, runs on its own thread alone.
public final class Workers: @unchecked Sendable {
  /// How many threads share the work, with the calling one.
  public let threads: Int
  private let pool: WorkerPool?
  private let one: Workers?

  /// Starts `threads` - 1 threads (fewer if the system gives no more), each pinned to one of the
  /// processors that this process may use unless `pinned` is false.
  public init(threads: Int, pinned: Bool = true) {
    precondition(threads >= 1, "a pool of \(threads) threads")
    pool = threads > 1 ? WorkerPool(helpers: threads - 1, pinned: pinned) : nil
    one = threads > 1 ? Workers(threads: 1) : nil
    self.threads = 1 + (pool?.helpers ?? 0)
  }

  deinit { pool?.stop() }

  /// How many processors this process may use.
  public static var cores: Int { max(1, allowedProcessors().count) }

  /// A pool of the calling thread alone.
  public var single: Workers { one ?? self }

  /// Calls `body` once for each of 0 ..< `tasks`, on all threads, and returns when all are done.
  /// What the tasks wrote is then visible to the caller.
  public func run(tasks: Int, _ body: @Sendable (Int) -> Void) {
    precondition(tasks >= 0, "\(tasks) tasks")
    if tasks > 1, let pool, pool.run(tasks: tasks, body) { return }
    for task in 0..<tasks { body(task) }
  }
}
