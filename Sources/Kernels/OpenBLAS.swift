internal import COpenBLAS

/// The OpenBLAS that is loaded. Its bits depend on processor, version and threads, so nothing that
/// is hashed or compared for equality comes from it: it is recorded, and measured against.
public enum OpenBLAS {
  /// Name of the environment variable that sets the core type; it is read when the library loads.
  public static let coreTypeVariable = "OPENBLAS_CORETYPE"

  /// Processor type whose kernels it chose, e.g. `Haswell`.
  public static var coreName: String { String(cString: openblas_get_corename()) }
  /// Version and build options. Asked for once: the library writes them into a buffer of its own at
  /// each call, so two threads that ask at the same time would read each other's halves.
  public static let configuration = String(cString: openblas_get_config())

  /// A core type with the fastest kernels that this processor can run, by its instruction sets; nil
  /// if OpenBLAS's own choice is as good. Old versions do not know new processors and fall back on
  /// kernels of a quarter of the speed.
  public static var betterCoreType: String? {
    let choices: [(set: InstructionSet, name: String, equals: Set<String>)] = [
      (.avx512, "SkylakeX", ["SkylakeX", "Cooperlake", "Sapphirerapids"]),
      (.avx2, "Haswell", ["Haswell", "Zen"]),
    ]
    guard let best = choices.first(where: { $0.set.isSupported }) else { return nil }
    return best.equals.contains { $0.lowercased() == coreName.lowercased() } ? nil : best.name
  }

  /// All that the bits of its products depend on, besides the operands: for example
  /// `openblas 0.3.21, core type SkylakeX, 2 threads`.
  public static var record: String {
    let words = configuration.split(separator: " ")
    let version = words.count > 1 ? String(words[1]) : "of unknown version"
    return "openblas \(version), core type \(coreName), "
      + "\(threads) thread\(threads == 1 ? "" : "s")"
  }

  /// Threads for the following products of this whole process.
  public static func setThreads(_ count: Int) { openblas_set_num_threads(Int32(count)) }
  /// Threads that its products use.
  public static var threads: Int { Int(openblas_get_num_threads()) }

  /// c = a * b, or c + a * b if `accumulate`, in an order of its own; a product with a single row or
  /// column goes to the routine for a matrix and a vector.
  ///
  /// Shapes as in `Arithmetic.product`.
  public static func product(_ a: Operand, _ b: Operand, into c: Matrix, accumulate: Bool = false) {
    precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows)
    let beta: Float = accumulate ? 1 : 0
    if c.columns == 1, c.rows > 0, a.columns > 0 {
      return vectorProduct(a, b.matrix, step: b.rowStep, beta, into: c, step: c.rowStride)
    }
    if c.rows == 1, c.columns > 0, a.columns > 0 {
      let turned = Operand(b.matrix, isTransposed: !b.isTransposed)
      return vectorProduct(turned, a.matrix, step: a.columnStep, beta, into: c, step: 1)
    }
    func order(_ operand: Operand) -> CBLAS_TRANSPOSE {
      operand.isTransposed ? CblasTrans : CblasNoTrans
    }
    cblas_sgemm(
      CblasRowMajor, order(a), order(b), Int32(c.rows), Int32(c.columns), Int32(a.columns), 1,
      a.matrix.pointer, Int32(max(1, a.matrix.rowStride)), b.matrix.pointer,
      Int32(max(1, b.matrix.rowStride)), beta, c.pointer, Int32(max(1, c.rowStride)))
  }

  /// y = a * x + beta * y, elements of x and y a step apart.
  private static func vectorProduct(
    _ a: Operand, _ x: Matrix, step: Int, _ beta: Float, into y: Matrix, step yStep: Int
  ) {
    cblas_sgemv(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, Int32(a.matrix.rows),
      Int32(a.matrix.columns), 1, a.matrix.pointer, Int32(max(1, a.matrix.rowStride)), x.pointer,
      Int32(max(1, step)), beta, y.pointer, Int32(max(1, yStep)))
  }
}
