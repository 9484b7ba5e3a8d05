import Proofs

/// One verifier's signed word about one block.
public struct Attestation: Sendable, Hashable, CanonicalCodable {
  /// Version of this encoding.
  public static let version: UInt16 = 1

  /// Why an attestation is negative, or that it is positive.
  public enum Reason: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case positive = 0
    case structure = 1
    case leaf = 2
    case update = 3
    case replay = 4
    case progress = 5
    case unavailable = 6

    public var description: String {
      switch self {
      case .positive: "positive"
      case .structure: "structure"
      case .leaf: "leaf check"
      case .update: "update check"
      case .replay: "replay"
      case .progress: "no progress"
      case .unavailable: "no valid answer"
      }
    }
  }

  /// Digest of the block's header.
  public var block: Digest
  /// Who attests.
  public var verifier: PublicKey
  /// Proof of the random output from which the verifier's challenge follows.
  public var randomness: VRFProof
  /// Positive, or why not.
  public var reason: Reason
  /// Digest of the evidence that comes with a negative.
  public var evidence: Digest?
  /// Digest of what the verifier looked at.
  public var transcript: Digest
  /// How many leaves were checked, steps replayed and tokens evaluated.
  public var checkedLeaves: UInt32
  /// How many steps were replayed.
  public var replayedSteps: UInt32
  /// On how many tokens the quantized model was measured.
  public var evaluatedTokens: UInt32
  /// Loss of the quantized model before and after; zero when it was not measured.
  public var lossBefore: Float
  /// Loss of the quantized model after the block; zero when it was not measured.
  public var lossAfter: Float
  /// Work that the verifier did.
  public var work: Work
  /// When it was signed, on the virtual clock.
  public var attestedAt: VirtualTime

  /// Whether the verifier found nothing wrong.
  public var isPositive: Bool { reason == .positive }

  /// What is signed, or named by others.
  public var digest: Digest { Digest.tagged("PoGO/attestation", self) }

  /// From its parts.
  public init(
    block: Digest, verifier: PublicKey, randomness: VRFProof, reason: Reason, evidence: Digest?,
    transcript: Digest, checkedLeaves: Int, replayedSteps: Int, evaluatedTokens: Int,
    losses: ProgressMeasurement?, work: Work, attestedAt: VirtualTime
  ) {
    self.block = block
    self.verifier = verifier
    self.randomness = randomness
    self.reason = reason
    self.evidence = evidence
    self.transcript = transcript
    self.checkedLeaves = UInt32(checkedLeaves)
    self.replayedSteps = UInt32(replayedSteps)
    self.evaluatedTokens = UInt32(evaluatedTokens)
    lossBefore = losses?.before ?? 0
    lossAfter = losses?.after ?? 0
    self.work = work
    self.attestedAt = attestedAt
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(Self.version)
    writer.append(block)
    writer.append(verifier)
    writer.append(randomness)
    writer.append(reason.rawValue)
    writer.append(evidence)
    writer.append(transcript)
    writer.append(checkedLeaves)
    writer.append(replayedSteps)
    writer.append(evaluatedTokens)
    writer.append(lossBefore)
    writer.append(lossAfter)
    writer.append(work)
    writer.append(attestedAt)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let version = try reader.readUInt16()
    guard version == Self.version else {
      throw .invalidValue(
        offset: start, expected: "attestation version \(Self.version)", actual: "\(version)")
    }
    block = try reader.readDigest()
    verifier = try reader.read()
    randomness = try reader.read()
    let reasonOffset = reader.offset
    let raw = try reader.readUInt8()
    guard let reason = Reason(rawValue: raw) else {
      throw .invalidValue(offset: reasonOffset, expected: "a reason", actual: "\(raw)")
    }
    self.reason = reason
    evidence = try reader.read()
    transcript = try reader.readDigest()
    checkedLeaves = try reader.readUInt32()
    replayedSteps = try reader.readUInt32()
    evaluatedTokens = try reader.readUInt32()
    lossBefore = try reader.readFloat()
    lossAfter = try reader.readFloat()
    work = try reader.read()
    attestedAt = try reader.read()
  }
}

/// An attestation with its verifier's signature.
public struct SignedAttestation: Sendable, Hashable, CanonicalCodable {
  /// What was signed.
  public let attestation: Attestation
  /// Over the digest of the attestation.
  public let signature: Signature

  /// From its parts.
  public init(attestation: Attestation, signature: Signature) {
    self.attestation = attestation
    self.signature = signature
  }

  /// Signs `attestation` with its verifier's key.
  public init(
    signing attestation: Attestation, with key: PrivateKey
  ) throws(SignatureError) {
    self.attestation = attestation
    signature = try key.sign(attestation.digest.bytes)
  }

  /// Whether the verifier that the attestation names signed it.
  public var hasValidSignature: Bool {
    attestation.verifier.isValidSignature(signature, for: attestation.digest.bytes)
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(attestation)
    writer.append(signature)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    attestation = try reader.read()
    signature = try reader.read()
  }
}

/// What one verifier was shown: its attestation binds it by digest, so that an audit can check
/// every opening again.
public struct Transcript: Sendable, Hashable, CanonicalCodable {
  /// Opened leaves, in the order of the challenge.
  public var answers: [LeafAnswer] = []

  /// From its parts.
  public init() {}

  /// What is signed, or named by others.
  public var digest: Digest { Digest.tagged("PoGO/transcript", self) }

  public func encode(to writer: inout CanonicalWriter) { writer.append(answers) }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    answers = try reader.readArray()
  }
}
