import Kernels
import Protocol

/// One kind of experiment: what its spec holds, what it takes, how it runs, and what it reports.
///
/// A kind is one value: the spec of one point, read and checked. `docs/extending.md` shows how to
/// add one. Laws, checked in `KindTests` for every kind of the registry:
/// - ``template`` reads, plans and runs within seconds.
/// - The resolved spec of a point reads back as an equal one.
/// - Equal specs and inputs give equal exact variables, on any thread count.
public protocol ExperimentKind: Sendable {
  /// The word after `kind:`; lower-case letters and '-'.
  static var name: String { get }
  /// One line that says what experiments of this kind do.
  static var summary: String { get }
  /// Raised whenever equal specs begin to give other results, so that points which an older
  /// program finished are run again.
  static var version: Int { get }
  /// A small, complete, commented spec; `pogo new` writes it. Input files are those of
  /// `Experiments/`.
  static var template: String { get }

  /// Reads what this kind has besides the header; asks for every key on every path.
  init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError)

  /// Files and folders that a run reads.
  var inputs: [InputFile] { get }

  /// Whether products are computed by OpenBLAS, so that results depend on the machine and on the core
  /// type that OpenBLAS was loaded for.
  var usesOpenBLAS: Bool { get }

  /// What a run will take. Throws ``PlanError`` when values that are fine alone do not fit
  /// together, so that nothing impossible is started.
  func estimate(_ inputs: Inputs) throws -> Estimate

  /// Runs one point and returns its variables, without an axis for the point.
  func run(_ context: RunContext) throws -> [ResultVariable]

  /// The tables that `pogo report` shows if the spec declares none.
  static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument
}

extension ExperimentKind {
  /// No files.
  public var inputs: [InputFile] { [] }
  /// Fixed arithmetic.
  public var usesOpenBLAS: Bool { false }
}

/// What running a point will take, from formulas alone.
public struct Estimate: Sendable, Equatable {
  /// Floating-point operations.
  public var flops: Double
  /// Bytes that are hashed.
  public var hashedBytes: Double
  /// Bytes that are read or written in memory outside of products and hashes, such as quantizing.
  public var movedBytes: Double
  /// Bytes of memory at the peak.
  public var memoryBytes: Double
  /// Seconds that depend on nothing of the above, such as a fixed number of repetitions.
  public var fixedSeconds: Double

  /// An estimate; what is left out is nothing.
  public init(
    flops: Double = 0, hashedBytes: Double = 0, movedBytes: Double = 0, memoryBytes: Double = 0,
    fixedSeconds: Double = 0
  ) {
    self.flops = flops
    self.hashedBytes = hashedBytes
    self.movedBytes = movedBytes
    self.memoryBytes = memoryBytes
    self.fixedSeconds = fixedSeconds
  }
}

/// What a kind gets to run one point.
public struct RunContext {
  /// The files that the kind asked for.
  public let inputs: Inputs
  /// How to compute; its workers are those of this point alone.
  public let arithmetic: Arithmetic
  /// Measures, and decides nothing.
  public let clock: any Stopwatch
  /// To be told how far the run is, often: it also ends a run that shall stop.
  public let observer: any RunObserver
  /// Where the run may keep what it has done, to go on from there if it is killed; nil if nobody
  /// wants it.
  public let journal: Journal?

  /// The surroundings of a run.
  public init(
    inputs: Inputs, arithmetic: Arithmetic, clock: any Stopwatch = SystemStopwatch(),
    observer: any RunObserver, journal: Journal? = nil
  ) {
    self.inputs = inputs
    self.arithmetic = arithmetic
    self.clock = clock
    self.observer = observer
    self.journal = journal
  }
}

/// Told how far the run of a point is; may throw to stop it.
public protocol RunObserver {
  /// `done` of `total` in whatever unit the kind weighs its work, such as FLOPs; `activity` says
  /// what is going on in a few words.
  func progress(done: Double, total: Double, activity: String) throws
  /// One line about something that is finished, such as a block.
  func note(_ line: String) throws
}
