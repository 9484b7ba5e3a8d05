import Costs
import Protocol

/// What came of every pair of block time and bandwidth.
struct ScheduleTable {
  private let experiment: ScheduleExperiment
  private let step: BlockCosts
  private var rows: [(budget: ScheduleBudget, outcome: ScheduleOutcome)] = []

  /// - Parameter step: a block of one step.
  init(_ experiment: ScheduleExperiment, _ step: BlockCosts) {
    self.experiment = experiment
    self.step = step
  }

  var rowCount: Int { rows.count }

  mutating func append(_ budget: ScheduleBudget, _ outcome: ScheduleOutcome) {
    rows.append((budget, outcome))
  }

  /// Everything, over the axes `block_hours` and `gigabits`.
  func variables() -> [ResultVariable] {
    let (hours, gigabits) = (experiment.blockHours, experiment.gigabits)
    let axes = [("block_hours", hours.count), ("gigabits", gigabits.count)]
    func number(
      _ name: String, units: String = "1", _ words: String,
      _ value: (ScheduleBudget, ScheduleOutcome) -> Double
    ) -> ResultVariable {
      ResultVariable(
        name, axes, .float64(rows.map { value($0.budget, $0.outcome) }), units: units, words)
    }
    func seconds(_ milliseconds: UInt64) -> Double { Double(milliseconds) / 1000 }
    return [
      ResultVariable("block_hours", [axes[0]], .float64(hours), units: "h", "block time"),
      ResultVariable(
        "gigabits", [axes[1]], .float64(gigabits), units: "Gbit s-1", "bandwidth of every node"),
      number("steps_per_block", "optimizer steps that fit the block time") { budget, _ in
        Double(budget.costs.stepCount)
      },
      number("training_seconds", units: "s", "training of one block by one miner") { budget, _ in
        budget.trainingSeconds
      },
      number("commitment_seconds", units: "s", "quantizing and committing of one block") {
        budget, _ in budget.commitmentSeconds
      },
      number("publication_bytes", units: "byte", "binary diff of one block") { budget, _ in
        Double(budget.messages.publication)
      },
      number("state_bytes", units: "byte", "states and twin that one verifier fetches") {
        budget, _ in Double(budget.messages.states)
      },
      number("replay_seconds", units: "s", "replay by one verifier") { budget, _ in
        budget.replaySeconds
      },
      number("replayed_share", "share of the block's steps that one verifier replays") {
        budget, _ in Double(budget.replayedSteps) / Double(budget.costs.stepCount)
      },
      number("verified_seconds", units: "s", "from the commitment to the last attestation, mean") {
        _, outcome in
        let times = outcome.rounds.map {
          seconds($0.verifiedAt.milliseconds - $0.dueAt.milliseconds)
        }
        return times.isEmpty ? .nan : times.reduce(0, +) / Double(times.count)
      },
      number("window_seconds", units: "s", "attestation window") { _, outcome in
        outcome.rounds.first.map { seconds($0.decidedAt.milliseconds - $0.dueAt.milliseconds) }
          ?? .nan
      },
      number("confirmed_share", "share of the heights with a confirmed block") { _, outcome in
        outcome.confirmedShare
      },
      number("late_attestations", "attestations that came too late") { _, outcome in
        Double(outcome.rounds.reduce(0) { $0 + $1.late })
      },
      number("finality_seconds", units: "s", "from the start of mining to the decision, mean") {
        _, outcome in outcome.finalityMilliseconds / 1000
      },
      number("idle_share", "share of their time in which miners do not train") { _, outcome in
        outcome.idleShare
      },
      number("tokens_per_second", units: "s-1", "confirmed training tokens, over all time") {
        budget, outcome in
        let confirmed = Double(outcome.rounds.count { $0.verdict == .confirmed })
        let span = Double(outcome.spanMilliseconds) / 1000
        return span > 0
          ? confirmed * Double(budget.costs.stepCount * budget.costs.tokensPerStep) / span : .nan
      },
      ResultVariable(
        "log_digest", axes, .text(rows.map { $0.outcome.logDigest.hex }), "digest of the event log"),
      ResultVariable(
        "parameters", [], .float64([Double(step.parameterCount)]), "parameters of the model"),
      ResultVariable(
        "step_flops", [], .float64([Double(step.step.total)]), "operations of one optimizer step"),
      ResultVariable(
        "step_seconds", [],
        .float64([experiment.miner.fleet.seconds(Workload(flops: UInt128(step.step.total)))]),
        units: "s", "forward and backward pass of one optimizer step"),
    ]
  }

  /// The pairs as a table.
  static func sections(_ file: PointResult) throws(ResultError) -> [ReportDocument.Section] {
    let (hours, gigabits) = (try file.numbers("block_hours"), try file.numbers("gigabits"))
    let names = [
      "steps_per_block", "training_seconds", "publication_bytes", "verified_seconds",
      "window_seconds", "confirmed_share", "finality_seconds", "idle_share", "tokens_per_second",
    ]
    var values: [String: [Double]] = [:]
    for name in names { values[name] = try file.numbers(name) }
    func at(_ name: String, _ place: Int) -> Double { values[name]?[place] ?? .nan }
    var table = ReportTable([
      .number("block time"), .number("Gbit/s"), .number("steps"), .number("training"),
      .number("diff"), .number("verified after"), .number("window"), .number("confirmed"),
      .number("finality"), .number("idle"), .number("tokens/s"),
    ])
    for (row, hour) in hours.enumerated() {
      for (column, bandwidth) in gigabits.enumerated() {
        let place = row * gigabits.count + column
        table.rows.append([
          "\(hour) h", "\(bandwidth)", Numbers.decimal(at("steps_per_block", place), 0),
          Numbers.seconds(at("training_seconds", place)),
          Numbers.bytes(Int64(min(at("publication_bytes", place), 9e18))),
          Numbers.seconds(at("verified_seconds", place)),
          Numbers.seconds(at("window_seconds", place)),
          Numbers.percent(at("confirmed_share", place)),
          Numbers.seconds(at("finality_seconds", place)),
          Numbers.percent(at("idle_share", place)),
          Numbers.decimal(at("tokens_per_second", place), 0),
        ])
      }
    }
    let step = try file.numbers("step_seconds").first ?? .nan
    return [
      .init(
        "Block times and lines",
        lines: ["One optimizer step takes a miner \(Numbers.seconds(step))."], table: table)
    ]
  }
}
