internal import CHDF5
internal import Glibc

/// One HDF5 file: either new and writable, or old and read-only.
///
/// A new file is built in memory. `flush()` and `close()` write the whole of it beside its place
/// and rename it there, so a reader finds a complete file or none, and a full disk is an error and
/// not a crash. (HDF5 1.10 ends the process with a segmentation fault after a failed write at
/// closing.) What was not flushed or closed is lost.
///
/// Equal calls give equal bytes: no object stores a time. All calls into the library are made one
/// after the other under one lock for the whole process, so files and their objects may be used on
/// any thread.
///
/// The library is not hardened against files made to harm it. Its metadata and compressed data
/// carry checksums, but the heap with the texts has none, and a bit changed there can end the
/// process. Where files come from others, compare a digest of the whole file before opening it.
public final class File: @unchecked Sendable {
  /// What becomes of a file that is already at the path.
  public enum Existing: Sendable {
    /// It is replaced when the new file is flushed or closed.
    case replace
    /// `create` throws `alreadyExists`, and so does the first flush if one appeared since.
    case refuse
  }

  /// The path as given.
  public let path: String
  /// The most memory, in bytes, that one read may take; larger claims of a file are refused.
  public let byteLimit: Int
  /// Whether the file can be written.
  public let isWritable: Bool

  let id: hid_t
  // These two change, and only under the library's lock: hence the unchecked Sendable.
  private var existing: Existing
  private var isAlive = true

  /// 4 GiB.
  public static let defaultByteLimit = 1 << 32

  private init(path: String, id: hid_t, existing: Existing, isWritable: Bool, byteLimit: Int) {
    self.path = path
    self.id = id
    self.existing = existing
    self.isWritable = isWritable
    self.byteLimit = byteLimit
  }

  deinit {
    guard isAlive else { return }
    Library.enter()
    H5Fclose(id)
    Library.leave()
  }

  /// Starts a new file. Nothing is written at `path` before `flush()` or `close()`.
  ///
  /// Links and attributes keep their creation order, and the format is that of HDF5 1.8 to 1.10, as
  /// netCDF4 needs it. Throws `alreadyExists`, or `cannotWrite` where no file can be put.
  public static func create(
    _ path: String, existing: Existing = .replace
  ) throws(HDF5Error) -> File {
    let place = HDF5Error.Place(operation: "create file", object: "/", file: path)
    try FileImage.checkTarget(path, refuseExisting: existing == .refuse, place)
    Library.enter()
    defer { Library.leave() }
    let access = try accessList(place)
    let growth = 1 << 20
    try Library.check(H5Pset_fapl_core(access.value, growth, false), place)
    try Library.check(
      H5Pset_libver_bounds(access.value, H5F_LIBVER_V18, H5F_LIBVER_V110), place)
    let creation = try Identifier(H5Pcreate(get_H5P_FILE_CREATE()), place)
    try Group.setOrder(creation, place)
    let id = try Library.check(
      H5Fcreate(path, get_H5F_ACC_TRUNC(), creation.value, access.value), place)
    return File(
      path: path, id: id, existing: existing, isWritable: true, byteLimit: defaultByteLimit)
  }

  /// Opens a file for reading. Throws `cannotOpen` if there is none, or none that is whole.
  public static func open(
    _ path: String, byteLimit: Int = defaultByteLimit
  ) throws(HDF5Error) -> File {
    let place = HDF5Error.Place(operation: "open file", object: "/", file: path)
    try FileImage.checkSource(path, place)
    Library.enter()
    defer { Library.leave() }
    let access = try accessList(place)
    guard H5Fis_hdf5(path) > 0 else { throw .cannotOpen(place, .notHDF5, details: "") }
    let id = H5Fopen(path, get_H5F_ACC_RDONLY(), access.value)
    guard id >= 0 else { throw .cannotOpen(place, .damaged, details: Library.errorStack()) }
    return File(
      path: path, id: id, existing: .refuse, isWritable: false, byteLimit: max(0, byteLimit))
  }

  /// False after `close()`.
  public var isOpen: Bool {
    Library.enter()
    defer { Library.leave() }
    return isAlive
  }

  /// The group that holds all others.
  public var root: Group {
    Group(file: self, path: "/", id: nil)
  }

  /// Writes the file as it is now. Does nothing for a file opened for reading.
  public func flush() throws(HDF5Error) {
    let place = place("flush file")
    Library.enter()
    defer { Library.leave() }
    try requireOpen(place)
    guard isWritable else { return }
    try Library.check(H5Fflush(id, H5F_SCOPE_GLOBAL), place)
    let byteCount = Int(try Library.check(H5Fget_file_image(id, nil, 0), place))
    // The memory of the core driver itself: a result can be large, and a copy would be as large again.
    var handle: UnsafeMutableRawPointer?
    try Library.check(H5Fget_vfd_handle(id, get_H5P_DEFAULT(), &handle), place)
    guard
      let image = handle?.assumingMemoryBound(to: UnsafeMutableRawPointer?.self).pointee
    else { throw .libraryFailure(place, details: "the core driver has no memory") }
    guard
      let superblock = Superblock.closed(UnsafeRawBufferPointer(start: image, count: byteCount))
    else { throw .libraryFailure(place, details: "the superblock is not of version 2") }
    let rest = UnsafeRawBufferPointer(
      start: image + superblock.count, count: byteCount - superblock.count)
    let written = superblock.withUnsafeBytes { start in
      Result { () throws(HDF5Error) in
        try FileImage.write(
          [start, rest], to: path, refuseExisting: existing == .refuse, place)
      }
    }
    try written.get()
    // From now on the file at the path is this one.
    existing = .replace
  }

  /// Writes a new file and ends its use, also when writing fails: then it throws, and there is no
  /// new file at the path. Groups, datasets and attributes cannot be used any more. A second call
  /// does nothing.
  public func close() throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    guard isAlive else { return }
    // Closing gives the memory back whatever the flush did.
    defer {
      isAlive = false
      H5Fclose(id)
    }
    try flush()
  }

  func place(_ operation: String, _ object: String = "/") -> HDF5Error.Place {
    HDF5Error.Place(operation: operation, object: object, file: path)
  }

  /// To be called under the library's lock.
  func requireOpen(_ place: HDF5Error.Place) throws(HDF5Error) {
    guard isAlive else { throw .closed(place) }
  }

  /// How many bytes `count` elements take; throws if that is over the limit.
  func byteCount(
    count: Int, elementBytes: Int, _ place: HDF5Error.Place
  ) throws(HDF5Error) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementBytes)
    guard !overflow, bytes <= byteLimit else { throw .tooLarge(place, limit: byteLimit) }
    return bytes
  }

  private static func accessList(_ place: HDF5Error.Place) throws(HDF5Error) -> Identifier {
    let access = try Identifier(H5Pcreate(get_H5P_FILE_ACCESS()), place)
    // Closing the file ends its objects too, whoever still holds them.
    try Library.check(H5Pset_fclose_degree(access.value, H5F_CLOSE_STRONG), place)
    return access
  }
}
