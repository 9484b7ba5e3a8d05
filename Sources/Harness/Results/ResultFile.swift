import Foundation
import HDF5
import Proofs

/// A result file: variables with named dimensions, and the attributes of the whole.
///
/// The layout is written in `docs/results-format.md`; it opens in xarray and h5py as it is.
public struct ResultFile: Sendable {
  /// Attributes of the root that are text.
  public var attributes: [(name: String, text: String)]
  /// All variables, in the order in which they are stored.
  public var variables: [ResultVariable]

  /// The digest over the exact variables.
  public var exactDigest: Digest { ResultVariable.exactDigest(of: variables) }

  /// The variable at `path`, or nil.
  public subscript(path: String) -> ResultVariable? { variables.first { $0.path == path } }

  /// The text attribute `name` of the root, or nil.
  public func attribute(_ name: String) -> String? {
    attributes.first { $0.name == name }?.text
  }

  // MARK: writing

  /// Writes the file; it appears under `path` whole or not at all.
  ///
  /// Throws ``HDF5Error`` if the disk is full or the folder cannot be written.
  public func write(to path: String, replacing: Bool) throws(HDF5Error) {
    let file = try File.create(path, existing: replacing ? .replace : .refuse)
    let root = file.root
    try root.attributes.set("pogo_schema_version", Version.resultSchema)
    for (name, text) in attributes { try root.attributes.set(name, text) }
    try root.attributes.set("exact_digest", exactDigest.hex)
    var groups = ["": root]
    for name in Set(variables.map(\.group)).sorted() where !name.isEmpty {
      groups[name] = try root.createGroup(name)
    }
    // Scales first: a variable can only be attached to what exists.
    var scales: [String: Dataset] = [:]
    for variable in variables where variable.isCoordinate {
      let dataset = try variable.create(in: groups[variable.group] ?? root)
      try dataset.makeScale(variable.name)
      scales[variable.path] = dataset
    }
    for variable in variables where !variable.isCoordinate {
      let group = groups[variable.group] ?? root
      let dataset = try variable.create(in: group)
      for (axis, dimension) in variable.dimensions.enumerated() {
        let key = variable.group.isEmpty ? dimension : "\(variable.group)/\(dimension)"
        if scales[key] == nil {
          scales[key] = try Self.dimensionWithoutValues(
            dimension, length: variable.shape[axis], in: group)
        }
        if let scale = scales[key] { try dataset.attach(scale, axis: axis) }
      }
    }
    try file.close()
  }

  /// A named dimension that no variable describes, in netCDF's own way.
  private static func dimensionWithoutValues(
    _ name: String, length: Int, in group: Group
  ) throws(HDF5Error) -> Dataset {
    let dataset = try group.createDataset(
      name, shape: [length], values: [UInt8](repeating: 0, count: length))
    let digits = String(length)
    let padded = String(repeating: " ", count: max(0, 10 - digits.count)) + digits
    try dataset.makeScale("This is a netCDF dimension but not a netCDF variable.\(padded)")
    return dataset
  }

  // MARK: reading

  /// Reads all variables.
  ///
  /// Throws ``ResultError`` if the file is no result of this schema.
  public static func read(_ path: String) throws(ResultError) -> ResultFile {
    do {
      let file = try File.open(path)
      let root = file.root
      guard try root.attributes.contains("pogo_schema_version") else {
        throw ResultError.notAResult(path)
      }
      let version = try root.attributes.scalar("pogo_schema_version", as: Int64.self)
      guard version == Version.resultSchema else {
        throw ResultError.otherSchema(path, found: version)
      }
      return try damageNamed(path) { try contents(of: file) }
    } catch let error as ResultError {
      throw error
    } catch {
      throw .unreadable(path, reason(error, path))
    }
  }

  /// Whatever goes wrong inside a file that is a result is damage.
  private static func damageNamed(
    _ path: String, _ body: () throws -> ResultFile
  ) throws(ResultError) -> ResultFile {
    do { return try body() } catch { throw .damaged(path, reason(error, path)) }
  }

  /// What went wrong, without the path that the message starts with anyway.
  private static func reason(_ error: any Error, _ path: String) -> String {
    let text = "\(error)"
    return text.hasPrefix("\(path): ") ? String(text.dropFirst(path.count + 2)) : text
  }

  private static func contents(of file: File) throws -> ResultFile {
    let root = file.root
    var result = ResultFile(attributes: [], variables: [])
    for name in try root.attributes.names
    where (try? root.attributes.elementType(of: name)) == .string {
      result.attributes.append((name, try root.attributes.string(name)))
    }
    try result.readVariables(of: root, named: "")
    for name in try root.names where try root.kind(of: name) == .group {
      try result.readVariables(of: root.group(name), named: name)
    }
    try file.close()
    return result
  }

  private mutating func readVariables(of group: Group, named name: String) throws {
    for child in try group.names where try group.kind(of: child) == .dataset {
      let dataset = try group.dataset(child)
      // Dimensions without values have no meaning of their own.
      guard try dataset.attributes.contains("determinism") else { continue }
      variables.append(try ResultVariable(reading: dataset, name: child, group: name))
    }
  }
}

extension ResultVariable {
  /// Whether it holds the values of the dimension that carries its name.
  var isCoordinate: Bool { dimensions == [name] }

  fileprivate func create(in group: Group) throws(HDF5Error) -> Dataset {
    let dataset: Dataset
    switch values {
    case .float32(let values):
      dataset = try group.createDataset(name, shape: shape, values: values)
    case .float64(let values):
      dataset = try group.createDataset(name, shape: shape, values: values)
    case .int64(let values):
      dataset = try group.createDataset(name, shape: shape, values: values)
    case .uint8(let values):
      dataset = try group.createDataset(name, shape: shape, values: values)
    case .text(let values):
      dataset = try group.createDataset(name, shape: shape, strings: values)
    }
    try dataset.attributes.set("units", units)
    try dataset.attributes.set("long_name", longName)
    try dataset.attributes.set("determinism", determinism.rawValue)
    try dataset.attributes.set("axes", dimensions.joined(separator: " "))
    return dataset
  }

  fileprivate init(reading dataset: Dataset, name: String, group: String) throws {
    let attributes = dataset.attributes
    let axes = try attributes.string("axes").split(separator: " ").map(String.init)
    guard axes.count == dataset.shape.count,
      let determinism = Determinism(rawValue: try attributes.string("determinism"))
    else { throw ResultError.malformed(dataset.path) }
    let values: Values
    switch dataset.elementType {
    case .float32: values = .float32(try dataset.read())
    case .float64: values = .float64(try dataset.read())
    case .int64: values = .int64(try dataset.read())
    case .uint8: values = .uint8(try dataset.read())
    case .string: values = .text(try dataset.readStrings())
    default: throw ResultError.malformed(dataset.path)
    }
    self.init(
      name, group: group, Array(zip(axes, dataset.shape)).map { (name: $0, length: $1) }, values,
      units: try attributes.string("units"), try attributes.string("long_name"), determinism)
  }
}

/// Why a file is no result that this program can read.
public enum ResultError: Error, Sendable, Equatable, CustomStringConvertible {
  case notAResult(String)
  case otherSchema(String, found: Int64)
  case unreadable(String, String)
  /// It is a result, but a part of it does not read as it was written.
  case damaged(String, String)
  case malformed(String)
  /// The program has no such kind of experiment.
  case unknownKind(String, known: [String])

  public var description: String {
    switch self {
    case .notAResult(let path):
      "\(path) is an HDF5 file, but no PoGO result: it has no attribute pogo_schema_version"
    case .otherSchema(let path, let found):
      "\(path) has result schema \(found), but this program reads \(Version.resultSchema); "
        + "use the version of pogo that wrote it (attribute program_version)"
    case .unreadable(let path, let why): "\(path) cannot be read: \(why)"
    case .damaged(let path, let why): "\(path) is damaged: \(why)"
    case .malformed(let path): "variable \(path) is not laid out as the schema says"
    case .unknownKind(let name, let known):
      "the result is of kind '\(name)', but this program knows only \(known.joined(separator: ", "))"
    }
  }
}
