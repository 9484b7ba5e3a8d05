import Foundation

/// The outcomes of checks as people and other programs read them.
public struct CheckOutput: Sendable {
  /// The checks with the names of their experiments.
  public let checks: [(name: String, check: BaselineCheck)]

  /// Checks of some experiments.
  public init(_ checks: [(name: String, check: BaselineCheck)]) { self.checks = checks }

  /// Whether everything passed.
  public var passed: Bool { !checks.isEmpty && checks.allSatisfy { $0.check.failures.isEmpty } }

  /// What failed; with `explaining` also what passed, and why.
  public func text(explaining: Bool) -> String {
    var lines: [String] = []
    for (name, check) in checks {
      for outcome in explaining ? check.outcomes : check.failures {
        let point = outcome.point.isEmpty ? "" : " [\(outcome.point)]"
        lines.append(
          "\(outcome.failed ? "FAILED" : "ok    ") \(name)\(point) \(outcome.subject): "
            + outcome.explanation)
      }
      let skipped = check.outcomes.count { !$0.counts && !$0.failed }
      lines.append(
        "\(name): \(check.failures.isEmpty ? "passed" : "FAILED"), "
          + "\(check.comparisonCount) comparisons, \(check.failures.count) failed"
          + (skipped > 0 ? ", \(skipped) not comparable" : ""))
    }
    return lines.joined(separator: "\n")
  }

  /// The format that CI systems read: an experiment is a suite, a rule is a case.
  public var junit: String {
    var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites>"]
    for (name, check) in checks {
      let skipped = check.outcomes.count { !$0.counts && !$0.failed }
      lines.append(
        "  <testsuite name=\"\(Self.escaped(name))\" tests=\"\(check.outcomes.count)\" "
          + "failures=\"\(check.failures.count)\" skipped=\"\(skipped)\">")
      for outcome in check.outcomes {
        let label =
          outcome.point.isEmpty ? outcome.subject : "\(outcome.subject) [\(outcome.point)]"
        let start =
          "    <testcase classname=\"\(Self.escaped(name))\" name=\"\(Self.escaped(label))\""
        let text = Self.escaped(outcome.explanation)
        if outcome.failed {
          lines.append("\(start)><failure message=\"\(text)\"/></testcase>")
        } else if !outcome.counts {
          lines.append("\(start)><skipped message=\"\(text)\"/></testcase>")
        } else {
          lines.append("\(start)/>")
        }
      }
      lines.append("  </testsuite>")
    }
    return (lines + ["</testsuites>", ""]).joined(separator: "\n")
  }

  /// One line for each failure that GitHub shows at the file `path`.
  public func annotations(path: String) -> [String] {
    checks.flatMap { name, check in
      check.failures.map { outcome in
        let point = outcome.point.isEmpty ? "" : " [\(outcome.point)]"
        return "::error file=\(Self.command(path)),title=pogo check::"
          + Self.command("\(name)\(point) \(outcome.subject): \(outcome.explanation)")
      }
    }
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
      .filter { $0 == "\n" || !$0.unicodeScalars.contains { $0.value < 0x20 } }
  }

  private static func command(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }
}
