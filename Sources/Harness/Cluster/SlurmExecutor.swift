import Foundation

/// Where the points of a sweep are run.
public enum Executor: String, CaseIterable, Sendable {
  /// In this process.
  case local
  /// As tasks of Slurm, each of which runs one point in a process of its own.
  case slurm
}

/// Hands the points that are missing to Slurm.
///
/// Everything lies in the folder beside the result, `RESULT.points`: the spec and the jobs
/// (`sweep.json`), the finished points, what begun ones need to go on, `tasks/` and `log/`.
public struct SlurmExecutor: Sendable {
  /// What a submission did.
  public struct Submission: Sendable, Equatable {
    /// Jobs of points.
    public var jobs: [String]
    /// Job that gathers; nil if nothing had to be submitted.
    public var gatherJob: String?
    /// Points that were submitted now.
    public var submitted: Int
    /// Points that are finished.
    public var finished: Int
    /// Points that wait or run already.
    public var queued: Int
  }

  let experiment: Experiment
  let out: String
  let program: String
  let slurm: Slurm

  /// - Parameters:
  ///   - out: where the gathered result will go.
  ///   - program: path of the program that tasks run.
  public init(_ experiment: Experiment, out: String, program: String, slurm: Slurm = Slurm()) {
    self.experiment = experiment
    self.out = URL(fileURLWithPath: out).standardized.path
    self.program = program
    self.slurm = slurm
  }

  private var folder: String { out + RunFolder.suffix }

  /// The scripts that would be submitted, without asking Slurm or writing anything.
  ///
  /// Throws ``PlanError`` or ``RunError`` as ``submit(_:reusing:verifying:)`` does.
  public func scripts(_ options: SlurmOptions, reusing: Bool) throws -> [String] {
    let plan = try SweepPlan(experiment, out: out, reusing: reusing)
    try check(plan, options)
    let script = try script(options)
    let arrays = Self.arrays(
      plan.pending.map { $0.point.point.index + 1 }, limit: Slurm.usualArraySizeLimit)
    guard !arrays.isEmpty else { return [] }
    return arrays.map { script.array(tasks: $0.tasks, offset: $0.offset) }
      + [script.gather(after: arrays.indices.map { "JOB\($0 + 1)" }, maySubmit: true)]
  }

  /// Submits the points that are neither finished nor waiting nor running, and a job that gathers.
  ///
  /// - Parameters:
  ///   - reusing: `false` forgets what is finished.
  ///   - mayReplace: whether the gathered result may replace a file.
  ///   - fraction: share of the points that other nodes run again; nil leaves what was asked for.
  /// - Throws: ``RunError`` or ``PlanError``, each with the way out; nothing is submitted then, or
  ///   what was is written down.
  public func submit(
    _ options: SlurmOptions, reusing: Bool, mayReplace: Bool, verifying fraction: Double?
  ) throws -> Submission {
    try slurm.check(partition: options.partition)
    let limit = try slurm.arraySizeLimit()
    let plan = try SweepPlan(experiment, out: out, reusing: reusing)
    try check(plan, options)
    let script = try script(options)
    let run = RunFolder(forResultAt: out)
    let wasThere = run.exists
    var submission = Submission(
      jobs: [], gatherJob: nil, submitted: 0,
      finished: plan.entries.count - plan.pending.count, queued: 0)
    do {
      try makeShared(run)
      // Two at the same time would submit everything twice.
      let lock = try FileLock("\(folder)/submit.lock", exclusive: true, busy: folder)
      defer { withExtendedLifetime(lock) {} }
      let queued = try slurm.queue(in: folder)
      var state = try state(run, queued, reusing: reusing)
      if !reusing { try run.clear(except: "submit.lock") }
      let busy = state.points(of: queued)
      let missing = plan.pending.map { $0.point.point.index + 1 }.filter { !busy.contains($0) }
      submission.submitted = missing.count
      submission.queued = plan.pending.count - missing.count
      state.options = options
      state.mayReplace = mayReplace
      if let fraction { state.verification = .init(fraction: fraction) }
      if !missing.isEmpty { state.gathered = nil }
      try state.write(in: folder)
      try makeLogFolder()
      for array in Self.arrays(missing, limit: limit) {
        let job = try slurm.submit(script.array(tasks: array.tasks, offset: array.offset))
        submission.jobs.append(job)
        state.submissions.append(
          .init(
            purpose: .points, job: job, offset: array.offset, tasks: array.tasks,
            submittedAt: RunEnvironment.utc(Date())))
        try state.write(in: folder)
      }
      // A gathering job that waits for older tasks would find the new ones unfinished; the new one
      // waits for both.
      let older = Set(queued.map(\.job)).intersection(
        state.submissions.filter { $0.purpose == .points }.map(\.job))
      let isDone = missing.isEmpty && FileManager.default.fileExists(atPath: out)
      if !missing.isEmpty || (queued.isEmpty && !isDone) {
        submission.gatherJob = try submitGather(
          &state, script, after: older.sorted() + submission.jobs, maySubmit: true)
      }
    } catch {
      if !wasThere, submission.jobs.isEmpty { run.remove() }
      throw error
    }
    return submission
  }

  /// Submits second runs of points, none on the node of its first, and a job that gathers after
  /// them.
  ///
  /// - Parameter points: numbers of points with the nodes that ran them.
  func submitVerification(
    _ state: inout SweepState, of points: [(number: Int, node: String)]
  ) throws -> [String] {
    let options = state.options ?? SlurmOptions()
    try slurm.check(partition: options.partition)
    let limit = try slurm.arraySizeLimit()
    let script = try script(options)
    var jobs: [String] = []
    for node in Set(points.map(\.node)).sorted() {
      let numbers = points.filter { $0.node == node }.map(\.number)
      for array in Self.arrays(numbers, limit: limit) {
        let job = try slurm.submit(
          script.array(tasks: array.tasks, offset: array.offset, excluded: node))
        jobs.append(job)
        state.submissions.append(
          .init(
            purpose: .verification, job: job, offset: array.offset, tasks: array.tasks,
            submittedAt: RunEnvironment.utc(Date())))
        try state.write(in: folder)
      }
    }
    jobs.append(try submitGather(&state, script, after: jobs, maySubmit: false))
    return jobs
  }

  /// Point numbers as arrays whose tasks are numbered below `limit`.
  package static func arrays(_ numbers: [Int], limit: Int) -> [(tasks: String, offset: Int)] {
    Dictionary(grouping: numbers) { $0 / limit * limit }.sorted { $0.key < $1.key }
      .map { offset, numbers in (TaskList.text(numbers.map { $0 - offset }), offset) }
  }

  // MARK: parts

  private func submitGather(
    _ state: inout SweepState, _ script: SlurmScript, after jobs: [String], maySubmit: Bool
  ) throws -> String {
    let job = try slurm.submit(script.gather(after: jobs, maySubmit: maySubmit))
    state.submissions.append(
      .init(
        purpose: .gather, job: job, offset: 0, tasks: "",
        submittedAt: RunEnvironment.utc(Date())))
    try state.write(in: folder)
    return job
  }

  private func script(_ options: SlurmOptions) throws(RunError) -> SlurmScript {
    try SlurmScript(
      name: experiment.header.name, folder: folder, program: program,
      pointCount: experiment.points.count, options: options)
  }

  /// The state to go on with: the one in the folder, if it is of the same points.
  private func state(
    _ run: RunFolder, _ queued: [QueuedTask], reusing: Bool
  ) throws -> SweepState {
    let fresh = SweepState(experiment)
    let old = run.exists ? try? SweepState.read(in: folder) : nil
    if !queued.isEmpty, !reusing || old?.points != fresh.points {
      let jobs = Set(queued.map(\.job)).sorted().joined(separator: " ")
      throw RunError.busy(
        "\(folder): tasks of \(reusing ? "another spec" : "this run") wait or run there; end them "
          + "with 'scancel \(jobs)', or use another --out")
    }
    guard reusing, let old, old.points == fresh.points else { return fresh }
    return old
  }

  /// Throws ``PlanError`` if a point needs more memory than its task gets.
  private func check(_ plan: SweepPlan, _ options: SlurmOptions) throws {
    guard let limit = options.memoryBytes,
      let largest = plan.pending.max(by: { $0.estimate.memoryBytes < $1.estimate.memoryBytes }),
      largest.estimate.memoryBytes > Double(limit)
    else { return }
    throw PlanError.impossible(
      "point \(largest.point.point.index + 1)/\(plan.entries.count) needs about "
        + "\(Numbers.bytes(Int64(clamping: largest.estimate.memoryBytes))) of memory, but --mem "
        + "gives a task \(Numbers.bytes(Int64(limit))); ask for more")
  }

  /// Makes the folder; throws ``RunError`` if no other node can see it.
  private func makeShared(_ run: RunFolder) throws {
    try run.create()
    for path in [folder, program] where Self.isInMemory(path) {
      throw RunError.refused(
        "\(path): it lies in the memory of this machine, where no other node sees it; use a "
          + "folder that all nodes share (--out)")
    }
  }

  /// Whether a path lies on a file system without a disk or a server.
  private static func isInMemory(_ path: String) -> Bool {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    var (longest, type) = (0, "")
    for line in mounts.split(separator: "\n") {
      // Device, mount point, type; a later mount covers an earlier one.
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 2 else { continue }
      let point = fields[1]
      let holds = point == "/" || path == point || path.hasPrefix(point + "/")
      if holds, point.count >= longest { (longest, type) = (point.count, fields[2]) }
    }
    return type == "tmpfs" || type == "ramfs"
  }

  private func makeLogFolder() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: SlurmScript.logFolder(in: folder), withIntermediateDirectories: true)
    } catch {
      throw RunError.machine("\(folder): its folder of logs cannot be made: \(error.reason)")
    }
  }
}

extension SweepState {
  /// Numbers of the points, from 1, that these tasks run the first time.
  func points(of tasks: [QueuedTask]) -> Set<Int> {
    let offsets = Dictionary(
      submissions.filter { $0.purpose == .points }.map { ($0.job, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    return Set(
      tasks.compactMap { task in
        guard let offset = offsets[task.job], let number = task.task else { return nil }
        return number + offset
      })
  }
}
