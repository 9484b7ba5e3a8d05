import Foundation

/// Shapes and counts of `Tests/Vectors/model-shapes.yaml`, which owe nothing to this package.
struct PublishedShapes {
  /// The numbers of one shape by key.
  let shapes: [String: [String: Double]]
  /// The numbers that all shapes of a family share, by family and key.
  let shared: [String: [String: Double]]

  /// Reads the two levels of YAML that the file uses.
  init() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/model-shapes.yaml")
    var shapes: [String: [String: Double]] = [:]
    var shared: [String: [String: Double]] = [:]
    var family = ""
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("#") { continue }
      let parts = line.split(separator: ":", maxSplits: 1)
      let key = parts[0].trimmingCharacters(in: .whitespaces)
      let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
      if !line.hasPrefix(" ") {
        family = key
      } else if value.hasPrefix("{") {
        shapes[key] = Dictionary(
          uniqueKeysWithValues: value.dropFirst().dropLast().split(separator: ",").map { pair in
            let pair = pair.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            return (pair[0], Double(pair[1])!)
          })
      } else if let number = Double(value) {
        shared[family, default: [:]][key] = number
      }
    }
    self.shapes = shapes
    self.shared = shared
  }
}
