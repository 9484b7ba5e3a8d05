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
      "set format y '%.4g'", "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05",
    ]
    for (index, series) in plot.series.enumerated() {
      lines.append("$s\(index) << EOD")
      lines += series.places.map { place in
        "\(place.x) \(place.y) \(place.halfWidth.isNaN ? 0 : place.halfWidth)"
      }
      lines.append("EOD")
    }
    let parts = plot.series.enumerated().flatMap { index, series -> [String] in
      let style = "lc rgb '\(colours[index % colours.count])'"
      let shape = shapes[index / colours.count % shapes.count]
      let name = series.name.isEmpty ? "notitle" : "title \(quoted(series.name))"
      let hasInterval = series.places.contains { !$0.halfWidth.isNaN }
      return (hasInterval ? ["$s\(index) using 1:2:3 with yerrorbars \(style) pt 0 notitle"] : [])
        + ["$s\(index) using 1:2 with linespoints \(style) pt \(shape) ps 0.6 lw 1.5 \(name)"]
    }
    lines.append("plot \(parts.joined(separator: ", "))")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    // Single quotes hold everything but themselves, which are doubled.
    "'\(text.replacing("'", with: "''").filter { !$0.isNewline })'"
  }
}
