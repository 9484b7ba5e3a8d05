import Foundation
import Harness
import Kernels

/// The processor type that OpenBLAS is loaded for: it can only be chosen before the library loads.
enum CoreType {
  /// Starts this program anew with the best core type if `experiment` computes with OpenBLAS and
  /// OpenBLAS chose slow kernels by itself. A choice in the environment stands.
  static func settle(for experiment: Experiment) throws {
    guard experiment.usesOpenBLAS,
      ProcessInfo.processInfo.environment[OpenBLAS.coreTypeVariable] == nil,
      let better = OpenBLAS.betterCoreType
    else { return }
    // Set for the new process only; the one that is left ends here.
    setenv(OpenBLAS.coreTypeVariable, better, 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
    throw CommandFailure(
      .machineFault,
      "OpenBLAS needs \(OpenBLAS.coreTypeVariable)=\(better) on this processor, but the program "
        + "could not be started anew: \(String(cString: strerror(errno)))")
  }
}
