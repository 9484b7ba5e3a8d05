import Foundation

/// How far a run is, point by point, from its files and from the scheduler.
public struct SweepStatus: Sendable {
  /// State of a point.
  public enum State: String, Sendable, CaseIterable {
    case done, running, waiting, failed, missing
  }

  /// One point.
  public struct Row: Sendable, Equatable {
    /// Number of the point, from 1.
    public var number: Int
    /// What the sweep sets.
    public var label: String
    /// Its state.
    public var state: State
    /// The scheduler's name of its task; empty if there is none.
    public var task: String
    /// Node that runs or ran it; empty if unknown.
    public var node: String
    /// Instruction set that it was computed with; empty if unknown.
    public var instructionSet: String
    /// Share that is done, 0...1.
    public var share: Double
    /// Seconds that it ran; NaN if unknown.
    public var seconds: Double
    /// Why it waits or failed, or what else is to say.
    public var note: String
  }

  /// All points in order.
  public var rows: [Row]
  /// Lines about the whole run.
  public var notes: [String]

  /// How many points are in a state.
  public func count(_ state: State) -> Int { rows.count { $0.state == state } }

  /// The counts in one line.
  public var summary: String {
    "\(rows.count) points: "
      + State.allCases.filter { $0 == .done || count($0) > 0 }
      .map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
  }

  /// The points as a table.
  public var table: ReportTable {
    ReportTable(
      [
        .number("point"), .text("settings"), .text("state"), .text("task"), .text("node"),
        .text("ISA"), .number("done"), .number("time"), .text("note"),
      ],
      rows: rows.map { row in
        [
          "\(row.number)/\(rows.count)", row.label.isEmpty ? "-" : row.label, row.state.rawValue,
          row.task.isEmpty ? "-" : row.task, row.node.isEmpty ? "-" : row.node,
          row.instructionSet.isEmpty ? "-" : row.instructionSet,
          row.state == .missing ? "-" : Numbers.percent(row.share), Numbers.seconds(row.seconds),
          row.note,
        ]
      })
  }

  /// The same as JSON.
  public var json: String {
    struct Line: Encodable {
      let point: Int
      let settings, state, task, node, isa, note: String
      let share: Double
      let seconds: Double?
    }
    struct Whole: Encodable {
      let counts: [String: Int]
      let points: [Line]
      let notes: [String]
    }
    let whole = Whole(
      counts: Dictionary(uniqueKeysWithValues: State.allCases.map { ($0.rawValue, count($0)) }),
      points: rows.map { row in
        Line(
          point: row.number, settings: row.label, state: row.state.rawValue, task: row.task,
          node: row.node, isa: row.instructionSet, note: row.note, share: row.share,
          seconds: row.seconds.isFinite ? row.seconds : nil)
      }, notes: notes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(whole)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Looks at the folder of points beside `out`.
  ///
  /// Slurm is asked only if jobs were submitted; when it does not answer, the files alone tell, and
  /// a note says so. Throws ``RunError`` or ``PlanError``.
  public init(_ experiment: Experiment, out: String, slurm: Slurm = Slurm()) throws {
    let out = URL(fileURLWithPath: out).standardized.path
    let folder = out + RunFolder.suffix
    let state = try SweepState.read(in: folder)
    let plan = try SweepPlan(experiment, out: out)
    var notes: [String] = []
    var queued: [QueuedTask] = []
    var ended: [EndedTask] = []
    if !state.submissions.isEmpty {
      do throws(RunError) { queued = try slurm.queue(in: folder) } catch {
        notes.append("Slurm does not tell what waits and runs: \(error)")
      }
      if plan.pending.count > state.points(of: queued).count {
        ended = slurm.ended(state.submissions.map(\.job))
      }
    }
    let isAtWork = RunFolder(forResultAt: out).isHeld
    let tasks = TaskStates(state: state, folder: folder, queued: queued, ended: ended)
    rows = plan.entries.map { entry in
      tasks.row(entry, count: plan.entries.count, isAtWork: isAtWork)
    }
    if let gathered = state.gathered {
      notes.append("result: \(out)")
      notes.append("exact digest: \(gathered)")
    } else {
      notes += tasks.jobNotes
    }
    self.notes = notes
  }
}
