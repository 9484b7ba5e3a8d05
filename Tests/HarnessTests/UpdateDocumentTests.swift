import Fuzzing
import Harness
import Proofs
import Testing

@Suite struct UpdateDocumentTests {
  static let before = ProofDocumentTests.tree
  static let after: MerkleTree = {
    var data = ProofDocumentTests.data
    data[1500] ^= 1
    data[4999] ^= 128
    return MerkleTree(bytes: data, leafSize: 1024)
  }()

  static func document() throws -> UpdateDocument {
    UpdateDocument(
      commitment: Commitment(.file, byteCount: 5000, leafSize: 1024, root: after.root),
      oldRoot: before.root, proof: try UpdateProof(from: before, to: after))
  }

  private static func holds(_ document: UpdateDocument) -> Bool {
    (try? document.verify(oldRoot: before.root, newRoot: after.root, leafCount: 5)) != nil
  }

  @Test func documentsComeBackAndHold() throws {
    let document = try Self.document()
    #expect(document.proof.changes.map(\.leafIndex) == [1, 4])
    let read = try UpdateDocument(json: Array(document.json.utf8))
    #expect(read == document && Self.holds(read))
    #expect(throws: ProofError.self) {
      try read.verify(oldRoot: Self.after.root, newRoot: Self.before.root, leafCount: 5)
    }
    #expect(throws: ProofError.self) {
      try read.verify(oldRoot: Self.before.root, newRoot: Self.after.root, leafCount: 6)
    }
    let none = UpdateDocument(
      commitment: ProofDocumentTests.commitment, oldRoot: Self.before.root,
      proof: try UpdateProof(from: Self.before, to: Self.before))
    #expect(try UpdateDocument(json: Array(none.json.utf8)) == none)
    try none.verify(oldRoot: Self.before.root, newRoot: Self.before.root, leafCount: 5)
  }

  @Test(arguments: [
    ("\"pogo-update-proof\"", "\"pogo-proof\"", "`pogo prove-update` writes it"),
    ("\"tree_size\": 5", "\"tree_size\": 6", "tree_size is 6"),
    ("\"old_root\": \"", "\"old_root\": \"0", "64 lower-case hexadecimal digits"),
    ("\"leaf_index\": 4", "\"leaf_index\": 4, \"x\": 1", "a change has a member 'x'"),
    ("\"changes\": [", "\"changes\": [1,", "a change must be a mapping"),
    ("\"new_root\"", "\"newroot\"", "lacks 'new_root'"),
  ])
  func mistakesAreNamed(old: String, new: String, message: String) throws {
    let text = try Self.document().json
    #expect(text.contains(old))
    let changed = text.replacing(old, with: new, maxReplacements: 1)
    let error = #expect(throws: ProofDocumentError.self) {
      try UpdateDocument(json: Array(changed.utf8))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func changedDocuments() throws {
    let document = try Self.document()
    let (counts, wrong) = Mutator.run(
      "update document", [Array(document.json.utf8)], seed: 13, standard: 5000
    ) { input in
      guard let read = try? UpdateDocument(json: input), Self.holds(read) else { return .refused }
      return read.proof == document.proof ? .same : .wrong
    }
    #expect(counts[.wrong] == nil, "\(wrong.map { String(decoding: $0, as: UTF8.self) } ?? "")")
    #expect((counts[.refused] ?? 0) > 0)
  }
}
