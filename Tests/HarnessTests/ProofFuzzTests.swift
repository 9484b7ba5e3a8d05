import Fuzzing
import Harness
import Proofs
import Testing

/// Changed documents: none may crash the readers, none may be accepted for what it does not say.
@Suite struct ProofFuzzTests {
  @Test func proofDocuments() throws {
    let document = try ProofDocumentTests.document()
    let tree = ProofDocumentTests.tree
    let one = ProofDocument(commitment: document.commitment, proofs: [document.proofs[1]])
    let (counts, wrong) = Mutator.run(
      "proof document", [Array(document.json.utf8), Array(one.json.utf8)], seed: 11,
      standard: 5000
    ) { input in
      guard let read = try? ProofDocument(json: input),
        (try? read.verify(root: tree.root, leafCount: 5)) != nil
      else { return .refused }
      // Every leaf that is accepted is one of the tree, at its place.
      return read.leaves.allSatisfy { tree.leafHashes[$0.index] == $0.hash } ? .same : .wrong
    }
    #expect(counts[.wrong] == nil, "\(wrong.map { String(decoding: $0, as: UTF8.self) } ?? "")")
    #expect((counts[.refused] ?? 0) > 0)
  }

  static let rounds = """
    {"round":1,"randomness":"4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a","signature":"01","previous_signature":""}

    {"round":2,"randomness":"dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986","signature":"02"}
    """

  @Test func recordedBeacons() throws {
    let beacon = try RecordedBeaconFile.beacon(Array(Self.rounds.utf8))
    #expect(try beacon.value(round: 2) == SHA256.hash([2]))
    let (counts, _) = Mutator.run(
      "recorded beacon", [Array(Self.rounds.utf8)], seed: 12, standard: 5000
    ) { input in
      guard let read = try? RecordedBeaconFile.beacon(input) else { return .refused }
      return read.rounds.allSatisfy { SHA256.hash($0.signature) == $0.randomness } ? .same : .wrong
    }
    #expect(counts[.wrong] == nil && (counts[.refused] ?? 0) > 0)
  }

  @Test(arguments: [
    ("\"round\":2", "\"round\":3", "round 3 stands where round 2"),
    ("\"round\":2", "\"round\":-2", "line 3: 'round'"),
    ("\"signature\":\"02\"", "\"signature\":\"03\"", "SHA-256 of the signature of beacon round 2"),
    ("\"signature\":\"02\"", "\"signature\":\"0x\"", "line 3: 'signature'"),
    ("\"signature\":\"02\"", "\"signature\":\"02\",\"x\":1", "no member 'x'"),
    ("{\"round\":2", "[{\"round\":2", "line 3: byte"),
    (",\"signature\":\"02\"}", "}", "line 3: 'signature'"),
  ])
  func mistakesInRoundsAreNamed(old: String, new: String, message: String) throws {
    #expect(Self.rounds.contains(old))
    let text = Self.rounds.replacing(old, with: new)
    let error = #expect(throws: RecordedBeaconFileError.self) {
      try RecordedBeaconFile.beacon(Array(text.utf8))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
