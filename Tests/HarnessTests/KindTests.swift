import Foundation
import Harness
import Kernels
import Testing

/// The laws that every kind keeps.
@Suite struct KindTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The template of a kind beside the data of the experiments.
  private func experiment(_ name: String) throws -> Experiment {
    let kind = try #require(KindRegistry.all[name])
    let folder = Self.root.appendingPathComponent("Experiments")
    return try Experiment(
      file: SpecFile(text: kind.template, fileName: "\(name).yaml"), dataFolder: folder.path,
      name: "\(name).yaml")
  }

  @Test(arguments: KindRegistry.all.names) func theTemplateIsOfItsKind(name: String) throws {
    let spec = try experiment(name).points[0].spec
    #expect(spec.header.kind == name)
    #expect(type(of: spec.body).name == name)
  }

  @Test(arguments: KindRegistry.all.names) func theResolvedSpecReadsBack(name: String) throws {
    for point in try experiment(name).file.points {
      let again = try Spec.read(text: point.spec.canonicalText, fileName: "again.yaml")
      #expect(again.resolved == point.spec.resolved)
    }
  }

  @Test(arguments: KindRegistry.all.names)
  func theTemplateRunsAndItsDigestDoesNotDependOnThreads(name: String) throws {
    let experiment = try experiment(name)
    let estimate = try experiment.points[0].spec.body.estimate(experiment.points[0].inputs)
    #expect(estimate.memoryBytes.isFinite && estimate.memoryBytes >= 0)
    let results = try [1, 3].map { threads in
      try experiment.run(
        arithmetic: TinyExperiment.arithmetic(threads: threads), commandLine: "test",
        observer: SilentObserver())
    }
    #expect(results[0].exactDigest == results[1].exactDigest)
    #expect(results[0].variables.contains { $0.determinism == .exact })
    let report = try Report.document(of: results[0]).text()
    #expect(report.contains("\n"))
  }

  @Test(arguments: KindRegistry.all.names) func everyKeyIsDocumented(name: String) throws {
    let documentation = SpecDocumentation()
    let kind = try #require(documentation.kinds.first { $0.name == name })
    func check(_ keys: [SpecKey], _ path: String) {
      for key in keys {
        #expect(key.doc.hasSuffix("."), "\(path)\(key.name): its meaning is no sentence")
        check(key.innerKeys, "\(path)\(key.name).")
      }
    }
    check(documentation.header + kind.keys, "")
    // What the template sets is what the documentation knows.
    for (path, _) in try experiment(name).points[0].spec.resolved.leaves {
      var keys = documentation.header + kind.keys
      for part in path.split(separator: ".") where Int(part) == nil {
        let key = try #require(keys.first { $0.name == part }, "\(path) is not documented")
        keys = key.innerKeys
      }
    }
  }
}

@Suite struct SpecDocumentationTests {
  /// `docs/specs.md` begins with words and ends with what the program prints.
  @Test func theDocumentIsWhatTheReadersSay() throws {
    let path = KindTests.root.appendingPathComponent("docs/specs.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    #expect(
      text.hasSuffix(SpecDocumentation().markdown()),
      "run scripts/update-docs.sh: docs/specs.md is not what `pogo schema --markdown` prints")
  }

  @Test func theSchemaIsJSONAndKnowsEveryKind() throws {
    let data = Data(try SpecSchema().json().utf8)
    let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let kinds = try #require(schema["allOf"] as? [[String: Any]])
    #expect(kinds.count == KindRegistry.all.names.count)
    let properties = try #require(
      (kinds[0]["then"] as? [String: Any])?["properties"] as? [String: Any])
    let training = try #require(
      (properties["training"] as? [String: Any])?["properties"] as? [String: Any])
    let batch = try #require(training["batch"] as? [String: Any])
    #expect(batch["type"] as? String == "integer")
    #expect(batch["minimum"] as? Int == 1)
    #expect(batch["maximum"] as? Int == 65536)
    #expect((batch["description"] as? String)?.contains("Sequences of one step.") == true)
  }
}
