import Checkpoints
import Foundation
import Harness
import Kernels
import Models
import Protocol
import Testing

/// Chains that start from a given model, and train a part of it.
@Suite struct FineTuningChainTests {
  private static let variantTexts = [
    "{variant: full}", "{variant: lora, rank: 2, alpha: 4, target_modules: [c_attn, mlp]}",
    "{variant: lora, rank: 3}", "{variant: layers, target_modules: [h.0.mlp, ln_f]}",
  ]

  private static func spec(_ more: String) -> String { TinyExperiment.spec + "\n" + more }

  /// Runs `more` beside the result of the tiny chain, `before.h5`, and its model as `Model/`.
  private func run(
    _ more: String, _ body: (String, ResultFile) throws -> Void
  ) throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let before = try TinyExperiment.run()
    try before.write(to: folder.appendingPathComponent("before.h5").path, replacing: false)
    try WholeModel(
      finalOf: before, path: "before.h5", point: nil, arithmetic: TinyExperiment.arithmetic()
    ).export(to: folder.appendingPathComponent("Model").path)
    let path = try TinyExperiment.write(to: folder, spec: Self.spec(more))
    let result = try Experiment(readingSpecAt: path).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: SilentObserver())
    try body(folder.path, stored(result))
  }

  /// A variable of whole numbers.
  private func integers(_ point: PointResult, _ name: String) -> [Int64] {
    guard case .int64(let values) = point[name]?.values else { return [] }
    return values
  }

  private func stored(_ file: ResultFile) -> ResultFile {
    var file = file
    file.attributes.append(("exact_digest", file.exactDigest.hex))
    return file
  }

  private func final(_ file: ResultFile) throws -> WholeModel {
    try WholeModel(
      finalOf: file, path: "result", point: nil, arithmetic: TinyExperiment.arithmetic())
  }

  @Test("every variant runs from a result, is audited, and ends in a whole model", arguments: variantTexts)
  func variants(_ text: String) throws {
    try run("fine_tuning: \(text)\nstart: {result: before.h5}") { folder, file in
      let summary = try TinyExperiment.audit(file)
      #expect(summary.blocks == 3)
      let point = file.points[0]
      let start = try WholeModel(checkpointAt: "\(folder)/Model")
      guard case .text(let roots) = point["start_root"]?.values else {
        Issue.record("no start_root")
        return
      }
      #expect(roots == [start.root.hex])
      let body = try #require(
        Experiment(readingSpecAt: "\(folder)/tiny.yaml").points[0].spec.body as? ChainExperiment)
      let variant = try #require(body.fineTuning).value
      let trainable = try TrainableParameters(start.shape, variant)
      #expect(integers(point, "trained_parameters") == [Int64(trainable.count)])
      #expect(integers(point, "model_bytes").first == Int64(4 * trainable.count))
      #expect(integers(point, "model_parameters") == [Int64(start.parameters.count)])
      let committed = try #require(integers(point, "committed_bytes").first)
      let parts = ["model_bytes", "quantized_bytes", "diff_bytes"].map {
        integers(point, $0).first ?? 0
      }
      #expect(committed == parts.reduce(0, +) + 4 * 136)
      let end = try final(file)
      #expect(end.root != start.root)
      #expect(try Report.text(of: file, as: .text).contains("Fine-tuning: \(variant.name)"))
      // What is frozen is the start, bit for bit.
      for tensor in ParameterLayout(start.shape).tensors {
        let isTrained: Bool
        switch variant {
        case .full, .lowRank: isTrained = true
        case .layers(let patterns): isTrained = patterns.contains { FineTuning.matches($0, tensor) }
        case .lora(_, _, let patterns):
          isTrained =
            tensor.dimensions.count == 2 && patterns.contains { FineTuning.matches($0, tensor) }
        }
        let same = tensor.range.allSatisfy { end.parameters[$0] == start.parameters[$0] }
        if !isTrained { #expect(same, "\(tensor.name)") }
        if isTrained, tensor.dimensions.count == 2 { #expect(!same, "\(tensor.name)") }
      }
    }
  }

  @Test("updates of low rank are published as factors, audited, and leave the start only by them")
  func lowRank() throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for rank in [1, 2] {
      let text = Self.spec("fine_tuning: {variant: low-rank, rank: \(rank)}").replacing(
        "steps_per_block: 4", with: "steps_per_block: 4, quantize: block, error_feedback: true")
      let experiment = try Experiment(
        readingSpecAt: TinyExperiment.write(to: folder, spec: text))
      let results = try [1, 3].map { threads in
        try experiment.run(
          arithmetic: TinyExperiment.arithmetic(threads == 1 ? .portable : .best, threads: threads),
          commandLine: "", observer: SilentObserver())
      }
      #expect(results[0].exactDigest == results[1].exactDigest)
      #expect(try TinyExperiment.audit(stored(results[0])).blocks == 3)
      let point = results[0].points[0]
      let shape = try final(results[0]).shape
      let form = try LowRankForm(ParameterLayout(shape), rank: rank)
      // int4 in groups of 16: eight bytes of codes and a scale.
      #expect(integers(point, "diff_bytes").first == Int64(form.count / 16 * 12 + (form.count % 16 == 0 ? 0 : 4 + (form.count % 16 + 1) / 2)))
      guard case .text(let verdicts) = point["verdict"]?.values else { return }
      #expect(verdicts == ["confirmed", "slashed", "slashed"])
    }
  }

  @Test func aCheckpointIsTheSameStartAsTheResultThatItCameFrom() throws {
    try run("start: {result: before.h5}") { folder, file in
      let path = try TinyExperiment.write(
        to: URL(fileURLWithPath: folder), spec: Self.spec("start: {checkpoint: Model}"))
      let experiment = try Experiment(readingSpecAt: path)
      let other = try experiment.run(
        arithmetic: TinyExperiment.arithmetic(threads: 3), commandLine: "",
        observer: SilentObserver())
      #expect(other.points[0].exactDigest == file.points[0].exactDigest)
      #expect(
        experiment.points[0].key.conditions.contains(
          "input start \(try WholeModel(checkpointAt: folder + "/Model").root.hex)"))
    }
  }

  @Test func anExportOfAResultReadsBackWithEqualBits() throws {
    try run("start: {checkpoint: Model}\nfine_tuning: {variant: lora}") { folder, file in
      let model = try final(file)
      try model.export(to: folder + "/Out")
      let again = try WholeModel(checkpointAt: folder + "/Out")
      #expect(again.shape == model.shape)
      #expect(again.root == model.root)
      #expect(throws: InputError.self) { try model.export(to: folder + "/Out") }
      // Nothing is left of an export that cannot be.
      #expect(throws: RunError.self) { try model.export(to: folder + "/none/Out") }
      #expect(!(try FileManager.default.contentsOfDirectory(atPath: folder)).contains { $0.contains("part") })
    }
  }

  @Test func anAlteredStartIsFound() throws {
    try run("start: {result: before.h5}\nfine_tuning: {variant: lora}") { _, file in
      var file = file
      let place = try #require(file.variables.firstIndex { $0.path == "chain/start" })
      guard case .uint8(let bytes) = file.variables[place].values else { return }
      for byte in stride(from: 0, to: bytes.count, by: bytes.count / 5) {
        var changed = bytes
        changed[byte] ^= 1
        file.variables[place] = file.variables[place].replacing(.uint8(changed))
        #expect(throws: AuditFailure.self) { try TinyExperiment.audit(stored(file)) }
      }
      file.variables.removeAll { $0.path.hasPrefix("chain/start") }
      #expect(throws: AuditFailure.self) { try TinyExperiment.audit(stored(file)) }
    }
  }

  @Test(arguments: [
    ("start: {result: none.h5}", "there is no such file"),
    ("start: {checkpoint: none}", "there is no such folder"),
    ("start: {result: text.txt}", "text.txt"),
    ("start: {checkpoint: before.h5}", "there is no such folder"),
    ("start: {result: before.h5, point: 2}", "the result has points 1...1, but number 2"),
  ])
  func aStartThatIsNotThereIsRefused(line: String, words: String) throws {
    let error = #expect(throws: InputError.self) { try run(line) { _, _ in } }
    #expect("\(error as Any)".contains(words), "said: \(error as Any)")
  }

  @Test func anotherShapeIsRefusedWithBoth() throws {
    let more = "start: {result: before.h5}"
    try run(more) { folder, _ in
      let path = try TinyExperiment.write(
        to: URL(fileURLWithPath: folder),
        spec: Self.spec(more).replacing("d_model: 8", with: "d_model: 16"))
      let error = #expect(throws: PlanError.self) {
        try SweepPlan(Experiment(readingSpecAt: path), out: folder + "/x.h5")
      }
      #expect("\(error as Any)".contains("d_model 8"), "said: \(error as Any)")
    }
  }
}
