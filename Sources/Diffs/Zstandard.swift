internal import CZstd

/// Compression with Zstandard (RFC 8878).
enum Zstandard {
  /// Level of compression; more takes longer for little.
  static let level: Int32 = 3

  /// Most bytes that `byteCount` bytes compress to.
  static func bound(_ byteCount: Int) -> Int { ZSTD_compressBound(byteCount) }

  /// One frame that holds `bytes`.
  static func compress(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bound(bytes.count)) { target, count in
      count = bytes.withUnsafeBytes {
        ZSTD_compress(target.baseAddress, target.count, $0.baseAddress, $0.count, level)
      }
      precondition(ZSTD_isError(count) == 0, "a buffer of the bound's size is large enough")
    }
  }

  /// The bytes of a frame, or nil unless there are exactly `count` of them and nothing follows.
  static func decompress(_ frame: [UInt8], count: Int) -> [UInt8]? {
    var size = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, written in
      size = frame.withUnsafeBytes { source in
        // The frame ends where the payload does: no second one is hidden behind it.
        guard ZSTD_findFrameCompressedSize(source.baseAddress, source.count) == source.count else {
          return -1
        }
        let result = ZSTD_decompress(
          target.baseAddress, target.count, source.baseAddress, source.count)
        return ZSTD_isError(result) == 0 ? result : -1
      }
      written = max(size, 0)
    }
    return size == count ? bytes : nil
  }
}
