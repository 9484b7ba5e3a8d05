/// How variables of single points become variables with an axis for the point, and back.
///
/// Points may differ in the lengths of their axes and in the variables they have. Stacked values
/// are padded to the longest (floats with NaN, whole numbers with 0, texts with ""), and the
/// attribute `point_shapes` keeps the real shapes, so that ``split(_:point:of:)`` gives back exactly
/// what was put in.
extension ResultVariable {
  /// Name of the axis over points.
  static let pointAxis = "point"
  /// Attribute with the shape in each point, such as `3,4;3,5;-`; `-` where the variable is absent.
  static let shapesAttribute = "point_shapes"
  /// Attribute of a variable that holds coordinates which differ between points.
  static let coordinateAttribute = "coordinate_of"

  /// Puts the variables of all points together. A point without variables failed.
  static func merge(_ points: [[ResultVariable]]) throws(ResultError) -> [ResultVariable] {
    var order: [String] = []
    var byPath: [String: [ResultVariable?]] = [:]
    for (index, variables) in points.enumerated() {
      for variable in variables {
        if byPath[variable.path] == nil {
          order.append(variable.path)
          byPath[variable.path] = Array(repeating: nil, count: points.count)
        }
        byPath[variable.path]?[index] = variable
      }
    }
    var merged: [ResultVariable] = []
    for path in order {
      let variants = byPath[path] ?? []
      guard let first = variants.compactMap(\.self).first else { continue }
      if !first.group.isEmpty {
        merged += grouped(variants, presentCount: points.count { !$0.isEmpty })
      } else if first.isCoordinate, let common = commonCoordinate(variants) {
        merged.append(common)
      } else {
        merged.append(try stacked(variants))
      }
    }
    return merged
  }

  /// Variables of a group are stored once if all points that ran agree, else in a group for each.
  private static func grouped(
    _ variants: [ResultVariable?], presentCount: Int
  ) -> [ResultVariable] {
    let found = variants.compactMap(\.self)
    if found.count == presentCount, found.allSatisfy({ $0 == found[0] }) { return [found[0]] }
    return variants.enumerated().compactMap { index, variable in
      variable.map { $0.moved(to: "\($0.group)/\(index)") }
    }
  }

  /// The longest coordinates if those of all points are its beginnings.
  private static func commonCoordinate(_ variants: [ResultVariable?]) -> ResultVariable? {
    let found = variants.compactMap(\.self)
    guard var longest = found.max(by: { $0.shape[0] < $1.shape[0] }) else { return nil }
    for variable in found {
      guard longest.values.slice(0..<variable.values.count) == variable.values else { return nil }
    }
    if !variants.allSatisfy({ $0?.shape == longest.shape }) {
      longest.attributes[shapesAttribute] = shapesText(variants)
    }
    return longest
  }

  private static func stacked(
    _ variants: [ResultVariable?]
  ) throws(ResultError) -> ResultVariable {
    let found = variants.compactMap(\.self)
    let first = found[0]
    var shape = first.shape
    for variable in found {
      guard variable.dimensions == first.dimensions,
        variable.values.typeName == first.values.typeName
      else { throw .malformed(first.path) }
      for axis in shape.indices { shape[axis] = max(shape[axis], variable.shape[axis]) }
    }
    var values = first.values.slice(0..<0)
    for variable in variants {
      values.append(
        variable.map { $0.values.padded(from: $0.shape, to: shape) }
          ?? first.values.fill(count: shape.reduce(1, *)))
    }
    // A coordinate cannot have two axes and the name of one of them.
    let name = first.isCoordinate ? "\(first.name)_label" : first.name
    var merged = ResultVariable(
      name, [(name: pointAxis, length: variants.count)] + axes(first.dimensions, shape), values,
      units: first.units, first.longName, first.determinism)
    if first.isCoordinate { merged.attributes[coordinateAttribute] = first.name }
    if !variants.allSatisfy({ $0?.shape == shape }) {
      merged.attributes[shapesAttribute] = shapesText(variants)
    }
    return merged
  }

  private static func axes(
    _ names: [String], _ shape: [Int]
  ) -> [(name: String, length: Int)] {
    zip(names, shape).map { (name: $0, length: $1) }
  }

  private static func shapesText(_ variants: [ResultVariable?]) -> String {
    variants.map { variable in
      variable.map { $0.shape.map(String.init).joined(separator: ",") } ?? "-"
    }.joined(separator: ";")
  }

  // MARK: back

  /// The variables of one point out of merged ones.
  static func split(_ merged: [ResultVariable], point: Int, of count: Int) -> [ResultVariable] {
    merged.compactMap { variable in
      variable.group.isEmpty
        ? variable.rootVariable(of: point, count: count) : variable.grouped(in: point)
    }
  }

  private func grouped(in point: Int) -> ResultVariable? {
    let parts = group.split(separator: "/")
    guard parts.count > 1, let owner = Int(parts[parts.count - 1]) else { return self }
    return owner == point ? moved(to: parts.dropLast().joined(separator: "/")) : nil
  }

  private func rootVariable(of point: Int, count: Int) -> ResultVariable? {
    let isStacked = dimensions.first == Self.pointAxis
    let full = isStacked ? Array(shape.dropFirst()) : shape
    var own = full
    if let text = attributes[Self.shapesAttribute] {
      guard let shapes = Self.shapes(text), shapes.count == count, let shape = shapes[point],
        shape.count == full.count, zip(shape, full).allSatisfy({ $0 <= $1 })
      else { return nil }
      own = shape
    }
    let size = full.reduce(1, *)
    let part = isStacked ? values.slice(point * size..<(point + 1) * size) : values
    return ResultVariable(
      attributes[Self.coordinateAttribute] ?? name,
      Self.axes(isStacked ? Array(dimensions.dropFirst()) : dimensions, own),
      part.cropped(from: full, to: own), units: units, longName, determinism)
  }

  /// Whether `point_shapes` can be understood and fits.
  func hasSoundShapes(count: Int) -> Bool {
    guard let text = attributes[Self.shapesAttribute] else { return true }
    guard let shapes = Self.shapes(text), shapes.count == count else { return false }
    let full = dimensions.first == Self.pointAxis ? Array(shape.dropFirst()) : shape
    return shapes.allSatisfy { own in
      guard let own else { return true }
      return own.count == full.count && zip(own, full).allSatisfy { $0 <= $1 }
    }
  }

  private static func shapes(_ text: String) -> [[Int]?]? {
    var shapes: [[Int]?] = []
    for part in text.split(separator: ";", omittingEmptySubsequences: false) {
      if part == "-" {
        shapes.append(nil)
        continue
      }
      let lengths = part.split(separator: ",").map { UInt32($0).map(Int.init) }
      guard !lengths.contains(nil) else { return nil }
      shapes.append(lengths.compactMap(\.self))
    }
    return shapes
  }

  private func moved(to group: String) -> ResultVariable {
    ResultVariable(
      name, group: group, Self.axes(dimensions, shape), values, units: units, longName,
      determinism)
  }
}

extension ResultVariable.Values {
  /// Name of the type in the exact digest and in messages.
  var typeName: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int64: "int64"
    case .uint8: "uint8"
    case .text: "text"
    }
  }

  /// What stands where a point has no value.
  func fill(count: Int) -> Self {
    switch self {
    case .float32: .float32(Array(repeating: .nan, count: count))
    case .float64: .float64(Array(repeating: .nan, count: count))
    case .int64: .int64(Array(repeating: 0, count: count))
    case .uint8: .uint8(Array(repeating: 0, count: count))
    case .text: .text(Array(repeating: "", count: count))
    }
  }

  func slice(_ range: Range<Int>) -> Self {
    switch self {
    case .float32(let values): .float32(Array(values[range]))
    case .float64(let values): .float64(Array(values[range]))
    case .int64(let values): .int64(Array(values[range]))
    case .uint8(let values): .uint8(Array(values[range]))
    case .text(let values): .text(Array(values[range]))
    }
  }

  mutating func append(_ other: Self) {
    switch (self, other) {
    case (.float32(let own), .float32(let more)): self = .float32(own + more)
    case (.float64(let own), .float64(let more)): self = .float64(own + more)
    case (.int64(let own), .int64(let more)): self = .int64(own + more)
    case (.uint8(let own), .uint8(let more)): self = .uint8(own + more)
    case (.text(let own), .text(let more)): self = .text(own + more)
    default: preconditionFailure("values of two types in one variable")
    }
  }

  /// The values of `shape` in the corner of a larger `target`, the rest filled.
  func padded(from shape: [Int], to target: [Int]) -> Self {
    guard shape != target else { return self }
    let places = Self.places(outer: target, inner: shape)
    let padding = fill(count: 1)
    func pick<Value>(_ values: [Value], _ fill: Value) -> [Value] {
      places.map { $0.map { values[$0] } ?? fill }
    }
    switch (self, padding) {
    case (.float32(let values), .float32(let fill)): return .float32(pick(values, fill[0]))
    case (.float64(let values), .float64(let fill)): return .float64(pick(values, fill[0]))
    case (.int64(let values), .int64(let fill)): return .int64(pick(values, fill[0]))
    case (.uint8(let values), .uint8(let fill)): return .uint8(pick(values, fill[0]))
    case (.text(let values), .text(let fill)): return .text(pick(values, fill[0]))
    default: preconditionFailure("the fill has the type of the values")
    }
  }

  /// The corner of `shape` out of values of a larger `full`.
  func cropped(from full: [Int], to shape: [Int]) -> Self {
    // A shape within another is padded backwards: every place of it lies in the other.
    shape == full ? self : padded(from: full, to: shape)
  }

  /// For each element of `outer`, in order, its place in `inner`, or nil outside of it.
  private static func places(outer: [Int], inner: [Int]) -> [Int?] {
    (0..<outer.reduce(1, *)).map { position in
      var (rest, place, stride) = (position, 0, 1)
      var isInside = true
      for axis in outer.indices.reversed() {
        let index = rest % outer[axis]
        rest /= outer[axis]
        if index >= inner[axis] { isInside = false }
        place += index * stride
        stride *= inner[axis]
      }
      return isInside ? place : nil
    }
  }
}
