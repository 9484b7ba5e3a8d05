internal import CHDF5

/// A folder of datasets and other groups inside a file.
public final class Group: Sendable {
  /// What a child is.
  public enum Kind: Hashable, Sendable {
    case group, dataset, other
  }

  /// The file it belongs to.
  public let file: File
  /// Its path inside the file; "/" for the root.
  public let path: String
  private let identifier: Identifier?

  /// The root group has no id of its own: the library takes the file's.
  init(file: File, path: String, id: Identifier?) {
    self.file = file
    self.path = path
    self.identifier = id
  }

  var id: hid_t { identifier?.value ?? file.id }

  /// The group's attributes.
  public var attributes: Attributes {
    Attributes(file: file, path: path, id: id, owner: self)
  }

  /// The names of the children, in the order of their creation (by name in files that keep none).
  public var names: [String] {
    get throws(HDF5Error) {
      let place = file.place("list group", path)
      Library.enter()
      defer { Library.leave() }
      try file.requireOpen(place)
      var info = H5G_info_t()
      try Library.check(H5Gget_info(id, &info), place)
      let order = try isOrderIndexed(place) ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME
      let bytesPerName = 16
      let count = Int(clamping: info.nlinks)
      _ = try file.byteCount(count: count, elementBytes: bytesPerName, place)
      var names: [String] = []
      for index in 0..<count {
        let id = id
        names.append(
          try Text.read(place, file) { buffer, size in
            H5Lget_name_by_idx(
              id, ".", order, H5_ITER_INC, hsize_t(index), buffer, size, get_H5P_DEFAULT())
          })
      }
      return names
    }
  }

  /// What the child of this name is. Throws `notFound`.
  public func kind(of name: String) throws(HDF5Error) -> Kind {
    let place = file.place("look up", childPath(name))
    Library.enter()
    defer { Library.leave() }
    let object = try openObject(name, place)
    switch H5Iget_type(object.value) {
    case H5I_GROUP: return .group
    case H5I_DATASET: return .dataset
    default: return .other
    }
  }

  /// Whether there is an object of this name, or a path of names with slashes.
  public func contains(_ name: String) throws(HDF5Error) -> Bool {
    let place = file.place("look up", childPath(name))
    Library.enter()
    defer { Library.leave() }
    try file.requireOpen(place)
    return try linkExists(name, place)
  }

  /// Makes a new group. Throws `alreadyExists`, `invalidArgument`.
  @discardableResult
  public func createGroup(_ name: String) throws(HDF5Error) -> Group {
    let place = file.place("create group", childPath(name))
    Library.enter()
    defer { Library.leave() }
    try checkNewName(name, place)
    let creation = try Identifier(H5Pcreate(get_H5P_GROUP_CREATE()), place)
    try Self.setOrder(creation, place)
    let group = try Identifier(
      H5Gcreate2(id, name, get_H5P_DEFAULT(), creation.value, get_H5P_DEFAULT()), place)
    return Group(file: file, path: childPath(name), id: group)
  }

  /// The group of this name, or path with slashes. Throws `notFound`, `wrongType`.
  public func group(_ name: String) throws(HDF5Error) -> Group {
    let place = file.place("open group", childPath(name))
    Library.enter()
    defer { Library.leave() }
    let object = try openObject(name, place)
    guard H5Iget_type(object.value) == H5I_GROUP else {
      throw .wrongType(place, expected: "group", actual: "another object")
    }
    return Group(file: file, path: childPath(name), id: object)
  }

  /// The dataset of this name, or path with slashes. Throws `notFound`, `wrongType`.
  public func dataset(_ name: String) throws(HDF5Error) -> Dataset {
    let place = file.place("open dataset", childPath(name))
    Library.enter()
    defer { Library.leave() }
    let object = try openObject(name, place)
    guard H5Iget_type(object.value) == H5I_DATASET else {
      throw .wrongType(place, expected: "dataset", actual: "another object")
    }
    return try Dataset(file: file, path: childPath(name), id: object, place)
  }

  func childPath(_ name: String) -> String {
    path == "/" ? "/" + name : path + "/" + name
  }

  /// Throws unless a child of this name can be made.
  func checkNewName(_ name: String, _ place: HDF5Error.Place) throws(HDF5Error) {
    try file.requireOpen(place)
    guard file.isWritable else {
      throw .invalidArgument(place, message: "the file is open for reading only")
    }
    let isUsable = !name.isEmpty && name != "." && name != ".."
    guard isUsable, !name.utf8.contains(0), !name.contains("/") else {
      throw .invalidArgument(place, message: "no name for an object: '\(name)'")
    }
    guard try !linkExists(name, place) else { throw .alreadyExists(place) }
  }

  private func openObject(
    _ name: String, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Identifier {
    try file.requireOpen(place)
    guard try linkExists(name, place) else { throw .notFound(place) }
    return try Identifier(H5Oopen(id, name, get_H5P_DEFAULT()), place)
  }

  /// The library answers only for the last name of a path, so each step is asked for.
  private func linkExists(_ name: String, _ place: HDF5Error.Place) throws(HDF5Error) -> Bool {
    guard !name.isEmpty, !name.utf8.contains(0) else { return false }
    var prefix = ""
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
      guard !part.isEmpty, part != "." else { return false }
      prefix += prefix.isEmpty ? String(part) : "/" + part
      // Asking inside of a dataset is an error for the library; here the answer is no.
      guard H5Lexists(id, prefix, get_H5P_DEFAULT()) > 0 else { return false }
    }
    return true
  }

  private func isOrderIndexed(_ place: HDF5Error.Place) throws(HDF5Error) -> Bool {
    // Of the root group too, the file's own list does not know the order once it is opened again.
    let group = try Identifier(H5Gopen2(id, ".", get_H5P_DEFAULT()), place)
    let creation = try Identifier(H5Gget_create_plist(group.value), place)
    var flags: UInt32 = 0
    try Library.check(H5Pget_link_creation_order(creation.value, &flags), place)
    return flags & get_H5P_CRT_ORDER_INDEXED() != 0
  }

  /// Settings of every new group: links and attributes in order of creation, no times.
  static func setOrder(_ creation: Identifier, _ place: HDF5Error.Place) throws(HDF5Error) {
    let flags = get_H5P_CRT_ORDER_TRACKED() | get_H5P_CRT_ORDER_INDEXED()
    try Library.check(H5Pset_link_creation_order(creation.value, flags), place)
    try Library.check(H5Pset_attr_creation_order(creation.value, flags), place)
    try Library.check(H5Pset_obj_track_times(creation.value, false), place)
  }
}
