import Protocol

/// What contenders of a `tolerance` experiment needed, as variables and as tables.
struct ToleranceTable {
  /// Why a contender's steps differ from the judge's.
  enum Role: String {
    case honest, cheat, steered
  }

  private let tolerances: [Double]
  private var names: [String] = []
  private var roles: [Role] = []
  private var outcomes: [ToleranceField.Outcome] = []

  init(tolerances: [Double]) { self.tolerances = tolerances }

  mutating func append(_ outcome: ToleranceField.Outcome, name: String, role: Role) {
    names.append(name)
    roles.append(role)
    outcomes.append(outcome)
  }

  private func needed(_ isWanted: (Role) -> Bool) -> [Float] {
    zip(roles, outcomes).filter { isWanted($0.0) }.map(\.1.deviation.tolerance)
  }

  /// All variables; the first contender is honest and computes as the judge does.
  var variables: [ResultVariable] {
    let contenders = [(name: "contender", length: names.count)]
    let grid = (name: "tolerance", length: tolerances.count)
    func each(
      _ name: String, units: String = "1", _ words: String,
      _ value: (ToleranceField.Outcome) -> Double
    ) -> ResultVariable {
      ResultVariable(name, contenders, .float64(outcomes.map(value)), units: units, words)
    }
    let rejected = tolerances.flatMap { limit in
      outcomes.map { outcome in
        let steps = outcome.deviation.distances.indices
        let beyond = steps.count { !(outcome.deviation.tolerance(forStep: $0) <= Float(limit)) }
        return Double(beyond) / Double(max(1, steps.count))
      }
    }
    return [
      ResultVariable("contender", contenders, .text(names), "who mined the block"),
      ResultVariable(
        "role", contenders, .text(roles.map(\.rawValue)),
        "honest: another order of sums; cheat; steered: honest but for a push to the target"),
      ResultVariable("tolerance", [grid], .float64(tolerances), "relative distance that passes"),
      each("equal_steps", "share of the steps that are equal bit for bit") {
        Double($0.deviation.equalSteps) / Double(max(1, $0.deviation.distances.count))
      },
      each("mean_distance", "relative distance of a step's gradient, mean over the steps") {
        Double($0.deviation.distances.reduce(0, +)) / Double(max(1, $0.deviation.distances.count))
      },
      each("largest_distance", "largest relative distance of a step's gradient") {
        Double($0.deviation.distances.max() ?? 0)
      },
      each("largest_loss_difference", "largest relative difference of a step's loss") {
        Double($0.deviation.lossDifferences.max() ?? 0)
      },
      each("needed_tolerance", "smallest tolerance at which replays of all steps pass") {
        Double($0.deviation.tolerance)
      },
      ResultVariable(
        "rejected_steps", [grid] + contenders, .float64(rejected),
        "share of the steps whose replay fails"),
      ResultVariable(
        "mining_flops", contenders, .int64(outcomes.map { Int64($0.flops) }),
        "operations that mining the block took"),
      each("target_loss", units: "nat", "loss of the model after the block on the target text") {
        Double($0.targetLoss)
      },
      each("last_loss", units: "nat", "loss that is claimed for the last step") {
        Double($0.lastLoss)
      },
      ResultVariable(
        "honest_tolerance", [], .float64([Double(needed { $0 == .honest }.max() ?? .nan)]),
        "smallest tolerance at which every honest machine passes"),
      ResultVariable(
        "cheat_tolerance", [], .float64([Double(needed { $0 != .honest }.min() ?? .nan)]),
        "smallest tolerance at which some cheat passes"),
    ]
  }

  /// What a machine with OpenBLAS needed: its bits depend on the machine.
  static func openBLAS(_ outcome: ToleranceField.Outcome, record: String) -> [ResultVariable] {
    let steps = max(1, outcome.deviation.distances.count)
    return [
      ResultVariable(
        "openblas", [], .text([record]), "the OpenBLAS that an honest machine used", .measured),
      ResultVariable(
        "openblas_equal_steps", [],
        .float64([Double(outcome.deviation.equalSteps) / Double(steps)]),
        "share of its steps that are equal to fixed arithmetic bit for bit", .measured),
      ResultVariable(
        "openblas_needed_tolerance", [], .float64([Double(outcome.deviation.tolerance)]),
        "smallest tolerance at which it passes", .measured),
    ]
  }

  /// The tables of one point; reads nothing but the point.
  static func sections(_ file: PointResult) throws(ResultError) -> [ReportDocument.Section] {
    let (names, roles) = (try file.texts("contender"), try file.texts("role"))
    let needed = try file.numbers("needed_tolerance")
    let targets = try file.numbers("target_loss")
    let flops = try file.integers("mining_flops")
    let (equal, mean) = (try file.numbers("equal_steps"), try file.numbers("mean_distance"))
    let difference = try file.numbers("largest_loss_difference")
    var contenders = ReportTable([
      .text("miner"), .text("role"), .number("equal steps"), .number("mean distance"),
      .number("loss off by"), .number("passes from"), .number("FLOPs"), .number("target loss"),
    ])
    for row in names.indices {
      contenders.rows.append([
        names[row], roles[row], Numbers.percent(equal[row]), significant(mean[row]),
        significant(difference[row]), significant(needed[row]), Numbers.flops(flops[row]),
        Numbers.loss(targets[row]),
      ])
    }
    var limits = ReportTable([
      .number("tolerance"), .text("honest machines"), .text("cheats that pass"),
      .number("target loss, steered"),
    ])
    let tolerances = try file.numbers("tolerance")
    let rejected = try file.numbers("rejected_steps")
    for (row, limit) in tolerances.enumerated() {
      let shares = Array(rejected[row * names.count..<(row + 1) * names.count])
      let honest = zip(roles, shares).filter { $0.0 == "honest" }.map(\.1)
      let passing = names.indices.filter { roles[$0] != "honest" && shares[$0] == 0 }
      let steered = passing.filter { roles[$0] == "steered" }.map { targets[$0] }
      let worst = honest.max() ?? 0
      limits.rows.append([
        significant(limit),
        worst == 0
          ? "all pass"
          : "\(honest.count { $0 > 0 }) of \(honest.count) rejected, up to \(Numbers.percent(worst)) of steps",
        passing.isEmpty
          ? "none"
          : passing.filter { roles[$0] == "cheat" || $0 == passing.last }.map { names[$0] }
            .joined(separator: ", "),
        steered.min().map { Numbers.loss($0) } ?? "-",
      ])
    }
    var lines = [
      "A replay passes if gradient and loss are within the tolerance; 0 asks for equal bits.",
      "Of miners that steer, the strongest is named, and what it gets.",
      "An honest miner's model has a loss of \(Numbers.loss(targets.first ?? .nan)) on the target text.",
    ]
    if let record = try? file.texts("openblas").first,
      let tolerance = try? file.numbers("openblas_needed_tolerance").first
    {
      lines.append("An honest machine with \(record) passes from \(significant(tolerance)).")
    }
    return [
      .init("Miners of one block, replayed in fixed arithmetic", table: contenders),
      .init("What a tolerance lets pass", lines: lines, table: limits),
    ]
  }

  /// Two digits, of numbers from 1e-9 to 1.
  private static func significant(_ value: Double) -> String {
    guard value.isFinite else { return "never" }
    guard value != 0 else { return "0" }
    return value < 0.001 ? String(format: "%.1e", value) : String(format: "%.2g", value)
  }
}
