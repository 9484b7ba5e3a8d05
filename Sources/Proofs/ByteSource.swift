/// A byte string that need not lie in memory: a tree is built over it piece by piece, by many threads
/// at once.
///
/// Law: the bytes of a range are the same whenever and however they are asked for, or it throws.
public protocol ByteSource: Sendable {
  /// Why the source cannot give its bytes; `Never` for memory.
  associatedtype Failure: Error

  /// Length of the byte string, 0 or more.
  var byteCount: Int { get }

  /// The bytes of `range`, which lies in 0..<byteCount: memory that stays valid as long as the
  /// source, or the first bytes of `scratch`, which has room for them and is written to.
  func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> UnsafeRawBufferPointer

  /// Says that the bytes of `range` are not needed again soon, so that a mapped file may give their
  /// memory back. Does nothing unless the source has something to give back.
  func release(_ range: Range<Int>)
}

extension ByteSource {
  public func release(_ range: Range<Int>) {}

  /// A copy of the bytes of `range`, which lies in 0..<byteCount.
  public func copy(of range: Range<Int>) throws(Failure) -> [UInt8] {
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(range.count, 1), alignment: 64)
    defer {
      scratch.deallocate()
      withExtendedLifetime(self) {}
    }
    return Array(try bytes(in: range, scratch: scratch))
  }
}

/// Bytes that lie in memory and do not change.
public struct MemorySource: ByteSource, @unchecked Sendable {
  private let memory: UnsafeRawBufferPointer
  private let owner: (any AnyObject & Sendable)?

  /// The bytes of `memory`. They must stay as they are while the source is used; `owner` is kept
  /// alive for that.
  public init(_ memory: UnsafeRawBufferPointer, owner: (any AnyObject & Sendable)? = nil) {
    self.memory = memory
    self.owner = owner
  }

  /// A copy of `bytes`.
  public init(_ bytes: [UInt8]) {
    let copy = OwnedMemory(bytes)
    self.init(UnsafeRawBufferPointer(copy.memory), owner: copy)
  }

  public var byteCount: Int { memory.count }

  public func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory[range])
  }
}

/// Frees its memory at the end. Written once, before anyone else sees it.
private final class OwnedMemory: @unchecked Sendable {
  let memory: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8]) {
    memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    memory.copyBytes(from: bytes)
  }

  deinit { memory.deallocate() }
}
