import Models
import Testing

@Suite struct PresetTests {
  static let runnable = [
    "gpt3-nano", "gpt3-tiny", "gpt3-mini", "gemma3-nano", "gemma3-tiny", "gemma3-mini",
  ]

  @Test func publishedShapesAreThePublishedOnes() throws {
    let published = try PublishedShapes()
    #expect(published.shapes.count == 13)
    #expect(
      Set(published.shapes.keys).union(Self.runnable) == Set(ModelShape.presets.map(\.name)))
    for (name, values) in published.shapes {
      let shape = try #require(ModelShape.preset(named: name))
      let all = values.merging(published.shared[shape.family] ?? [:]) { own, _ in own }
      #expect(Double(shape.layerCount) == all["layers"], "\(name)")
      #expect(Double(shape.dModel) == all["d_model"], "\(name)")
      #expect(Double(shape.headCount) == all["heads"], "\(name)")
      #expect(Double(shape.vocabularySize) == all["vocab"], "\(name)")
      #expect(Double(shape.contextLength) == all["context"], "\(name)")
      guard case .gemma3(let settings) = shape.architecture else {
        #expect(shape.window == nil && shape.kvHeadCount == shape.headCount)
        #expect(shape.feedForwardWidth == 4 * shape.dModel)
        continue
      }
      #expect(Double(shape.kvHeadCount) == all["kv_heads"], "\(name)")
      #expect(Double(shape.headDimension) == all["head_dim"], "\(name)")
      #expect(Double(shape.feedForwardWidth) == all["d_ff"], "\(name)")
      #expect(shape.window.map(Double.init) == all["window"], "\(name)")
      #expect(settings.queryScale == all["query_scale"], "\(name)")
      #expect(settings.localRope.base == all["rope_base_local"], "\(name)")
      #expect(settings.localRope.scaling == 1, "\(name)")
      #expect(settings.globalRope.base == all["rope_base_global"], "\(name)")
      #expect(settings.globalRope.scaling == all["rope_scaling_global"], "\(name)")
    }
  }

  @Test func countsAreThePublishedOnesToTheLastDigit() throws {
    for (name, values) in try PublishedShapes().shapes {
      let layout = ParameterLayout(try #require(ModelShape.preset(named: name)))
      #expect(Double(layout.count) == values["parameters"], "\(name)")
      guard let embedding = values["embedding"] else { continue }
      #expect(Double(layout.count(of: .embedding)) == embedding, "\(name)")
      #expect(
        Double(layout.count - layout.count(of: .embedding)) == values["non_embedding"], "\(name)")
    }
  }

  @Test func namesAreUniqueAndFound() {
    for preset in ModelShape.presets {
      #expect(ModelShape.preset(named: preset.name) == preset.shape)
      #expect(preset.name.hasPrefix(preset.shape.family + "-"))
    }
    #expect(Set(ModelShape.presets.map(\.name)).count == ModelShape.presets.count)
    #expect(ModelShape.preset(named: "gpt3-Nano") == nil)
    #expect(ModelShape.preset(named: "") == nil)
  }

  @Test(arguments: ["gpt3", "gemma3"])
  func eachFamilyGrows(family: String) {
    let counts = ModelShape.presets.filter { $0.shape.family == family }
      .map { ParameterLayout($0.shape).count }
    #expect(counts.count >= 8 && counts == counts.sorted())
  }

  @Test(arguments: [
    ("nano", 50_000...300_000), ("tiny", 2_700_000...3_300_000),
    ("mini", 9_000_000...11_000_000),
  ])
  func runnableOnesHaveTheirSize(name: String, range: ClosedRange<Int>) throws {
    for family in ["gpt3", "gemma3"] {
      let shape = try #require(ModelShape.preset(named: "\(family)-\(name)"))
      #expect(range.contains(ParameterLayout(shape).count), "\(family)")
      #expect(shape.vocabularySize == 256)
    }
  }

  @Test(arguments: runnable.filter { $0.hasPrefix("gemma3") })
  func runnableGemmaHasEveryPart(name: String) throws {
    let shape = try #require(ModelShape.preset(named: name))
    #expect(shape.reaches.contains(.global) && shape.reaches.contains(.local))
    #expect(shape.headCount > shape.kvHeadCount)
    #expect(try #require(shape.window) < shape.contextLength)
  }
}
