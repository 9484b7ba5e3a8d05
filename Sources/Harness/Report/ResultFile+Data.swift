import Foundation

/// The values of a result for other programs; groups of bytes are left out.
extension ResultFile {
  /// CSV in long form: a row for each value, with its point, the swept keys, and its place on the
  /// axes of its variable by coordinate.
  public func csv() -> String {
    let points = points
    var paths: [String] = []
    for setting in points.flatMap(\.settings) where !paths.contains(setting.path) {
      paths.append(setting.path)
    }
    var lines = [
      (["point"] + paths + ["variable", "place", "value", "units", "determinism"])
        .map(Self.field).joined(separator: ",")
    ]
    for (index, point) in points.enumerated() {
      let settings = paths.map { path in
        point.settings.first { $0.path == path }?.text ?? ""
      }
      for variable in point.variables where variable.group.isEmpty && !variable.isCoordinate {
        for (position, text) in variable.values.texts.enumerated() {
          lines.append(
            (["\(index)"] + settings + [
              variable.name, point.placeName(position, of: variable), text, variable.units,
              variable.determinism.rawValue,
            ]).map(Self.field).joined(separator: ","))
        }
      }
    }
    // RFC 4180 ends lines like this.
    return lines.map { $0 + "\r\n" }.joined()
  }

  /// JSON: attributes, and each point with its settings and variables.
  public func json() throws -> String {
    let points: [[String: Any]] = points.map { point in
      let variables = point.variables.filter(\.group.isEmpty).map { variable in
        (
          variable.name,
          [
            "dimensions": variable.dimensions, "shape": variable.shape, "units": variable.units,
            "long_name": variable.longName, "determinism": variable.determinism.rawValue,
            "values": variable.values.jsonValues,
          ] as [String: Any]
        )
      }
      return [
        "settings": Dictionary(
          point.settings.map { ($0.path, $0.text) }, uniquingKeysWith: { _, last in last }),
        "status": point.status.rawValue, "error": point.error, "spec": point.spec,
        "seconds": point.seconds.isFinite ? point.seconds as Any : NSNull(),
        "exact_digest": point.exactDigest.hex,
        "variables": Dictionary(variables, uniquingKeysWith: { _, last in last }),
      ]
    }
    let object: [String: Any] = [
      "pogo_schema_version": Version.resultSchema,
      "attributes": Dictionary(
        attributes.map { ($0.name, $0.text) }, uniquingKeysWith: { _, last in last }),
      "points": points,
    ]
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  private static func field(_ text: String) -> String {
    text.contains { ",\"\r\n".contains($0) }
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}

extension PointResult {
  /// A place on the axes of a variable by coordinates, such as `block=3 verifier=vera`.
  fileprivate func placeName(_ position: Int, of variable: ResultVariable) -> String {
    var (rest, parts) = (position, [String]())
    for axis in variable.shape.indices.reversed() {
      let (name, index) = (variable.dimensions[axis], rest % variable.shape[axis])
      rest /= variable.shape[axis]
      let coordinates = self[name]?.values.texts ?? []
      parts.append(
        "\(name)=\(coordinates.indices.contains(index) ? coordinates[index] : "\(index)")")
    }
    return parts.reversed().joined(separator: " ")
  }
}

extension ResultVariable.Values {
  /// Values as JSON has them; what is no number there becomes null.
  fileprivate var jsonValues: [Any] {
    switch self {
    case .float32(let values): values.map { $0.isFinite ? Double($0) as Any : NSNull() }
    case .float64(let values): values.map { $0.isFinite ? $0 as Any : NSNull() }
    case .int64(let values): values
    case .uint8(let values): values.map { Int($0) }
    case .text(let values): values
    }
  }
}
