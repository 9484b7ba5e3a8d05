import Proofs
import Protocol

/// The canonical bytes of a chain as a result file holds them, cut into their parts.
struct StoredChain {
  let genesis: Genesis
  let corpus: [[UInt8]]
  /// All parameters that training started from, float32, if they were given.
  let start: [UInt8]?
  let blocks: [StoredBlock]

  /// One block's parts, decoded.
  struct StoredBlock {
    let trainingBeacon: Digest
    let challengeBeacon: Digest
    let block: SignedHeader
    let publication: Publication
    let patch: [PatchedLeaf]
    let auxiliary: [UInt8]
    let twin: [PatchedLeaf]
    let rivals: [SignedHeader]
    let ballots: [StoredBallot]
  }

  /// One attestation's parts, decoded.
  struct StoredBallot {
    let attestation: SignedAttestation
    let evidence: Evidence?
    let transcript: Transcript
  }

  /// Takes the chain apart; throws ``AuditFailure`` that names block and field.
  init(_ file: PointResult) throws(AuditFailure) {
    func parts(_ name: String) throws(AuditFailure) -> [[UInt8]] {
      guard case .uint8(let bytes) = file["chain/\(name)"]?.values,
        case .int64(let offsets) = file["chain/\(name)_offset"]?.values
      else { throw AuditFailure("the file has no chain/\(name)") }
      guard offsets.first == 0, offsets.last == Int64(bytes.count),
        zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
      else { throw AuditFailure("chain/\(name)_offset does not cut chain/\(name)") }
      return zip(offsets, offsets.dropFirst()).map { Array(bytes[Int($0)..<Int($1)]) }
    }
    func decode<Value: CanonicalCodable>(
      _ bytes: [UInt8], _ place: @autoclosure () -> String
    ) throws(AuditFailure) -> Value {
      do { return try Value(canonicalBytes: bytes) } catch {
        throw AuditFailure("\(place()): \(error)")
      }
    }
    let corpus = try parts("corpus")
    guard let genesis = try parts("genesis").first, !corpus.isEmpty else {
      throw AuditFailure("genesis or corpus is missing")
    }
    self.genesis = try decode(genesis, "genesis")
    self.corpus = corpus
    start = file["chain/start"] == nil ? nil : try parts("start").first
    let (headers, beacons) = (try parts("headers"), try parts("beacons"))
    let (publications, patches) = (try parts("publications"), try parts("patches"))
    let (attestations, evidence) = (try parts("attestations"), try parts("evidence"))
    let openings = try parts("openings")
    let (auxiliaries, twins) = (try parts("auxiliaries"), try parts("twins"))
    let rivals = try parts("rivals")
    let verifiers = self.genesis.verifiers.count
    guard beacons.count == headers.count, publications.count == headers.count,
      patches.count == headers.count, auxiliaries.count == headers.count,
      twins.count == headers.count, rivals.count == headers.count,
      attestations.count == headers.count * verifiers,
      evidence.count == attestations.count, openings.count == attestations.count
    else { throw AuditFailure("the parts of the chain have different numbers of blocks") }
    var blocks: [StoredBlock] = []
    for index in headers.indices {
      let place = "block \(index + 1)"
      guard let training = Digest(bytes: beacons[index].prefix(32)),
        let challenge = Digest(bytes: beacons[index].dropFirst(32))
      else { throw AuditFailure("\(place), beacons: they need 64 bytes") }
      var ballots: [StoredBallot] = []
      for verifier in 0..<verifiers {
        let position = index * verifiers + verifier
        let whose = "\(place), verifier \(verifier + 1)"
        var found: Evidence?
        if !evidence[position].isEmpty {
          let decoded: Evidence = try decode(evidence[position], "\(whose), evidence")
          found = decoded
        }
        ballots.append(
          StoredBallot(
            attestation: try decode(attestations[position], "\(whose), attestation"),
            evidence: found,
            transcript: try decode(openings[position], "\(whose), openings")))
      }
      blocks.append(
        StoredBlock(
          trainingBeacon: training, challengeBeacon: challenge,
          block: try decode(headers[index], "\(place), header"),
          publication: try decode(publications[index], "\(place), publication"),
          patch: try decode(patches[index], "\(place), patch"), auxiliary: auxiliaries[index],
          twin: try decode(twins[index], "\(place), twin"),
          rivals: try decode(rivals[index], "\(place), rivals"), ballots: ballots))
    }
    self.blocks = blocks
  }
}

/// A result that cannot be judged again, however true it is.
public struct NotAuditable: Error, Sendable, Equatable, CustomStringConvertible {
  /// Why.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// The first thing in a file that does not hold; says where.
public struct AuditFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where in the file, and what is wrong.
  public let description: String
  init(_ description: String) { self.description = description }
}
