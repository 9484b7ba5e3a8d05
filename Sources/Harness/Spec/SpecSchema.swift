import Foundation

/// The JSON Schema of specs, for the completion and the checks of editors.
///
/// It knows keys, types, words and limits. What depends on several values at once is left to
/// `pogo validate`; and no key is required, because an included file or a sweep may give it.
public struct SpecSchema: Sendable {
  let documentation: SpecDocumentation

  /// The schema of all kinds.
  public init(_ documentation: SpecDocumentation = SpecDocumentation()) {
    self.documentation = documentation
  }

  /// The schema as JSON text, keys sorted.
  public func json() throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  private var object: [String: Any] {
    let common = properties(documentation.header).merging(Self.frame) { first, _ in first }
    let kinds: [[String: Any]] = documentation.kinds.map { kind in
      let all = common.merging(properties(kind.keys)) { _, own in own }
      return [
        "if": ["properties": ["kind": ["const": kind.name]], "required": ["kind"]],
        "then": ["properties": all, "additionalProperties": false] as [String: Any],
      ]
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "PoGO experiment",
      "type": "object",
      "properties": common,
      "allOf": kinds,
    ]
  }

  /// Keys that are gone before a kind reads: what is included, and what is swept.
  private static var frame: [String: Any] {
    [
      "include": [
        "description": "Specs whose values stand under those of this one.",
        "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]],
      ] as [String: Any],
      "sweep": [
        "description": "Axes: keys with lists of values, zip, or list.",
        "type": "object",
        "properties": [
          "zip": ["type": ["object", "array"]],
          "list": ["type": "array", "items": ["type": "object"]],
        ],
        "additionalProperties": ["type": "array", "minItems": 1],
      ] as [String: Any],
    ]
  }

  private func properties(_ keys: [SpecKey]) -> [String: Any] {
    Dictionary(uniqueKeysWithValues: keys.map { ($0.name, property($0)) })
  }

  private func mapping(_ keys: [SpecKey]) -> [String: Any] {
    ["type": "object", "properties": properties(keys), "additionalProperties": false]
  }

  private func property(_ key: SpecKey) -> [String: Any] {
    var schema = schema(key)
    var description = key.doc
    if let unit = key.unit { description += " Unit: \(unit)." }
    description += key.isRequired ? " Required." : ""
    if let fallback = key.fallback { description += " Default: \(fallback)." }
    schema["description"] = description
    if let example = key.example { schema["examples"] = [example] }
    return schema
  }

  private func schema(_ key: SpecKey) -> [String: Any] {
    switch key.form {
    case .integer(let minimum, let maximum):
      return Self.integer(minimum, maximum)
    case .number(let limits):
      return Self.number(limits)
    case .choice(let names):
      return ["enum": names]
    case .flag:
      return ["type": "boolean"]
    case .text:
      return ["type": "string", "minLength": 1]
    case .duration:
      return ["type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"]
    case .size:
      return Self.either(
        ["type": "integer", "minimum": 0],
        ["type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"])
    case .integers(let minimum, let maximum):
      return Self.list(Self.integer(minimum, maximum))
    case .numbers(let limits):
      return Self.list(Self.number(limits))
    case .choices(let names):
      return Self.list(names.isEmpty ? ["type": "string"] : ["enum": names])
    case .section(let keys):
      return mapping(keys)
    case .list(let keys):
      return Self.list(mapping(keys))
    case .listOrCount(let keys, let minimum, let maximum):
      return Self.either(Self.integer("\(minimum)", "\(maximum)"), Self.list(mapping(keys)))
    }
  }

  private static func list(_ items: [String: Any]) -> [String: Any] {
    ["type": "array", "minItems": 1, "items": items]
  }

  private static func either(_ first: [String: Any], _ second: [String: Any]) -> [String: Any] {
    ["anyOf": [first, second]]
  }

  private static func integer(_ minimum: String, _ maximum: String) -> [String: Any] {
    // Limits beyond what JSON numbers hold exactly are left out.
    var schema: [String: Any] = ["type": "integer"]
    if let value = Int(minimum) { schema["minimum"] = value }
    if let value = Int(maximum) { schema["maximum"] = value }
    return schema
  }

  private static func number(_ limits: NumberLimits) -> [String: Any] {
    var schema: [String: Any] = ["type": "number"]
    switch limits {
    case .positive: schema["exclusiveMinimum"] = 0
    case .notNegative: schema["minimum"] = 0
    case .rate:
      schema["minimum"] = 0
      schema["maximum"] = 1
    case .positiveRate:
      schema["exclusiveMinimum"] = 0
      schema["maximum"] = 1
    case .rateBelowOne:
      schema["minimum"] = 0
      schema["exclusiveMaximum"] = 1
    case .any: break
    case .range(let range):
      schema["minimum"] = range.lowerBound
      schema["maximum"] = range.upperBound
    }
    return schema
  }
}
