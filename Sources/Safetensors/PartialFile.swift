internal import Glibc

/// A file on its way: written beside its place and moved there when it is whole and on the disk.
package final class PartialFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32

  /// Throws `unwritable` where no file can be put.
  package init(_ path: String) throws(SafetensorsError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw SafetensorsError(path, .unwritable("the path is empty or holds a NUL"))
    }
    self.path = path
    temporary = path + ".partial"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    descriptor = open(temporary, flags, 0o666)
    guard descriptor >= 0 else { throw SafetensorsError(path, .unwritable(SystemMessage.last)) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Appends bytes.
  package func write(_ bytes: [UInt8]) throws(SafetensorsError) {
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
      }
      if written > 0 {
        offset += written
      } else if written == 0 || errno != EINTR {
        throw SafetensorsError(path, .unwritable(SystemMessage.last))
      }
    }
  }

  /// Makes sure that all is on the disk and moves it to its place, over a file that is there.
  package func publish() throws(SafetensorsError) {
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw SafetensorsError(path, .unwritable(SystemMessage.last))
    }
    close(descriptor)
    descriptor = -1
  }
}
