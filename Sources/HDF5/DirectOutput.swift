internal import CHDF5
internal import Glibc

/// Writes large files past the page cache. Its pages would be new memory, which is several times slower
/// than the disk, and nobody reads a result that soon.
enum DirectOutput {
  /// Where memory, offset and length of a direct write begin: the largest block of common disks.
  static let alignment = 4096
  /// Bytes that are written at a time.
  static let blockByteCount = 4 << 20

  /// Writes the parts one after the other to an open file that is empty. Where the file system or the disk
  /// refuses direct writes, and for what does not fill a block, the ordinary way is taken.
  static func write(
    _ parts: [UnsafeRawBufferPointer], toDescriptor descriptor: Int32, _ place: HDF5Error.Place
  ) throws(HDF5Error) {
    let total = parts.reduce(0) { $0 + $1.count }
    guard total >= blockByteCount, setDirect(true, descriptor) else {
      for part in parts { try FileImage.write(part, toDescriptor: descriptor, place) }
      return
    }
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: blockByteCount, alignment: alignment)
    defer { block.deallocate() }
    var isDirect = true
    var filled = 0
    func flush() throws(HDF5Error) {
      var bytes = UnsafeRawBufferPointer(rebasing: block[..<filled])
      filled = 0
      if isDirect, bytes.count == blockByteCount {
        let written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        guard written < bytes.count else { return }
        bytes = UnsafeRawBufferPointer(rebasing: bytes[max(0, written)...])
      }
      // A full disk, a limit, an end that fills no block, or no direct writes at all: the ordinary way
      // goes on where this one stopped, and knows the reason if there is one.
      if isDirect { _ = setDirect(false, descriptor) }
      isDirect = false
      try FileImage.write(bytes, toDescriptor: descriptor, place)
    }
    for part in parts {
      var rest = part
      while !rest.isEmpty {
        let count = min(rest.count, blockByteCount - filled)
        UnsafeMutableRawBufferPointer(rebasing: block[filled..<filled + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
        filled += count
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        if filled == blockByteCount { try flush() }
      }
    }
    if filled > 0 { try flush() }
  }

  /// Whether the file now is, or is not, written directly.
  private static func setDirect(_ isDirect: Bool, _ descriptor: Int32) -> Bool {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0 else { return false }
    return fcntl(descriptor, F_SETFL, isDirect ? flags | pogo_O_DIRECT() : flags & ~pogo_O_DIRECT())
      == 0
  }
}
