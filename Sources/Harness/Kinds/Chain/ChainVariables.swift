import Kernels
import Models
import Proofs
import Protocol

/// Byte strings of different lengths, one after the other, with the offset of each.
struct PackedBytes {
  var bytes: [UInt8] = []
  var offsets: [Int64] = [0]

  init(_ parts: [[UInt8]]) {
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for part in parts {
      bytes += part
      offsets.append(Int64(bytes.count))
    }
  }
}

/// The variables of a `chain` experiment, made from the record alone; an audit makes the exact
/// ones again and compares.
struct ChainVariables {
  let record: ChainRecord
  let minerNames: [String]
  let verifierNames: [String]
  /// All parameters of the model that training started from, if it was given.
  private let start: FloatBuffer?
  /// Whether the spec speaks of fine-tuning.
  private let isFineTuning: Bool
  /// Whether the spec asks for disputes.
  let settlesDisputes: Bool

  init(record: ChainRecord, plan: Plan) {
    self.record = record
    minerNames = plan.miners.map(\.name)
    verifierNames = plan.verifiers.map(\.name)
    start = plan.start
    settlesDisputes = plan.spec.verification.settlesDisputes
    isFineTuning = plan.spec.fineTuning != nil || plan.spec.start != nil
  }

  var blocks: (name: String, length: Int) { ("block", record.blocks.count) }
  private var verifiers: (name: String, length: Int) { ("verifier", verifierNames.count) }
  private var steps: (name: String, length: Int) {
    ("step", Int(record.genesis.task.stepsPerBlock))
  }
  private var participants: (name: String, length: Int) {
    ("participant", minerNames.count + verifierNames.count)
  }

  /// All variables; `corpus`, what its files hold, is stored so that the file can be audited alone.
  func all(corpus: [[UInt8]]) -> [ResultVariable] {
    coordinates + perBlock + perStep + perVerifier + perParticipant + measured + fineTuning
      + disputes
      + chain(corpus: corpus)
  }

  // MARK: tables

  private var coordinates: [ResultVariable] {
    [
      ResultVariable(
        "block", [blocks], .int64(record.blocks.indices.map { Int64($0 + 1) }),
        "number of the proposed block, confirmed or not"),
      ResultVariable("verifier", [verifiers], .text(verifierNames), "name of the verifier"),
      ResultVariable(
        "step", [steps], .int64((0..<steps.length).map(Int64.init)),
        "number of the optimizer step in its block"),
      ResultVariable(
        "participant", [participants], .text(minerNames + verifierNames),
        "name of the miner or verifier"),
      ResultVariable(
        "mining_phase", [("mining_phase", Phase.mining.count)],
        .text(Phase.mining.map(\.rawValue)), "part of mining"),
      ResultVariable(
        "verification_phase", [("verification_phase", Phase.verifying.count)],
        .text(Phase.verifying.map(\.rawValue)), "part of verifying"),
    ]
  }

  private func perBlock(
    _ name: String, units: String = "1", _ longName: String, _ value: (BlockRecord) -> Int64
  ) -> ResultVariable {
    ResultVariable(
      name, [blocks], .int64(record.blocks.map(value)), units: units, longName)
  }

  private var perBlock: [ResultVariable] {
    let task = record.genesis.task
    let names = Dictionary(
      zip(record.genesis.miners.map(\.key), minerNames), uniquingKeysWith: { first, _ in first })
    func header(_ record: BlockRecord) -> BlockHeader { record.block.header }
    func text(_ name: String, _ longName: String, _ value: (BlockRecord) -> String)
      -> ResultVariable
    { ResultVariable(name, [blocks], .text(record.blocks.map(value)), longName) }
    func measured(_ block: BlockRecord, _ value: (Attestation) -> Float) -> Double {
      mean(
        block.ballots.map(\.attestation.attestation).filter { $0.evaluatedTokens > 0 }
          .map { Double(value($0)) })
    }
    func losses(_ name: String, _ longName: String, _ value: (Attestation) -> Float)
      -> ResultVariable
    {
      ResultVariable(
        name, [blocks], .float64(record.blocks.map { measured($0, value) }), units: "nat", longName)
    }
    // A block that was not confirmed leaves the model as it was.
    let confirmed = record.blocks.last { $0.verdict == .confirmed }
    return [
      text("miner", "miner that proposed the block") { names[header($0).miner] ?? "unknown" },
      text("verdict", "what finalization decided") { $0.verdict.word },
      text("verdict_reason", "the verdict with its reason") { $0.verdict.description },
      perBlock("height", "height that the block has if it is confirmed") {
        Int64(header($0).height.value)
      },
      losses("loss_before", "loss of the quantized model before the block, mean over verifiers") {
        $0.lossBefore
      },
      losses("loss_after", "loss of the quantized model after the block, mean over verifiers") {
        $0.lossAfter
      },
      ResultVariable(
        "confirmed_loss", [],
        .float64([confirmed.map { measured($0) { $0.lossAfter } } ?? .nan]), units: "nat",
        "loss of the quantized model after the last confirmed block, mean over verifiers"),
      perBlock("started_at", units: "ms", "virtual time at which mining started") {
        Int64(header($0).startedAt.milliseconds)
      },
      perBlock("committed_at", units: "ms", "virtual time of the commitment") {
        Int64(header($0).committedAt.milliseconds)
      },
      perBlock("model_bytes", units: "byte", "bytes of the float32 parameters") { _ in
        Int64(task.parameterByteCount)
      },
      perBlock("quantized_bytes", units: "byte", "bytes of the quantized model") { _ in
        Int64(task.quantizedByteCount)
      },
      perBlock("auxiliary_bytes", units: "byte", "bytes of optimizer state and residual") { _ in
        Int64(task.auxiliaryByteCount)
      },
      perBlock("diff_bytes", units: "byte", "bytes of the published gradients") {
        Int64(header($0).diffByteCount)
      },
      perBlock("patched_leaves", "leaves that differ from what the diff leads to") {
        Int64($0.patch.count)
      },
      perBlock("mining_flops", "floating-point operations that the header claims") {
        Int64(clamping: header($0).work.flops)
      },
      perBlock("mining_hashed_bytes", units: "byte", "bytes hashed that the header claims") {
        Int64(clamping: header($0).work.hashedBytes)
      },
    ]
  }

  /// What a start or a part that is trained alone adds; nothing for a chain without either.
  private var fineTuning: [ResultVariable] {
    guard isFineTuning else { return [] }
    let task = record.genesis.task
    return [
      ResultVariable(
        "fine_tuning", [], .text([task.fineTuning.name]), "what of the model is trained"),
      ResultVariable(
        "model_parameters", [], .int64([Int64(ParameterLayout(task.shape).count)]),
        "parameters of the whole model"),
      ResultVariable(
        "trained_parameters", [], .int64([Int64(task.parameterCount)]),
        "parameters that are trained, committed and published"),
      ResultVariable(
        "start_root", [], .text([task.start?.root.hex ?? ""]),
        "root of all parameters that training started from; empty if they were drawn from the seed"),
      perBlock("committed_bytes", units: "byte", "bytes under the roots that the block adds") {
        Int64(clamping: $0.block.header.addedByteCount)
      },
    ]
  }

  private var perStep: [ResultVariable] {
    [
      ResultVariable(
        "step_loss", [blocks, steps],
        .float32(record.blocks.flatMap { $0.publication.records.map(\.loss) }), units: "nat",
        "minibatch loss before each step, as the miner claims it")
    ]
  }

  private var perVerifier: [ResultVariable] {
    func number(
      _ name: String, units: String = "1", _ longName: String, _ value: (Attestation) -> UInt64
    ) -> ResultVariable {
      ResultVariable(
        name, [blocks, verifiers],
        .int64(
          record.blocks.flatMap { block in
            block.ballots.map { Int64(clamping: value($0.attestation.attestation)) }
          }), units: units, longName)
    }
    return [
      ResultVariable(
        "attestation", [blocks, verifiers],
        .text(
          record.blocks.flatMap { block in
            block.ballots.map { $0.attestation.attestation.reason.description }
          }), "positive, or the reason of the negative"),
      number("checked_leaves", "leaves that the verifier opened") { UInt64($0.checkedLeaves) },
      number("replayed_steps", "steps that the verifier computed again") {
        UInt64($0.replayedSteps)
      },
      number("evaluated_tokens", "tokens on which the quantized model was measured") {
        UInt64($0.evaluatedTokens)
      },
      number("verification_flops", "floating-point operations of matrix products") {
        $0.work.flops
      },
      number("verification_hashed_bytes", units: "byte", "bytes hashed") { $0.work.hashedBytes },
      number("verification_received_bytes", units: "byte", "bytes fetched from the miner") {
        $0.work.receivedBytes
      },
    ]
  }

  private var perParticipant: [ResultVariable] {
    let keys = record.genesis.miners.map(\.key) + record.genesis.verifiers.map(\.key)
    func amounts(_ name: String, _ longName: String, _ value: (Ledger, PublicKey) -> Stake)
      -> ResultVariable
    {
      ResultVariable(
        name, [blocks, participants],
        .int64(
          record.blocks.flatMap { block in
            keys.map { Int64(clamping: value(block.ledger, $0).units) }
          }), longName)
    }
    return [
      amounts("stake", "stake after the block") { $0.stake(of: $1) },
      amounts("earnings", "earnings after the block") { $0.earnings(of: $1) },
    ]
  }

  private var measured: [ResultVariable] {
    [
      ResultVariable(
        "mining_seconds", [blocks, ("mining_phase", Phase.mining.count)],
        .float64(
          record.blocks.flatMap { block in
            Phase.mining.map { block.miningSeconds[$0] ?? .nan }
          }), units: "s", "wall-clock time of mining", .measured),
      ResultVariable(
        "verification_seconds",
        [blocks, verifiers, ("verification_phase", Phase.verifying.count)],
        .float64(
          record.blocks.flatMap { block in
            block.ballots.flatMap { ballot in
              Phase.verifying.map { ballot.seconds[$0] ?? .nan }
            }
          }), units: "s", "wall-clock time of verifying; NaN for a check that was not reached",
        .measured),
    ]
  }

  // MARK: the chain itself

  private func packed(_ name: String, _ longName: String, _ parts: [[UInt8]]) -> [ResultVariable] {
    let packed = PackedBytes(parts)
    return [
      ResultVariable(
        name, group: "chain", [("\(name)_byte", packed.bytes.count)], .uint8(packed.bytes),
        longName),
      ResultVariable(
        "\(name)_offset", group: "chain", [("\(name)_edge", packed.offsets.count)],
        .int64(packed.offsets), units: "byte", "where each of the \(name) starts and ends"),
    ]
  }

  private func chain(corpus: [[UInt8]]) -> [ResultVariable] {
    let ballots = record.blocks.flatMap(\.ballots)
    return packed("genesis", "canonical bytes of genesis", [record.genesis.canonicalBytes])
      + packed("corpus", "the files that were trained on", corpus)
      + (start.map {
        packed(
          "start", "all parameters that training started from, float32",
          [$0.littleEndianBytes(0..<$0.count)])
      } ?? [])
      + packed(
        "beacons", "beacon values of each block: training, then challenge",
        record.blocks.map { $0.trainingBeacon.bytes + $0.challengeBeacon.bytes })
      + packed("headers", "signed headers", record.blocks.map(\.block.canonicalBytes))
      + packed(
        "publications", "trace records and quantized gradients",
        record.blocks.map(\.publication.canonicalBytes))
      + packed(
        "patches", "committed leaves that the diff does not lead to",
        record.blocks.map(\.patch.canonicalBytes))
      + packed(
        "auxiliaries", "committed optimizer state and residual after each block",
        record.blocks.map(\.auxiliary))
      + packed(
        "twins", "committed leaves of the quantized twin that belong to other parameters",
        record.blocks.map(\.twin.canonicalBytes))
      + packed(
        "rivals", "other headers that the miner signed at the same height",
        record.blocks.map(\.rivals.canonicalBytes))
      + packed(
        "attestations", "signed attestations, by block and verifier",
        ballots.map(\.attestation.canonicalBytes))
      + packed(
        "evidence", "evidence of fraud, empty without",
        ballots.map { $0.evidence?.canonicalBytes ?? [] })
      + packed(
        "openings", "leaves with their proofs that a verifier was shown",
        ballots.map(\.transcript.canonicalBytes))
  }
}

extension BlockHeader {
  /// Bytes under the roots that the block adds: parameters, twin, trace, optimizer state and what was
  /// published.
  var addedByteCount: UInt64 {
    let roots = [after, quantizedAfter, trace, auxiliaryAfter]
    return roots.reduce(diffByteCount) { $0 + ($1?.byteCount ?? 0) }
  }
}

/// Mean in ascending order; NaN of nothing.
private func mean(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
