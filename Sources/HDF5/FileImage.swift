internal import Glibc

/// The bytes of a whole file on their way to the disk.
package enum FileImage {
  /// Throws unless a regular file can be read at the path.
  static func checkSource(_ path: String, _ place: HDF5Error.Place) throws(HDF5Error) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .invalidArgument(place, message: "the path is empty or holds a NUL")
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .cannotOpen(place, .unreadable, details: systemMessage())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .cannotOpen(place, .notARegularFile, details: "")
    }
    guard access(path, R_OK) == 0 else {
      throw .cannotOpen(place, .unreadable, details: systemMessage())
    }
  }

  /// Throws unless a file may be put at the path. Checks early what `write` would find late.
  static func checkTarget(
    _ path: String, refuseExisting: Bool, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .invalidArgument(place, message: "the path is empty or holds a NUL")
    }
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw .cannotWrite(place, details: HDF5Error.OpenFailure.notARegularFile.rawValue)
      }
      if refuseExisting { throw .alreadyExists(place) }
    }
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard access(directory, W_OK | X_OK) == 0 else {
      throw .cannotWrite(place, details: systemMessage())
    }
  }

  /// Puts the parts, one after the other, beside the path, makes sure they are on the disk, and moves
  /// them there at once.
  static func write(
    _ parts: [UnsafeRawBufferPointer], to path: String, refuseExisting: Bool, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    try checkTarget(path, refuseExisting: refuseExisting, place)
    let temporary = path + ".partial"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let descriptor = Glibc.open(temporary, flags, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(place, details: systemMessage()) }
    do throws(HDF5Error) {
      defer { _ = Glibc.close(descriptor) }
      try DirectOutput.write(parts, toDescriptor: descriptor, place)
      guard fsync(descriptor) == 0 else { throw .cannotWrite(place, details: systemMessage()) }
    } catch {
      unlink(temporary)
      throw error
    }
    // A link, unlike a renaming, fails if the name is taken.
    let status =
      refuseExisting ? link(temporary, path) : rename(temporary, path)
    let reason = status == 0 ? "" : systemMessage()
    if refuseExisting || status != 0 { unlink(temporary) }
    guard status == 0 else { throw .cannotWrite(place, details: reason) }
  }

  /// Writes all bytes to an open file descriptor. Throws `cannotWrite` with the system's reason.
  package static func write(
    _ bytes: UnsafeRawBufferPointer, toDescriptor descriptor: Int32, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    guard let start = bytes.baseAddress else { return }
    var offset = 0
    while offset < bytes.count {
      let written = Glibc.write(descriptor, start + offset, bytes.count - offset)
      if written > 0 {
        offset += written
      } else if written == 0 || errno != EINTR {
        throw .cannotWrite(place, details: systemMessage())
      }
    }
  }

  private static func systemMessage() -> String {
    strerror(errno).map { String(cString: $0) } ?? "system error"
  }
}
