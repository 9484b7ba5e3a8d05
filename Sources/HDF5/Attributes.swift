internal import CHDF5

/// The attributes of a group or a dataset: small values with a name.
public struct Attributes: Sendable {
  private let file: File
  private let path: String
  private let id: hid_t
  /// Keeps the id alive.
  private let owner: any AnyObject & Sendable

  init(file: File, path: String, id: hid_t, owner: any AnyObject & Sendable) {
    self.file = file
    self.path = path
    self.id = id
    self.owner = owner
  }

  /// The names, in the order of their creation (by name in files that keep none).
  public var names: [String] {
    get throws(HDF5Error) {
      let place = file.place("list attributes", path)
      Library.enter()
      defer { Library.leave() }
      try file.requireOpen(place)
      var info = H5O_info_t()
      try Library.check(H5Oget_info2(id, &info, UInt32(H5O_INFO_NUM_ATTRS)), place)
      let bytesPerName = 16
      let count = Int(clamping: info.num_attrs)
      _ = try file.byteCount(count: count, elementBytes: bytesPerName, place)
      guard count > 0 else { return [] }
      let inOrder = H5Aget_name_by_idx(
        id, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, 0, nil, 0, get_H5P_DEFAULT())
      let order = inOrder >= 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME
      var names: [String] = []
      for index in 0..<count {
        names.append(
          try Text.read(place, file) { buffer, size in
            H5Aget_name_by_idx(
              id, ".", order, H5_ITER_INC, hsize_t(index), buffer, size, get_H5P_DEFAULT())
          })
      }
      return names
    }
  }

  /// Whether there is an attribute of this name.
  public func contains(_ name: String) throws(HDF5Error) -> Bool {
    let place = place("look up attribute", name)
    Library.enter()
    defer { Library.leave() }
    try file.requireOpen(place)
    return try exists(name, place)
  }

  /// What the attribute's elements are. Throws `notFound`.
  public func elementType(of name: String) throws(HDF5Error) -> ElementType {
    Library.enter()
    defer { Library.leave() }
    return try Opened(self, name, place("look up attribute", name)).elementType
  }

  /// The lengths of the attribute's axes; `[]` for a single value. Throws `notFound`.
  public func shape(of name: String) throws(HDF5Error) -> [Int] {
    Library.enter()
    defer { Library.leave() }
    return try Opened(self, name, place("look up attribute", name)).shape
  }

  /// Sets a text of any length, stored as variable-length UTF-8. Replaces an older attribute.
  public func set(_ name: String, _ text: String) throws(HDF5Error) {
    let place = place("write attribute", name)
    Library.enter()
    defer { Library.leave() }
    let type = try ElementType.textType(place)
    try Text.withPointers([text], place) { _ in }
    let attribute = try create(name, type.value, shape: [], place)
    let status = try Text.withPointers([text], place) { pointers in
      H5Awrite(attribute.value, type.value, pointers)
    }
    try Library.check(status, place)
  }

  /// Sets a number. Replaces an older attribute.
  public func set<T: HDF5Scalar>(_ name: String, _ value: T) throws(HDF5Error) {
    try write(name, [value], shape: [])
  }

  /// Sets an array of numbers of one axis. Replaces an older attribute.
  public func set<T: HDF5Scalar>(_ name: String, _ values: [T]) throws(HDF5Error) {
    try write(name, values, shape: [values.count])
  }

  /// The text of an attribute. Throws `notFound`, `wrongType`, `invalidText`.
  public func string(_ name: String) throws(HDF5Error) -> String {
    let place = place("read attribute", name)
    Library.enter()
    defer { Library.leave() }
    let attribute = try Opened(self, name, place)
    guard attribute.count == 1 else {
      throw .wrongCount(place, expected: 1, actual: attribute.count)
    }
    switch attribute.elementType {
    case .string:
      return try Text.readVariable(
        count: 1, type: attribute.type, space: attribute.space, place, file
      ) { buffer in
        H5Aread(attribute.id.value, attribute.type.value, buffer)
      }[0]
    case .fixedString(let byteCount):
      _ = try file.byteCount(count: 1, elementBytes: byteCount, place)
      var bytes = [UInt8](repeating: 0, count: byteCount)
      let status = bytes.withUnsafeMutableBytes {
        H5Aread(attribute.id.value, attribute.type.value, $0.baseAddress)
      }
      try Library.check(status, place)
      guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
        throw .invalidText(place)
      }
      return text
    default:
      throw .wrongType(place, expected: "string", actual: attribute.elementType.description)
    }
  }

  /// A single number. Throws `notFound`, `wrongType`, `wrongCount` (for an array of another
  /// length).
  public func scalar<T: HDF5Scalar>(
    _ name: String, as type: T.Type = T.self
  ) throws(HDF5Error) -> T {
    let values = try array(name, as: T.self)
    guard values.count == 1 else {
      throw .wrongCount(place("read attribute", name), expected: 1, actual: values.count)
    }
    return values[0]
  }

  /// All numbers of an attribute, row-major. Throws `notFound`, `wrongType`, `tooLarge`.
  public func array<T: HDF5Scalar>(
    _ name: String, as type: T.Type = T.self
  ) throws(HDF5Error) -> [T] {
    let place = place("read attribute", name)
    Library.enter()
    defer { Library.leave() }
    let attribute = try Opened(self, name, place)
    guard attribute.elementType == T.elementType else {
      throw .wrongType(
        place, expected: T.elementType.description, actual: attribute.elementType.description)
    }
    let number = NumberType(T.self)
    let count = attribute.count
    _ = try file.byteCount(count: count, elementBytes: number.byteCount, place)
    guard count > 0 else { return [] }
    var status: herr_t = 0
    let values = [T](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      status = H5Aread(attribute.id.value, number.memory, buffer.baseAddress)
      initializedCount = status < 0 ? 0 : count
    }
    try Library.check(status, place)
    return values
  }

  private func write<T: HDF5Scalar>(
    _ name: String, _ values: [T], shape: [Int]
  ) throws(HDF5Error) {
    let place = place("write attribute", name)
    Library.enter()
    defer { Library.leave() }
    let number = NumberType(T.self)
    let attribute = try create(name, number.file, shape: shape, place)
    guard !values.isEmpty else { return }
    try Library.check(H5Awrite(attribute.value, number.memory, values), place)
  }

  private func create(
    _ name: String, _ type: hid_t, shape: [Int], _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Identifier {
    try file.requireOpen(place)
    guard file.isWritable else {
      throw .invalidArgument(place, message: "the file is open for reading only")
    }
    guard !name.isEmpty, !name.utf8.contains(0) else {
      throw .invalidArgument(place, message: "no name for an attribute: '\(name)'")
    }
    if try exists(name, place) { try Library.check(H5Adelete(id, name), place) }
    let space = try Layout.space(shape, place)
    return try Identifier(
      H5Acreate2(id, name, type, space.value, get_H5P_DEFAULT(), get_H5P_DEFAULT()), place)
  }

  private func exists(_ name: String, _ place: HDF5Error.Place) throws(HDF5Error) -> Bool {
    guard !name.isEmpty, !name.utf8.contains(0) else { return false }
    return try Library.check(H5Aexists(id, name), place) > 0
  }

  private func place(_ operation: String, _ name: String) -> HDF5Error.Place {
    file.place(operation, path + "@" + name)
  }

  private struct Opened {
    let id: Identifier
    let type: Identifier
    let space: Identifier
    let elementType: ElementType
    let shape: [Int]
    let count: Int

    init(
      _ attributes: Attributes, _ name: String, _ place: HDF5Error.Place
    ) throws(HDF5Error) {
      try attributes.file.requireOpen(place)
      guard try attributes.exists(name, place) else { throw .notFound(place) }
      id = try Identifier(H5Aopen(attributes.id, name, get_H5P_DEFAULT()), place)
      type = try Identifier(H5Aget_type(id.value), place)
      space = try Identifier(H5Aget_space(id.value), place)
      elementType = ElementType(typeID: type.value)
      shape = try Layout.shape(ofSpace: space, place)
      count = try Layout.elementCount(shape, elementBytes: 1, place)
    }
  }
}
