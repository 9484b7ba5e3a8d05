import Foundation
import Kernels
import Protocol

/// Measures what the harness adds to the run of a chain: journal, result variables, digests, files.
///
/// Each round runs the first point of a spec twice, in turn: its blocks alone, in memory, and as
/// `pogo run` does, to a result file on the disk.
public struct OverheadBench {
  /// What was measured.
  public struct Result: Sendable, Encodable {
    /// Name of the experiment.
    public let name: String
    /// Seconds of the blocks alone, a round each.
    public let bareSeconds: [Double]
    /// Seconds of the whole run, a round each.
    public let wholeSeconds: [Double]
    /// Bytes of the result file.
    public let resultBytes: Int

    /// What the harness adds, as a share of the blocks alone: the median over the rounds.
    public var overhead: Double {
      median(zip(wholeSeconds, bareSeconds).map { $0 / $1 - 1 })
    }

    /// The result as a table.
    public var text: String {
      let shares = zip(wholeSeconds, bareSeconds).map { $0 / $1 - 1 }
      return ReportTable(
        [
          .text("experiment"), .number("blocks alone"), .number("pogo run"), .number("overhead"),
          .number("lowest"), .number("highest"), .number("result"),
        ],
        rows: [
          [
            name, Numbers.seconds(median(bareSeconds)), Numbers.seconds(median(wholeSeconds)),
            Numbers.percent(overhead), Numbers.percent(shares.min() ?? .nan),
            Numbers.percent(shares.max() ?? .nan), Numbers.bytes(Int64(resultBytes)),
          ]
        ]
      ).text
    }
  }

  let arithmetic: Arithmetic
  let rounds: Int
  let clock: any Stopwatch

  /// Measures with `arithmetic`, `rounds` times.
  public init(
    arithmetic: Arithmetic, rounds: Int, clock: any Stopwatch = SystemStopwatch()
  ) {
    self.arithmetic = arithmetic
    self.rounds = rounds
    self.clock = clock
  }

  /// Measures the first point of an experiment of kind chain; the result lies in `folder` meanwhile.
  ///
  /// Throws ``RunError`` for other kinds, and what a run throws.
  public func run(
    _ experiment: Experiment, in folder: String, show: (String) -> Void = { _ in }
  ) throws -> Result {
    let point = experiment.points[0]
    guard let chain = point.spec.body as? ChainExperiment else {
      throw RunError.refused(
        "\(experiment.specName): the overhead is that of a chain, but this is an experiment of kind "
          + "'\(experiment.header.kind)'")
    }
    let alone = try Experiment(
      file: SpecFile(text: point.spec.canonicalText, fileName: experiment.specName),
      dataFolder: experiment.dataFolder, name: experiment.specName)
    let out = "\(folder)/overhead.h5"
    var options = SweepRun.Options()
    options.threads = arithmetic.workers.threads
    options.instructionSet = arithmetic.instructionSet
    options.reusing = false
    func bare() throws {
      let plan = try Plan(
        spec: chain, corpus: point.inputs.files(chain.data), start: point.inputs.model("start"),
        workers: arithmetic.workers)
      _ = try Simulation(plan: plan, arithmetic: arithmetic, clock: clock)
        .run(observer: NoObserver())
    }
    func whole() throws {
      let outcome = try SweepRun(
        alone, out: out, options: options, events: SilentEvents(), cancellation: Cancellation()
      ).run()
      if let failure = outcome.failures.first { throw RunError.refused(failure.error) }
    }
    func seconds(_ body: () throws -> Void) rethrows -> Double {
      let start = clock.seconds()
      try body()
      return clock.seconds() - start
    }
    // The first run of a process also pays for what is made once.
    try whole()
    var (bareSeconds, wholeSeconds): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
      show("round \(round + 1) of \(rounds)")
      // In turn, so that a machine that grows slower or faster favours neither.
      if round % 2 == 0 {
        bareSeconds.append(try seconds(bare))
        wholeSeconds.append(try seconds(whole))
      } else {
        wholeSeconds.append(try seconds(whole))
        bareSeconds.append(try seconds(bare))
      }
    }
    let size = try? FileManager.default.attributesOfItem(atPath: out)[.size] as? Int
    return Result(
      name: experiment.header.name, bareSeconds: bareSeconds, wholeSeconds: wholeSeconds,
      resultBytes: size ?? 0)
  }

  /// Does not look.
  private struct NoObserver: RunObserver {
    func progress(done: Double, total: Double, activity: String) {}
    func note(_ line: String) {}
  }
}
