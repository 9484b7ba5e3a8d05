import Quant

/// The quantization formats, as `pogo list formats` shows them.
public struct FormatList: Sendable, Codable {
  /// One format.
  public struct Row: Sendable, Codable {
    /// What a spec or a command calls it.
    public let name: String
    /// The full name.
    public let fullName: String
    /// Bits of a value with scales and padding, in a long vector.
    public let bitsPerValue: Double
    /// What it is.
    public let summary: String
  }

  /// Every element with its defaults, then the short names.
  public let rows: [Row]

  /// The formats of this program.
  public init() throws(QuantError) {
    var rows: [Row] = []
    func add(_ name: String, _ summary: String?) throws(QuantError) {
      let format = try QuantizationFormat(named: name)
      rows.append(
        Row(
          name: name, fullName: format.name,
          bitsPerValue: format.effectiveBitsPerValue(values: 1 << 24),
          summary: summary ?? format.element.format.summary))
    }
    for element in Element.all { try add(element.name, nil) }
    for alias in QuantizationFormat.aliases { try add(alias.name, "short for \(alias.meaning)") }
    self.rows = rows
  }

  /// The table for people.
  public var text: String {
    var table = TextTable(header: ["format", "with defaults", "bits a value", "what it is"])
    table.rightAligned = [2]
    table.rows = rows.map {
      [$0.name, $0.fullName, Numbers.decimal($0.bitsPerValue, 3), $0.summary]
    }
    return table.text + "\n\n"
      + """
      Behind a name, in any order: a group size (g16, g4096) or tensor; a scale (float32, float16, \
      e8m0, double);
      stochastic; a clipping (absmax, mean, p99.9, mse); a rotation (had64). For example \
      int2:g128:float16:mse:stochastic.
      """
  }
}
