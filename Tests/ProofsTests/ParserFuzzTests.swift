import Fuzzing
import Proofs
import Testing

/// Changed inputs for every parser of this module and the check behind it: none may crash, and what is
/// accepted must say what the good input says. `POGO_FUZZ_CASES=1000000` asks for more.
@Suite struct ParserFuzzTests {
  static let leaves = (0..<21).map { [UInt8]([UInt8($0), 1, 2]) }
  static let tree = MerkleTree(leafHashes: leaves.map { MerkleTree.leafHash($0) })

  /// Runs `judge` on changed encodings of `values`; it says whether a decoded value is accepted.
  static func fuzz<Value: CanonicalCodable & Equatable>(
    _ name: String, _ values: [Value], seed: UInt64, standard: Int = 20_000,
    accepts: (Value) -> Bool
  ) {
    let inputs = values.map(\.canonicalBytes)
    let (counts, wrong) = Mutator.run(name, inputs, seed: seed, standard: standard) { input in
      guard let value = try? Value(canonicalBytes: input) else { return .refused }
      // Whatever decodes encodes to the same bytes again.
      guard value.canonicalBytes == input else { return .wrong }
      guard accepts(value) else { return .refused }
      return values.contains(value) ? .same : .wrong
    }
    #expect(counts[.wrong] == nil, "\(name): \(wrong ?? [])")
    #expect((counts[.refused] ?? 0) > 0)
  }

  @Test func inclusionProofs() throws {
    let proofs = try [0, 7, 20].map { try Self.tree.inclusionProof(at: $0) }
    Self.fuzz("inclusion proof", proofs, seed: 1) { proof in
      // The verifier knows which leaf it asked for; each of the three is tried.
      [0, 7, 20].contains { index in
        proof.leafIndex == index
          && (try? proof.verify(
            leafHash: Self.tree.leafHashes[index], root: Self.tree.root, leafCount: 21)) != nil
      }
    }
  }

  @Test func multiProofs() throws {
    let sets = [[3], [0, 1, 20], Array(5..<17)]
    let proofs = try sets.map { try Self.tree.multiProof(at: $0) }
    Self.fuzz("multi-proof", proofs, seed: 2) { proof in
      sets.contains { set in
        (try? proof.verify(
          leafHashes: set.map { Self.tree.leafHashes[$0] }, root: Self.tree.root, leafCount: 21))
          != nil
      }
    }
  }

  @Test func updateProofs() throws {
    var new = Self.tree
    try new.replaceLeaves([(4, countingSeed), (19, .zero)])
    let proof = try UpdateProof(from: Self.tree, to: new)
    Self.fuzz("update proof", [proof], seed: 3) {
      (try? $0.verify(oldRoot: Self.tree.root, newRoot: new.root, leafCount: 21)) != nil
    }
  }

  @Test func openingsAndCommitments() throws {
    let data = [UInt8]((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 17) })
    let tree = MerkleTree(bytes: data, leafSize: 1024)
    let commitment = Commitment(.file, byteCount: 5000, leafSize: 1024, root: tree.root)
    let openings = try [0, 4].map {
      LeafOpening(
        leaf: Array(data[try commitment.byteRange(ofLeaf: $0)]),
        proof: try tree.inclusionProof(at: $0))
    }
    Self.fuzz("leaf opening", openings, seed: 4) { opening in
      [0, 4].contains { (try? commitment.verify(opening, at: $0)) != nil }
    }
    Self.fuzz("commitment", [commitment], seed: 5) { $0.digest == commitment.digest }
  }

  @Test func storedTrees() throws {
    let data = [UInt8]((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 29) })
    let trees = try [100, 3].map {
      try StreamedTree(MemorySource(data), leafSize: 1024, keeping: .upperLevels(nodes: $0))
    }
    let inputs = trees.map(\.storedBytes)
    let (counts, wrong) = Mutator.run("stored tree", inputs, seed: 6, standard: 20_000) { input in
      guard let tree = try? StreamedTree(storedBytes: input) else { return .refused }
      return inputs.contains(tree.storedBytes) ? .same : .wrong
    }
    #expect(counts[.wrong] == nil, "\(wrong ?? [])")
  }

  @Test func vrfProofs() throws {
    let key = try VRFPrivateKey(seed: countingSeed)
    let alpha = Array("fuzz".utf8)
    let (proof, output) = try key.evaluate(alpha)
    Self.fuzz("VRF proof", [proof], seed: 7, standard: 2000) { changed in
      guard let found = try? key.publicKey.verify(changed, alpha) else { return false }
      #expect(found == output)
      return true
    }
    Self.fuzz("VRF key", [key.publicKey], seed: 8, standard: 2000) { changed in
      (try? changed.verify(proof, alpha)) != nil
    }
  }

  @Test func signatures() throws {
    let key = try PrivateKey(seed: countingSeed.bytes)
    let message = Array("fuzz".utf8)
    let signature = try key.sign(message)
    Self.fuzz("signature", [signature], seed: 9, standard: 5000) {
      key.publicKey.isValidSignature($0, for: message)
    }
  }

  @Test func beaconOpenings() throws {
    let beacon = HashChainBeacon(secret: countingSeed, rounds: 40)
    let opening = try beacon.opening(round: 30)
    Self.fuzz("beacon opening", [opening], seed: 10) { changed in
      var transcript = BeaconTranscript(beacon.announcement)
      return (try? transcript.accept(changed)) != nil
    }
  }
}
