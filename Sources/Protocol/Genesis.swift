import Proofs

/// A miner that may propose blocks.
public struct MinerRegistration: Sendable, Hashable, CanonicalCodable {
  /// Key that signs its headers.
  public let key: PublicKey
  /// What it can lose.
  public let stake: Stake

  /// From its parts.
  public init(key: PublicKey, stake: Stake) {
    self.key = key
    self.stake = stake
  }
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(key)
    writer.append(stake)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    key = try reader.read()
    stake = try reader.read()
  }
}

/// A verifier that may attest.
public struct VerifierRegistration: Sendable, Hashable, CanonicalCodable {
  /// Key that signs its attestations.
  public let key: PublicKey
  /// Key of its verifiable random function, registered before any beacon value appears.
  public let vrfKey: VRFPublicKey
  /// Its weight in finalization, and what it can lose.
  public let stake: Stake

  /// From its parts.
  public init(key: PublicKey, vrfKey: VRFPublicKey, stake: Stake) {
    self.key = key
    self.vrfKey = vrfKey
    self.stake = stake
  }
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(key)
    writer.append(vrfKey)
    writer.append(stake)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    key = try reader.read()
    vrfKey = try reader.read()
    stake = try reader.read()
  }
}

/// What everyone knows before the first block; its digest is the first parent.
public struct Genesis: Sendable, Hashable, CanonicalCodable {
  /// What training means on this chain.
  public let task: TrainingTask
  /// Times, rates, rewards and penalties.
  public let constants: ProtocolConstants
  /// Who may propose.
  public let miners: [MinerRegistration]
  /// Who may attest.
  public let verifiers: [VerifierRegistration]
  /// Round 0 of the beacon's hash chain.
  public let beaconAnchor: Digest
  /// The first parameters, and their quantized twin.
  public let parameters: Commitment
  /// Quantized twin of the first parameters.
  public let quantizedModel: Commitment
  /// The first optimizer state and residual, zeros; nil if the task has neither.
  public let auxiliary: Commitment?

  /// From its parts.
  public init(
    task: TrainingTask, constants: ProtocolConstants, miners: [MinerRegistration],
    verifiers: [VerifierRegistration], beaconAnchor: Digest, parameters: Commitment,
    quantizedModel: Commitment, auxiliary: Commitment? = nil
  ) {
    self.task = task
    self.constants = constants
    self.miners = miners
    self.verifiers = verifiers
    self.beaconAnchor = beaconAnchor
    self.parameters = parameters
    self.quantizedModel = quantizedModel
    self.auxiliary = auxiliary
  }

  /// Name of this chain.
  public var digest: Digest { Digest.tagged("PoGO/genesis", self) }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(task)
    writer.append(constants)
    writer.append(miners)
    writer.append(verifiers)
    writer.append(beaconAnchor)
    writer.append(parameters)
    writer.append(quantizedModel)
    writer.append(auxiliary)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    task = try reader.read()
    constants = try reader.read()
    miners = try reader.readArray()
    verifiers = try reader.readArray()
    beaconAnchor = try reader.readDigest()
    parameters = try reader.read()
    quantizedModel = try reader.read()
    auxiliary = try reader.read()
  }
}
