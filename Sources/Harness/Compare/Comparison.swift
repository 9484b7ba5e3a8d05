import Foundation
import Proofs

/// Two results side by side, point by point and variable by variable.
public struct Comparison: Sendable {
  /// One variable of one point in both results.
  public struct Item: Sendable, Equatable {
    /// Settings of the point; empty without a sweep.
    public var point: String
    /// Path of the variable.
    public var variable: String
    /// Unit of its values.
    public var units: String
    /// How the two sides differ.
    public var finding: Finding
  }

  /// How two sides of a variable differ.
  public enum Finding: Sendable, Equatable {
    /// Exact, and the same bits.
    case equal
    /// Exact, but not the same: the first place that differs, and both values there.
    case different(place: String, first: String, second: String)
    /// Measured on comparable machines.
    case measured(Timing)
    /// Measured, but not on comparable machines: why.
    case notComparable(String)
    /// Only in the first result.
    case onlyInFirst
    /// Only in the second result.
    case onlyInSecond
  }

  /// Measured values of both sides.
  public struct Timing: Sendable, Equatable {
    /// Sums over all values that both sides have.
    public var first: Double
    /// The same of the second.
    public var second: Double
    /// Median over the pairs of second / first.
    public var ratio: Double
    /// How many pairs there are.
    public var pairCount: Int
    /// Chance of pairs like these if the second were not slower.
    public var slowerByChance: Double
    /// Chance of pairs like these if the second were not faster.
    public var fasterByChance: Double

    /// Whether the difference is beyond the noise: 1 % by the signed-rank test.
    public var isBeyondNoise: Bool { min(slowerByChance, fasterByChance) < 0.01 }
  }

  /// Settings of points that only one side has.
  public private(set) var unmatched: (first: [String], second: [String]) = ([], [])
  /// All variables of all points that both sides have.
  public private(set) var items: [Item] = []
  /// Lines of the resolved specs that only one side has, for the first matched point.
  public private(set) var specDifferences: [String] = []

  /// Whether both have the same points with the same exact values.
  public var isEqual: Bool {
    unmatched.first.isEmpty && unmatched.second.isEmpty
      && items.allSatisfy { item in
        switch item.finding {
        case .equal, .measured, .notComparable: true
        case .different, .onlyInFirst, .onlyInSecond: false
        }
      }
  }

  /// How many points both sides have.
  public private(set) var matchedPointCount = 0

  /// Compares two results.
  public init(_ first: ResultFile, _ second: ResultFile) {
    let (firstPoints, secondPoints) = (Self.labelled(first), Self.labelled(second))
    let machine = Self.machineDifference(first, second)
    for point in firstPoints {
      guard let other = secondPoints.first(where: { $0.label == point.label }) else {
        unmatched.first.append(point.label)
        continue
      }
      if matchedPointCount == 0 {
        specDifferences = Self.specDifferences(point.result.spec, other.result.spec)
      }
      matchedPointCount += 1
      compare(point.label, point.result, other.result, machine: machine)
      compareDigests(point, other)
    }
    unmatched.second = secondPoints.map(\.label).filter { label in
      !firstPoints.contains { $0.label == label }
    }
  }

  private typealias Labelled = (label: String, digest: String, result: PointResult)

  private static func labelled(_ file: ResultFile) -> [Labelled] {
    var digests: [String] = []
    if case .text(let texts) = file["point_exact_digest"]?.values { digests = texts }
    return file.points.enumerated().map { index, point in
      (point.label, digests.indices.contains(index) ? digests[index] : "", point)
    }
  }

  /// The digest stands for what a baseline leaves out, such as the bytes of the chain.
  private mutating func compareDigests(_ first: Labelled, _ second: Labelled) {
    items.append(
      Item(
        point: first.label, variable: "point_exact_digest", units: "1",
        finding: first.digest == second.digest
          ? .equal
          : .different(
            place: "", first: String(first.digest.prefix(12)),
            second: String(second.digest.prefix(12)))))
    let (one, two) = (first.result, second.result)
    guard one.status != two.status else { return }
    items.append(
      Item(
        point: first.label, variable: "point_status", units: "1",
        finding: .different(
          place: "", first: Self.outcome(one), second: Self.outcome(two))))
  }

  private static func outcome(_ point: PointResult) -> String {
    point.status == .finished ? "finished" : "failed: \(point.error)"
  }

  private mutating func compare(
    _ label: String, _ first: PointResult, _ second: PointResult, machine: String?
  ) {
    // Whole groups of bytes are compared through the digest of the point.
    let own = first.variables.filter(\.group.isEmpty)
    let others = second.variables.filter(\.group.isEmpty)
    for variable in own {
      let finding: Finding
      if let other = others.first(where: { $0.path == variable.path }) {
        finding =
          variable.determinism == .exact
          ? Self.exact(variable, other) : Self.measured(variable, other, machine: machine)
      } else {
        finding = .onlyInFirst
      }
      items.append(
        Item(point: label, variable: variable.path, units: variable.units, finding: finding))
    }
    for variable in others where !own.contains(where: { $0.path == variable.path }) {
      items.append(
        Item(
          point: label, variable: variable.path, units: variable.units, finding: .onlyInSecond))
    }
  }

  private static func exact(_ first: ResultVariable, _ second: ResultVariable) -> Finding {
    guard ResultVariable.exactDigest(of: [first]) != ResultVariable.exactDigest(of: [second]) else {
      return .equal
    }
    guard first.shape == second.shape, first.values.typeName == second.values.typeName else {
      func form(_ variable: ResultVariable) -> String {
        "\(variable.values.typeName)\(variable.shape)"
      }
      return .different(place: "shape", first: form(first), second: form(second))
    }
    let texts = (first.values.texts, second.values.texts)
    let place = texts.0.indices.first { texts.0[$0] != texts.1[$0] } ?? 0
    return .different(
      place: first.placeName(place), first: texts.0.isEmpty ? "" : texts.0[place],
      second: texts.1.isEmpty ? "" : texts.1[place])
  }

  private static func measured(
    _ first: ResultVariable, _ second: ResultVariable, machine: String?
  ) -> Finding {
    if let machine { return .notComparable(machine) }
    guard let one = first.values.numbers, let two = second.values.numbers, one.count == two.count
    else { return .notComparable("they are not numbers of one shape") }
    let pairs = zip(one, two).filter { !$0.isNaN && !$1.isNaN }
    guard !pairs.isEmpty else { return .notComparable("there are no values") }
    let (left, right) = (pairs.map(\.0), pairs.map(\.1))
    return .measured(
      Timing(
        first: left.reduce(0, +), second: right.reduce(0, +),
        ratio: median(pairs.filter { $0.0 > 0 }.map { $0.1 / $0.0 }), pairCount: pairs.count,
        slowerByChance: SignedRankTest.pValue(first: left, second: right),
        fasterByChance: SignedRankTest.pValue(first: right, second: left)))
  }

  /// Why times of the two results say nothing about each other; nil if they do.
  private static func machineDifference(_ first: ResultFile, _ second: ResultFile) -> String? {
    for name in [
      "environment_processor", "environment_threads", "environment_instruction_set",
    ] {
      let (one, two) = (first.attribute(name) ?? "?", second.attribute(name) ?? "?")
      if one != two {
        return "\(name.dropFirst(12)) '\(one)' and '\(two)'"
      }
    }
    return nil
  }

  private static func specDifferences(_ first: String, _ second: String) -> [String] {
    func lines(_ text: String) -> [(path: String, text: String)] {
      (try? SpecNode(yaml: text, source: "")).map { $0.leaves(path: "") } ?? []
    }
    let (one, two) = (lines(first), lines(second))
    var differences: [String] = []
    for (path, text) in one {
      let other = two.first { $0.path == path }?.text
      if other != text { differences.append("\(path): \(text) | \(other ?? "-")") }
    }
    for (path, text) in two where !one.contains(where: { $0.path == path }) {
      differences.append("\(path): - | \(text)")
    }
    return differences
  }
}

extension SpecNode {
  /// All scalars with their paths.
  fileprivate func leaves(path: String) -> [(path: String, text: String)] {
    func inner(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    switch content {
    case .mapping(let entries):
      return entries.flatMap { $0.value.leaves(path: inner($0.key)) }
    case .list(let nodes):
      return nodes.enumerated().flatMap { $1.leaves(path: inner("\($0)")) }
    case .scalar, .null, .unusable:
      return [(path, label)]
    }
  }
}

extension ResultVariable.Values {
  /// The values as they are written in messages.
  var texts: [String] {
    switch self {
    case .float32(let values): values.map { "\($0)" }
    case .float64(let values): values.map { "\($0)" }
    case .int64(let values): values.map { "\($0)" }
    case .uint8(let values): values.map { "\($0)" }
    case .text(let values): values
    }
  }

  /// The values as numbers; nil for texts.
  public var numbers: [Double]? {
    switch self {
    case .float32(let values): values.map(Double.init)
    case .float64(let values): values
    case .int64(let values): values.map(Double.init)
    case .uint8(let values): values.map(Double.init)
    case .text: nil
    }
  }
}

extension ResultVariable {
  /// A place of the row-major values by its axes, such as `block 3, step 0` (from 0).
  func placeName(_ position: Int) -> String {
    var (rest, parts) = (position, [String]())
    for axis in shape.indices.reversed() where shape[axis] > 0 {
      parts.append("\(dimensions[axis]) \(rest % shape[axis])")
      rest /= shape[axis]
    }
    return parts.reversed().joined(separator: ", ")
  }
}
