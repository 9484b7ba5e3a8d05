internal import Glibc
import Proofs
import Safetensors

/// The bytes of a file, memory-mapped. What was hashed is given back to the system, so that a long
/// file does not fill this process's memory.
public struct FileSource: ByteSource {
  private let file: MappedFile

  /// Throws unless a regular file can be mapped.
  public init(_ path: String) throws(SafetensorsError) {
    file = try MappedFile(path)
  }

  /// Bytes of the file.
  public var byteCount: Int { file.byteCount }

  /// The bytes in `range`, where they are mapped; `scratch` is not needed.
  public func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    // The mapping stays where it is as long as `file` lives.
    file.withBytes(range) { $0 }
  }

  /// Gives the whole pages in `range` back to the system.
  public func release(_ range: Range<Int>) {
    file.withBytes(range) { bytes in
      guard let base = bytes.baseAddress else { return }
      let page = Int(getpagesize())
      let address = Int(bitPattern: base)
      // Whole pages only; a page that others still read comes back from the cache.
      let first = (address + page - 1) / page * page
      let last = (address + bytes.count) / page * page
      guard first < last else { return }
      madvise(UnsafeMutableRawPointer(bitPattern: first), last - first, MADV_DONTNEED)
    }
  }
}
