import Foundation
import FoundationXML
import Harness
import Testing

@Suite struct SignedRankTests {
  /// scipy.stats.wilcoxon(second, first, alternative="greater", mode="exact" or "approx",
  /// correction=True), SciPy 1.17; see Tests/Python/statistics_vectors.py.
  static let vectors: [(first: [Double], second: [Double], p: Double)] = [
    ([9.74412], [11.255552], 0.5),
    ([9.773904, 9.684932, 9.069982], [10.560602, 11.796849, 10.494129], 0.125),
    (
      [11.036879, 10.248903, 10.39477, 10.185327, 8.333937, 10.855251],
      [
        12.043264,
        11.247721, 9.203405, 8.941439, 7.944322, 10.887062,
      ], 0.71875
    ),
    (
      [10.305446, 9.954088, 10.520975, 9.357765, 10.308703, 10.394154, 9.338863],
      [
        14.022976,
        12.510697, 13.71798, 10.737432, 11.569187, 12.050107, 11.232442,
      ], 0.0078125
    ),
    (
      [
        10.632079, 10.248427, 9.552645, 9.043088, 9.47941, 11.220921, 9.192054, 10.244759,
        10.426519, 8.510257,
      ],
      [
        10.680553, 11.554671, 7.538281, 8.721494, 9.373271, 10.403661,
        9.689444, 10.182479, 8.961862, 9.338103,
      ], 0.75390625
    ),
    (
      [
        10.669336, 10.945842, 11.440597, 10.362244, 10.119274, 8.700832, 10.615443, 9.388241,
        9.547298, 8.735212, 9.032386, 9.468879, 11.288838, 7.968208, 8.542294, 10.239351,
        11.44335, 10.578497, 8.100057, 7.481765,
      ],
      [
        11.326733, 10.50958, 10.62081, 11.639615,
        11.52106, 9.158084, 11.16122, 10.122604, 11.441302, 9.654241, 9.851036, 10.316617,
        10.020527, 9.549942, 9.797396, 11.068975, 9.769475, 10.244817, 9.242361, 5.970551,
      ],
      0.05269908905029297
    ),
    (
      [
        9.815978, 11.019528, 8.688811, 11.610106, 10.551964, 9.849861, 10.324867, 10.649831,
        10.120394, 11.14566, 9.338455, 9.585264, 11.041685, 10.026799, 9.119536, 10.946455,
        11.465498, 9.555174, 8.620007, 9.865252, 9.850981, 9.702, 11.40477, 8.973064,
        11.260587, 8.731678, 9.212961, 10.631521, 11.12869, 10.859002, 10.345225, 10.142356,
        10.152482, 10.57528, 9.823803, 10.277436, 10.572727, 10.000839, 10.763982, 10.565878,
        12.010632, 10.324943, 9.572407, 9.627449, 9.986894, 10.923785, 9.663436, 10.385826,
        11.837301, 7.435321,
      ],
      [
        8.892069, 11.463425, 9.287146, 12.048679, 10.320813, 10.705007,
        10.806997, 10.32778, 12.750448, 11.700793, 8.984226, 9.685815, 11.01609, 10.164057,
        6.591451, 10.659556, 12.674068, 8.586612, 8.753307, 11.018757, 10.907158, 11.393052,
        9.903357, 8.819688, 11.119637, 9.554968, 10.504749, 8.148691, 12.417369, 9.611459,
        11.228375, 8.850218, 10.528335, 11.969935, 9.874483, 10.668539, 11.569851, 10.342216,
        10.875501, 12.299134, 13.259103, 10.231128, 12.517732, 8.68061, 11.101503, 10.85807,
        9.995802, 11.290832, 12.259523, 8.273966,
      ], 0.008318872790630927
    ),
    (
      [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0],
      [
        2.0, 3.0, 4.0, 3.0,
        6.0, 8.0, 9.0, 9.0, 9.0, 12.0, 13.0, 11.0,
      ], 0.012128868307733838
    ),
  ]

  @Test(arguments: vectors) func agreesWithSciPy(first: [Double], second: [Double], p: Double) {
    #expect(abs(SignedRankTest.pValue(first: first, second: second) - p) < 1e-9)
  }

  @Test func nothingIsNoEvidence() {
    #expect(SignedRankTest.pValue(first: [], second: []) == 1)
    #expect(SignedRankTest.pValue(first: [1, 2], second: [1, 2]) == 1)
    #expect(SignedRankTest.pValue(first: [.nan], second: [1]) == 1)
  }
}

@Suite struct IntervalTests {
  /// scipy.stats.t.interval(0.95, n - 1, mean, sem): half widths.
  static let vectors: [(values: [Double], mean: Double, halfWidth: Double)] = [
    ([1.472675, 1.490489], 1.481582, 0.11317416558510796),
    ([3.614943, 2.036842, 1.973352], 2.5417123333333334, 2.310215741758229),
    ([1.529861, 4.26638, 3.746558, 4.473075, 2.062262], 3.2156272, 1.6588188268185489),
    (
      [
        3.001006, 1.859693, 3.766037, 4.589423, 2.109779, 4.560332, 3.988029, 2.822165,
        1.028029, 4.406632,
      ], 3.2131125, 0.8941627175947482
    ),
    (
      [
        2.90374, 2.397172, 3.399595, 3.409964, 4.498095, 1.979859, 4.136237, 4.48736,
        4.452236, 2.819375, 2.255971,
      ], 3.339964, 0.6342293896186617
    ),
    (
      [
        4.018573, 3.115185, 3.124189, 4.424215, 2.736564, 0.703275, 2.612809, 1.146077,
        3.818783, 3.317035, 2.388793, 2.990401, 3.832624, 3.078945, 4.326522,
      ],
      3.0422659999999997, 0.5846228444574795
    ),
    (
      [
        2.938715, 4.040335, 4.491481, 4.609893, 2.328181, 3.879904, 1.124004, 1.916651,
        1.037208, 4.068986, 1.768065, 2.987236, 2.807786, 2.971402, 2.408478, 3.233663,
        4.791267, 3.044269, 3.530982, 4.000519, 2.802052, 1.740309, 2.444605, 4.073595,
        1.353774, 2.402154, 4.007411, 3.792737, 3.007618, 3.805236, 3.165979, 1.821085,
        1.436058, 2.361048, 3.92273, 2.434455, 2.097641, 2.229039, 1.468233, 2.882725,
      ],
      2.880687724999999, 0.3253371161040737
    ),
  ]

  @Test(arguments: vectors) func agreesWithSciPy(
    values: [Double], mean: Double, halfWidth: Double
  ) {
    let interval = Interval(values)
    #expect(abs(interval.mean - mean) < 1e-12)
    #expect(abs(interval.halfWidth - halfWidth) < 1e-5 * halfWidth)
  }

  @Test func oneValueHasNoInterval() {
    #expect(Interval([3]).halfWidth.isNaN)
  }
}

@Suite struct ComparisonTests {
  private func result(_ change: (inout [ResultVariable]) -> Void = { _ in }) throws -> ResultFile {
    var file = try TinyExperiment.run()
    change(&file.variables)
    return file
  }

  private func scaled(
    _ file: ResultFile, _ name: String, by factor: Double, plus: Double = 0
  ) throws -> ResultFile {
    var file = file
    let place = try #require(file.variables.firstIndex { $0.path == name })
    let numbers = try #require(file.variables[place].values.numbers)
    file.variables[place] = file.variables[place].replacing(
      .float64(numbers.map { $0 * factor + plus }))
    return file
  }

  private func failures(
    _ result: ResultFile, _ baseline: ResultFile, _ limits: CheckLimits = CheckLimits()
  ) -> [BaselineCheck.Outcome] {
    BaselineCheck(result, baseline: baseline, limits: limits).failures
  }

  @Test func aResultEqualsItselfAndItsBaseline() throws {
    let file = try result()
    let comparison = Comparison(file, file)
    #expect(comparison.isEqual)
    #expect(comparison.items.count > 20)
    let check = BaselineCheck(file, baseline: file.baseline, limits: CheckLimits())
    #expect(check.failures == [])
    #expect(check.comparisonCount > 20)
    let groups = Set(file.baseline.variables.map(\.group))
    #expect(groups == [""])
  }

  @Test func aChangedValueIsNamedWithItsPlace() throws {
    let file = try result()
    var changed = file
    let place = try #require(changed.variables.firstIndex { $0.path == "stake" })
    guard case .int64(var values) = changed.variables[place].values else { return }
    values[7] += 1
    changed.variables[place] = changed.variables[place].replacing(.int64(values))
    let found = failures(changed, file)
    // The sixth participant of the first block is followed by the second block.
    #expect(found.map(\.subject) == ["stake"])
    #expect(found[0].explanation.contains("at block 1, participant 1 the baseline has"))
    #expect(!Comparison(file, changed).isEqual)
  }

  @Test func bytesThatABaselineLeavesOutCountThroughTheirDigest() throws {
    let file = try result()
    var changed = file
    let place = try #require(changed.variables.firstIndex { $0.path == "point_exact_digest" })
    changed.variables[place] = changed.variables[place].replacing(
      .text([String(repeating: "0", count: 64)]))
    #expect(failures(changed, file.baseline).map(\.subject) == ["point_exact_digest"])
  }

  @Test func timesNeedRatioAndDifferenceAndEvidence() throws {
    let file = try scaled(result(), "mining_seconds", by: 0, plus: 0.5)
    let limits = CheckLimits(factor: 1.5, minimumSeconds: 0.1)
    // Twice as slow by seconds: both limits are passed.
    let slower = try scaled(file, "mining_seconds", by: 2)
    #expect(failures(slower, file, limits).map(\.subject) == ["mining_seconds"])
    // A ratio alone, and a difference alone, are not enough.
    let short = try scaled(file, "mining_seconds", by: 1e-4)
    #expect(failures(try scaled(short, "mining_seconds", by: 2), short, limits) == [])
    #expect(failures(try scaled(file, "mining_seconds", by: 1.4), file, limits) == [])
    // Faster never fails, and a factor of its own counts.
    #expect(failures(try scaled(file, "mining_seconds", by: 0.1), file, limits) == [])
    let own = CheckLimits(factor: 1.5, minimumSeconds: 0.1, factors: ["mining_seconds": 3])
    #expect(failures(slower, file, own) == [])
  }

  @Test func timesOfOtherMachinesAreNotCompared() throws {
    let file = try result()
    var other = try scaled(file, "mining_seconds", by: 100, plus: 10)
    other.attributes = other.attributes.map {
      $0.name == "environment_processor" ? ($0.name, "another") : $0
    }
    let check = BaselineCheck(other, baseline: file, limits: CheckLimits())
    #expect(check.failures == [])
    #expect(check.outcomes.contains { $0.explanation.contains("not comparable: processor") })
  }

  @Test func aCheckOfNothingDoesNotPass() throws {
    let file = try result()
    let nothing = ResultFile(attributes: [], variables: [])
    for check in [
      BaselineCheck(file, baseline: nothing, limits: CheckLimits()),
      BaselineCheck(nothing, baseline: file, limits: CheckLimits()),
      BaselineCheck(nothing, baseline: nothing, limits: CheckLimits()),
      BaselineCheck(missing: "no baseline"),
    ] { #expect(!check.failures.isEmpty) }
    #expect(!CheckOutput([]).passed)
    var lacking = file
    lacking.variables.removeAll { $0.path == "height" }
    #expect(failures(lacking, file).map(\.subject) == ["height"])
    #expect(failures(file, lacking).map(\.subject) == ["height"])
  }

  @Test func outputsNameWhatFailed() throws {
    let file = try result()
    var lacking = file
    lacking.variables.removeAll { $0.path == "height" }
    let output = CheckOutput([
      ("tiny", BaselineCheck(lacking, baseline: file, limits: CheckLimits()))
    ])
    #expect(!output.passed)
    #expect(output.text(explaining: false).contains("FAILED tiny height"))
    #expect(!output.text(explaining: false).contains("ok     "))
    #expect(output.text(explaining: true).contains("ok     tiny verdict: exact: equal"))
    #expect(
      output.annotations(path: "ci.yaml").allSatisfy { $0.hasPrefix("::error file=ci.yaml,") })
    let xml = XMLParser(data: Data(output.junit.utf8))
    #expect(xml.parse())
    #expect(output.junit.contains("failures=\"1\""))
  }
}
