internal import CKernels
import Kernels

/// The formats that kernels pack and unpack: codes of 4 bits (and symmetric ones of 8) to nearest,
/// scales of the largest magnitude in float32, float16 or E8M0, groups of a multiple of 32.
///
/// The bytes are those of the general code in this module, which also takes what is no whole group;
/// `PackedGroupsTests` compares them.
struct PackedGroups {
  let description: CKQuantization
  private let groupSize: Int
  private let groupByteCount: Int

  /// Nil if the format is none of them.
  init?(_ format: QuantizationFormat) {
    guard format.rounding == .nearest, format.clipping == .absmax, format.rotation == nil,
      format.groupSize % 32 == 0, format.groupSize <= 65536,
      !format.element.format.hasSignedScale
    else { return nil }
    var description = CKQuantization()
    switch format.scale {
    case .none, .double: return nil
    case .float32: description.scaleKind = Int32(CK_SCALE_FLOAT32)
    case .float16: description.scaleKind = Int32(CK_SCALE_FLOAT16)
    case .e8m0: description.scaleKind = Int32(CK_SCALE_E8M0)
    }
    var values = [Float](repeating: .nan, count: 16)
    switch format.element.format.coding {
    case .symmetric(let bits, let largest) where bits == 4 || bits == 8:
      description.largestValue = Float(largest)
      if bits == 4 {
        for code in 0..<16 where code != 8 { values[code] = Float(code < 8 ? code : code - 16) }
      }
    case .codebook(let book, .bits(4)):
      guard book.values.count >= 15, let tree = book.search.tree else { return nil }
      description.isTable = 1
      description.largestValue = book.largestValue
      values = book.valueOfCode
      withUnsafeMutableBytes(of: &description.tree) { $0.copyBytes(from: tree.thresholds.bytes) }
      withUnsafeMutableBytes(of: &description.codes) { $0.copyBytes(from: tree.codes) }
      let cells = format.scale == .e8m0 ? book.search.cellsOfPowers : book.search.cells
      cells?.write(to: &description)
    default: return nil
    }
    withUnsafeMutableBytes(of: &description.values) { $0.copyBytes(from: values.bytes) }
    description.groupSize = format.groupSize
    description.bits = Int32(format.element.bits)
    description.scaleBytes = Int32(format.scale.byteCount)
    description.largestExponent = Int32(description.largestValue.exponent)
    self.description = description
    groupSize = format.groupSize
    groupByteCount = format.byteCount(record: format.groupSize)
  }

  /// Packs the whole groups at the beginning; returns the number of values that were packed, which
  /// ends before the first group with a value that is not finite.
  func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer,
    instructionSet: InstructionSet
  ) -> Int {
    let groups = values.count / groupSize
    guard groups > 0, let source = values.baseAddress,
      let target = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return 0 }
    precondition(bytes.count >= groups * groupByteCount)
    return withUnsafePointer(to: description) {
      instructionSet.kernels.pointee.quantizeGroups($0, groups, source, target)
    } * groupSize
  }

  /// Unpacks the whole groups at the beginning; returns the number of values that were unpacked,
  /// which ends before the first group that no encoder makes.
  func dequantize(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>,
    instructionSet: InstructionSet
  ) -> Int {
    let groups = values.count / groupSize
    guard groups > 0, let target = values.baseAddress,
      let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return 0 }
    precondition(bytes.count >= groups * groupByteCount)
    // What is larger than the caches is not wanted in them.
    let isStreaming: Int32 = values.count >= 1 << 22 ? 1 : 0
    return withUnsafePointer(to: description) {
      instructionSet.kernels.pointee.dequantizeGroups($0, groups, source, target, isStreaming)
    } * groupSize
  }
}

/// The thresholds of a table of up to 16 values as a binary tree: node 1 is the root, node i has the
/// children 2 i and 2 i + 1.
struct ThresholdTree: Sendable {
  private(set) var thresholds = [Float](repeating: 0, count: 16)
  let codes: [UInt8]

  /// Nil if there are too many, or ties do not go to the even ranks, as the kernels have it.
  init?(_ book: Thresholds) {
    // First ones below all others make sixteen of fewer values.
    let missing = 16 - book.codes.count
    guard missing >= 0 else { return nil }
    let middles = [Float](repeating: -.infinity, count: missing) + book.middles
    let ties = [Bool](repeating: true, count: missing) + book.tieGoesUp
    guard ties.enumerated().allSatisfy({ $1 == ($0 % 2 == 1) || $0 < missing }) else { return nil }
    codes = [UInt8](repeating: book.codes[0], count: missing) + book.codes
    for level in 0..<4 {
      for place in 0..<(1 << level) {
        // The middle of the part of the ranks below this node.
        thresholds[1 << level + place] = middles[(2 * place + 1) << (3 - level) - 1]
      }
    }
  }
}

extension [Float] {
  var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
