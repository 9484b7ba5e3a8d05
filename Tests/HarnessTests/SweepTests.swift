import Foundation
import Harness
import Testing

private let base = """
  name: levels
  kind: chain
  model: {n_layers: 1, d_model: 8, n_heads: 2, context: 8, vocab_size: 256}
  data: {corpus: text.txt, context: 8}
  training: {learning_rate: 0.1, batch: 2, steps_per_block: 4}
  quantization: {gradient: {bits: 4, group: 16}}
  chain:
    blocks: 3
    miners: [{name: ada}, {name: eve, behaviour: faked-steps}]

  """

private func file(_ sweep: String, set overrides: [String] = []) throws -> SpecFile {
  try SpecFile(text: base + sweep, fileName: "f.yaml", overrides: overrides)
}

private func labels(_ sweep: String, set overrides: [String] = []) throws -> [String] {
  try file(sweep, set: overrides).points.map(\.label)
}

private func refusal(_ sweep: String, set overrides: [String] = []) -> String? {
  do {
    _ = try file(sweep, set: overrides)
    return nil
  } catch { return "\(error)" }
}

@Suite struct SweepTests {
  @Test func withoutASweepThereIsOnePoint() throws {
    #expect(try labels("") == [""])
  }

  @Test func keysMultiplyAndTheLastVariesFastest() throws {
    #expect(
      try labels("sweep: {seed: [1, 2], training.batch: [4, 8, 16]}") == [
        "seed=1 training.batch=4", "seed=1 training.batch=8", "seed=1 training.batch=16",
        "seed=2 training.batch=4", "seed=2 training.batch=8", "seed=2 training.batch=16",
      ])
  }

  @Test func zippedKeysAdvanceTogether() throws {
    #expect(
      try labels("sweep: {zip: {seed: [1, 2], training.batch: [4, 8]}, chain.blocks: [1, 2]}") == [
        "seed=1 training.batch=4 chain.blocks=1", "seed=1 training.batch=4 chain.blocks=2",
        "seed=2 training.batch=8 chain.blocks=1", "seed=2 training.batch=8 chain.blocks=2",
      ])
  }

  @Test func listedPointsStandAsTheyAre() throws {
    #expect(
      try labels("sweep: {list: [{seed: 1}, {seed: 2, training.batch: 8}]}") == [
        "seed=1", "seed=2 training.batch=8",
      ])
  }

  @Test func settingsReachTheSpec() throws {
    let points = try file(
      "sweep: {quantization.gradient.bits: [2, 8], chain.miners.1.fraction: [0.5]}"
    ).points
    let bodies = points.compactMap { $0.spec.body as? ChainExperiment }
    #expect(bodies.map(\.quantization.gradient.bits) == [2, 8])
    #expect(bodies.allSatisfy { $0.chain.miners[1].behaviour == .fakedSteps(fraction: 0.5) })
    #expect(bodies.allSatisfy { $0.quantization.gradient.groupSize == 16 })
  }

  @Test func mappingsCanBeValues() throws {
    #expect(
      try labels("sweep: {quantization.gradient: [{bits: 2}, {bits: 4, group: 32}]}") == [
        "quantization.gradient={bits: 2}", "quantization.gradient={bits: 4, group: 32}",
      ])
  }

  @Test(arguments: [
    ("sweep: 3", "f.yaml:10: sweep must be a mapping from keys to lists of values, but is '3'"),
    ("sweep: {seed: 1}", "f.yaml:10: sweep.seed must be a list of values, but is '1'"),
    ("sweep: {seed: []}", "f.yaml:10: sweep.seed must be a list of values, but is an empty list"),
    (
      "sweep: {name: [a, b]}",
      "f.yaml:10: name belongs to the whole experiment and cannot be swept"
    ),
    (
      "sweep: {sede: [1]}", "f.yaml:10: unknown key 'sede'; did you mean 'seed'?"
    ),
    (
      "sweep: {quantization.gradient.bit: [1]}",
      "f.yaml:10: unknown key 'bit' in quantization.gradient; did you mean 'bits'?"
    ),
    (
      "sweep: {quantization.gradient.bits: [4, 99]}",
      "f.yaml:10: quantization.gradient.bits must be an integer in 2...8, but is '99'"
    ),
    (
      "sweep: {zip: {seed: [1, 2], training.batch: [1]}}",
      "f.yaml:10: sweep.zip.training.batch must be a list of 2 values, as many as 'seed' has, but "
        + "is a list of 1"
    ),
    (
      "sweep: {seed: [1], zip: {seed: [2]}}", "f.yaml:10: sweep sets 'seed' on two axes"
    ),
    (
      "sweep: {seed.deep: [1]}",
      "f.yaml:10: seed must be an integer in 0...18446744073709551615, but is a mapping"
    ),
    (
      "sweep: {chain.miners.7.stake: [1]}",
      "f.yaml:10: chain.miners.7.stake leads through a value that is neither a mapping nor a list "
        + "that long"
    ),
    (
      "sweep: {a..b: [1]}",
      "f.yaml:10: a key of sweep must be a path such as quantization.gradient.bits, but is 'a..b'"
    ),
  ])
  func mistakesAreRefusedByLine(sweep: String, message: String) {
    #expect(refusal(sweep) == message)
  }

  @Test func tooManyPointsAreRefusedBeforeTheyAreMade() {
    let many = (1...400).map(String.init).joined(separator: ", ")
    #expect(
      refusal("sweep: {seed: [\(many)], training.batch: [\(many)]}")
        == "f.yaml:10: sweep has more than 100000 points; use fewer values")
  }
}

@Suite struct OverrideTests {
  @Test func oneValueReplaces() throws {
    let spec = try file("", set: ["training.batch=32", "quantization.model={bits: 8}"])
    let body = try #require(spec.points[0].spec.body as? ChainExperiment)
    #expect(body.training.batchSize == 32)
    #expect(body.quantization.model.bits == 8)
  }

  @Test func severalValuesMakeAnAxis() throws {
    #expect(try labels("", set: ["seed=1,2"]) == ["seed=1", "seed=2"])
  }

  @Test func anAxisIsReplacedInItsPlace() throws {
    let sweep = "sweep: {seed: [1, 2], training.batch: [4, 8]}"
    #expect(try labels(sweep, set: ["seed=9"]) == ["training.batch=4", "training.batch=8"])
    #expect(
      try labels(sweep, set: ["seed=8,9", "training.batch=4"]) == ["seed=8", "seed=9"])
  }

  @Test(arguments: [
    (
      "training.batch",
      "--set training.batch: --set must be key.path=value, but is 'training.batch'"
    ),
    ("training.batch=", "--set training.batch=: training.batch must be a value, but is empty"),
    (
      "training.batch=x",
      "--set training.batch=x: training.batch must be an integer in 1...65536, but is 'x'"
    ),
    (
      "training.bach=4",
      "--set training.bach=4: unknown key 'bach' in training; did you mean 'batch'?"
    ),
    ("kind=x", "--set kind=x: kind belongs to the whole experiment and cannot be swept"),
  ])
  func mistakesNameTheOption(override: String, message: String) {
    #expect(refusal("", set: [override]) == message)
  }

  @Test func titlesCanBeSet() throws {
    #expect(try file("", set: ["title=Another"]).points[0].spec.header.title == "Another")
  }
}

@Suite struct IncludeTests {
  private func inFolder<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws
    -> Result
  {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      let path = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: path, atomically: true, encoding: .utf8)
    }
    return try body(folder.path)
  }

  private func refusal(_ files: [String: String]) throws -> String? {
    try inFolder(files) { folder in
      do {
        _ = try SpecFile(readingAt: "\(folder)/main.yaml")
        return nil
      } catch { return "\(error)".replacingOccurrences(of: folder, with: "FOLDER") }
    }
  }

  @Test func ownValuesStandOverIncludedOnes() throws {
    let files = [
      "base/common.yaml": base, "base/more.yaml": "include: common.yaml\nseed: 5",
      "main.yaml": "include: base/more.yaml\nname: mine\nquantization: {gradient: {bits: 8}}",
    ]
    try inFolder(files) { folder in
      let spec = try SpecFile(readingAt: "\(folder)/main.yaml").points[0].spec
      let body = try #require(spec.body as? ChainExperiment)
      #expect(spec.header.name == "mine")
      #expect(spec.header.seed == 5)
      #expect(body.quantization.gradient.bits == 8)
      #expect(body.quantization.gradient.groupSize == 16)
    }
  }

  @Test func messagesNameTheFileThatIsWrong() throws {
    let message = try refusal([
      "main.yaml": "include: base.yaml\nname: mine",
      "base.yaml": base.replacing("batch: 2", with: "batch: -2"),
    ])
    #expect(message == "base.yaml:5: training.batch must be an integer in 1...65536, but is '-2'")
  }

  @Test func circlesAndMissingFilesAreRefused() throws {
    #expect(
      try refusal(["main.yaml": "include: other.yaml", "other.yaml": "include: main.yaml"])
        == "other.yaml:1: include leads back to 'main.yaml'")
    #expect(
      try refusal(["main.yaml": "include: none.yaml"])
        == "main.yaml:1: include cannot be read: FOLDER/none.yaml: there is no such file (spec)")
    #expect(
      try refusal(["main.yaml": "include: 3\nname: [a]"])?.hasPrefix("main.yaml:1: include") == true
    )
    #expect(
      try refusal(["main.yaml": "include: {a: 1}"])
        == "main.yaml:1: include must be the path of a spec, or a list of paths, but is a mapping")
  }

  @Test func aliasesThatMultiplyAreRefused() throws {
    var text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for (inner, outer) in zip("abcdefgh", "bcdefghi") {
      text +=
        "\(outer): &\(outer) [\(Array(repeating: "*\(inner)", count: 10).joined(separator: ", "))]\n"
    }
    #expect(try refusal(["main.yaml": text])?.contains("after aliases are followed") == true)
  }
}
