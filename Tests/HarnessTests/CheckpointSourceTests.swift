import Checkpoints
import Foundation
import Harness
import Proofs
import Testing

@Suite struct CheckpointSourceTests {
  static let folders = try! FileManager.default.contentsOfDirectory(
    at: KindTests.root.appendingPathComponent("Tests/Vectors/checkpoints"),
    includingPropertiesForKeys: nil
  ).filter { FileManager.default.fileExists(atPath: $0.appendingPathComponent("config.json").path) }

  /// The bytes are those of the flat vector that training would start from.
  @Test(arguments: folders)
  func bytesAreThoseOfTheFlatVector(folder: URL) throws {
    let checkpoint = try Checkpoint(folder.path)
    let expected = try checkpoint.readParameters().littleEndianBytes(0..<checkpoint.layout.count)
    let source = try CheckpointSource(folder.path)
    #expect(source.byteCount == expected.count)
    #expect(try source.copy(of: 0..<source.byteCount) == expected)
    var sampler = SeededSampler(seed: .zero, domain: "ranges")
    for _ in 0..<50 {
      let start = Int(sampler.uniform(below: UInt64(source.byteCount)))
      let end = min(start + Int(sampler.uniform(below: 5000)), source.byteCount)
      #expect(try source.copy(of: start..<end) == Array(expected[start..<end]))
    }
    let tree = try StreamedTree(source, leafSize: 1024)
    #expect(tree.root == MerkleTree(bytes: expected, leafSize: 1024).root)
  }

  @Test func thereAreCheckpointsToRead() { #expect(!Self.folders.isEmpty) }
}
