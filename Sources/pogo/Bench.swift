import ArgumentParser

/// `pogo bench`: the speed of the kernels on this machine.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of the kernels on this machine.",
    subcommands: [
      BenchKernels.self, BenchStep.self, BenchElementwise.self, BenchProofs.self, BenchQuant.self,
      BenchPacked.self, BenchLayer.self, BenchOverhead.self, BenchCalibrate.self,
      BenchRival.self,
    ])
}
