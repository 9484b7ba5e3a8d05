internal import CKernels

extension Arithmetic {
  /// Multiplies and adds on registers alone, on every thread at once; for measuring what the
  /// processor could reach.
  ///
  /// - Returns: the number of floating-point operations done.
  public func runPeak(rounds: Int) -> Int {
    let results = FloatBuffer(count: 16 * workers.threads)
    let counts = FloatBuffer(count: 16 * workers.threads)
    workers.run(tasks: workers.threads) { task in
      var result: Float = 0
      // A count of rounds that small integers of Float hold exactly.
      counts[16 * task] = Float(kernels.pointee.fmaPeak(rounds, &result) / max(rounds, 1))
      results[16 * task] = result
    }
    let perRound = (0..<workers.threads).reduce(0) { $0 + Int(counts[16 * $1]) }
    return 2 * perRound * rounds
  }
}
