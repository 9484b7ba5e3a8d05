import Foundation
import Proofs
import Synchronization

/// What a point has done so far, in pieces, so that a killed run goes on after the last whole one.
///
/// The file begins with the digest of its point. A piece is its length (8 bytes, little endian), its
/// bytes, and a SHA-256 over the one of the piece before and the bytes; it is on the disk before
/// ``append(_:)`` returns, or, if it may come ``appendLater(_:)``, before the next one or ``finish()``
/// does. What does not check is as good as not written: a torn end, a flipped bit,
/// another point's file.
///
/// One thread at a time calls it; what it writes later is only touched by its queue until that is done.
public final class Journal: @unchecked Sendable {
  private let path: String
  private let key: Digest
  private var chain: Digest
  private var file: FileHandle?
  private let queue = DispatchQueue(label: "journal")
  /// What went wrong later.
  private let failure = Mutex<(any Error)?>(nil)

  init(path: String, key: Digest) {
    self.path = path
    self.key = key
    chain = key
  }

  private static let lengthByteCount = 8

  /// The whole pieces, in order. What stands after them is forgotten.
  public func load() throws -> [[UInt8]] {
    chain = key
    var pieces: [[UInt8]] = []
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let bytes = [UInt8](data)
    var end = key.bytes.count
    guard bytes.prefix(end).elementsEqual(key.bytes) else { return [] }
    while true {
      let start = end + Self.lengthByteCount
      guard start <= bytes.count else { break }
      let length = bytes[end..<start].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard length <= UInt64(bytes.count - start) else { break }
      let stop = start + Int(length)
      guard stop + key.bytes.count <= bytes.count else { break }
      let piece = Array(bytes[start..<stop])
      let next = Self.link(chain, piece)
      guard bytes[stop..<stop + key.bytes.count].elementsEqual(next.bytes) else { break }
      pieces.append(piece)
      chain = next
      end = stop + key.bytes.count
    }
    return pieces
  }

  /// Keeps only `pieces`, the first of those that ``load()`` gave, and goes on after them.
  public func keep(_ pieces: ArraySlice<[UInt8]>) throws {
    chain = pieces.reduce(key) { Self.link($0, $1) }
    let size = Self.lengthByteCount + key.bytes.count
    try open(
      keeping: pieces.isEmpty ? 0 : key.bytes.count + pieces.reduce(0) { $0 + size + $1.count })
  }

  /// Adds a piece and makes sure that it is on the disk.
  public func append(_ piece: [UInt8]) throws {
    try finish()
    try write(piece: piece)
  }

  /// Adds a piece beside what the caller does next; waits for the one before. Throws what went wrong with
  /// that.
  public func appendLater(_ piece: @escaping @Sendable () -> [UInt8]) throws {
    try finish()
    queue.async { [self] in
      do { try write(piece: piece()) } catch { failure.withLock { $0 = error } }
    }
  }

  /// Waits until all pieces are on the disk. Throws what went wrong since the last call.
  public func finish() throws {
    queue.sync {}
    let error = failure.withLock { failure in
      defer { failure = nil }
      return failure
    }
    if let error { throw error }
  }

  private func write(piece: [UInt8]) throws {
    if file == nil { try open(keeping: 0) }
    let next = Self.link(chain, piece)
    try write(withUnsafeBytes(of: UInt64(piece.count).littleEndian) { Array($0) })
    try write(piece)
    try write(next.bytes)
    try synchronize()
    chain = next
  }

  private static func link(_ chain: Digest, _ piece: [UInt8]) -> Digest {
    var stream = SHA256Stream()
    stream.update(chain)
    stream.update(piece)
    return stream.finalize()
  }

  private func open(keeping length: Int) throws {
    do {
      if !FileManager.default.fileExists(atPath: path) {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
          throw RunError.machine("\(path): it cannot be written")
        }
      }
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      if try handle.seekToEnd() > UInt64(length) {
        try handle.truncate(atOffset: UInt64(length))
        try handle.seekToEnd()
      }
      file = handle
    } catch let error as RunError { throw error } catch {
      throw RunError.machine("\(path): it cannot be written: \(error.reason)")
    }
    if length == 0 {
      try write(key.bytes)
      try synchronize()
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    do {
      try bytes.withUnsafeBytes { memory in
        guard let start = memory.baseAddress else { return }
        try file?.write(
          contentsOf: Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: memory.count,
            deallocator: .none))
      }
    } catch { throw RunError.machine("\(path): it cannot be written: \(error.reason)") }
  }

  private func synchronize() throws {
    do { try file?.synchronize() } catch {
      throw RunError.machine("\(path): it cannot be written: \(error.reason)")
    }
  }
}
