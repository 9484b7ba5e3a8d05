internal import CHDF5

/// Text in the hands of the library.
enum Text {
  /// Reads a name by asking for its length first and for its bytes then.
  static func read(
    _ place: HDF5Error.Place, _ file: File,
    _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
  ) throws(HDF5Error) -> String {
    let length = try Library.check(call(nil, 0), place)
    _ = try file.byteCount(count: length, elementBytes: 1, place)
    var buffer = [CChar](repeating: 0, count: length + 1)
    let status = buffer.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
    try Library.check(status, place)
    guard
      let text = String(
        validating: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    else { throw .invalidText(place) }
    return text
  }

  /// Hands each text to the library as a C string. The pointers are good inside of `body` only.
  static func withPointers<Result>(
    _ texts: [String], _ place: HDF5Error.Place,
    _ body: ([UnsafePointer<CChar>?]) -> Result
  ) throws(HDF5Error) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for text in texts {
      // A C string ends at its first NUL, so the rest of the text would be lost without a word.
      guard !text.utf8.contains(0) else {
        throw .invalidArgument(place, message: "HDF5 text cannot hold a NUL character")
      }
      offsets.append(bytes.count)
      bytes.append(contentsOf: text.utf8.lazy.map(CChar.init(bitPattern:)))
      bytes.append(0)
    }
    return bytes.withUnsafeBufferPointer { buffer in
      body(offsets.map { buffer.baseAddress! + $0 })
    }
  }

  /// Reads `count` variable-length texts through `call`, which fills the pointers, and gives the
  /// library its memory back.
  static func readVariable(
    count: Int, type: Identifier, space: Identifier, _ place: HDF5Error.Place, _ file: File,
    _ call: (UnsafeMutableRawPointer?) -> herr_t
  ) throws(HDF5Error) -> [String] {
    guard count > 0 else { return [] }
    _ = try file.byteCount(count: count, elementBytes: MemoryLayout<UInt>.stride, place)
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    let status = pointers.withUnsafeMutableBytes { call($0.baseAddress) }
    let details = status < 0 ? Library.errorStack() : ""
    defer {
      pointers.withUnsafeMutableBytes { buffer in
        _ = H5Dvlen_reclaim(type.value, space.value, get_H5P_DEFAULT(), buffer.baseAddress)
      }
    }
    guard status >= 0 else { throw .libraryFailure(place, details: details) }
    var texts: [String] = []
    texts.reserveCapacity(count)
    for pointer in pointers {
      // The library stores an empty text as nothing.
      guard let pointer else {
        texts.append("")
        continue
      }
      guard let text = String(validatingCString: pointer) else { throw .invalidText(place) }
      texts.append(text)
    }
    return texts
  }
}
