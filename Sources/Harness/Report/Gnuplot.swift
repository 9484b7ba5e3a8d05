import Foundation

/// Draws plots with the program gnuplot (Debian: `gnuplot-nox`).
public enum Gnuplot {
  /// A format that it writes.
  public enum Format: String, CaseIterable, Sendable {
    /// For the web; the page's own colour of text is used.
    case svg
    /// For print.
    case pdf
  }

  /// Whether the program is there.
  public static var isInstalled: Bool { path != nil }

  private static var path: String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
      .map { "\($0)/gnuplot" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Colours that people with any colour vision can tell apart (Okabe and Ito, 2008).
  private static let colours = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
  ]

  /// Filled circles, squares, diamonds and triangles tell apart what shares a colour.
  private static let shapes = [7, 5, 13, 9]

  /// The plot as a file of this format. Throws ``RunError`` if gnuplot is not there or refuses.
  public static func draw(_ plot: ReportPlot, as format: Format) throws -> Data {
    guard let path else {
      throw RunError.refused("plots need gnuplot; on Debian: apt-get install gnuplot-nox")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    let (input, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { throw RunError.machine("\(path): \(error.reason)") }
    input.fileHandleForWriting.write(Data(script(plot, format).utf8))
    try? input.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0, !data.isEmpty else {
      throw RunError.machine(
        "gnuplot: \(String(decoding: complaint.prefix(400), as: UTF8.self))")
    }
    return data
  }

  /// The script: data inside, so that nothing is written anywhere.
  static func script(_ plot: ReportPlot, _ format: Format) -> String {
    var lines = [
      format == .svg
        ? "set terminal svg size 640,400 dynamic font 'sans-serif,14'"
        : "set terminal pdfcairo size 12cm,7.5cm font 'sans,10'",
      "set encoding utf8", "set title \(quoted(plot.title)) noenhanced",
      "set xlabel \(quoted(plot.xLabel)) noenhanced",
      "set ylabel \(quoted(plot.yLabel)) noenhanced",
      "set grid", "set key outside bottom center horizontal noenhanced",
      "set format y '%.4g'",
    ]
    if plot.isXLogarithmic { lines.append("set logscale x") }
    if plot.isYLogarithmic { lines.append("set logscale y") }
    if let label = plot.secondYLabel {
      lines += ["set y2label \(quoted(label)) noenhanced", "set y2tics", "set ytics nomirror"]
    }
    switch plot.style {
    case .curves: lines += curves(plot)
    case .stackedBars(let categories): lines += bars(plot, categories)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func curves(_ plot: ReportPlot) -> [String] {
    // Room around the curves; a logarithmic axis has it already.
    let isLinear = !plot.isXLogarithmic && !plot.isYLogarithmic
    var lines =
      isLinear ? ["set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05"] : []
    for (index, series) in plot.series.enumerated() {
      lines.append("$s\(index) << EOD")
      lines += series.places.map { place in
        "\(place.x) \(place.y) \(place.halfWidth.isNaN ? 0 : place.halfWidth)"
      }
      lines.append("EOD")
    }
    let shaded = plot.series.enumerated().filter { $0.element.shadesAbove }
    if !shaded.isEmpty {
      let top = shaded.flatMap(\.element.places).map(\.y).max() ?? 1
      lines.append("set yrange [*:\(plot.isYLogarithmic ? 10 * top : 1.5 * top)]")
    }
    let shades = shaded.map { index, _ in
      "$s\(index) using 1:2 with filledcurves y=\(1e300) lc rgb '\(colour(index))' "
        + "fs transparent solid 0.15 notitle"
    }
    let parts = plot.series.enumerated().flatMap { index, series -> [String] in
      let style = "lc rgb '\(colour(index))'"
      let shape = shapes[index / colours.count % shapes.count]
      let name = series.name.isEmpty ? "notitle" : "title \(quoted(series.name))"
      let hasInterval = series.places.contains { !$0.halfWidth.isNaN }
      let axes = series.isOnSecondAxis ? "axes x1y2 " : ""
      let dash = series.isOnSecondAxis ? " dt 2" : ""
      return (hasInterval ? ["$s\(index) using 1:2:3 with yerrorbars \(style) pt 0 notitle"] : [])
        + [
          "$s\(index) using 1:2 \(axes)with linespoints \(style) pt \(shape) ps 0.6 lw 1.5\(dash) "
            + name
        ]
    }
    return lines + ["plot \((shades + parts).joined(separator: ", "))"]
  }

  private static func bars(_ plot: ReportPlot, _ categories: [String]) -> [String] {
    var lines = [
      "set style data histograms", "set style histogram rowstacked", "set boxwidth 0.7 relative",
      "set style fill solid 0.85 border -1", "set xtics noenhanced rotate by -20",
      "set yrange [0:*]",
      "$bars << EOD",
    ]
    for (place, category) in categories.enumerated() {
      let parts = plot.series.map { "\($0.places[place].y)" }
      let name = category.filter { !$0.isNewline && $0 != "\"" }
      lines.append("\"\(name)\" \(parts.joined(separator: " "))")
    }
    lines.append("EOD")
    let parts = plot.series.enumerated().map { index, series in
      "$bars using \(index + 2)\(index == 0 ? ":xtic(1)" : "") lc rgb '\(colour(index))' "
        + "title \(quoted(series.name))"
    }
    return lines + ["plot \(parts.joined(separator: ", "))"]
  }

  private static func colour(_ index: Int) -> String { colours[index % colours.count] }

  private static func quoted(_ text: String) -> String {
    // Single quotes hold everything but themselves, which are doubled.
    "'\(text.replacing("'", with: "''").filter { !$0.isNewline })'"
  }
}
