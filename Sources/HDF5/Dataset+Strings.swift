internal import CHDF5

extension Dataset {
  /// All texts, row-major. Throws `wrongType` unless they are variable-length, `invalidText` unless
  /// they are UTF-8.
  public func readStrings() throws(HDF5Error) -> [String] {
    let place = file.place("read dataset", path)
    Library.enter()
    defer { Library.leave() }
    try checkIsText(place)
    let type = try ElementType.textType(place)
    let stored = try Identifier(H5Dget_type(id), place)
    // The library refuses to convert between the character sets, though ASCII is UTF-8.
    try Library.check(H5Tset_cset(type.value, H5Tget_cset(stored.value)), place)
    let space = try Identifier(H5Dget_space(id), place)
    return try Text.readVariable(count: count, type: type, space: space, place, file) { buffer in
      H5Dread(id, type.value, get_H5S_ALL(), get_H5S_ALL(), get_H5P_DEFAULT(), buffer)
    }
  }

  /// Writes all texts, row-major. Throws `wrongCount`, `wrongType`, and `invalidArgument` for a
  /// text with a NUL character, which HDF5 cannot hold.
  public func writeStrings(_ strings: [String]) throws(HDF5Error) {
    let place = file.place("write dataset", path)
    Library.enter()
    defer { Library.leave() }
    try checkIsText(place)
    try requireWritable(place)
    guard strings.count == count else {
      throw .wrongCount(place, expected: count, actual: strings.count)
    }
    guard count > 0 else { return }
    let type = try ElementType.textType(place)
    let status = try Text.withPointers(strings, place) { pointers in
      H5Dwrite(id, type.value, get_H5S_ALL(), get_H5S_ALL(), get_H5P_DEFAULT(), pointers)
    }
    try Library.check(status, place)
  }

  private func checkIsText(_ place: HDF5Error.Place) throws(HDF5Error) {
    try file.requireOpen(place)
    guard elementType == .string else {
      throw .wrongType(
        place, expected: ElementType.string.description, actual: elementType.description)
    }
  }
}
