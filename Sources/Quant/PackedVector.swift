import Kernels

/// A quantized vector in its bytes, any stretch of which can be unpacked: what lets a forward pass run
/// on a quantized model that is never float32 as a whole.
public struct PackedVector: PackedValues {
  /// The format of the bytes.
  public let format: QuantizationFormat
  /// The encoded values.
  public let bytes: [UInt8]
  public let count: Int
  let kernels: PackedGroups?

  /// The most values of a record that is unpacked for a part of it.
  public static let largestRecord = 16384

  /// Whether vectors of this format can be unpacked in parts: its records are not too long.
  public static func offers(_ format: QuantizationFormat) -> Bool {
    format.recordValueCount <= largestRecord
  }

  /// Checks all bytes, which are not trusted, by unpacking them a part at a time; `format` must be
  /// one that ``offers(_:)`` takes.
  ///
  /// Throws as `QuantizationFormat.dequantize`.
  public init(
    _ format: QuantizationFormat, bytes: [UInt8], count: Int, arithmetic: Arithmetic? = nil
  ) throws(QuantError) {
    precondition(Self.offers(format), "\(format) has no short records")
    guard count >= 0 else { throw .valueCountOutOfRange(count: count) }
    let expected = format.byteCount(values: count)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    self.format = format
    self.bytes = bytes
    self.count = count
    kernels = PackedGroups(format)
    let set = arithmetic?.instructionSet ?? .best
    let part = max(1, Self.largestRecord / format.recordValueCount) * format.recordValueCount
    try format.inParts(count, arithmetic) { range throws(QuantError) in
      // Errors count from the beginning of the range.
      let scratch = FloatBuffer(count: min(part, range.count))
      for start in stride(from: range.lowerBound, to: range.upperBound, by: part) {
        let piece = start..<min(range.upperBound, start + part)
        do throws(QuantError) { try decode(piece, into: scratch, instructionSet: set) } catch {
          throw error.moved(
            by: start - range.lowerBound, groups: (start - range.lowerBound) / format.groupSize)
        }
      }
    }
  }

  public func unpack(
    _ range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>,
    instructionSet: InstructionSet
  ) {
    precondition(
      0 <= range.lowerBound && range.upperBound <= count && target.count == range.count,
      "values \(range) of \(count)")
    let record = format.recordValueCount
    let lastWhole = range.upperBound == count ? count : range.upperBound / record * record
    var next = range.lowerBound
    while next < range.upperBound {
      // Whole records go where they belong, others through memory of their own.
      let isDirect = next % record == 0 && lastWhole > next
      let start = next / record * record
      let piece = isDirect ? next..<lastWhole : start..<min(count, start + record)
      let end = min(piece.upperBound, range.upperBound)
      let place = next - range.lowerBound
      let output = UnsafeMutableBufferPointer(rebasing: target[place..<place + end - next])
      do throws(QuantError) {
        if isDirect {
          try decode(piece, into: output, instructionSet: instructionSet)
        } else {
          let values = FloatBuffer(count: piece.count)
          try decode(piece, into: values, instructionSet: instructionSet)
          for index in output.indices { output[index] = values[next - start + index] }
        }
      } catch { preconditionFailure("bytes that were checked are refused: \(error)") }
      next = end
    }
  }

  private func decode(
    _ range: Range<Int>, into buffer: FloatBuffer, instructionSet: InstructionSet
  ) throws(QuantError) {
    let result = buffer.withUnsafeMutableBytes { memory in
      Result { () throws(QuantError) in
        try decode(
          range,
          into: UnsafeMutableBufferPointer(
            rebasing: memory.assumingMemoryBound(to: Float.self)[..<range.count]),
          instructionSet: instructionSet)
      }
    }
    try result.get()
  }

  /// Whole records.
  private func decode(
    _ range: Range<Int>, into values: UnsafeMutableBufferPointer<Float>,
    instructionSet: InstructionSet
  ) throws(QuantError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(QuantError) in
        try format.dequantizePart(
          UnsafeRawBufferPointer(rebasing: bytes[format.byteRange(values: range)]), into: values,
          kernels: kernels, instructionSet: instructionSet)
      }
    }
    try result.get()
  }
}
