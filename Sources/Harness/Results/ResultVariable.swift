import HDF5
import Proofs

/// One variable of a result file with all that makes it readable alone.
public struct ResultVariable: Sendable, Equatable {
  /// Whether two runs of one spec agree on it bit for bit.
  public enum Determinism: String, Sendable {
    case exact, measured
  }

  /// Its values, row-major.
  public enum Values: Sendable, Equatable {
    case float32([Float])
    case float64([Double])
    case int64([Int64])
    case uint8([UInt8])
    case text([String])

    var count: Int {
      switch self {
      case .float32(let values): values.count
      case .float64(let values): values.count
      case .int64(let values): values.count
      case .uint8(let values): values.count
      case .text(let values): values.count
      }
    }
  }

  /// Group, empty for the root, and name in it.
  public let group: String
  /// Name in the group.
  public let name: String
  /// Names of the axes; each is the name of a dimension of the group.
  public let dimensions: [String]
  /// Lengths of the axes.
  public let shape: [Int]
  /// The values, row-major over the axes.
  public let values: Values
  /// Unit in the form that UDUNITS knows, "1" for pure numbers.
  public let units: String
  /// What it is, in words.
  public let longName: String
  /// Whether it belongs to the exact digest.
  public let determinism: Determinism
  /// Attributes besides those that every variable has.
  public internal(set) var attributes: [String: String] = [:]

  /// A variable; the product of the axes' lengths is the number of values.
  public init(
    _ name: String, group: String = "", _ axes: [(name: String, length: Int)], _ values: Values,
    units: String = "1", _ longName: String, _ determinism: Determinism = .exact
  ) {
    precondition(values.count == axes.reduce(1) { $0 * $1.length }, "\(name) has another size")
    self.group = group
    self.name = name
    dimensions = axes.map(\.name)
    shape = axes.map(\.length)
    self.values = values
    self.units = units
    self.longName = longName
    self.determinism = determinism
  }

  /// The same variable with other values of the same number.
  package func replacing(_ values: Values) -> ResultVariable { copy(values, determinism) }

  /// The same variable, where its values depend on the machine.
  var measured: ResultVariable { copy(values, .measured) }

  private func copy(_ values: Values, _ determinism: Determinism) -> ResultVariable {
    var variable = ResultVariable(
      name, group: group, Array(zip(dimensions, shape)).map { (name: $0, length: $1) }, values,
      units: units, longName, determinism)
    variable.attributes = attributes
    return variable
  }

  /// Path in the file.
  public var path: String { group.isEmpty ? name : "\(group)/\(name)" }

  /// SHA-256 of what the exact digest covers: path, axes and the values' bits. Bytes, which can be many,
  /// are hashed as they lie.
  private var digest: Digest {
    var writer = CanonicalWriter()
    writer.append(path)
    writer.append(dimensions)
    writer.append(shape)
    writer.append(values.typeName)
    var stream = SHA256Stream()
    switch values {
    case .float32(let values): writer.append(values)
    case .float64(let values): writer.append(values)
    case .int64(let values): writer.append(values)
    case .uint8(let values): writer.appendCount(values.count)
    case .text(let values): writer.append(values)
    }
    stream.update(writer.bytes)
    if case .uint8(let values) = values { stream.update(values) }
    return stream.finalize()
  }

  /// The digest of all exact variables, in the order of their paths: the same for every run of a
  /// spec on any machine (`docs/results-format.md`).
  static func exactDigest(of variables: [ResultVariable]) -> Digest {
    let parts = variables.filter { $0.determinism == .exact }.sorted { $0.path < $1.path }
      .map(\.digest)
    return Digest.tagged("PoGO/exact", parts.map(\.bytes))
  }
}
