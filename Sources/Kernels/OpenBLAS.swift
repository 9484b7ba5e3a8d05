internal import COpenBLAS

/// The OpenBLAS that is loaded. Its bits depend on processor, version and threads, so nothing that
/// is hashed or compared for equality comes from it: it is recorded, and measured against.
public enum OpenBLAS {
  /// Processor type whose kernels it chose, e.g. `Haswell`; `OPENBLAS_CORETYPE` overrides the
  /// choice before the library loads.
  public static var coreName: String { String(cString: openblas_get_corename()) }
  /// Version and build options.
  public static var configuration: String { String(cString: openblas_get_config()) }

  /// Threads for the following products of this process.
  public static func setThreads(_ count: Int) { openblas_set_num_threads(Int32(count)) }

  /// c = a * b, or c + a * b if `accumulate`, in an order of its own.
  ///
  /// Shapes as in `Arithmetic.product`.
  public static func product(_ a: Operand, _ b: Operand, into c: Matrix, accumulate: Bool = false) {
    precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows)
    func order(_ operand: Operand) -> CBLAS_TRANSPOSE {
      operand.isTransposed ? CblasTrans : CblasNoTrans
    }
    cblas_sgemm(
      CblasRowMajor, order(a), order(b), Int32(c.rows), Int32(c.columns), Int32(a.columns), 1,
      a.matrix.pointer, Int32(a.matrix.rowStride), b.matrix.pointer, Int32(b.matrix.rowStride),
      accumulate ? 1 : 0, c.pointer, Int32(c.rowStride))
  }
}

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
