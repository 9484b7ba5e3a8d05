import Models
import Proofs
import Protocol

/// What a variant's chain gave, as the journal keeps it.
struct FineTuningRow: CanonicalCodable {
  /// float32 loss of the whole model on both texts.
  var losses: [Float]
  var trainedParameters: UInt64
  var confirmedBlocks: UInt64
  /// Bytes under the roots that a block adds, bytes of its diff, and operations of mining it.
  var committedBytes: UInt64
  var diffBytes: UInt64
  var miningFLOPs: UInt64
  /// Means over all blocks and verifiers.
  var verificationFLOPs: Double
  var verificationHashedBytes: Double
  var verificationReceivedBytes: Double
  var verificationSeconds: Double

  /// The numbers of a chain.
  init(_ record: ChainRecord, losses: [Float]) {
    let header = record.blocks[0].block.header
    let ballots = record.blocks.flatMap(\.ballots)
    func mean(_ value: (BallotRecord) -> Double) -> Double {
      ballots.reduce(0) { $0 + value($1) } / Double(max(ballots.count, 1))
    }
    self.losses = losses
    trainedParameters = UInt64(record.genesis.task.parameterCount)
    confirmedBlocks = UInt64(record.blocks.count { $0.verdict == .confirmed })
    committedBytes = header.addedByteCount
    diffBytes = header.diffByteCount
    miningFLOPs = header.work.flops
    verificationFLOPs = mean { Double($0.attestation.attestation.work.flops) }
    verificationHashedBytes = mean { Double($0.attestation.attestation.work.hashedBytes) }
    verificationReceivedBytes = mean { Double($0.attestation.attestation.work.receivedBytes) }
    verificationSeconds = mean { $0.seconds.values.reduce(0, +) }
  }

  func encode(to writer: inout CanonicalWriter) {
    for loss in losses { writer.append(loss) }
    for count in [trainedParameters, confirmedBlocks, committedBytes, diffBytes, miningFLOPs] {
      writer.append(count)
    }
    for value in [
      verificationFLOPs, verificationHashedBytes, verificationReceivedBytes, verificationSeconds,
    ] { writer.append(value) }
  }

  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    losses = [try reader.readFloat(), try reader.readFloat()]
    trainedParameters = try reader.readUInt64()
    confirmedBlocks = try reader.readUInt64()
    committedBytes = try reader.readUInt64()
    diffBytes = try reader.readUInt64()
    miningFLOPs = try reader.readUInt64()
    verificationFLOPs = try reader.readDouble()
    verificationHashedBytes = try reader.readDouble()
    verificationReceivedBytes = try reader.readDouble()
    verificationSeconds = try reader.readDouble()
  }
}

/// All variants as variables.
struct FineTuningTable {
  let experiment: FineTuningExperiment
  let startLosses: [Float]
  let rows: [FineTuningRow]
  /// The task of training everything, which diffs are compared with.
  let full: TrainingTask
  let root: Digest

  func variables() -> [ResultVariable] {
    let variants = ("variant", rows.count)
    let texts = [experiment.pretraining.data, experiment.setup.data].map(\.fileNames)
    let text = ("text", texts.count)
    func counts(
      _ name: String, units: String = "1", _ words: String, _ value: (FineTuningRow) -> UInt64
    ) -> ResultVariable {
      ResultVariable(
        name, [variants], .int64(rows.map { Int64(clamping: value($0)) }), units: units, words)
    }
    func means(
      _ name: String, units: String = "1", _ words: String,
      _ determinism: ResultVariable.Determinism = .exact, _ value: (FineTuningRow) -> Double
    ) -> ResultVariable {
      ResultVariable(name, [variants], .float64(rows.map(value)), units: units, words, determinism)
    }
    return [
      ResultVariable(
        "variant", [variants], .text(experiment.variants.map(\.name)), "what is trained"),
      ResultVariable("text", [text], .text(texts), "what losses are measured on"),
      ResultVariable(
        "loss_before", [text], .float32(startLosses), units: "nat",
        "loss of the pre-trained model"),
      ResultVariable(
        "loss_after", [variants, text], .float32(rows.flatMap(\.losses)), units: "nat",
        "loss of the fine-tuned model, adapters merged"),
      ResultVariable("start_root", [], .text([root.hex]), "root of the pre-trained parameters"),
      ResultVariable(
        "model_parameters", [], .int64([Int64(full.parameterCount)]),
        "parameters of the whole model"),
      ResultVariable(
        "full_diff_bytes", [],
        .int64([Int64(full.publishedCount) * Int64(full.gradientByteCount)]), units: "byte",
        "bytes of a block's diff when everything is trained"),
      counts("trained_parameters", "parameters that are trained") { $0.trainedParameters },
      counts("confirmed_blocks", "blocks that were confirmed") { $0.confirmedBlocks },
      counts("committed_bytes", units: "byte", "bytes under the roots that a block adds") {
        $0.committedBytes
      },
      counts("diff_bytes", units: "byte", "bytes of a block's diff") { $0.diffBytes },
      counts("mining_flops", "operations of mining a block") { $0.miningFLOPs },
      means("verification_flops", "operations of verifying a block, mean") { $0.verificationFLOPs },
      means("verification_hashed_bytes", units: "byte", "bytes hashed to verify a block, mean") {
        $0.verificationHashedBytes
      },
      means("verification_received_bytes", units: "byte", "bytes fetched to verify a block, mean") {
        $0.verificationReceivedBytes
      },
      means("verification_seconds", units: "s", "wall-clock time of verifying a block", .measured) {
        $0.verificationSeconds
      },
    ]
  }
}

/// The tables of a `fine-tuning` result; reads nothing but the point.
struct FineTuningReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    let (variants, texts) = (try file.texts("variant"), try file.texts("text"))
    let (before, after) = (try file.singles("loss_before"), try file.singles("loss_after"))
    let (trained, diffs) = (try file.integers("trained_parameters"), try file.integers("diff_bytes"))
    let committed = try file.integers("committed_bytes")
    let whole = Double(try file.integers("model_parameters").first ?? 1)
    let fullDiff = Double(try file.integers("full_diff_bytes").first ?? 1)
    let (flops, seconds) = (
      try file.numbers("verification_flops"), try file.numbers("verification_seconds")
    )
    let received = try file.numbers("verification_received_bytes")
    let mining = try file.integers("mining_flops")
    let confirmed = try file.integers("confirmed_blocks")
    var table = ReportTable(
      [.text("variant")] + texts.map { .number("loss on \($0)") } + [
        .number("trained"), .number("of model"), .number("diff"), .number("of full diff"),
        .number("committed"), .number("verifying FLOPs"), .number("of mining"), .number("fetched"),
        .number("verifying"), .number("confirmed"),
      ])
    for (row, name) in variants.enumerated() {
      let losses = texts.indices.map { text in
        "\(Numbers.loss(Double(before[text]))) -> "
          + Numbers.loss(Double(after[row * texts.count + text]))
      }
      table.rows.append(
        [name] + losses + [
          "\(trained[row])", Numbers.percent(Double(trained[row]) / whole),
          Numbers.bytes(diffs[row]), Numbers.percent(Double(diffs[row]) / fullDiff),
          Numbers.bytes(committed[row]), Numbers.flops(Int64(flops[row])),
          Numbers.percent(flops[row] / Double(mining[row])), Numbers.bytes(Int64(received[row])),
          Numbers.seconds(seconds[row]), "\(confirmed[row])",
        ])
    }
    return [
      .init(
        "Variants",
        lines: [
          "Losses in nat a token of the float32 model, before and after fine-tuning; bytes and costs a",
          "block, verifying by one verifier (mean). Shares are of the model's parameters, of the diff",
          "when everything is trained, and of mining's FLOPs.",
        ], table: table)
    ]
  }
}
