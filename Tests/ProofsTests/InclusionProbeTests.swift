import Foundation
import Proofs
import Testing

/// One question to a verifier in the form of the test data of transparency-dev/merkle
/// (`testdata/inclusion`): digests are byte strings of any length in base64, sizes are unsigned.
struct InclusionProbe: Decodable, Sendable {
  var leafIdx: UInt64
  var treeSize: UInt64
  var root: Data
  var leafHash: Data
  var proof: [Data]?
  var desc: String
  var wantErr: Bool

  /// Whether our verifier accepts it. What is no digest or no index never gets that far.
  var isAccepted: Bool {
    guard let leafIndex = Int(exactly: leafIdx), let leafCount = Int(exactly: treeSize),
      let rootDigest = Digest(bytes: root), let leaf = Digest(bytes: leafHash)
    else { return false }
    var path: [Digest] = []
    for bytes in proof ?? [] {
      guard let digest = Digest(bytes: bytes) else { return false }
      path.append(digest)
    }
    let inclusion = InclusionProof(leafIndex: leafIndex, leafCount: leafCount, auditPath: path)
    return (try? inclusion.verify(leafHash: leaf, root: rootDigest, leafCount: leafCount)) != nil
  }
}

@Suite struct InclusionProbeTests {
  static let testData = ProcessInfo.processInfo.environment["POGO_MERKLE_TESTDATA"]

  /// Their files, if a checkout is at hand: `POGO_MERKLE_TESTDATA=…/merkle/testdata`.
  @Test(.enabled(if: testData != nil, "POGO_MERKLE_TESTDATA names no folder"))
  func publishedFiles() throws {
    let folder = URL(fileURLWithPath: try #require(Self.testData))
      .appendingPathComponent("inclusion")
    let files = try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "json" {
      let probe = try JSONDecoder().decode(InclusionProbe.self, from: Data(contentsOf: file))
      #expect(probe.isAccepted == !probe.wantErr, "\(file.path): \(probe.desc)")
      count += 1
    }
    #expect(count > 0, "\(folder.path) holds no probes")
  }

  /// A good probe and wrong ones of every class that their generator names.
  static func probes(_ index: Int, _ leaves: [[UInt8]]) throws -> [InclusionProbe] {
    let tree = MerkleTree(leafHashes: leaves.map { MerkleTree.leafHash($0) })
    let good = InclusionProbe(
      leafIdx: UInt64(index), treeSize: UInt64(leaves.count), root: Data(tree.root.bytes),
      leafHash: Data(tree.leafHashes[index].bytes),
      proof: try tree.auditPath(at: index).map { Data($0.bytes) }, desc: "good", wantErr: false)
    let path = good.proof ?? []
    var probes = [good]
    func wrong(_ desc: String, _ change: (inout InclusionProbe) -> Void) {
      var probe = good
      probe.desc = desc
      probe.wantErr = true
      change(&probe)
      probes.append(probe)
    }
    wrong("index - 1") { $0.leafIdx &-= 1 }
    wrong("index + 1") { $0.leafIdx += 1 }
    wrong("index ^ 2") { $0.leafIdx ^= 2 }
    wrong("size * 2") { $0.treeSize *= 2 }
    wrong("size / 2") { $0.treeSize /= 2 }
    wrong("leaf of 9 bytes") { $0.leafHash = Data("WrongLeaf".utf8) }
    wrong("empty leaf") { $0.leafHash = Data() }
    wrong("root of the empty tree") { $0.root = Data(MerkleTree.emptyRoot.bytes) }
    wrong("another root") { $0.root = Data(countingSeed.bytes) }
    wrong("empty root") { $0.root = Data() }
    for (what, extra) in [("nothing", Data()), ("root", good.root)] {
      wrong("\(what) behind") { $0.proof = path + [extra] }
      wrong("\(what) before") { $0.proof = [extra] + path }
    }
    for place in path.indices {
      for bit in 0..<256 {
        wrong("bit \(bit) of hash \(place)") {
          $0.proof?[place] = Data(flipping(bit, of: [UInt8](path[place])))
        }
      }
      wrong("hash \(place) removed") { $0.proof?.remove(at: place) }
      wrong("hash inserted at \(place)") {
        $0.proof?.insert(Data(countingSeed.bytes), at: place)
      }
    }
    return probes
  }

  @Test func everyClassOfTheirsForEverySmallTree() throws {
    let leaves = (0..<17).map { [UInt8](repeating: UInt8($0), count: $0 % 5) }
    var count = 0
    for size in 1...17 {
      for index in 0..<size {
        for probe in try Self.probes(index, Array(leaves[..<size])) {
          // Paths of the same length in both trees: there root and index do not tell their sizes
          // apart, and a verifier knows the size from elsewhere.
          let isAmbiguous = probe.desc.hasPrefix("size") && probe.isAccepted
          if isAmbiguous {
            let other = Int(probe.treeSize)
            let tree = MerkleTree(leafHashes: [Digest](repeating: .zero, count: other))
            #expect(try tree.auditPath(at: index).count == probe.proof?.count)
          } else {
            #expect(probe.isAccepted == !probe.wantErr, "leaf \(index) of \(size): \(probe.desc)")
          }
          count += 1
        }
      }
    }
    #expect(count > 100_000)
  }

  @Test func treesOfOneLeafAndOfNone() {
    let hash = Data(MerkleTree.leafHash(Array("data".utf8)).bytes)
    let empty = Data(MerkleTree.emptyRoot.bytes)
    let seed = Data(countingSeed.bytes)
    for (root, leaf, isGood) in [
      (hash, hash, true), (hash, Data(), false), (Data(), hash, false), (Data(), Data(), false),
    ] {
      let probe = InclusionProbe(
        leafIdx: 0, treeSize: 1, root: root, leafHash: leaf, proof: [], desc: "", wantErr: !isGood)
      #expect(probe.isAccepted == isGood)
    }
    for (index, size) in [(0, 0), (0, 1), (1, 0), (2, 1), (UInt64.max, 1), (0, .max)]
      as [(UInt64, UInt64)]
    {
      for (root, leaf) in [(Data(), seed), (empty, Data()), (empty, seed)] {
        let probe = InclusionProbe(
          leafIdx: index, treeSize: size, root: root, leafHash: leaf, proof: [], desc: "",
          wantErr: true)
        #expect(!probe.isAccepted)
      }
    }
  }
}
