import Harness
import Proofs
import Testing

@Suite struct ProofDocumentTests {
  static let data = [UInt8]((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 5) })
  static let tree = MerkleTree(bytes: data, leafSize: 1024)
  static let commitment = Commitment(
    .file, byteCount: data.count, leafSize: 1024, root: tree.root)

  static func document() throws -> ProofDocument {
    ProofDocument(
      commitment: commitment,
      proofs: try [0, 4].map {
        .init(leafHash: tree.leafHashes[$0], inclusion: try tree.inclusionProof(at: $0))
      },
      several: .init(
        leafHashes: [1, 2, 4].map { tree.leafHashes[$0] },
        multiProof: try tree.multiProof(at: [1, 2, 4])))
  }

  @Test func documentsComeBackAndHold() throws {
    let document = try Self.document()
    let read = try ProofDocument(json: Array(document.json.utf8))
    #expect(read == document)
    #expect(try read.verify(root: Self.tree.root, leafCount: 5) == [0, 4, 1, 2, 4])
    #expect(throws: ProofError.self) { try read.verify(root: .zero, leafCount: 5) }
    #expect(throws: ProofError.self) { try read.verify(root: Self.tree.root, leafCount: 6) }
    let bare = ProofDocument(commitment: Self.commitment)
    #expect(try ProofDocument(json: Array(bare.json.utf8)) == bare)
    #expect(throws: ProofError.noLeaves) { try bare.verify(root: Self.tree.root, leafCount: 5) }
  }

  /// Every changed byte is refused, or says the same, or fails the check.
  @Test func noChangedByteIsAccepted() throws {
    let document = try Self.document()
    let bytes = Array(document.json.utf8)
    var held = 0
    for place in bytes.indices {
      for flip in [1, 2, 4, 8, 16, 32, 64, 128] as [UInt8] {
        var changed = bytes
        changed[place] ^= flip
        guard let read = try? ProofDocument(json: changed),
          (try? read.verify(root: Self.tree.root, leafCount: 5)) != nil
        else { continue }
        held += 1
        // The root, the kind and the last leaf's length are not what an audit path proves.
        #expect(read.proofs == document.proofs && read.several == document.several)
      }
    }
    #expect(held > 0)
  }

  @Test(arguments: [
    ("\"version\": 1", "\"version\": 2", "version 2"),
    ("\"pogo-proof\"", "\"other\"", "'other'"),
    ("\"kind\": \"file\"", "\"kind\": \"flie\"", "kind must be one of"),
    ("\"tree_size\": 5", "\"tree_size\": 6", "tree_size is 6"),
    ("\"tree_size\": 5", "\"tree_size\": -5", "must be a number of things"),
    ("\"tree_size\": 5", "\"tree_size\": 05", "byte"),
    ("\"leaf_size\": 1024", "\"leaf_size\": 0", "leaf_size must be in"),
    ("\"byte_count\": 5000,", "", "lacks 'byte_count'"),
    ("\"byte_count\": 5000,", "\"byte_count\": 5000, \"x\": 1,", "'x' that is not known"),
    ("\"byte_count\": 5000,", "\"byte_count\": 5000, \"byte_count\": 5000,", "byte_count"),
    ("\"leaf_index\": 4", "\"leaf_index\": \"4\"", "'leaf_index' of a proof"),
    ("\"leaf_indices\": [", "\"leaf_indices\": [1.5,", "'leaf_indices' of the multi-proof"),
    ("\"hashes\": [", "\"hashes\": [\"00\",", "64 lower-case hexadecimal digits"),
  ])
  func mistakesAreNamed(old: String, new: String, message: String) throws {
    let text = try Self.document().json
    #expect(text.contains(old))
    let changed = text.replacing(old, with: new, maxReplacements: 1)
    let error = #expect(throws: ProofDocumentError.self) {
      try ProofDocument(json: Array(changed.utf8))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func longTextsAreRefusedUnread() {
    let long = [UInt8](repeating: 0x20, count: ProofDocument.maximumByteCount + 1)
    let error = #expect(throws: ProofDocumentError.self) { try ProofDocument(json: long) }
    #expect(error?.description.contains("at most") == true)
  }
}
