internal import CKernels
internal import Glibc
internal import Synchronization

/// The threads behind `Workers` and what they share.
///
/// A call to `run` publishes its job and counts `generation` up; each helper waits for that, first
/// spinning, then asleep, does its share and counts `pending` down; the caller waits for zero.
/// `job` and `taskCount` are written only between the two, by the owner of `isBusy`.
final class WorkerPool: @unchecked Sendable {
  private(set) var helpers = 0
  private var handles: [pthread_t] = []
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let workComes = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let workIsDone = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let isBusy = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let generation = Atomic<Int>(0)
  private let pending = Atomic<Int>(0)
  private var job: CKTaskBody?
  private var taskCount = 0
  /// How often to look before sleeping: some tens of microseconds, the gap between two kernels of
  /// one model. None if there are more threads than processors, where it would hold up others.
  private let spins: Int
  /// The caller's processor and the pinned helpers', if each thread has one of its own.
  private let home: Int32?
  private let taken: Set<Int32>

  init(helpers wanted: Int, pinned: Bool) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(workComes, nil)
    pthread_cond_init(workIsDone, nil)
    let processors = allowedProcessors()
    spins = wanted < processors.count ? 2000 : 0
    home = pinned && wanted < processors.count ? Int32(processors[0]) : nil
    taken = home == nil ? [] : Set(processors[1...wanted].map { Int32($0) })
    for index in 1...wanted {
      let processor = pinned && !processors.isEmpty ? processors[index % processors.count] : nil
      let start = Unmanaged.passRetained(HelperStart(pool: self, index: index, on: processor))
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil,
        { argument in
          guard let argument else { return nil }
          let start = Unmanaged<HelperStart>.fromOpaque(argument).takeRetainedValue()
          // A wish: if the system refuses, the thread runs anywhere.
          if let processor = start.processor { _ = ck_pinThisThread(Int32(processor)) }
          start.pool.help(as: start.index)
          return nil
        }, start.toOpaque())
      guard status == 0 else {
        start.release()
        break
      }
      handles.append(handle)
    }
    helpers = handles.count
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(workComes)
    pthread_cond_destroy(workIsDone)
    mutex.deallocate()
    workComes.deallocate()
    workIsDone.deallocate()
  }

  /// Ends the threads and waits for them.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    announce()
    for handle in handles { pthread_join(handle, nil) }
    handles = []
  }

  /// Returns false, with nothing done, if the pool is at work already.
  // Never inlined: what `body` captures must outlive its last visible use, until the call returns.
  @inline(never)
  func run(tasks: Int, _ body: @Sendable (Int) -> Void) -> Bool {
    guard helpers > 0 else { return false }
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    leaveHelpersAlone()
    job = taskBody(body)
    taskCount = tasks
    pending.store(helpers, ordering: .relaxed)
    announce()
    doShare(0)
    waitForHelpers()
    job = nil
    isBusy.store(false, ordering: .releasing)
    return true
  }

  /// The caller is not pinned, as that would bind its later threads and processes too. But the
  /// system may have put it beside a helper, and then lets both take turns for a long time.
  private func leaveHelpersAlone() {
    guard let home, taken.contains(ck_currentProcessor()) else { return }
    _ = ck_moveThisThread(home)
  }

  private func announce() {
    pthread_mutex_lock(mutex)
    generation.add(1, ordering: .sequentiallyConsistent)
    pthread_cond_broadcast(workComes)
    pthread_mutex_unlock(mutex)
  }

  /// The life of a helper.
  private func help(as index: Int) {
    var seen = 0
    while true {
      seen = waitForWork(after: seen)
      if isStopping.load(ordering: .sequentiallyConsistent) { return }
      doShare(index)
      if pending.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_signal(workIsDone)
        pthread_mutex_unlock(mutex)
      }
    }
  }

  private func doShare(_ index: Int) {
    guard let job else { return }
    let shares = helpers + 1
    for task in index * taskCount / shares..<(index + 1) * taskCount / shares {
      ck_runTask(job, task)
    }
  }

  private func waitForWork(after seen: Int) -> Int {
    for _ in 0..<spins {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
      ck_pause()
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while generation.load(ordering: .acquiring) == seen { pthread_cond_wait(workComes, mutex) }
    return generation.load(ordering: .acquiring)
  }

  private func waitForHelpers() {
    for _ in 0..<spins {
      if pending.load(ordering: .acquiring) == 0 { return }
      ck_pause()
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while pending.load(ordering: .acquiring) != 0 { pthread_cond_wait(workIsDone, mutex) }
  }
}

private final class HelperStart: @unchecked Sendable {
  let pool: WorkerPool
  let index: Int
  let processor: Int?

  init(pool: WorkerPool, index: Int, on processor: Int?) {
    self.pool = pool
    self.index = index
    self.processor = processor
  }
}

/// The function and the context of a closure that does not escape. A closure that escapes would be put
/// into memory of its own for each call, and a training step has hundreds; `WorkerPool.run` returns only
/// when nobody runs it any more.
@_silgen_name("ck_taskBody")
private func taskBody(_ body: @Sendable (Int) -> Void) -> CKTaskBody

/// The processors that this process may use, ascending.
func allowedProcessors() -> [Int] {
  let capacity = 1024
  return [Int32](unsafeUninitializedCapacity: capacity) { processors, count in
    guard let first = processors.baseAddress else { return }
    count = Int(ck_allowedProcessors(first, Int32(capacity)))
  }.map(Int.init)
}
