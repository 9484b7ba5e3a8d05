internal import Glibc

/// Float32 memory, zeroed at first, aligned to cache lines, in huge pages when it is large.
///
/// It is a reference: windows (`Matrix`, `Vector`) keep it alive and share it. Kernels on several
/// threads may write different elements at the same time; the same element must not be written by
/// one thread while another uses it.
public final class FloatBuffer: @unchecked Sendable {
  /// The number of elements.
  public let count: Int
  let base: UnsafeMutablePointer<Float>

  /// Makes `count` zeros.
  public init(count: Int) {
    precondition(count >= 0, "a buffer of \(count) elements")
    let isLarge = count >= (4 << 20) / 4
    let alignment = isLarge ? 2 << 20 : 64
    let bytes = max((count * 4 + 63) / 64 * 64, 64)
    // Without memory this ends the program, as it does for every array of Swift.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
    // Huge pages are a wish; without them only speed is lost.
    if isLarge { _ = madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
    memset(memory, 0, bytes)
    base = memory.bindMemory(to: Float.self, capacity: bytes / 4)
    self.count = count
  }

  /// Makes a copy of an array.
  public convenience init(_ array: [Float]) {
    self.init(count: array.count)
    array.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: source.count) }
    }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// Element `i` of 0 ..< `count`.
  public subscript(i: Int) -> Float {
    get {
      precondition(0 <= i && i < count, "element \(i) of \(count)")
      return base[i]
    }
    set {
      precondition(0 <= i && i < count, "element \(i) of \(count)")
      base[i] = newValue
    }
  }

  /// Sets every element.
  public func fill(_ value: Float) { base.update(repeating: value, count: count) }

  /// Copies all elements of a buffer of the same size.
  public func copy(from other: FloatBuffer) {
    precondition(other.count == count, "copy of \(other.count) elements to \(count)")
    memmove(base, other.base, count * 4)
  }

  /// A copy of the elements.
  public var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// The elements of a range as IEEE 754 binary32, little endian, 4 bytes each.
  public func littleEndianBytes(_ range: Range<Int>) -> [UInt8] {
    precondition(0 <= range.lowerBound && range.upperBound <= count, "\(range) of \(count)")
    return [UInt8](unsafeUninitializedCapacity: range.count * 4) { bytes, size in
      for (k, i) in range.enumerated() {
        let bits = base[i].bitPattern.littleEndian
        UnsafeMutableRawBufferPointer(bytes).storeBytes(
          of: bits, toByteOffset: 4 * k, as: UInt32.self)
      }
      size = range.count * 4
    }
  }

  /// Sets the elements from `first` on to binary32 values, little endian, 4 bytes each.
  public func setLittleEndianBytes(_ bytes: some Collection<UInt8>, at first: Int) {
    precondition(
      bytes.count % 4 == 0 && 0 <= first && first + bytes.count / 4 <= count,
      "\(bytes.count) bytes at element \(first) of \(count)")
    let target = UnsafeMutableRawBufferPointer(start: base + first, count: bytes.count)
    target.copyBytes(from: bytes)
    for i in first..<first + bytes.count / 4 {
      base[i] = Float(bitPattern: UInt32(littleEndian: base[i].bitPattern))
    }
  }

  /// Calls `body` with the memory of all elements, in the byte order of this machine.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(start: base, count: count * 4))
  }

  /// Calls `body` with the memory of all elements, to write, in the byte order of this machine.
  public func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeMutableRawBufferPointer(start: base, count: count * 4))
  }
}
