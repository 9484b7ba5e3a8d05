internal import Glibc

/// The bytes of a regular file, mapped into memory: opening costs nothing, and only what is read is
/// fetched from the disk.
///
/// A file that another process cuts short while it is mapped ends the process, as with every mapped
/// file; checkpoints appear whole under their names and are not changed in place.
package final class MappedFile: @unchecked Sendable {
  /// Path as given.
  package let path: String
  /// Size in bytes.
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer?

  /// Throws `unreadable` unless a regular file can be mapped.
  package init(_ path: String) throws(SafetensorsError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw SafetensorsError(path, .unreadable("the path is empty or holds a NUL"))
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SafetensorsError(path, .unreadable(SystemMessage.last)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw SafetensorsError(path, .unreadable(SystemMessage.last))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SafetensorsError(path, .unreadable("not a regular file"))
    }
    self.path = path
    byteCount = Int(status.st_size)
    guard byteCount > 0 else {
      base = nil
      return
    }
    let memory = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let memory, memory != MAP_FAILED else {
      throw SafetensorsError(path, .unreadable(SystemMessage.last))
    }
    base = memory
  }

  deinit {
    if let base { munmap(base, byteCount) }
  }

  /// Calls `body` with the bytes of `range`.
  package func withBytes<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    precondition(0 <= range.lowerBound && range.upperBound <= byteCount, "\(range)")
    defer { withExtendedLifetime(self) {} }
    let start = base.map { UnsafeRawPointer($0) + range.lowerBound }
    return try body(UnsafeRawBufferPointer(start: start, count: range.count))
  }

  /// A copy of the bytes of `range`.
  package func bytes(_ range: Range<Int>) -> [UInt8] { withBytes(range) { [UInt8]($0) } }
}

/// The system's words for the last failure.
enum SystemMessage {
  static var last: String { strerror(errno).map { String(cString: $0) } ?? "system error" }
}
