import Foundation
import Harness
import Kernels
import Models
import Proofs
import Testing

@Suite struct CommitmentExperimentTests {
  static func file(_ name: String) throws -> SpecFile {
    let path = KindTests.root.appendingPathComponent("Experiments/\(name).yaml")
    return try SpecFile(
      text: String(contentsOf: path, encoding: .utf8), fileName: "\(name).yaml")
  }

  /// Roots of `Experiments/commitment-small.yaml`, of model and twin. They change when the layout of parameters, their
  /// initialization or the trees do: then every block of every chain changes too.
  static let roots = [
    "gpt3-nano": [
      "bd172879ae797a68b38c7966cd4da77f4401cbf1ace67c5eaab9ead01e208a33",
      "228458139e1ebcfa23498c781b5cf5690c143cca192d146659d43b91bfab7341",
    ],
    "gemma3-nano": [
      "d01fa8b344df6ec579a61e4c663ebf8487526ece8a52c168e323fa03be45e5a6",
      "7fb25b368d27786d80e1692acbdf7c13bddffcfad6066b6a15a265e894da42ad",
    ],
  ]

  @Test func rootsAreThoseOfTheInitialModelsAndGolden() throws {
    let file = try Self.file("commitment-small")
    var seen: [String: [String]] = [:]
    for point in file.points {
      let variables = try point.spec.body.run(
        RunContext(
          inputs: Inputs(), arithmetic: TinyExperiment.arithmetic(threads: 2),
          observer: SilentObserver()))
      let result = Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0) })
      guard case .text(let root) = result["root"]?.values,
        case .text(let twin) = result["twin_root"]?.values,
        case .int64(let bytes) = result["proof_bytes"]?.values,
        case .int64(let separate) = result["separate_proof_bytes"]?.values,
        case .float64(let seconds) = result["check_seconds"]?.values,
        let body = point.spec.body as? CommitmentExperiment,
        let name = body.model.preset
      else {
        Issue.record("a variable is missing")
        continue
      }
      seen[name] = root + twin
      #expect(bytes.count == 3 && zip(bytes, separate).dropFirst().allSatisfy { $0 < $1 })
      #expect(seconds.allSatisfy { $0 > 0 })
      // The same bytes in memory, hashed leaf by leaf.
      let layout = ParameterLayout(try #require(ModelShape.preset(named: name)))
      let buffer = FloatBuffer(count: layout.count)
      layout.initialize(buffer, seed: 1, arithmetic: TinyExperiment.arithmetic())
      let model = buffer.littleEndianBytes(0..<layout.count)
      let hashes = stride(from: 0, to: model.count, by: 4096).map {
        SHA256.hash([0] + model[$0..<min($0 + 4096, model.count)])
      }
      #expect(MerkleTree(leafHashes: hashes).root.hex == root[0])
    }
    #expect(seen == Self.roots)
  }

  @Test func theLargeOnesAreEstimatedWithoutMemory() throws {
    let estimates = try Self.file("gpt3-commitment").points.map {
      try $0.spec.body.estimate(Inputs())
    }
    // The published numbers of parameters: 4 bytes each, and in the twin 4 bits and a scale of 32
    // bits for 64 values, the last of which may be alone.
    for (estimate, parameters) in zip(estimates, [174_604_259_328, 27_009_346_304] as [Double]) {
      let twin = parameters * 9 / 16
      #expect(abs(estimate.hashedBytes - 4 * parameters - twin) < 64)
    }
    #expect(estimates.count == 2)
    #expect(estimates.allSatisfy { $0.memoryBytes < 256 * 1_048_576 })
  }

  @Test func moreProofsThanLeavesAreRefused() throws {
    let text = CommitmentExperiment.template.replacing("[1, 10, 100]", with: "[1000]")
    let file = try SpecFile(text: text, fileName: "many.yaml")
    let error = #expect(throws: PlanError.self) {
      try file.points[0].spec.body.estimate(Inputs())
    }
    #expect(error?.description.contains("has 118 leaves") == true, "\(error?.description ?? "")")
  }
}
