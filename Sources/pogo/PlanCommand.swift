import ArgumentParser
import Harness

/// `pogo plan SPEC`: what a run would do.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a run would do: points, cost, and which are finished already.",
    discussion: "FLOPs, bytes and memory come from formulas; times from speeds that are measured "
      + "now, for about a tenth of a second.")

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @OptionGroup var overrides: OverrideOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "Points that would run side by side.")
  var jobs = 1

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec, overrides: overrides.set)
      let plan = try SweepPlan(experiment, out: output.path(experiment))
      let rates = MachineRates.measure(try options.arithmetic())
      print(plan.table(rates).text)
      print("")
      print(plan.summary(rates, jobs: jobs))
      try plan.checkMemory(jobs: jobs)
    }
  }
}
