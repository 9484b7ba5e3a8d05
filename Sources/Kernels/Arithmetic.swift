internal import CKernels

/// Float32 arithmetic whose order of operations is part of its definition (docs/arithmetic.md), so
/// that every instruction set and every number of threads gives the same bits. (A NaN is a NaN: its
/// sign and payload are outside of the contract.) With `Kind.openblas` that holds for all but the
/// matrix products.
///
/// Shapes are checked by precondition. Where a result may be written over an operand, the two
/// windows must be the same; otherwise they must not overlap.
public struct Arithmetic: Sendable {
  /// Who computes matrix products.
  public enum Kind: String, Sendable, CaseIterable {
    /// This package, in the order of docs/arithmetic.md.
    case fixed
    /// OpenBLAS, in an order of its own, which depends on its version, the core type that it chose
    /// and the number of threads. Attention and all that is no matrix product stay as they are.
    case openblas
    /// This package, but with every sum of a product cut into ``summationParts`` that are added up
    /// afterwards, as machines with other kernels do: other bits than `fixed`, the same everywhere.
    case split
  }

  /// Who computes matrix products.
  public let kind: Kind
  /// Kernels that are used; none changes a bit.
  public let instructionSet: InstructionSet
  /// Threads that share the work.
  public let workers: Workers
  /// Parts of each sum with `Kind.split`.
  package var summationParts = 4
  /// Shares out work however small it is, so that tests see all threads at work.
  package var splitsSmallWork = false

  /// `instructionSet` must be one that this processor supports.
  ///
  /// With `Kind.openblas` this sets the number of OpenBLAS's threads, for the whole process, to that
  /// of the workers.
  public init(kind: Kind = .fixed, instructionSet: InstructionSet = .best, workers: Workers) {
    self.init(kind, instructionSet, workers)
    if kind == .openblas { OpenBLAS.setThreads(workers.threads) }
  }

  private init(_ kind: Kind, _ instructionSet: InstructionSet, _ workers: Workers) {
    precondition(instructionSet.isSupported, "\(instructionSet) is not supported here")
    self.kind = kind
    self.instructionSet = instructionSet
    self.workers = workers
  }

  /// The same arithmetic on the calling thread alone, for use inside `workers.run`.
  public var serial: Arithmetic {
    var arithmetic = Arithmetic(kind, instructionSet, workers.single)
    arithmetic.summationParts = summationParts
    return arithmetic
  }

  /// All that the bits of a result depend on, for the result to keep: `fixed, version 1`, or for
  /// example `openblas 0.3.21, core type SkylakeX, 2 threads`.
  public var record: String {
    switch kind {
    case .fixed: return "fixed, version \(arithmeticVersion)"
    case .openblas: return OpenBLAS.record
    case .split: return "split in \(summationParts), version \(arithmeticVersion)"
    }
  }

  var kernels: UnsafePointer<CKKernels> { instructionSet.kernels }

  /// Shares 0 ..< `count` out in ranges that start at multiples of `unit` and have at least
  /// `grain` items, so that small work does not pay for threads.
  func split(_ count: Int, unit: Int = 1, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let units = (count + unit - 1) / unit
    let worthwhile = splitsSmallWork ? units : count / max(grain, 1)
    let tasks = max(1, min(workers.threads, units, worthwhile))
    if tasks == 1 { return body(0..<count) }
    workers.run(tasks: tasks) { task in
      let first = task * units / tasks * unit
      let last = min(count, (task + 1) * units / tasks * unit)
      if first < last { body(first..<last) }
    }
  }

  /// Shares windows of one shape out: as one long row if none of them has gaps, else by rows.
  func splitElements(
    _ windows: WindowList, grain: Int, _ body: @Sendable (WindowList) -> Void
  ) {
    let rows = windows[0].rows
    let columns = windows[0].columns
    precondition(
      windows.allSatisfy { $0.rows == rows && $0.columns == columns }, "shapes differ")
    if windows.allSatisfy(\.isContiguous) {
      split(rows * columns, unit: 16, grain: grain) { range in
        body(
          windows.map {
            Matrix(
              $0.buffer, offset: $0.offset + range.lowerBound, rows: 1, columns: range.count)
          })
      }
    } else {
      split(rows, grain: max(1, grain / max(columns, 1))) { range in
        body(windows.map { $0.rows(range) })
      }
    }
  }

  /// Runs a kernel that packs: into memory of this thread, or, if that cannot grow, into a buffer for
  /// this call alone.
  package func withSpareMemory(_ kernel: (UnsafeMutablePointer<Float>?) -> Int) {
    let missing = kernel(nil)
    guard missing > 0 else { return }
    let spare = FloatBuffer(count: missing)
    let left = kernel(spare.base)
    precondition(left == 0, "a kernel that does not take the memory it asked for")
  }
}
