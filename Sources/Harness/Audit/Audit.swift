import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// Judges a recorded chain again, trusting nothing but the file (`docs/protocol.md`).
public struct Audit {
  /// How much was judged.
  public struct Summary: Sendable, Equatable {
    /// Blocks judged.
    public var blocks = 0
    /// Signatures of headers and attestations that are valid.
    public var signatures = 0
    /// Random outputs that verify.
    public var randomOutputs = 0
    /// Opened leaves that lie under their roots.
    public var openings = 0
    /// Training steps computed again.
    public var replayedSteps = 0
    /// Pairs of losses measured again.
    public var lossMeasurements = 0
    /// Evidence judged again.
    public var evidence = 0
    /// Verdicts reached again.
    public var verdicts = 0
    /// Attestations whose verifier signed what is not so, whatever it was penalized for.
    public var untrueAttestations = 0
    /// Exact variables made again from the chain.
    public var exactVariables = 0
    /// Stakes and earnings reached again: what rewards, slashings and penalties leave every
    /// participant with after every block.
    public var balances = 0
    /// Disputes settled again.
    public var disputes = 0
    /// Points judged.
    public var points = 0
    /// Confirmed blocks whose model is not what their diff leads to: fraud that nobody sampled.
    public var escapedFrauds: [String] = []
  }

  let file: ResultFile
  let arithmetic: Arithmetic
  private var summary = Summary()

  /// An audit of a result that was read.
  public init(file: ResultFile, arithmetic: Arithmetic) {
    self.file = file
    self.arithmetic = arithmetic
  }

  /// Judges everything; throws ``AuditFailure`` at the first thing that does not hold, and
  /// ``NotAuditable`` for a result whose bits no other machine can make again.
  public mutating func run() throws -> Summary {
    guard let text = file.attribute("spec_text"),
      file.attribute("spec_sha256") == SHA256.hash(Array(text.utf8)).hex
    else { throw AuditFailure("spec_sha256 is not the digest of spec_text") }
    // Files of schema 1 have no includes and no overrides.
    let expanded = file.attribute("spec_expanded") ?? text
    let written: SpecFile
    do { written = try SpecFile(text: expanded, fileName: "spec_expanded") } catch {
      throw AuditFailure("the stored spec: \(error)")
    }
    let points = file.points
    guard written.points.count == points.count else {
      throw AuditFailure(
        "the file holds \(points.count) points, but its spec has \(written.points.count)")
    }
    for (index, point) in points.enumerated() where point.status == .finished {
      let place = points.count == 1 ? "" : "point \(index + 1), "
      do {
        try run(point, written: written.points[index].spec, place: place)
      } catch let failure as AuditFailure {
        throw AuditFailure("\(place)\(failure)")
      }
      summary.points += 1
    }
    guard summary.points > 0 else { throw AuditFailure("no point of the file is finished") }
    guard file.attribute("exact_digest") == file.exactDigest.hex else {
      throw AuditFailure("exact_digest is not the digest of the exact variables")
    }
    return summary
  }

  private mutating func run(_ point: PointResult, written: Spec, place: String) throws {
    let chain = try StoredChain(point)
    let (spec, plan) = try Self.plan(of: point, chain: chain, workers: arithmetic.workers)
    guard written.canonicalText == spec.canonicalText else {
      throw AuditFailure("point_spec is another experiment than spec_text")
    }
    var model = try plan.initialModel(arithmetic)
    // From here on genesis holds what the spec reader let through, and nothing else.
    guard plan.genesis(initial: model) == chain.genesis else {
      throw AuditFailure("genesis is not what the spec and the corpus lead to")
    }
    let trainer = try plan.makeTrainer(arithmetic)
    var state = ChainState(chain.genesis)
    var records: [BlockRecord] = []
    for (index, stored) in chain.blocks.enumerated() {
      let name = "block \(index + 1)"
      let judged = BlockAudit(
        place: name, stored: stored, before: state, parent: model, trainer: trainer, number: index,
        plan: plan)
      let (record, after, next) = try judged.run(&summary)
      if record.dispute != nil { summary.disputes += 1 }
      if case .confirmed = record.verdict {
        if let next { model = next }
        if !record.patch.isEmpty || !record.twin.isEmpty {
          summary.escapedFrauds.append("\(place)\(name)")
        }
      }
      state = after
      records.append(record)
    }
    try checkVariables(
      ChainRecord(genesis: chain.genesis, blocks: records), of: point, plan: plan,
      corpus: chain.corpus)
  }

  /// The stored spec of a point, and the plan that it and the stored corpus and start lead to.
  static func plan(
    of point: PointResult, chain: StoredChain, workers: Workers
  ) throws -> (spec: Spec, plan: Plan) {
    let spec: Spec
    do { spec = try Spec.read(text: point.spec, fileName: "point_spec") } catch {
      throw AuditFailure("the stored spec: \(error)")
    }
    guard let body = spec.body as? ChainExperiment else {
      throw AuditFailure(
        "only results of kind 'chain' hold a chain, but this is '\(spec.header.kind)'")
    }
    guard !body.usesOpenBLAS else {
      throw NotAuditable(
        "its products were computed by OpenBLAS, whose bits depend on the machine; only results in "
          + "fixed arithmetic can be judged again")
    }
    do {
      let plan = try Plan(
        spec: body, corpus: chain.corpus, start: try start(chain, body.model.shape),
        workers: workers)
      return (spec, plan)
    } catch let failure as AuditFailure { throw failure } catch {
      throw AuditFailure("the stored spec: \(error)")
    }
  }

  /// The stored parameters that training started from; that they are the right ones follows from
  /// genesis, which names them.
  private static func start(
    _ chain: StoredChain, _ shape: ModelShape
  ) throws(AuditFailure) -> WholeModel? {
    guard let bytes = chain.start else { return nil }
    guard bytes.count == 4 * ParameterLayout(shape).count else {
      throw AuditFailure("chain/start has another size than the spec's model")
    }
    let parameters = FloatBuffer(count: ParameterLayout(shape).count)
    parameters.setLittleEndianBytes(bytes[...], at: 0)
    return WholeModel(shape: shape, parameters: parameters)
  }

  /// Every exact variable is what the chain says.
  private mutating func checkVariables(
    _ record: ChainRecord, of point: PointResult, plan: Plan, corpus: [[UInt8]]
  ) throws {
    let expected = ChainVariables(record: record, plan: plan).all(corpus: corpus).filter {
      $0.determinism == .exact
    }
    for variable in expected {
      guard let stored = point[variable.path] else {
        throw AuditFailure("variable \(variable.path) is missing")
      }
      // Compared through their hashed bytes, so that NaN equals NaN.
      guard ResultVariable.exactDigest(of: [stored]) == ResultVariable.exactDigest(of: [variable])
      else { throw AuditFailure("variable \(variable.path) is not what the chain says") }
      summary.exactVariables += 1
      if ["stake", "earnings"].contains(variable.path) {
        summary.balances += variable.values.count
      }
    }
    let known = Set(expected.map(\.path))
    if let extra = point.variables.first(where: {
      $0.determinism == .exact && !known.contains($0.path)
    }) {
      throw AuditFailure("variable \(extra.path) is exact, but the chain does not say it")
    }
  }
}
