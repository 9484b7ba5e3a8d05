internal import CHDF5

/// An array of numbers or texts in a file, row-major.
///
/// Numbers are read as the type they are stored as; there is no silent conversion.
public final class Dataset: Sendable {
  /// The file it belongs to.
  public let file: File
  /// Its path inside the file.
  public let path: String
  /// The lengths of the axes; `[]` for a scalar.
  public let shape: [Int]
  /// What the elements are.
  public let elementType: ElementType
  /// The number of elements, the product of `shape`.
  public let count: Int

  let identifier: Identifier
  var id: hid_t { identifier.value }

  init(
    file: File, path: String, id: Identifier, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    self.file = file
    self.path = path
    self.identifier = id
    let space = try Identifier(H5Dget_space(id.value), place)
    let type = try Identifier(H5Dget_type(id.value), place)
    shape = try Layout.shape(ofSpace: space, place)
    elementType = ElementType(typeID: type.value)
    count = try Layout.elementCount(shape, elementBytes: 1, place)
  }

  /// The dataset's attributes.
  public var attributes: Attributes {
    Attributes(file: file, path: path, id: id, owner: self)
  }

  /// All elements. Throws `wrongType` unless they are stored as `T`, `tooLarge` above the file's
  /// limit.
  public func read<T: HDF5Scalar>(_ type: T.Type = T.self) throws(HDF5Error) -> [T] {
    let place = file.place("read dataset", path)
    Library.enter()
    defer { Library.leave() }
    let number = try check(T.self, place)
    let count = count
    _ = try file.byteCount(count: count, elementBytes: number.byteCount, place)
    guard count > 0 else { return [] }
    return try fill(count: count, place) { buffer in
      H5Dread(
        id, number.memory, get_H5S_ALL(), get_H5S_ALL(), get_H5P_DEFAULT(), buffer)
    }
  }

  /// The elements of some rows: indices of the first axis. Throws `outOfRange`, and as `read()`
  /// does.
  public func read<T: HDF5Scalar>(
    _ type: T.Type = T.self, rows: Range<Int>
  ) throws(HDF5Error) -> [T] {
    let place = file.place("read rows", path)
    Library.enter()
    defer { Library.leave() }
    let number = try check(T.self, place)
    let selection = try select(rows, place)
    _ = try file.byteCount(count: selection.count, elementBytes: number.byteCount, place)
    guard selection.count > 0 else { return [] }
    return try fill(count: selection.count, place) { buffer in
      H5Dread(
        id, number.memory, selection.memory.value, selection.file.value, get_H5P_DEFAULT(), buffer)
    }
  }

  /// The bytes at these indices of a one-dimensional dataset of `UInt8`.
  public func readBytes(_ range: Range<Int>) throws(HDF5Error) -> [UInt8] {
    let place = file.place("read bytes", path)
    guard shape.count == 1 else {
      throw .wrongType(place, expected: "one axis", actual: "the shape \(shape)")
    }
    return try read(UInt8.self, rows: range)
  }

  /// Writes all elements. Throws `wrongCount`, and `wrongType` unless they are stored as `T`.
  public func write<T: HDF5Scalar>(_ values: [T]) throws(HDF5Error) {
    let place = file.place("write dataset", path)
    Library.enter()
    defer { Library.leave() }
    let number = try check(T.self, place)
    try requireWritable(place)
    guard values.count == count else {
      throw .wrongCount(place, expected: count, actual: values.count)
    }
    guard count > 0 else { return }
    try Library.check(
      H5Dwrite(id, number.memory, get_H5S_ALL(), get_H5S_ALL(), get_H5P_DEFAULT(), values), place)
  }

  /// Writes the elements of some rows: indices of the first axis.
  public func write<T: HDF5Scalar>(_ values: [T], rows: Range<Int>) throws(HDF5Error) {
    let place = file.place("write rows", path)
    Library.enter()
    defer { Library.leave() }
    let number = try check(T.self, place)
    try requireWritable(place)
    let selection = try select(rows, place)
    guard values.count == selection.count else {
      throw .wrongCount(place, expected: selection.count, actual: values.count)
    }
    guard selection.count > 0 else { return }
    try Library.check(
      H5Dwrite(
        id, number.memory, selection.memory.value, selection.file.value, get_H5P_DEFAULT(), values),
      place)
  }

  func requireWritable(_ place: HDF5Error.Place) throws(HDF5Error) {
    guard file.isWritable else {
      throw .invalidArgument(place, message: "the file is open for reading only")
    }
  }

  private func check<T: HDF5Scalar>(
    _ type: T.Type, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> NumberType {
    try file.requireOpen(place)
    guard elementType == T.elementType else {
      throw .wrongType(
        place, expected: T.elementType.description, actual: elementType.description)
    }
    return NumberType(T.self)
  }

  private struct Selection {
    let file: Identifier
    let memory: Identifier
    let count: Int
  }

  private func select(
    _ rows: Range<Int>, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Selection {
    guard let rowCount = shape.first else {
      throw .wrongType(place, expected: "rows", actual: "a scalar")
    }
    guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw .outOfRange(
        place, lowerBound: rows.lowerBound, upperBound: rows.upperBound, count: rowCount)
    }
    let start = [hsize_t(rows.lowerBound)] + [hsize_t](repeating: 0, count: shape.count - 1)
    let lengths = [rows.count] + shape.dropFirst()
    let space = try Identifier(H5Dget_space(id), place)
    let block = lengths.map { hsize_t($0) }
    let count = lengths.reduce(1, *)
    if count > 0 {
      try Library.check(
        H5Sselect_hyperslab(space.value, H5S_SELECT_SET, start, nil, block, nil), place)
    }
    return Selection(file: space, memory: try Layout.space(lengths, place), count: count)
  }

  private func fill<T: HDF5Scalar>(
    count: Int, _ place: HDF5Error.Place, _ call: (UnsafeMutableRawPointer?) -> herr_t
  ) throws(HDF5Error) -> [T] {
    var status: herr_t = 0
    let values = [T](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      status = call(buffer.baseAddress)
      initializedCount = status < 0 ? 0 : count
    }
    try Library.check(status, place)
    return values
  }
}
