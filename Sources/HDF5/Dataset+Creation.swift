internal import CHDF5

extension Group {
  /// Makes a dataset of numbers. Floating-point elements that are never written read as NaN,
  /// integers as 0.
  ///
  /// `shape` may be `[]` (a scalar) and its axes may be 0. Throws `alreadyExists`,
  /// `invalidArgument`.
  @discardableResult
  public func createDataset<T: HDF5Scalar>(
    _ name: String, shape: [Int], of type: T.Type = T.self, storage: Storage = .automatic
  ) throws(HDF5Error) -> Dataset {
    let place = file.place("create dataset", childPath(name))
    Library.enter()
    defer { Library.leave() }
    try checkNewName(name, place)
    let number = NumberType(T.self)
    let count = try Layout.elementCount(shape, elementBytes: number.byteCount, place)
    let list = try Layout.creationList(place)
    try Layout.setFill(list, T.elementType, place)
    try Layout.setStorage(
      list, storage, shape: shape, elementBytes: number.byteCount, count: count, place)
    let space = try Layout.space(shape, place)
    return try create(name, number.file, space, list, place)
  }

  /// Makes a dataset of numbers and writes all of them, row-major. Throws `wrongCount` also.
  @discardableResult
  public func createDataset<T: HDF5Scalar>(
    _ name: String, shape: [Int], values: [T], storage: Storage = .automatic
  ) throws(HDF5Error) -> Dataset {
    let place = file.place("create dataset", childPath(name))
    let count = try Layout.elementCount(
      shape, elementBytes: MemoryLayout<T>.stride, place)
    // Asked before anything is made, so that a refusal leaves the file as it was.
    guard values.count == count else {
      throw .wrongCount(place, expected: count, actual: values.count)
    }
    var storage = storage
    if storage == .automatic, count * MemoryLayout<T>.stride > Storage.smallByteCount {
      storage =
        values.withUnsafeBytes {
          Storage.isWorthDeflating($0, elementBytes: MemoryLayout<T>.stride)
        } ? .compressed : .checked
    }
    let dataset = try createDataset(name, shape: shape, of: T.self, storage: storage)
    try dataset.write(values)
    return dataset
  }

  /// Makes a dataset of variable-length UTF-8 text; texts never written read as "".
  @discardableResult
  public func createStringDataset(
    _ name: String, shape: [Int]
  ) throws(HDF5Error) -> Dataset {
    let place = file.place("create dataset", childPath(name))
    Library.enter()
    defer { Library.leave() }
    try checkNewName(name, place)
    _ = try Layout.elementCount(shape, elementBytes: MemoryLayout<UInt>.stride, place)
    let list = try Layout.creationList(place)
    let type = try ElementType.textType(place)
    let space = try Layout.space(shape, place)
    return try create(name, type.value, space, list, place)
  }

  /// Makes a dataset of variable-length UTF-8 text and writes all of it, row-major.
  @discardableResult
  public func createDataset(
    _ name: String, shape: [Int], strings: [String]
  ) throws(HDF5Error) -> Dataset {
    let place = file.place("create dataset", childPath(name))
    let count = try Layout.elementCount(shape, elementBytes: 1, place)
    guard strings.count == count else {
      throw .wrongCount(place, expected: count, actual: strings.count)
    }
    try Text.withPointers(strings, place) { _ in }
    let dataset = try createStringDataset(name, shape: shape)
    try dataset.writeStrings(strings)
    return dataset
  }

  private func create(
    _ name: String, _ type: hid_t, _ space: Identifier, _ list: Identifier,
    _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Dataset {
    let dataset = try Identifier(
      H5Dcreate2(
        id, name, type, space.value, get_H5P_DEFAULT(), list.value, get_H5P_DEFAULT()), place)
    return try Dataset(file: file, path: childPath(name), id: dataset, place)
  }
}
