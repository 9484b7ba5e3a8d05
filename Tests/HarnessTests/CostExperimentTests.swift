import Foundation
import Harness
import Testing

@Suite("Cost tables") struct CostExperimentTests {
  static let specs = [
    "costs.yaml", "Costs/families.yaml", "Costs/fine-tuning.yaml", "Costs/block-times.yaml",
    "Costs/growth.yaml", "Costs/published.yaml", "Costs/proofs.yaml",
  ]

  static func result(_ name: String, overrides: [String] = []) throws -> ResultFile {
    let path = KindTests.root.appendingPathComponent("Experiments/\(name)").path
    return try Experiment(readingSpecAt: path, overrides: overrides).run(
      arithmetic: TinyExperiment.arithmetic(threads: 1), commandLine: "test",
      observer: SilentObserver())
  }

  @Test(arguments: specs) func everyShippedTableHasItsTablesAndPlotsInEveryFormat(
    name: String
  ) throws {
    let result = try Self.result(name)
    let document = try Report.document(of: result)
    #expect(document.sections.contains { $0.table.map { !$0.rows.isEmpty } ?? false })
    for format in Report.Format.allCases {
      #expect(!(try Report.text(of: result, as: format)).isEmpty)
    }
    for plot in document.plots {
      #expect(plot.series.contains { !$0.places.isEmpty }, "\(plot.title)")
      if Gnuplot.isInstalled { #expect(try !Gnuplot.draw(plot, as: .svg).isEmpty) }
    }
  }

  @Test func thePlotsThatTablesPromiseAreThere() throws {
    let titles = try Self.specs.map { name in
      try Report.document(of: Self.result(name)).plots.map(\.title)
    }
    #expect(titles[0].count == 3 && titles[3].count == 2 && titles[4].count == 1)
    #expect(titles[0].contains { $0.contains("detection") })
    #expect(titles[3].contains { $0.hasPrefix("Feasible") })
  }

  /// All eight rows of GPT-3's table D.1, its parameters and those of Gemma 3: by their own accounting
  /// the printed digits come out.
  @Test func publishedValuesComeOutWithinRounding() throws {
    let point = try #require(try Self.result("Costs/published.yaml").points.first)
    let (quantities, agrees) = (try point.texts("quantity"), try point.numbers("agrees"))
    let models = try point.texts("model")
    let ratios = try point.numbers("ours_over_published")
    #expect(quantities.count { $0 == "training_flops" } == 8)
    #expect(quantities.count { $0 == "petaflop_days" } == 8)
    for (row, quantity) in quantities.enumerated() where quantity != "training_megawatt_hours" {
      // Gemma's report prints more embeddings than its configurations of 4b to 27b hold.
      let isPadded = quantity == "embedding_parameters" && models[row] != "gemma3-1b"
      #expect(agrees[row] == (isPadded ? 0 : 1), "\(quantity), row \(row)")
      // Attention's scores and norms, which the rule leaves out, weigh more in small models.
      #expect((0.99...1.15).contains(ratios[row]), "\(quantity), row \(row)")
    }
  }

  /// A proof of a step has no rule of its own to repeat; ours are sums of exact counts.
  @Test func proofsOfAStepStandBesideReplayingIt() throws {
    let point = try #require(try Self.result("Costs/proofs.yaml").points.first)
    let (quantities, ours) = (try point.texts("quantity"), try point.numbers("ours"))
    #expect(quantities.count == 6 && point["agrees"] == nil && point["by_their_rule"] == nil)
    let counts = ["gpt3-mini": 10_844_160, "gemma3-mini": 10_303_232]
    for (row, model) in try point.texts("model").enumerated()
    where quantities[row] == "step_proof_bytes" {
      // A step's diff of 4.5 bits a parameter, one record, and a header.
      let diff = 4.5 / 8 * Double(try #require(counts[model]))
      #expect((diff..<diff + 1000).contains(ours[row]), "\(model)")
    }
  }

  @Test func detectionRisesAndSavingFallsWithReplay() throws {
    let point = try #require(try Self.result("costs.yaml").points.first)
    let models = try point.texts("model")
    let (rates, shares) = (try point.numbers("replay_rate"), try point.numbers("verifier_share"))
    let chances = try point.numbers("segment_detection")
    #expect(models.count == 2 * 4 * 6)
    for row in rates.indices.dropLast() where rates[row + 1] > rates[row] {
      #expect(shares[row + 1] > shares[row] && chances[row + 1] >= chances[row])
    }
    // Replaying all costs what training costs, besides the progress check.
    for row in rates.indices where rates[row] == 1 {
      #expect((1.0...1.01).contains(shares[row]))
    }
  }

  @Test func aLongerLineNeverNeedsALongerBlock() throws {
    let point = try #require(try Self.result("Costs/block-times.yaml").points.first)
    let (parts, models) = (try point.texts("part"), try point.texts("model"))
    let formats = try point.texts("format")
    let (speeds, seconds) = (try point.numbers("gigabits"), try point.numbers("block_seconds"))
    for row in parts.indices.dropLast()
    where parts[row] == "link" && models[row] == models[row + 1]
      && formats[row] == formats[row + 1] && parts[row + 1] == "link"
    {
      #expect(speeds[row + 1] > speeds[row] && seconds[row + 1] <= seconds[row])
    }
  }

  @Test func growthHasTheExponentsThatTheFormulasHave() throws {
    let result = try Self.result(
      "Costs/growth.yaml", overrides: ["verification.progress_tokens=0"])
    let point = try #require(result.points.first)
    let (parts, exponents) = (try point.texts("part"), try point.numbers("exponent_steps"))
    let replay = try point.numbers("exponent_replay")
    let fits = parts.indices.filter { parts[$0] == "fit" }
    #expect(fits.count == 4)
    // Training grows with its steps and not with the rate of replay; replay with both.
    #expect(abs(exponents[fits[0]] - 1) < 1e-3 && abs(replay[fits[0]]) < 1e-3)
    #expect(abs(exponents[fits[1]] - 1) < 1e-3 && abs(replay[fits[1]] - 1) < 1e-3)
  }

  @Test func aFigureOfItsOwnNeedsItsSource() {
    func refusal(_ text: String) -> String {
      do {
        _ = try Spec.read(text: CostExperiment.template + text, fileName: "costs.yaml")
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      refusal("devices: [{price: {value: 3}}]").contains(
        "devices[0].price.source must stand beside a value of its own"))
    #expect(
      refusal("devices: [{price: {value: 3, source: me, date: May}}]").contains("date"))
    #expect(refusal("devices: [{price: {value: 3, source: me, date: 2026-05}}]") == "")
    #expect(refusal("variants: [{variant: lora, rank: 0}]").contains("variants[0].rank"))
    #expect(
      refusal("reference: [{quantity: training_flops, preset: gpt3-175b, value: 1e20, source: me}]")
        .contains("tokens"))
  }

  @Test func anIncludeInsideAMappingGivesItsValues() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("inner"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ name: String, _ text: String) throws {
      try text.write(
        to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    try write("inner/base.yaml", "device: Base\naccelerators: 7")
    try write("inner/card.yaml", "include: base.yaml\ndevice: Card")
    try write(
      "main.yaml",
      "name: a\nkind: cost\nminer: {include: inner/card.yaml}\n"
        + "devices: [{include: inner/card.yaml, accelerators: 9}, {device: Other}]")
    let spec = try SpecFile(readingAt: folder.appendingPathComponent("main.yaml").path)
    let resolved = spec.points[0].spec.resolved.leaves
    func value(_ path: String) -> String? { resolved.first { $0.path == path }?.text }
    #expect(value("miner.device")?.contains("Card") == true && value("miner.accelerators") == "7")
    #expect(
      value("devices.0.device")?.contains("Card") == true && value("devices.0.accelerators") == "9")
    #expect(value("devices.1.device")?.contains("Other") == true)
    try write("main.yaml", "name: a\nkind: cost\nminer: {include: none.yaml}")
    #expect(throws: SpecError.self) {
      try SpecFile(readingAt: folder.appendingPathComponent("main.yaml").path)
    }
  }
}

extension PointResult {
  fileprivate func texts(_ name: String) throws -> [String] {
    guard case .text(let values) = try #require(self[name]).values else { return [] }
    return values
  }

  fileprivate func numbers(_ name: String) throws -> [Double] {
    guard case .float64(let values) = try #require(self[name]).values else { return [] }
    return values
  }
}
