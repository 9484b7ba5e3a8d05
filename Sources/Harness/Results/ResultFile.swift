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
  public var variables: [ResultVariable] { didSet { knownDigest = nil } }
  /// The exact digest, where it was made with the variables.
  var knownDigest: Digest?

  /// A result of variables as they are stored.
  public init(attributes: [(name: String, text: String)], variables: [ResultVariable]) {
    self.attributes = attributes
    self.variables = variables
  }

  /// The variable at `path`, or nil.
  public subscript(path: String) -> ResultVariable? { variables.first { $0.path == path } }

  /// The text attribute `name` of the root, or nil.
  public func attribute(_ name: String) -> String? {
    attributes.first { $0.name == name }?.text
  }

  // MARK: writing

  /// Writes the file; it appears under `path` whole or not at all.
  ///
  /// - Parameter storage: how numbers lie in the file; compressed costs more time than it saves
  ///   where a file does not live long.
  /// - Throws: ``HDF5Error`` if the disk is full or the folder cannot be written.
  public func write(
    to path: String, replacing: Bool, storage: Storage = .automatic
  ) throws(HDF5Error) {
    let file = try File.create(path, existing: replacing ? .replace : .refuse)
    let root = file.root
    try root.attributes.set("pogo_schema_version", Version.resultSchema)
    for (name, text) in attributes where name != "exact_digest" {
      try root.attributes.set(name, text)
    }
    try root.attributes.set("exact_digest", exactDigest.hex)
    var groups = ["": root]
    for name in variables.map(\.group) {
      try Self.makeGroup(name, in: &groups, root)
    }
    // Scales first: a variable can only be attached to what exists.
    var scales: [String: Dataset] = [:]
    for variable in variables where variable.isCoordinate {
      let dataset = try variable.create(in: groups[variable.group] ?? root, storage)
      try dataset.makeScale(variable.name)
      scales[variable.path] = dataset
    }
    for variable in variables where !variable.isCoordinate {
      let group = groups[variable.group] ?? root
      let dataset = try variable.create(in: group, storage)
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

  /// Makes a group and those that it lies in.
  private static func makeGroup(
    _ path: String, in groups: inout [String: Group], _ root: Group
  ) throws(HDF5Error) {
    guard groups[path] == nil else { return }
    let parts = path.split(separator: "/")
    let parent = parts.dropLast().joined(separator: "/")
    try makeGroup(parent, in: &groups, root)
    groups[path] = try (groups[parent] ?? root).createGroup(String(parts[parts.count - 1]))
  }

  /// A named dimension that no variable describes, in netCDF's own way.
  private static func dimensionWithoutValues(
    _ name: String, length: Int, in group: Group
  ) throws(HDF5Error) -> Dataset {
    // Never written, so that it takes no room in the file.
    let dataset = try group.createDataset(
      name, shape: [length], of: UInt8.self, storage: .contiguous)
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
      guard (1...Version.resultSchema).contains(version) else {
        throw ResultError.otherSchema(path, found: version)
      }
      return try damageNamed(path) {
        let result = try contents(of: file)
        return version == 1 ? try upgraded(fromSchema1: result) : try result.checked()
      }
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
    try file.close()
    return result
  }

  /// Throws unless the variables about points fit each other.
  private func checked() throws(ResultError) -> ResultFile {
    guard let points = self["point"], points.dimensions == ["point"] else {
      throw .malformed("point")
    }
    for variable in variables where variable.group.isEmpty {
      let isStacked = variable.dimensions.first == ResultVariable.pointAxis
      guard !isStacked || variable.shape[0] == points.shape[0],
        variable.hasSoundShapes(count: points.shape[0])
      else { throw .malformed(variable.path) }
    }
    return self
  }

  private mutating func readVariables(of group: Group, named name: String) throws {
    for child in try group.names {
      guard try group.kind(of: child) == .dataset else {
        // Groups that are nested deeper than any result is are left alone.
        guard try group.kind(of: child) == .group, name.count(where: { $0 == "/" }) < 8 else {
          continue
        }
        let path = name.isEmpty ? child : "\(name)/\(child)"
        try readVariables(of: group.group(child), named: path)
        continue
      }
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

  fileprivate func create(
    in group: Group, _ storage: Storage
  ) throws(HDF5Error) -> Dataset {
    let dataset: Dataset
    switch values {
    case .float32(let values):
      dataset = try group.createDataset(name, shape: shape, values: values, storage: storage)
    case .float64(let values):
      dataset = try group.createDataset(name, shape: shape, values: values, storage: storage)
    case .int64(let values):
      dataset = try group.createDataset(name, shape: shape, values: values, storage: storage)
    case .uint8(let values):
      dataset = try group.createDataset(name, shape: shape, values: values, storage: storage)
    case .text(let values):
      dataset = try group.createDataset(name, shape: shape, strings: values)
    }
    try dataset.attributes.set("units", units)
    try dataset.attributes.set("long_name", longName)
    try dataset.attributes.set("determinism", determinism.rawValue)
    try dataset.attributes.set("axes", dimensions.joined(separator: " "))
    for (name, text) in attributes.sorted(by: { $0.key < $1.key }) {
      try dataset.attributes.set(name, text)
    }
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
    for extra in Self.extraAttributes where try attributes.contains(extra) {
      self.attributes[extra] = try attributes.string(extra)
    }
  }

  /// Names of the attributes that only some variables have.
  private static let extraAttributes = [
    shapesAttribute, coordinateAttribute, ResultFile.roleAttribute, ResultFile.pathAttribute,
  ]
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
      "\(path) has result schema \(found), but this program reads 1...\(Version.resultSchema); "
        + "use the version of pogo that wrote it (attribute program_version)"
    case .unreadable(let path, let why): "\(path) cannot be read: \(why)"
    case .damaged(let path, let why): "\(path) is damaged: \(why)"
    case .malformed(let path): "variable \(path) is not laid out as the schema says"
    case .unknownKind(let name, let known):
      "the result is of kind '\(name)', but this program knows only \(known.joined(separator: ", "))"
    }
  }
}
