/// A positive rests on what its verifier was shown: `docs/protocol.md`, section 6.7.
public enum TranscriptCheck {
  /// Whether `transcript` is the one that was signed and opens every challenged leaf under the
  /// block's roots, and the attestation states the counts of its challenge.
  public static func isGrounded(
    _ attestation: Attestation, transcript: Transcript, challenge: Challenge, header: BlockHeader,
    records: [TraceRecord], task: TrainingTask
  ) -> Bool {
    guard transcript.digest == attestation.transcript,
      Int(attestation.checkedLeaves) == challenge.leaves.count,
      Int(attestation.replayedSteps) == challenge.steps.count,
      Int(attestation.evaluatedTokens) == challenge.evaluationStarts.count
        * Int(task.contextLength),
      transcript.answers.count == challenge.leaves.count
    else { return false }
    return zip(transcript.answers, challenge.leaves).allSatisfy { answer, leaf in
      do {
        try LeafCheck.checkOpenings(
          of: answer, leaf: leaf, header: header, records: records, task: task)
        return true
      } catch { return false }
    }
  }
}
