import Protocol

/// What a chain's result says about disputes; nothing unless its spec asks for them.
extension ChainVariables {
  var disputes: [ResultVariable] {
    guard settlesDisputes else { return [] }
    return [
      text("dispute_accuser", "verifier that accuses a segment first; empty if none does") {
        self.verifierNames[Int($0.verifier)]
      },
      text("dispute_contested", "what miner and verifier turn out to differ about") {
        $0.contested
      },
      text("dispute_operator", "layer and name of the operator that the referee runs, if any") {
        $0.operation
      },
      text("dispute_guilty", "whom the referee finds wrong") { $0.guilty },
      number("dispute_step", "step of the block that the parties differ about; -1 for none") {
        $0.step.map { Int64($0) } ?? -1
      },
      number("dispute_rounds", "questions that both parties answer") { Int64($0.rounds) },
      number("dispute_bytes", units: "byte", "bytes that both parties send") {
        Int64(clamping: $0.exchangedBytes)
      },
      number("dispute_flops", "floating-point operations of the referee") {
        Int64(clamping: $0.refereeWork.flops)
      },
      number("dispute_hashed_bytes", units: "byte", "bytes that the referee hashes") {
        Int64(clamping: $0.refereeWork.hashedBytes)
      },
      number("dispute_segment_flops", "floating-point operations of replaying the segment instead") {
        Int64(clamping: $0.segmentFLOPs)
      },
    ]
  }

  private func text(
    _ name: String, _ longName: String, _ value: (BlockDispute) -> String
  ) -> ResultVariable {
    ResultVariable(
      name, [blocks], .text(record.blocks.map { $0.dispute.map(value) ?? "" }), longName)
  }

  private func number(
    _ name: String, units: String = "1", _ longName: String, _ value: (BlockDispute) -> Int64
  ) -> ResultVariable {
    ResultVariable(
      name, [blocks], .int64(record.blocks.map { $0.dispute.map(value) ?? -1 }), units: units,
      longName)
  }
}
