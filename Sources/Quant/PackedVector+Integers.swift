internal import CKernels
import Kernels

/// Symmetric integers of 4 and 8 bits in groups of a multiple of 32.
extension PackedVector: IntegerPackedValues {
  /// Whether products with vectors of this format can be made in whole numbers.
  public static func offersIntegers(_ format: QuantizationFormat) -> Bool {
    guard offers(format), PackedGroups(format) != nil,
      case .symmetric(let bits, _) = format.element.format.coding
    else { return false }
    return bits == 4 || bits == 8
  }

  public var integerGroupSize: Int { format.groupSize }

  public func offersIntegerProduct(_ matrix: PackedMatrix, isTransposed: Bool) -> Bool {
    let depth = isTransposed ? matrix.columns : matrix.rows
    // Sums of so many products of bytes are below 2^31.
    return Self.offersIntegers(format) && matrix.offset % format.groupSize == 0
      && matrix.columns % format.groupSize == 0 && depth % 4 == 0 && depth <= 65536
  }

  public func integerProduct(
    _ a: Matrix, _ b: PackedMatrix, isTransposed: Bool, into c: Matrix, columns: Range<Int>,
    accumulate: Bool, instructionSet: InstructionSet
  ) {
    let (depth, count) = isTransposed ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(
      offersIntegerProduct(b, isTransposed: isTransposed) && a.columns == depth
        && c.columns == count && a.rows == c.rows && columns.upperBound <= count
        && columns.lowerBound % (isTransposed ? 16 : format.groupSize) == 0)
    guard a.rows > 0, !columns.isEmpty, let kernels else { return }
    let first = format.byteCount(values: b.offset)
    withUnsafePointer(to: kernels.description) { description in
      bytes.withUnsafeBufferPointer { bytes in
        a.buffer.withUnsafeBytes { source in
          c.buffer.withUnsafeMutableBytes { target in
            guard let weights = bytes.baseAddress,
              let input = source.assumingMemoryBound(to: Float.self).baseAddress,
              let output = target.assumingMemoryBound(to: Float.self).baseAddress
            else { return }
            var product = CKIntegerProduct(
              m: a.rows, n: count, depth: depth, a: input + a.offset, aRow: a.rowStride,
              format: description, weights: weights + first, isTransposed: isTransposed ? 1 : 0,
              c: output + c.offset, cRow: c.rowStride, accumulate: accumulate ? 1 : 0)
            let table = instructionSet.kernels.pointee
            let size = table.integerColumns(&product, columns.lowerBound, columns.upperBound, nil)
            let memory = FloatBuffer(count: size / 4 + 1)
            memory.withUnsafeMutableBytes {
              _ = table.integerColumns(
                &product, columns.lowerBound, columns.upperBound, $0.baseAddress)
            }
          }
        }
      }
    }
  }
}
