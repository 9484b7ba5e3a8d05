import Foundation
import Kernels
import Proofs

/// What a run of an experiment would do: each point with its state and its cost.
public struct SweepPlan: Sendable {
  /// A point with what would become of it.
  public struct Entry: Sendable {
    /// The point.
    public let point: Experiment.Point
    /// What running it takes.
    public let estimate: Estimate
    /// Whether it has to be run.
    public let state: State

    /// The same point for a second run, whose result lies in `folder`.
    func again(_ folder: RunFolder) -> Entry {
      let result = folder.exists ? folder.finished(point.key) : nil
      return Entry(
        point: point, estimate: estimate,
        state: result.map { .cached($0) } ?? .willRun("is verified"))
    }
  }

  /// Whether a point has to be run.
  public enum State: Sendable {
    /// It was finished before; the result is there.
    case cached(PointResult)
    /// It will run, for this reason.
    case willRun(String)

    /// Whether the point need not run.
    public var isCached: Bool {
      if case .cached = self { true } else { false }
    }

    /// Why it has to be run; nil if it need not.
    var reason: String? {
      if case .willRun(let reason) = self { reason } else { nil }
    }
  }

  /// All points in order.
  public let entries: [Entry]

  /// Looks for finished points in the result at `out` and in the folder beside it, and estimates
  /// every point.
  ///
  /// Throws ``PlanError`` if a point is impossible.
  public init(_ experiment: Experiment, out: String, reusing: Bool = true) throws {
    let folder = RunFolder(forResultAt: out)
    var known: [PointKey: PointResult] = [:]
    var old: [PointResult] = []
    if reusing, FileManager.default.fileExists(atPath: out), let file = try? ResultFile.read(out) {
      old = file.points
      let digests = file["point_exact_digest"]?.values
      for (index, point) in old.enumerated() where point.status == .finished {
        // Only what is as it was written counts as a result.
        if case .text(let texts) = digests, texts[index] == point.exactDigest.hex {
          known[point.key] = point
        }
      }
    }
    entries = try experiment.points.map { point in
      let estimate: Estimate
      do { estimate = try point.spec.body.estimate(point.inputs) } catch let error as PlanError {
        guard !point.point.label.isEmpty else { throw error }
        throw PlanError.impossible("point \(point.point.label): \(error)")
      }
      guard reusing else {
        return Entry(point: point, estimate: estimate, state: .willRun("asked for again"))
      }
      if let result = known[point.key] ?? (folder.exists ? folder.finished(point.key) : nil) {
        return Entry(point: point, estimate: estimate, state: .cached(result))
      }
      let reason =
        folder.exists && folder.hasJournal(point.key)
        ? "was interrupted" : Self.reason(point, old)
      return Entry(point: point, estimate: estimate, state: .willRun(reason))
    }
  }

  /// Why a point is not among those of an older result.
  private static func reason(_ point: Experiment.Point, _ old: [PointResult]) -> String {
    let settings = point.point.settings.map {
      PointResult.Setting(path: $0.path, text: $0.value.label)
    }
    if let failed = old.first(where: { $0.key == point.key }) {
      return failed.status == .failed ? "failed before" : "is damaged in the old result"
    }
    if let before = old.first(where: { $0.settings == settings }),
      let difference = point.key.difference(from: before.key)
    {
      return difference
    }
    return "is new"
  }

  /// The points that have to run.
  public var pending: [Entry] { entries.filter { !$0.state.isCached } }

  /// Bytes of memory at the peak when the `jobs` largest pending points run side by side.
  public func memoryBytes(jobs: Int) -> Double {
    pending.map(\.estimate.memoryBytes).sorted(by: >).prefix(jobs).reduce(0, +)
  }

  /// Throws ``PlanError`` if that is more than `available` bytes.
  public func checkMemory(jobs: Int, available: Double = Machine.memoryBytes) throws(PlanError) {
    let needed = memoryBytes(jobs: jobs)
    guard needed <= available else {
      let largest = pending.map(\.estimate.memoryBytes).max() ?? 0
      let advice =
        largest <= available
        ? "fewer --jobs need less" : "a smaller model, batch or context needs less"
      throw .impossible(
        "the run needs about \(Numbers.bytes(Int64(clamping: needed))) of memory, but this machine "
          + "has \(Numbers.bytes(Int64(available))); \(advice)")
    }
  }

  /// The sums over all points that have to run, in one line.
  public func summary(_ rates: MachineRates, jobs: Int) -> String {
    let pending = pending
    let flops = pending.reduce(0) { $0 + $1.estimate.flops }
    let seconds = pending.reduce(0) { $0 + rates.seconds($1.estimate) }
    return "\(entries.count) points, \(pending.count) to run: "
      + "\(Numbers.flops(Int64(clamping: flops))), about \(Numbers.seconds(seconds)), "
      + "\(Numbers.bytes(Int64(clamping: memoryBytes(jobs: jobs)))) of memory"
  }

  /// The plan as a table, with times at these rates.
  public func table(_ rates: MachineRates) -> ReportTable {
    var table = ReportTable([
      .number("point"), .text("settings"), .number("FLOPs"), .number("hashed"),
      .number("memory"), .number("time"), .text("state"),
    ])
    for entry in entries {
      let estimate = entry.estimate
      let state =
        switch entry.state {
        case .cached: "cached"
        case .willRun(let reason): "will run: \(reason)"
        }
      table.rows.append([
        "\(entry.point.point.index + 1)/\(entries.count)",
        entry.point.point.label.isEmpty ? "-" : entry.point.point.label,
        Numbers.flops(Int64(clamping: estimate.flops)),
        Numbers.bytes(Int64(clamping: estimate.hashedBytes)),
        Numbers.bytes(Int64(clamping: estimate.memoryBytes)),
        Numbers.seconds(rates.seconds(estimate)), state,
      ])
    }
    return table
  }
}

extension Int64 {
  /// The nearest whole number that fits.
  init(clamping value: Double) {
    self = value < 9.2e18 ? Int64(value.isNaN ? 0 : Swift.max(value, -9.2e18)) : .max
  }
}

/// Facts about the machine that limit a run.
public enum Machine {
  /// Bytes of memory that this process may use: the machine's, or its control group's if less.
  public static var memoryBytes: Double {
    let physical = Double(ProcessInfo.processInfo.physicalMemory)
    let limit = (try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8))
      .flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return min(physical, limit ?? physical)
  }
}

/// How fast a machine does what estimates count.
public struct MachineRates: Sendable, Equatable {
  /// Floating-point operations of products a second.
  public var flops: Double
  /// Bytes hashed a second.
  public var hashedBytes: Double
  /// Bytes moved through memory a second.
  public var movedBytes: Double

  /// Rates that weigh the parts of a run against each other without measuring anything.
  public static let typical = MachineRates(flops: 1e11, hashedBytes: 1.5e9, movedBytes: 5e9)

  /// Seconds that an estimate takes at these rates.
  public func seconds(_ estimate: Estimate) -> Double {
    estimate.flops / flops + estimate.hashedBytes / hashedBytes + estimate.movedBytes / movedBytes
      + estimate.fixedSeconds
  }

  /// Measures this machine for about a tenth of a second: a product as in a small training step,
  /// a hash and a copy.
  public static func measure(
    _ arithmetic: Arithmetic, clock: SystemStopwatch = SystemStopwatch()
  ) -> MachineRates {
    func rate(_ amount: Double, _ body: () -> Void) -> Double {
      body()
      var best = 0.0
      let start = clock.seconds()
      while clock.seconds() - start < 0.03 {
        let before = clock.seconds()
        body()
        best = max(best, amount / max(clock.seconds() - before, 1e-9))
      }
      return best
    }
    let side = 256
    func matrix() -> Matrix { Matrix(FloatBuffer(count: side * side), rows: side, columns: side) }
    let (a, b, c) = (matrix(), matrix(), matrix())
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    var copy = bytes
    return MachineRates(
      flops: rate(2 * Double(side * side * side)) {
        arithmetic.product(Operand(a), Operand(b), into: c)
      },
      hashedBytes: rate(Double(bytes.count)) { _ = SHA256.hash(bytes) },
      movedBytes: rate(2 * Double(bytes.count)) {
        copy = bytes.map { $0 &+ copy[0] }
      })
  }
}
