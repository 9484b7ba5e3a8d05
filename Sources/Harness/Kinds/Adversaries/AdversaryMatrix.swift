import Kernels
import Models
import Proofs
import Protocol

/// Verdicts, reasons and costs of adversaries (rows) against checks (columns).
struct AdversaryMatrix {
  /// What came of one block.
  struct Cell {
    let verdict: String
    let reasons: [String]
    let negatives: Int
    let work: Work
    let minerStakeLost: UInt64
  }

  let adversaries: [String]
  let columns: [String]
  private var cells: [Cell] = []

  init(adversaries: [String], columns: [String]) {
    self.adversaries = adversaries
    self.columns = columns
  }

  var cellCount: Int { cells.count }

  /// Who caught the last row's miner, in words.
  var lastRowSummary: String {
    let row = cells.suffix(columns.count)
    let caught = zip(columns, row).filter { $0.1.verdict == "slashed" }.map(\.0)
    return caught.isEmpty
      ? "confirmed under every check" : "slashed by " + caught.joined(separator: ", ")
  }

  mutating func append(_ cell: Cell) { cells.append(cell) }

  /// Mines a block, lets all verifiers look and the chain decide.
  static func cell(_ plan: Plan, arithmetic: Arithmetic) throws -> Cell {
    let trainer = try Trainer(task: plan.task, corpus: plan.corpus, arithmetic: arithmetic)
    let parent = try ModelState.initial(task: plan.task, arithmetic: arithmetic)
    let state = ChainState(plan.genesis(initial: parent))
    let trainingBeacon = try plan.beacon.value(round: Int(state.miningRound))
    let challengeBeacon = try plan.beacon.value(round: Int(state.challengeRound))
    let block = try plan.miners[0].mine(
      on: state, parent: parent, trainingBeacon: trainingBeacon, trainer: trainer,
      clock: UnreadClock())
    let context = BlockContext(
      state: state, block: block.signed, parent: parent, trainingBeacon: trainingBeacon,
      challengeBeacon: challengeBeacon, sightings: block.rivals)
    var outcomes: [Protocol.Verifier.Outcome] = []
    for verifier in plan.verifiers {
      outcomes.append(
        try verifier.verify(
          context, server: block.server, trainer: trainer, clock: UnreadClock(), earlier: outcomes))
    }
    let constants = plan.constants
    let close =
      constants.time(ofRound: state.miningRound)
      + (constants.blockTimeMilliseconds + constants.attestationWindowMilliseconds)
    let (after, verdict) = try state.advanced(
      by: block.signed, submissions: outcomes.map { Submission($0) },
      challengeBeacon: challengeBeacon,
      judge: EvidenceJudge(
        state: state, publication: block.server.publication(), parent: parent,
        trainingBeacon: trainingBeacon, trainer: trainer, clock: UnreadClock()),
      at: close)
    let attestations = outcomes.map(\.attestation.attestation)
    return Cell(
      verdict: verdict.word, reasons: attestations.map(\.reason.description),
      negatives: attestations.count { !$0.isPositive },
      work: outcomes.reduce(into: Work()) { $0 += $1.meter.totalWork },
      minerStakeLost: BlockAccount(
        of: block.signed.header.miner, before: state.ledger, after: after.ledger
      ).lost)
  }

  /// Everything, over the axes `adversary` and `check`.
  func variables() -> [ResultVariable] {
    let axes = [("adversary", adversaries.count), ("check", columns.count)]
    func number(_ name: String, units: String = "1", _ words: String, _ value: (Cell) -> UInt64)
      -> ResultVariable
    {
      ResultVariable(
        name, axes, .int64(cells.map { Int64(clamping: value($0)) }), units: units, words)
    }
    return [
      ResultVariable("adversary", [axes[0]], .text(adversaries), "what the miner does"),
      ResultVariable(
        "check", [axes[1]], .text(columns), "what verifiers check; availability with leaf questions"
      ),
      ResultVariable("verdict", axes, .text(cells.map(\.verdict)), "what the chain decided"),
      ResultVariable(
        "reason", axes, .text(cells.map { $0.reasons.first { $0 != "positive" } ?? "positive" }),
        "reason of the first negative, or positive"),
      number("caught", "1 if the block was slashed") { $0.verdict == "slashed" ? 1 : 0 },
      number("negatives", "verifiers that attested negative") { UInt64($0.negatives) },
      number("stake_lost", "stake that the miner lost") { $0.minerStakeLost },
      number("verification_flops", "operations of all verifiers") { $0.work.flops },
      number("verification_hashed_bytes", units: "byte", "bytes that all verifiers hashed") {
        $0.work.hashedBytes
      },
      number("verification_received_bytes", units: "byte", "bytes that all verifiers fetched") {
        $0.work.receivedBytes
      },
    ]
  }

  /// The matrix as people read it.
  static func sections(_ file: PointResult) throws(ResultError) -> [ReportDocument.Section] {
    let (rows, columns) = (try file.texts("adversary"), try file.texts("check"))
    let (verdicts, reasons) = (try file.texts("verdict"), try file.texts("reason"))
    var matrix = ReportTable(
      [.text("miner")] + columns.map { ReportTable.Column.text($0) } + [.text("reason")])
    var costs = ReportTable([.text("miner")] + columns.map { ReportTable.Column.number($0) })
    let flops = try file.integers("verification_flops")
    for row in rows.indices {
      let range = row * columns.count..<(row + 1) * columns.count
      matrix.rows.append([rows[row]] + verdicts[range] + [reasons[range.upperBound - 1]])
      costs.rows.append([rows[row]] + flops[range].map { Numbers.flops($0) })
    }
    return [
      .init(
        "Verdicts",
        lines: ["Each column is one check alone, availability with the leaf check's questions."],
        table: matrix),
      .init("Operations of all verifiers together", table: costs),
    ]
  }
}
