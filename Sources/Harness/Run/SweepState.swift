import Foundation

/// What a folder of points says about the run that it belongs to: `sweep.json`.
///
/// It holds the whole spec with what it includes, so that tasks which wait for hours compute the
/// points that were asked for, even if the spec's file is edited meanwhile.
public struct SweepState: Sendable, Equatable, Codable {
  /// Version of this layout.
  public var format = 1
  /// Name of the experiment.
  public var name: String
  /// File name of the spec, for messages.
  public var spec: String
  /// Folder that paths of the spec are relative to.
  public var dataFolder: String
  /// The spec's text.
  public var text: String
  /// The spec with what it includes and the overrides.
  public var expandedText: String
  /// Overrides of the command line, as they were typed.
  public var overrides: [String]
  /// Digest of each point, hexadecimal.
  public var points: [String]
  /// Jobs that were submitted for it, oldest first.
  public var submissions: [Submission] = []
  /// How the last submission asked for tasks.
  public var options: SlurmOptions?
  /// Whether the gathered result may replace a file.
  public var mayReplace = false
  /// Points that are run a second time on other nodes; nil if that was not asked for.
  public var verification: Verification?
  /// Digest of the result once it was written.
  public var gathered: String?

  /// One job of the scheduler.
  public struct Submission: Sendable, Equatable, Codable {
    /// What its tasks do.
    public enum Purpose: String, Sendable, Codable {
      /// Each runs a point.
      case points
      /// Each runs a point again and keeps the second result aside.
      case verification
      /// It puts the points together.
      case gather
    }
    /// What its tasks do.
    public var purpose: Purpose
    /// Number of the job.
    public var job: String
    /// Point number (from 1) of the task 0.
    public var offset: Int
    /// Tasks, as in `1-4,7`.
    public var tasks: String
    /// When it was submitted, UTC.
    public var submittedAt: String
  }

  /// A second run of some points.
  public struct Verification: Sendable, Equatable, Codable {
    /// Share of the points.
    public var fraction: Double
    /// Numbers of the points, from 1, drawn at random once all are finished; empty until then.
    public var points: [Int] = []
  }

  /// The state of an experiment of which nothing was submitted yet.
  public init(_ experiment: Experiment) {
    name = experiment.header.name
    spec = experiment.specName
    dataFolder = experiment.dataFolder
    text = experiment.file.text
    expandedText = experiment.file.expandedText
    overrides = experiment.file.overrides
    points = experiment.points.map { $0.key.digest.hex }
  }

  /// Name of the file in the folder.
  static let fileName = "sweep.json"

  /// Reads the state in a folder of points.
  ///
  /// Throws ``RunError`` if there is none or it cannot be read.
  public static func read(in folder: String) throws(RunError) -> SweepState {
    let path = (folder as NSString).appendingPathComponent(fileName)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .refused(
        "\(folder): it is no folder of a run: \(fileName) is missing or cannot be read; give the "
          + "spec, or the folder RESULT.points")
    }
    let state: SweepState
    do { state = try JSONDecoder().decode(SweepState.self, from: data) } catch {
      throw .refused("\(path): it is damaged; give the spec instead")
    }
    guard state.format == 1 else {
      throw .refused(
        "\(path): it has format \(state.format), but this program reads 1; use the pogo that "
          + "submitted the run")
    }
    return state
  }

  /// Writes the state; the file appears whole or not at all. Throws ``RunError``.
  package func write(in folder: String) throws(RunError) {
    try JSONFile.write(self, to: (folder as NSString).appendingPathComponent(Self.fileName))
  }

  /// The experiment as it was when the folder was made.
  ///
  /// Throws ``RunError`` if a point would now be another one, as after a change of its data or of
  /// the program.
  public func experiment(kinds: KindRegistry = .all) throws -> Experiment {
    let file = try SpecFile(
      restoring: expandedText, text: text, overrides: overrides, fileName: spec, kinds: kinds)
    let experiment = try Experiment(file: file, dataFolder: dataFolder, name: spec)
    let now = experiment.points.map { $0.key.digest.hex }
    guard now == points else {
      let first = zip(now, points).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
      throw RunError.refused(
        "\(spec): point \(first + 1) is not the one that was submitted: its data or the program "
          + "changed since; run the spec again")
    }
    return experiment
  }
}

extension SpecFile {
  /// A spec that was expanded before: `expanded` is read, `text` and `overrides` are what the user
  /// wrote.
  init(
    restoring expanded: String, text: String, overrides: [String], fileName: String,
    kinds: KindRegistry
  ) throws {
    let file = try SpecFile(text: expanded, fileName: fileName, kinds: kinds)
    self.init(
      text: text, expandedText: expanded, overrides: overrides, limits: file.limits,
      report: file.report, axes: file.axes, points: file.points)
  }
}

/// Small files that programs and people read.
package enum JSONFile {
  /// Writes a value; the file appears whole or not at all.
  package static func write(_ value: some Encodable, to path: String) throws(RunError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try (encoder.encode(value) + Data("\n".utf8)).write(
        to: URL(fileURLWithPath: path), options: .atomic)
    } catch { throw .machine("\(path): it cannot be written: \(error.reason)") }
  }
}
