import Models
import Proofs
import Protocol

/// Detection against rate and number of verifiers, measured and in closed form.
struct DetectionCurve {
  let verifierCount: Int
  private var rates: [Double] = []
  private var drawn: [Int64] = []
  private var marked: [Int64] = []
  private var population: [Int64] = []
  private var detected: [Double] = []
  private var lower: [Double] = []
  private var upper: [Double] = []
  private var expected: [Double] = []
  private var inside: [Int64] = []
  private var work: [Work] = []
  private var challenges: [Int64] = []
  private var perMinute: [Double] = []
  private var miningFLOPs: [Int64] = []

  init(verifierCount: Int) { self.verifierCount = verifierCount }

  mutating func append(
    rate: Double, outcome: DetectionTrial.Outcome, block: PreparedBlock, seconds: Double
  ) {
    let (truth, task, constants) = (block.truth, block.plan.task, block.plan.constants)
    let leaves = constants.challengedLeaves(task)
    let segments = constants.challengedSegments(task)
    rates.append(rate)
    drawn.append(Int64(leaves + segments))
    marked.append(Int64(leaves > 0 ? truth.leaves.count : truth.segments.count))
    population.append(Int64(leaves > 0 ? truth.leafCount : truth.segmentCount))
    for count in 1...verifierCount {
      let interval = outcome.detected(byFirst: count)
      let closed = truth.detection(verifiers: count, leaves: leaves, segments: segments)
      detected.append(interval.estimate)
      lower.append(interval.lower)
      upper.append(interval.upper)
      expected.append(closed)
      inside.append(interval.contains(closed) ? 1 : 0)
    }
    work.append(outcome.totalWork)
    challenges.append(Int64(outcome.challenges))
    perMinute.append(seconds > 0 ? Double(outcome.challenges) * 60 / seconds : .nan)
    miningFLOPs.append(Int64(clamping: block.trial.block.meter.totalWork.flops))
  }

  /// Everything, over the axes `rate` and `verifier_count`.
  func variables(sample: DetectionExperiment.Sample, adversary: String) -> [ResultVariable] {
    let rate = ("rate", rates.count)
    let counts = ("verifier_count", verifierCount)
    let what = sample == .leaves ? "leaves" : "segments"
    func share(_ name: String, _ values: [Double], _ words: String) -> ResultVariable {
      ResultVariable(name, [rate, counts], .float64(values), words)
    }
    func each(_ name: String, _ units: String, _ words: String, _ value: (Work) -> UInt64)
      -> ResultVariable
    {
      ResultVariable(
        name, [rate],
        .float64(zip(work, challenges).map { Double(value($0)) / Double(max(1, $1)) }),
        units: units, "\(words), mean over the challenges")
    }
    return [
      ResultVariable("rate", [rate], .float64(rates), "share of the \(what) that a verifier draws"),
      ResultVariable(
        "verifier_count", [counts], .int64((1...verifierCount).map(Int64.init)),
        "verifiers that look, each by its own draw"),
      ResultVariable("adversary", [], .text([adversary]), "what the miner of the block does"),
      share("detected", detected, "share of the trials in which some verifier found a failure"),
      share("detected_lower", lower, "lower end of the 95 % interval of Wilson"),
      share("detected_upper", upper, "upper end of the 95 % interval of Wilson"),
      share("detected_expected", expected, "closed form: hypergeometric, without replacement"),
      ResultVariable(
        "expected_is_inside", [rate, counts], .int64(inside),
        "1 where the closed form lies inside the interval"),
      ResultVariable("drawn", [rate], .int64(drawn), "\(what) that a verifier draws"),
      ResultVariable("marked", [rate], .int64(marked), "\(what) at which a check fails"),
      ResultVariable("population", [rate], .int64(population), "\(what) of the block"),
      ResultVariable("challenges", [rate], .int64(challenges), "challenges that were answered"),
      each("verification_flops", "1", "operations of one verifier") { $0.flops },
      each("verification_hashed_bytes", "byte", "bytes that one verifier hashes") {
        $0.hashedBytes
      },
      each("verification_received_bytes", "byte", "bytes that one verifier fetches") {
        $0.receivedBytes
      },
      ResultVariable(
        "mining_flops", [rate], .int64(miningFLOPs), "operations that mining the block took"),
      ResultVariable(
        "challenges_per_minute", [rate], .float64(perMinute), units: "min-1",
        "challenges that were answered in a minute", .measured),
    ]
  }
}

/// The tables of one point of a `detection` result; reads nothing but the point.
struct DetectionReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    let rates = try file.numbers("rate")
    let counts = try file.integers("verifier_count")
    var table = ReportTable([
      .number("rate"), .number("drawn"), .number("verifiers"), .number("detected"),
      .text("95 % interval"), .number("closed form"), .text("inside"),
    ])
    let (detected, expected) = (try file.numbers("detected"), try file.numbers("detected_expected"))
    let (lower, upper) = (try file.numbers("detected_lower"), try file.numbers("detected_upper"))
    let (inside, drawn) = (try file.integers("expected_is_inside"), try file.integers("drawn"))
    for rate in rates.indices {
      for count in counts.indices {
        let place = rate * counts.count + count
        table.rows.append([
          "\(rates[rate])", "\(drawn[rate])", "\(counts[count])",
          Numbers.percent(detected[place]),
          "\(Numbers.percent(lower[place])) ... \(Numbers.percent(upper[place]))",
          Numbers.percent(expected[place]), inside[place] == 1 ? "yes" : "no",
        ])
      }
    }
    var costs = ReportTable([
      .number("rate"), .number("FLOPs"), .number("of mining"), .number("hashed"),
      .number("fetched"), .number("challenges a minute"),
    ])
    let (flops, mining) = (
      try file.numbers("verification_flops"), try file.integers("mining_flops")
    )
    let (hashed, received) = (
      try file.numbers("verification_hashed_bytes"), try file.numbers("verification_received_bytes")
    )
    let speed = try file.numbers("challenges_per_minute")
    for rate in rates.indices {
      costs.rows.append([
        "\(rates[rate])", Numbers.flops(Int64(flops[rate])),
        Numbers.percent(flops[rate] / Double(max(1, mining[rate]))),
        Numbers.bytes(Int64(hashed[rate])), Numbers.bytes(Int64(received[rate])),
        Numbers.decimal(speed[rate], 0),
      ])
    }
    let held = inside.reduce(0, +)
    return [
      .init(
        "Detection, measured and in closed form",
        lines: [
          "The closed form lies inside the interval at \(held) of \(inside.count) points "
            + "(\(Numbers.percent(Double(held) / Double(max(1, inside.count))))).",
          "Dishonest: \(try file.integers("marked").first ?? 0) of \(try file.integers("population").first ?? 0).",
        ], table: table),
      .init("Cost of one verification", table: costs),
    ]
  }
}
