import Kernels
import Quant

/// A vector that training carries from step to step besides the parameters: one of the optimizer's or
/// the residual. Between steps it is float32, or lies packed in the format of ``TrainingRecipe/stateFormat``.
///
/// It is a reference and is changed in place, as the buffers of a ``TrainingState`` are.
public final class StateVector: @unchecked Sendable {
  /// Number of values.
  public let count: Int
  /// How values are packed; nil for float32.
  public let format: QuantizationFormat?
  /// Place of the first value in the whole vector, on which stochastic rounding depends.
  let origin: Int
  /// The values, or the packed bytes in the order of memory.
  private let memory: FloatBuffer

  /// Float32 values that share `buffer`.
  public init(_ buffer: FloatBuffer) {
    count = buffer.count
    format = nil
    origin = 0
    memory = buffer
  }

  /// The values of `bytes`, of which there must be as many as ``byteCount(_:values:)`` says.
  init(_ bytes: some Collection<UInt8>, count: Int, format: QuantizationFormat?, origin: Int = 0) {
    precondition(bytes.count == Self.byteCount(format, values: count), "\(bytes.count) bytes")
    self.count = count
    self.format = format
    self.origin = origin
    memory = FloatBuffer(count: (bytes.count + 3) / 4)
    if format == nil {
      memory.setLittleEndianBytes(bytes, at: 0)
    } else {
      memory.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    }
  }

  /// `count` zeros.
  public convenience init(zeros count: Int, format: QuantizationFormat?) {
    let zeros = FloatBuffer(count: count)
    if let format {
      guard let bytes = try? format.quantize(zeros) else {
        preconditionFailure("zeros have no form in \(format)")
      }
      self.init(bytes, count: count, format: format)
    } else {
      self.init(zeros)
    }
  }

  /// Bytes of so many values.
  static func byteCount(_ format: QuantizationFormat?, values: Int) -> Int {
    format?.byteCount(values: values) ?? 4 * values
  }

  /// All values as they are committed.
  public var bytes: [UInt8] { bytes(0..<count) }

  /// Some whole records as they are committed: packed, or float32, little endian.
  public func bytes(_ values: Range<Int>) -> [UInt8] {
    guard let format else { return memory.littleEndianBytes(values) }
    let range = format.byteRange(values: values)
    return memory.withUnsafeBytes { Array($0[range]) }
  }

  /// Replaces all values by those of as many bytes.
  public func set(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount(format, values: count), "\(bytes.count) bytes")
    memory.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    guard format == nil else { return }
    memory.setLittleEndianBytes(bytes, at: 0)
  }

  /// The same values in memory of their own.
  public func copy() -> StateVector {
    StateVector(bytes, count: count, format: format, origin: origin)
  }

  /// The float32 memory; only of vectors without a format.
  var floats: FloatBuffer {
    precondition(format == nil, "values in \(format as Any)")
    return memory
  }

  /// The float32 values, which are shared; only of vectors without a format.
  public var vector: Vector { Vector(floats, count: count) }

  /// Writes some whole records of a packed vector as float32.
  func unpack(_ values: Range<Int>, into target: Vector) throws(QuantError) {
    guard let format else { preconditionFailure("float32 is not packed") }
    try format.dequantize(bytes(values), into: target)
  }

  /// Packs some whole records. Called by several threads at a time, each for records of its own.
  func pack(_ source: FloatBuffer, into values: Range<Int>, random: RandomStream) throws(QuantError) {
    guard let format else { preconditionFailure("float32 is not packed") }
    let packed = try format.quantize(source, random: random, at: origin + values.lowerBound)
    let range = format.byteRange(values: values)
    precondition(packed.count == range.count)
    memory.withUnsafeMutableBytes { target in
      UnsafeMutableRawBufferPointer(rebasing: target[range]).copyBytes(from: packed)
    }
  }
}

/// Why a step cannot be applied.
enum UpdateError: Error {
  /// The published gradient does not decode.
  case gradient(QuantError)
  /// A vector of the optimizer has no form in the format of the state.
  case state(QuantError, name: String)
}

extension TrainingTask {
  /// The update rule of one step on some whole leaves of parameters: the same for the whole model and
  /// for a single leaf.
  ///
  /// - Parameters:
  ///   - bytes: gradient of the same parameters in the step format.
  ///   - step: number of the step since genesis, from 0.
  ///   - moments: the same stretch of the optimizer's vectors.
  ///   - scratch: at least as long as `parameters`; overwritten.
  func applyUpdate(
    _ bytes: [UInt8], step: Int, to parameters: Vector, moments: [StateVector],
    scratch: FloatBuffer, arithmetic: Arithmetic
  ) throws(UpdateError) {
    let gradient = Vector(scratch, count: parameters.count)
    do { try decodeStep(bytes, into: gradient) } catch { throw .gradient(error) }
    guard recipe.stateFormat != nil, !moments.isEmpty else {
      return recipe.optimizer.step(
        step + 1, parameters: parameters, gradient: gradient, state: moments.map(\.vector),
        learningRate: recipe.schedule.rate(at: step), arithmetic: arithmetic)
    }
    try stepPacked(step, parameters, gradient, moments, arithmetic)
  }

  /// As the optimizer's step, but its vectors lie packed: each part is unpacked, stepped and packed.
  private func stepPacked(
    _ step: Int, _ parameters: Vector, _ gradient: Vector, _ moments: [StateVector],
    _ arithmetic: Arithmetic
  ) throws(UpdateError) {
    let leaf = Int(leafValueCount)
    let part = min(parameters.count, max(1, Self.packedPartValueCount / leaf) * leaf)
    let parts = (parameters.count + part - 1) / part
    let own = Arithmetic(instructionSet: arithmetic.instructionSet, workers: arithmetic.workers.single)
    var failures = [UpdateError?](repeating: nil, count: parts)
    failures.withUnsafeMutableBufferPointer { failures in
      // Each task works on values, bytes and a place of its own.
      nonisolated(unsafe) let failures = failures
      arithmetic.workers.run(tasks: parts) { index in
        let range = index * part..<min((index + 1) * part, parameters.count)
        do throws(UpdateError) {
          try stepPacked(
            step, range, window(parameters, range), window(gradient, range), moments, own)
        } catch { failures[index] = error }
      }
    }
    for failure in failures { if let failure { throw failure } }
  }

  private func stepPacked(
    _ step: Int, _ range: Range<Int>, _ parameters: Vector, _ gradient: Vector,
    _ moments: [StateVector], _ arithmetic: Arithmetic
  ) throws(UpdateError) {
    let unpacked = moments.map { _ in FloatBuffer(count: range.count) }
    for (index, moment) in moments.enumerated() {
      do { try moment.unpack(range, into: Vector(unpacked[index])) } catch {
        throw .state(error, name: recipe.optimizer.stateNames[index])
      }
    }
    recipe.optimizer.step(
      step + 1, parameters: parameters, gradient: gradient, state: unpacked.map { Vector($0) },
      learningRate: recipe.schedule.rate(at: step), arithmetic: arithmetic)
    for (index, moment) in moments.enumerated() {
      do {
        try moment.pack(unpacked[index], into: range, random: stateRandom(step: step, vector: index))
      } catch {
        throw .state(
          error.moved(by: moment.origin + range.lowerBound, groups: 0),
          name: recipe.optimizer.stateNames[index])
      }
    }
  }

  /// Random numbers of the stochastic rounding of vector `index` after a step: from the task alone, so
  /// that a leaf can be checked alone and no miner chooses them.
  private func stateRandom(step: Int, vector index: Int) -> RandomStream {
    RandomStream(
      seed: initializationSeed,
      stream: Self.stateStream &+ UInt64(recipe.optimizer.stateNames.count * step + index))
  }

  private func window(_ vector: Vector, _ range: Range<Int>) -> Vector {
    Vector(vector.buffer, offset: vector.offset + range.lowerBound, count: range.count)
  }

  /// "state" in ASCII, with room below for the numbers of steps.
  private static let stateStream: UInt64 = 0x7374_6174_6500_0000
  /// Values of a part that is worth a thread.
  private static let packedPartValueCount = 1 << 15
}
