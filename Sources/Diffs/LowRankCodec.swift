import Kernels
import Proofs

/// Kind `low-rank`: factors of the update of some matrices, and for the whole model the exclusive or
/// between what they predict and what is, in byte planes, compressed. With the factors of a merged
/// adapter almost nothing is left; for other updates the factors only help as far as they predict.
public struct LowRankEncoder: DiffEncoder {
  private let updates: LowRankUpdates

  /// The encoder for updates in the order of their offsets, in a model of `byteCount` bytes.
  /// Throws `impossible` for matrices that overlap or lie outside of it.
  public init(
    _ updates: [LowRankUpdate], byteCount: Int, arithmetic: Arithmetic
  ) throws(DiffError) {
    self.updates = try LowRankUpdates(updates, byteCount: byteCount, arithmetic: arithmetic)
  }

  /// `low-rank`.
  public var kind: DiffKind { .lowRank }

  /// u32 count of matrices; for each offset u64, rows u32, columns u32, rank u32, then its left and
  /// right factor as lists of binary32.
  public var parameters: [UInt8] {
    var writer = CanonicalWriter()
    writer.appendCount(updates.updates.count)
    for update in updates.updates {
      writer.append(UInt64(update.offset))
      writer.append(UInt32(update.rows))
      writer.append(UInt32(update.columns))
      writer.append(UInt32(update.rank))
      writer.append(update.left)
      writer.append(update.right)
    }
    return writer.bytes
  }

  /// What the factors leave of the range: the exclusive or with their prediction, in byte planes, compressed.
  public func encode(
    _ range: Range<Int>, before: UnsafeRawBufferPointer, after: UnsafeRawBufferPointer
  ) -> [UInt8] {
    updates.predict(before, range.lowerBound / 4..<range.upperBound / 4).withUnsafeBytes {
      BytePlanes.compress($0, after)
    }
  }
}

struct LowRankDecoder: DiffDecoder {
  private let updates: LowRankUpdates

  init(_ header: DiffHeader, _ arithmetic: Arithmetic) throws(DiffError) {
    var reader = CanonicalReader(header.parameters)
    var updates: [LowRankUpdate] = []
    do {
      let count = try reader.readElementCount("matrices", minimumByteCount: 28)
      for _ in 0..<count {
        let offset = try reader.readCount64("offset")
        let (rows, columns) = (Int(try reader.readUInt32()), Int(try reader.readUInt32()))
        let rank = Int(try reader.readUInt32())
        updates.append(
          try LowRankUpdate(
            offset: offset, rows: rows, columns: columns, rank: rank,
            left: try reader.readArray(), right: try reader.readArray()))
      }
      try reader.finish()
    } catch let error as CanonicalError {
      throw .malformed(error)
    } catch let error as DiffError {
      throw error
    } catch { preconditionFailure("there are two kinds of errors here") }
    self.updates = try LowRankUpdates(
      updates, byteCount: header.byteCount, arithmetic: arithmetic)
  }

  func maximumPayloadByteCount(_ range: Range<Int>) -> Int { Zstandard.bound(range.count) }

  func decode(
    _ payload: [UInt8], _ range: Range<Int>, before: UnsafeRawBufferPointer,
    into after: UnsafeMutableRawBufferPointer
  ) throws(DiffError) {
    let predicted = updates.predict(before, range.lowerBound / 4..<range.upperBound / 4)
    let isWhole = predicted.withUnsafeBytes {
      BytePlanes.decompress(payload, onto: $0, into: after)
    }
    guard isWhole else {
      throw .inconsistent(offset: range.lowerBound, "it is no frame of \(range.count) bytes")
    }
  }
}
