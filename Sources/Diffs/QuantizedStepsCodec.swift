import Kernels
import Proofs
import Quant

/// Kinds `step-gradients` and `block-update`: quantized gradients, applied one after the other by the
/// rule of the chain, w = fma(-rate, dequantize(gradient), w). One rate and one gradient for each
/// step; a block's update is one such step.
///
/// It is the smallest diff, and leads only to models that came about this way.
public struct QuantizedStepsEncoder: DiffEncoder {
  /// One gradient as it was published.
  public struct Step: Sendable, Hashable {
    /// What the gradient is multiplied by.
    public let rate: Float
    /// The whole gradient in the format.
    public let gradient: [UInt8]

    /// A step.
    public init(rate: Float, gradient: [UInt8]) {
      self.rate = rate
      self.gradient = gradient
    }
  }

  /// `step-gradients` or `block-update`.
  public let kind: DiffKind
  private let format: QuantizationFormat
  private let steps: [Step]

  /// The gradients of the steps, for a model of `byteCount` bytes, in the order in which they are
  /// applied. Throws `impossible` for gradients of another size, and unless there is one at least.
  public static func stepGradients(
    _ steps: [Step], format: QuantizationFormat, byteCount: Int
  ) throws(DiffError) -> QuantizedStepsEncoder {
    try QuantizedStepsEncoder(.stepGradients, steps, format, byteCount)
  }

  /// The update of a whole block. Throws as `stepGradients`.
  public static func blockUpdate(
    _ update: Step, format: QuantizationFormat, byteCount: Int
  ) throws(DiffError) -> QuantizedStepsEncoder {
    try QuantizedStepsEncoder(.blockUpdate, [update], format, byteCount)
  }

  private init(
    _ kind: DiffKind, _ steps: [Step], _ format: QuantizationFormat, _ byteCount: Int
  ) throws(DiffError) {
    let expected = format.byteCount(values: byteCount / 4)
    guard !steps.isEmpty, steps.count <= QuantizedStepsDecoder.maximumStepCount else {
      throw .impossible(
        "a diff has 1 to \(QuantizedStepsDecoder.maximumStepCount) steps, not \(steps.count)")
    }
    guard let wrong = steps.first(where: { $0.gradient.count != expected }) else {
      self.kind = kind
      self.steps = steps
      self.format = format
      return
    }
    throw .impossible(
      "a gradient of \(byteCount / 4) values has \(expected) bytes as \(format.name), not "
        + "\(wrong.gradient.count)")
  }

  /// Name of the format, then the rates (u32 count, binary32 each).
  public var parameters: [UInt8] {
    var writer = CanonicalWriter()
    writer.append(format.name)
    writer.append(steps.map(\.rate))
    return writer.bytes
  }

  /// The packed groups of the range, step by step.
  ///
  /// Throws ``DiffError`` unless the range is whole groups.
  public func encode(
    _ range: Range<Int>, before: UnsafeRawBufferPointer, after: UnsafeRawBufferPointer
  ) throws(DiffError) -> [UInt8] {
    let part = try QuantizedStepsDecoder.part(format, range)
    return steps.flatMap { $0.gradient[part] }
  }
}

struct QuantizedStepsDecoder: DiffDecoder {
  private let format: QuantizationFormat
  private let rates: [Float]
  private let byteCount: Int
  private let arithmetic: Arithmetic

  /// Most steps of one diff.
  static let maximumStepCount = 1 << 16

  init(_ header: DiffHeader, _ arithmetic: Arithmetic) throws(DiffError) {
    let name: String
    do throws(CanonicalError) {
      var reader = CanonicalReader(header.parameters)
      name = try reader.readString()
      rates = try reader.readArray()
      try reader.finish()
    } catch { throw .malformed(error) }
    do throws(QuantError) { format = try QuantizationFormat(named: name) } catch {
      throw .impossible("\(error)")
    }
    guard format.name == name else {
      throw .impossible("the format is written '\(name)', but its name is '\(format.name)'")
    }
    guard !rates.isEmpty, rates.count <= Self.maximumStepCount,
      header.kind == .stepGradients || rates.count == 1, rates.allSatisfy(\.isFinite)
    else { throw .impossible("a diff of kind \(header.kind.name) cannot have these rates") }
    // A chunk must be whole records, or the whole model.
    guard format.isWholeRecords(header.chunkByteCount / 4, of: header.byteCount / 4) else {
      throw .impossible(
        "chunks of \(header.chunkByteCount / 4) values cut through the "
          + "\(format.recordValueCount) that \(format.name) encodes together")
    }
    byteCount = header.byteCount
    self.arithmetic = arithmetic.serial
  }

  /// Where the records of a range of the model lie in a gradient. Throws `impossible` if it cuts
  /// through one.
  static func part(
    _ format: QuantizationFormat, _ range: Range<Int>
  ) throws(DiffError) -> Range<Int> {
    guard range.lowerBound == 0 || range.lowerBound / 4 % format.recordValueCount == 0 else {
      throw .impossible("chunks must hold whole records of \(format.name)")
    }
    return format.byteRange(values: range.lowerBound / 4..<range.upperBound / 4)
  }

  private func stepByteCount(_ range: Range<Int>) -> Int {
    format.byteCount(values: range.count / 4)
  }

  func maximumPayloadByteCount(_ range: Range<Int>) -> Int {
    let (count, overflow) = rates.count.multipliedReportingOverflow(by: stepByteCount(range))
    return overflow ? .max : count
  }

  func decode(
    _ payload: [UInt8], _ range: Range<Int>, before: UnsafeRawBufferPointer,
    into after: UnsafeMutableRawBufferPointer
  ) throws(DiffError) {
    let size = stepByteCount(range)
    guard payload.count == rates.count * size else {
      throw .inconsistent(
        offset: range.lowerBound,
        "it has \(payload.count) bytes, but \(rates.count) steps of \(size)")
    }
    let count = range.count / 4
    let (parameters, gradient) = (FloatBuffer(count: count), FloatBuffer(count: count))
    parameters.withUnsafeMutableBytes { $0.copyMemory(from: before) }
    for (step, rate) in rates.enumerated() {
      let failure: QuantError? = gradient.withUnsafeMutableBytes { target in
        do throws(QuantError) {
          try format.dequantize(
            payload[step * size..<(step + 1) * size],
            into: target.assumingMemoryBound(to: Float.self))
          return nil
        } catch { return error }
      }
      if let failure {
        throw .inconsistent(offset: range.lowerBound, "step \(step): \(failure)")
      }
      arithmetic.sgdStep(
        parameters: Vector(parameters, count: count), gradient: Vector(gradient, count: count),
        learningRate: rate)
    }
    parameters.withUnsafeBytes { after.copyMemory(from: $0) }
  }
}
