import Foundation
import Harness
import Testing

@Suite struct ReportTests {
  /// A small sweep, run once for all tests.
  private static let sweep = Result { () throws -> ResultFile in
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let text =
      TinyExperiment.spec.replacing("blocks: 3", with: "blocks: 1")
        + """

        sweep: {quantization.gradient.bits: [2, 4, 8], seed: [1, 2]}
        report:
          - {table: [loss_after, diff_bytes, verdict], title: "Loss & bytes"}
          - {plot: loss_after, x: quantization.gradient.bits}
          - {plot: step_loss, x: step, series: quantization.gradient.bits, reduce: mean}
          - {plot: loss_after, x: diff_bytes, front: true}
        """
    return try Experiment(
      readingSpecAt: TinyExperiment.write(to: folder, spec: text)
    ).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "pogo run <tiny>.yaml",
      observer: SilentObserver())
  }

  private func result() throws -> ResultFile { try Self.sweep.get() }

  @Test func seedsBecomeAnIntervalAndKeysCurves() throws {
    let document = try Report.document(of: result())
    let plots = document.plots
    #expect(plots.count == 4)
    #expect(plots[1].xLabel == "quantization.gradient.bits")
    #expect(plots[1].yLabel == "loss_after (nat)")
    #expect(plots[1].series.map(\.name) == [""])
    #expect(plots[1].series[0].places.map(\.x) == [2, 4, 8])
    let losses = try result().points.prefix(2).map { point in
      try #require(point["loss_after"]?.values.numbers?.last)
    }
    #expect(plots[1].series[0].places[0].y == (losses[0] + losses[1]) / 2)
    #expect(plots[1].series[0].places[0].halfWidth == Interval(losses).halfWidth)
    #expect(plots[2].series.count == 3)
    #expect(plots[2].series.allSatisfy { $0.places.map(\.x) == [0, 1, 2, 3] })
    // Over another variable each configuration is one place of its own.
    let bytes = try result().points.map { try #require($0["diff_bytes"]?.values.numbers?.last) }
    #expect(plots[3].xLabel == "diff_bytes (byte)")
    #expect(plots[3].series.map(\.places.count).dropLast() == [1, 1, 1])
    #expect(plots[3].series.dropLast().map { $0.places[0].x } == [bytes[0], bytes[2], bytes[4]])
    #expect(plots[3].series.last?.name == "Pareto front")
    #expect(plots[3].series[0].places[0].y == plots[1].series[0].places[0].y)
    let table = try #require(document.sections.first { $0.title == "Loss & bytes" }?.table)
    #expect(table.rows.map(\.first) == ["2", "4", "8"])
    #expect(table.rows.allSatisfy { $0[1].contains(" ± ") && $0[3] == "confirmed" })
  }

  @Test func everyFormatShowsThePoints() throws {
    let file = try result()
    let text = try Report.text(of: file, as: .text)
    #expect(text.contains("quantization.gradient.bits  seed"))
    let markdown = try Report.text(of: file, as: .markdown) { "plot-\($0).svg" }
    #expect(markdown.contains("| 1 | 2 | 1 |"))
    #expect(markdown.contains("![confirmed_loss over quantization.gradient.bits](plot-0.svg)"))
    let latex = try Report.text(of: file, as: .latex) { "plot-\($0).pdf" }
    for words in ["\\toprule", "\\bottomrule", "loss\\_after", "Loss \\& bytes", "plot-2.pdf"] {
      #expect(latex.contains(words))
    }
    let csv = try Report.text(of: file, as: .csv).components(separatedBy: "\r\n")
    #expect(
      csv[0] == "point,quantization.gradient.bits,seed,variable,place,value,units,determinism")
    #expect(csv.contains("0,2,1,height,block=1,1,1,exact"))
    let json = try JSONSerialization.jsonObject(
      with: Data(Report.text(of: file, as: .json).utf8))
    let points = try #require((json as? [String: Any])?["points"] as? [[String: Any]])
    #expect(points.count == 6)
    #expect((points[5]["settings"] as? [String: String])?["seed"] == "2")
  }

  @Test func theHTMLPageNeedsNoNetworkAndEscapesWhatItShows() throws {
    let page = try Report.text(of: result(), as: .html)
    for words in ["<table>", "Loss &amp; bytes", "&lt;tiny&gt;.yaml", "prefers-color-scheme"] {
      #expect(page.contains(words), "the page lacks '\(words)'")
    }
    // An address of a namespace is no address that is fetched.
    let rest = page.replacing("http://www.w3.org/", with: "")
    for words in ["http://", "https://", "src=", "@import", "<script", "<link"] {
      #expect(!rest.contains(words), "the page has '\(words)'")
    }
    if Gnuplot.isInstalled { #expect(page.contains("<svg")) }
  }

  @Test(arguments: Gnuplot.Format.allCases, [false, true])
  func gnuplotDrawsWhatNamesHold(format: Gnuplot.Format, isEmpty: Bool) throws {
    guard Gnuplot.isInstalled else { return }
    let plot = ReportPlot(
      title: "it's 100 % `odd` \"$x\"\n_y^2", xLabel: "a\\b", yLabel: "größe (byte)",
      series: [
        .init(name: "one 'two'", places: [.init(x: 1, y: 2, halfWidth: 0.5)]),
        .init(
          name: "",
          places: isEmpty
            ? [.init(x: 0, y: 0, halfWidth: .nan)]
            : [
              .init(x: 1, y: 1e9, halfWidth: .nan), .init(x: 2, y: -3, halfWidth: .nan),
            ]),
      ])
    let data = try Gnuplot.draw(plot, as: format)
    #expect(
      format == .pdf
        ? data.starts(with: Data("%PDF".utf8))
        : String(decoding: data, as: UTF8.self).contains("</svg>"))
  }

  @Test(arguments: [
    ("- {table: [a], plot: b}", "report[0].table must stand alone"),
    ("- {plot: a}", "report[0].x must say what the plot is drawn over"),
    ("- {title: a}", "report[0].plot must stand alone"),
    ("- {table: [a], plots: a}", "unknown key 'plots' in report[0]; did you mean 'plot'?"),
    ("- {table: []}", "report[0].table must be a list"),
  ])
  func mistakesInTheSpecAreRefused(item: String, words: String) {
    do {
      _ = try SpecFile(text: TinyExperiment.spec + "\nreport:\n  \(item)\n", fileName: "f.yaml")
      Issue.record("accepted")
    } catch { #expect("\(error)".contains(words), "said: \(error)") }
  }

  @Test func theExpandedSpecHasTheSamePoints() throws {
    let file = try result()
    let expanded = try #require(file.attribute("spec_expanded"))
    let again = try SpecFile(text: expanded, fileName: "expanded")
    #expect(again.points.map(\.spec.canonicalText) == file.points.map(\.spec))
    #expect(again.report.count == 4)
  }

  @Test func theFrontHasThePlacesThatNoOtherBeats() {
    func series(_ places: [(Double, Double)]) -> ReportPlot.Series {
      .init(name: "", places: places.map { .init(x: $0.0, y: $0.1, halfWidth: .nan) })
    }
    let plot = ReportPlot(
      title: "", xLabel: "bytes", yLabel: "loss",
      series: [series([(1, 5), (2, 3), (3, 4)]), series([(2, 2), (1, 6), (4, 1), (5, 1)])])
    #expect(
      plot.markingFront().series.last?.places.map { [$0.x, $0.y] } == [[1, 5], [2, 2], [4, 1]])
  }
}

@Suite struct SuiteTests {
  @Test func documentsAreExperimentsAndKeepTheirLines() throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = TinyExperiment.spec
    let second = first.replacing("name: tiny", with: "name: other")
    let path = try TinyExperiment.write(to: folder, spec: "# both\n---\n\(first)\n---\n\(second)\n")
    #expect(
      try SpecSuite.files(at: path).map { $0.points[0].spec.header.name } == ["tiny", "other"])
    #expect(try Listing.experiments(in: folder.path).rows.map { $0[1] } == ["chain", "chain"])
    let wrong = second.replacing("batch: 2", with: "batch: -2")
    _ = try TinyExperiment.write(to: folder, spec: "\(first)\n---\n\(wrong)\n")
    do {
      _ = try SpecSuite.files(at: path)
      Issue.record("accepted")
    } catch {
      let line = first.split(separator: "\n").count + 1 + 6
      #expect("\(error)".hasPrefix("tiny.yaml:\(line): training.batch"), "said: \(error)")
    }
    _ = try TinyExperiment.write(to: folder, spec: "\(first)\n---\n\(first)\n")
    #expect(throws: InputError.self) { _ = try SpecSuite.files(at: path) }
  }

  @Test func everySpecOfTheFolderReads() throws {
    let table = try Listing.experiments(
      in: KindTests.root.appendingPathComponent("Experiments").path)
    #expect(!table.rows.isEmpty)
    for row in table.rows { #expect(row[1] != "-", "\(row)") }
  }
}
