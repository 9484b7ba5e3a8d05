import Foundation

/// The scripts that are handed to sbatch.
public struct SlurmScript: Sendable {
  /// Name of the experiment.
  public var name: String
  /// Folder of the points, absolute.
  public var folder: String
  /// The program, absolute.
  public var program: String
  /// How many points the sweep has.
  public var pointCount: Int
  /// What is asked for.
  public var options: SlurmOptions

  /// Scripts for a sweep. Throws ``RunError`` if a path cannot stand in one.
  public init(
    name: String, folder: String, program: String, pointCount: Int, options: SlurmOptions
  ) throws(RunError) {
    for path in [folder, program] {
      // sbatch expands '%' in paths, and a quote or a line end would be read as something else.
      guard !path.contains(where: { "%\"'\\".contains($0) || $0.isNewline }) else {
        throw .refused(
          "\(path): Slurm cannot be given a path with one of % \" ' \\ or a line end; use another "
            + "folder")
      }
    }
    (self.name, self.folder, self.program) = (name, folder, program)
    (self.pointCount, self.options) = (pointCount, options)
  }

  /// An array of tasks, each a point: task t runs the point t + `offset`.
  ///
  /// - Parameters:
  ///   - tasks: as in `1-4,7`.
  ///   - excluded: node that must not run them; then they are second runs.
  package func array(tasks: String, offset: Int, excluded: String? = nil) -> String {
    let limit = options.arrayLimit.map { "%\($0)" } ?? ""
    var lines = header(
      job: excluded == nil ? "" : "-verify", log: "%A_%a",
      ["--array=\(tasks)\(limit)", "--cpus-per-task=\(options.cpus)"]
        + (excluded.map { ["--exclude=\($0)"] } ?? []))
    lines.append(
      excluded == nil
        ? "# Each task runs one point of the sweep and keeps its result in the folder."
        : "# Each task runs a point a second time, on another node; the digests must be equal.")
    let number = offset == 0 ? "$SLURM_ARRAY_TASK_ID" : "$((SLURM_ARRAY_TASK_ID + \(offset)))"
    lines += guarded(
      "run \"$folder\" --point \"\(number)/\(pointCount)\" --threads \(options.cpus) --no-pin --quiet"
        + (excluded == nil ? "" : " --verify"))
    return lines.joined(separator: "\n") + "\n"
  }

  /// A job that puts the points together once these jobs are over, however they ended.
  ///
  /// - Parameter maySubmit: whether it submits second runs that are asked for and missing.
  package func gather(after jobs: [String], maySubmit: Bool) -> String {
    var lines = header(
      job: "-gather", log: "gather-%j",
      jobs.isEmpty ? [] : ["--dependency=afterany:\(jobs.joined(separator: ":"))"])
    lines.append("# Puts the finished points into one result.")
    lines += guarded("gather \"$folder\"" + (maySubmit ? "" : " --no-submit"))
    return lines.joined(separator: "\n") + "\n"
  }

  /// Folder of the logs.
  static func logFolder(in folder: String) -> String { "\(folder)/log" }

  private func header(job: String, log: String, _ own: [String]) -> [String] {
    var settings = [
      "--job-name=pogo-\(name)\(job)", "--chdir=\"\(folder)\"",
      "--output=\"\(Self.logFolder(in: folder))/\(log).txt\"", "--open-mode=append", "--requeue",
      "--ntasks=1",
    ]
    settings += own
    if let partition = options.partition { settings.append("--partition=\(partition)") }
    if let time = options.time { settings.append("--time=\(time)") }
    if let bytes = options.memoryBytes { settings.append("--mem=\(bytes >> 20)M") }
    if let extra = options.extra { settings.append(extra) }
    return ["#!/bin/bash"] + settings.map { "#SBATCH \($0)" } + [""]
  }

  private func guarded(_ arguments: String) -> [String] {
    [
      "pogo='\(program)'",
      "folder='\(folder)'",
      "for path in \"$pogo\" \"$folder/\(SweepState.fileName)\"; do",
      "  [[ -e $path ]] && continue",
      "  echo \"pogo: $path is not there on node ${SLURMD_NODENAME:-?}: the program and the folder of the\" \\",
      "    \"result must lie where all nodes see them\" >&2",
      "  exit 3",
      "done",
      "exec \"$pogo\" \(arguments)",
    ]
  }
}

/// Numbers in Slurm's notation of sets, such as `1-4,7`.
package enum TaskList {
  /// The notation of ascending numbers.
  package static func text(_ numbers: [Int]) -> String {
    var parts: [String] = []
    var index = 0
    while index < numbers.count {
      var end = index
      while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
      parts.append(
        end == index ? "\(numbers[index])" : "\(numbers[index])-\(numbers[end])")
      index = end + 1
    }
    return parts.joined(separator: ",")
  }

  /// The numbers of a notation; nil if it is none. A limit (`%4`) at its end is left out.
  package static func numbers(_ text: String) -> [Int]? {
    var numbers: [Int] = []
    for part in text.prefix(while: { $0 != "%" }).split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last,
        last - first < 10_000_000
      else { return nil }
      numbers += first...last
    }
    return numbers
  }
}
