import Proofs

/// What one point of an experiment gave, with all that tells which point it is.
public struct PointResult: Sendable, Equatable {
  /// How a point ended.
  public enum Status: String, Sendable {
    /// It ran to its end.
    case finished
    /// It ended with an error.
    case failed
  }

  /// What the sweep sets in this point, in the order of its axes.
  public var settings: [Setting]
  /// The spec of the point with every default.
  public var spec: String
  /// What the point's result depends on.
  public var key: PointKey
  /// How it ended.
  public var status: Status
  /// Why it failed; empty if it did not.
  public var error: String
  /// Wall-clock seconds.
  public var seconds: Double
  /// When it started, UTC.
  public var startedAt: String
  /// Processor, instruction set and threads.
  public var machine: String
  /// Its variables; none if it failed.
  public var variables: [ResultVariable]
  /// Node of the cluster that ran it; empty elsewhere.
  public var node = ""
  /// Node and machine that ran it a second time with the same digest; empty if none did.
  public var verifiedOn = ""

  /// A key that the sweep sets, with its value as YAML.
  public struct Setting: Sendable, Equatable {
    /// Path of the key.
    public var path: String
    /// Its value.
    public var text: String
  }

  /// The variable at `path`, or nil.
  public subscript(path: String) -> ResultVariable? { variables.first { $0.path == path } }

  /// The digest over its exact variables.
  public var exactDigest: Digest { ResultVariable.exactDigest(of: variables) }

  /// The settings in one line.
  public var label: String { settings.map { "\($0.path)=\($0.text)" }.joined(separator: " ") }
}

/// What a point's result depends on: two points with one key give the same exact values.
public struct PointKey: Sendable, Hashable {
  /// Versions of arithmetic, kind and result schema, and the digests of inputs, a line each.
  public let conditions: String
  /// The resolved spec without name and title, which change nothing.
  public let spec: String

  init(conditions: String, spec: String) {
    self.conditions = conditions
    self.spec = spec
  }

  /// The key of a spec with its files.
  public init(spec: Spec, inputs: Inputs, arithmeticVersion: Int) {
    let kind = type(of: spec.body)
    var lines = [
      "arithmetic \(arithmeticVersion)", "kind \(kind.name) \(kind.version)",
      "schema \(Version.resultSchema)",
    ]
    lines += inputs.digests.map { "input \($0.name) \($0.digest.hex)" }
    conditions = lines.joined(separator: "\n")
    self.spec = spec.resolved.without(["name", "title"]).text
  }

  /// The digest by which a finished point is found again.
  public var digest: Digest { Digest.tagged("PoGO/point", conditions, spec) }

  /// What is different from an older key, in a few words; nil if nothing is.
  public func difference(from old: PointKey) -> String? {
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
    func trimmed(_ line: Substring) -> Substring { line.drop { $0 == " " } }
    let before = lines(old.conditions)
    for line in lines(conditions) where !before.contains(line) {
      let subject = line.split(separator: " ").dropLast().joined(separator: " ")
      return line.hasPrefix("input") ? "\(subject) changed" : "\(subject) has another version"
    }
    let (own, others) = (lines(spec), lines(old.spec))
    if let line = own.first(where: { !others.contains($0) }) { return "now \(trimmed(line))" }
    if let line = others.first(where: { !own.contains($0) }) {
      return "no longer \(trimmed(line))"
    }
    return self == old ? nil : "the order of the spec's values changed"
  }
}
