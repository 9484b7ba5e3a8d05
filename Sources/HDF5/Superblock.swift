/// The first bytes of a file (HDF5 File Format Specification 3.0, II.A, version 2 of the
/// superblock).
enum Superblock {
  static let version = 2
  private static let versionOffset = 8
  private static let flagsOffset = 11
  private static let checksumOffset = 44

  /// The superblock of a file that is open for writing as it is when the file is closed: without the
  /// flags that say so, and with a checksum that fits. Nobody could open a copy of the file otherwise.
  ///
  /// Nil if the image has a superblock of another version.
  static func closed(_ image: UnsafeRawBufferPointer) -> [UInt8]? {
    guard image.count >= checksumOffset + 4, image[versionOffset] == UInt8(version) else {
      return nil
    }
    var superblock = Array(image[..<(checksumOffset + 4)])
    superblock[flagsOffset] = 0
    let checksum = lookup3(superblock[..<checksumOffset])
    for index in 0..<4 {
      superblock[checksumOffset + index] = UInt8(
        truncatingIfNeeded: checksum >> (8 * UInt32(index)))
    }
    return superblock
  }

  /// Bob Jenkins' lookup3 (`hashlittle` of 2006 with the start value 0), HDF5's metadata checksum.
  static func lookup3(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var (a, b, c) = (UInt32(0), UInt32(0), UInt32(0))
    a = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
    (b, c) = (a, a)
    var rest = bytes
    while rest.count > 12 {
      add(rest.prefix(12))
      rest = rest.dropFirst(12)
      a = (a &- c) ^ rotate(c, 4)
      c = c &+ b
      b = (b &- a) ^ rotate(a, 6)
      a = a &+ c
      c = (c &- b) ^ rotate(b, 8)
      b = b &+ a
      a = (a &- c) ^ rotate(c, 16)
      c = c &+ b
      b = (b &- a) ^ rotate(a, 19)
      a = a &+ c
      c = (c &- b) ^ rotate(b, 4)
      b = b &+ a
    }
    guard !rest.isEmpty else { return c }
    add(rest)
    c = (c ^ b) &- rotate(b, 14)
    a = (a ^ c) &- rotate(c, 11)
    b = (b ^ a) &- rotate(a, 25)
    c = (c ^ b) &- rotate(b, 16)
    a = (a ^ c) &- rotate(c, 4)
    b = (b ^ a) &- rotate(a, 14)
    c = (c ^ b) &- rotate(b, 24)
    return c

    func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
      word << count | word >> (32 - count)
    }

    /// Up to twelve bytes; missing ones count as zero.
    func add(_ bytes: ArraySlice<UInt8>) {
      for (index, byte) in bytes.enumerated() {
        let word = UInt32(byte) << (8 * UInt32(index % 4))
        switch index / 4 {
        case 0: a = a &+ word
        case 1: b = b &+ word
        default: c = c &+ word
        }
      }
    }
  }
}
