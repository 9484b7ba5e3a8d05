import Foundation
import Models

extension ModelSummary {
  /// The summary as lines and tables for people.
  public var text: String {
    var lines = [
      "\(name): \(grouped(parameters.total)) parameters",
      "\(grouped(parameters.embedding)) embedding, \(grouped(parameters.nonEmbedding)) the rest: "
        + "\(grouped(parameters.attention)) attention, \(grouped(parameters.feedForward)) "
        + "feed-forward, \(grouped(parameters.norm)) norms",
      "",
      "family \(family), \(nLayers) layers (\(globalLayers) global"
        + (window.map { ", \(localLayers) local with a window of \($0)" } ?? "") + "), "
        + "d_model \(dModel), \(nHeads) heads of \(headDim), \(nKvHeads) key-value heads, "
        + "d_ff \(dFf),",
      "context \(grouped(context)), vocabulary \(grouped(vocabSize))",
    ]
    let sizeTable = TextTable(
      header: ["format", "bytes", ""], rightAligned: [1, 2],
      rows: sizes.map { [$0.format, grouped($0.bytes), Numbers.bytes(Int64($0.bytes))] })
    lines += ["", sizeTable.text]
    lines += [
      "",
      "one batch of \(grouped(batch)) x \(grouped(tokens)) tokens: activations "
        + "\(bytes(activationBytes)), training with AdamW \(bytes(trainingBytes))",
      "",
    ]
    let parts: [(String, KeyPath<Operations, UInt64>)] = [
      ("attention projections", \.attentionProjections),
      ("attention scores, global layers", \.attentionScoresGlobal),
      ("attention scores, local layers", \.attentionScoresLocal),
      ("feed-forward", \.feedForward), ("head", \.head), ("norms", \.norms), ("total", \.total),
    ]
    lines.append(
      TextTable(
        header: ["FLOPs", "forward", "backward"], rightAligned: [1, 2],
        rows: parts.map {
          [$0.0, grouped(forward[keyPath: $0.1]), grouped(backward[keyPath: $0.1])]
        }
      ).text)
    if let tensors {
      lines += [
        "",
        TextTable(
          header: ["tensor", "dimensions", "offset"], rightAligned: [1, 2],
          rows: tensors.map {
            [
              $0.name, $0.dimensions.map(String.init).joined(separator: " x "),
              grouped($0.offset),
            ]
          }
        ).text,
      ]
    }
    return lines.joined(separator: "\n")
  }

  /// All presets with their sizes, one a row.
  public static var presetTable: String {
    TextTable(
      header: [
        "preset", "parameters", "layers", "d_model", "heads", "context", "vocabulary", "what",
      ],
      rightAligned: [1, 2, 3, 4, 5, 6],
      rows: ModelShape.presets.map { preset in
        let shape = preset.shape
        let heads =
          shape.kvHeadCount == shape.headCount
          ? "\(shape.headCount)" : "\(shape.headCount)/\(shape.kvHeadCount)"
        return [
          preset.name, grouped(ParameterLayout(shape).count), "\(shape.layerCount)",
          grouped(shape.dModel), heads, grouped(shape.contextLength),
          grouped(shape.vocabularySize), preset.summary,
        ]
      }
    ).text
  }

  private func bytes(_ count: Double) -> String {
    // Beyond 2^53 a double is a whole number all the same.
    Numbers.bytes(count < 9e18 ? Int64(count) : Int64.max)
  }
}

/// Digits in groups of three: 1234567 -> "1,234,567".
private func grouped(_ value: some BinaryInteger) -> String {
  var text = ""
  for (place, digit) in String(value).reversed().enumerated() {
    if place > 0, place % 3 == 0, digit != "-" { text = "," + text }
    text = String(digit) + text
  }
  return text
}
