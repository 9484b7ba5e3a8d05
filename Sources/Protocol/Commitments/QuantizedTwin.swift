import Kernels
import Models
import Proofs
import Quant

/// The bytes of a synthetic model's quantized twin, made when they are asked for.
///
/// Its leaves cover the same parameters as those of the float32 model: one index opens both. A leaf
/// holds whole records of the format, so each can be quantized alone.
public struct QuantizedTwin: ByteSource {
  /// The model.
  public let model: SyntheticModel
  /// How its parameters are quantized, in the flat order.
  public let format: QuantizationFormat
  public let byteCount: Int

  /// The twin of `model`. Throws ``TwinError`` unless the format's records are no longer than a leaf
  /// of `leafValueCount` parameters and divide it.
  public init(
    of model: SyntheticModel, format: QuantizationFormat, leafValueCount: Int
  ) throws(TwinError) {
    guard format.isWholeRecords(leafValueCount, of: model.layout.count),
      format.recordValueCount != QuantizationFormat.wholeTensor
    else { throw TwinError(format: format, leafValueCount: leafValueCount) }
    self.model = model
    self.format = format
    byteCount = format.byteCount(values: model.layout.count)
  }

  /// Bytes of a twin's leaf over `leafValueCount` parameters.
  public func leafSize(leafValueCount: Int) -> Int {
    format.byteCount(values: min(leafValueCount, model.layout.count))
  }

  /// Parameters that are made and quantized at once; they stay in the first-level cache.
  private static let blockValueCount = 4096

  public func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws(QuantError) -> UnsafeRawBufferPointer {
    let total = model.layout.count
    let record = format.recordValueCount
    let step = max(record, Self.blockValueCount / record * record)
    let stepByteCount = format.byteCount(values: step)
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
    var failure: QuantError?
    withUnsafeTemporaryAllocation(of: Float.self, capacity: min(step, total)) { values in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: stepByteCount) { encoded in
        var block = range.lowerBound / stepByteCount
        while block * stepByteCount < range.upperBound {
          let elements = block * step..<min((block + 1) * step, total)
          let input = UnsafeMutableBufferPointer(rebasing: values[..<elements.count])
          model.fill(input, elements)
          let size = format.byteCount(values: elements.count)
          let output = UnsafeMutableBufferPointer(rebasing: encoded[..<size])
          do throws(QuantError) {
            try format.quantize(UnsafeBufferPointer(input), into: output, at: elements.lowerBound)
          } catch {
            failure = error
            return
          }
          let start = block * stepByteCount
          let part = max(start, range.lowerBound)..<min(start + size, range.upperBound)
          let place = part.lowerBound - range.lowerBound
          UnsafeMutableRawBufferPointer(rebasing: target[place..<place + part.count]).copyMemory(
            from: UnsafeRawBufferPointer(
              rebasing: UnsafeRawBufferPointer(output)[
                part.lowerBound - start..<part.upperBound - start]))
          block += 1
        }
      }
    }
    if let failure { throw failure }
    return UnsafeRawBufferPointer(target)
  }
}

/// A format whose records do not fit the leaves.
public struct TwinError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The format.
  public let format: QuantizationFormat
  /// Parameters of a leaf.
  public let leafValueCount: Int

  public var description: String {
    format.recordValueCount == QuantizationFormat.wholeTensor
      ? "\(format.name) has one scale for all parameters, so no leaf can be quantized alone"
      : "a leaf of \(leafValueCount) parameters must be a multiple of the "
        + "\(format.recordValueCount) that \(format.name) encodes together"
  }
}
