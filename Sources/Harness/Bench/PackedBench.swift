import Foundation
import Kernels
import Models
import Protocol
import Quant

/// Measures the forward pass of a quantized model that stays packed, as the progress check runs it,
/// beside the same pass on the same parameters in float32.
public struct PackedBench {
  /// What is measured.
  public struct Case: Sendable {
    /// For people.
    public let name: String
    /// Its shape.
    public let shape: ModelShape
    /// Of the parameters.
    public let format: QuantizationFormat
    /// Sequences of the batch.
    public let sequences: Int
    /// Tokens of a sequence.
    public let length: Int
    /// Whether the pass in float32 is measured too.
    public let comparesFloats: Bool

    /// From its parts.
    public init(
      name: String, shape: ModelShape, format: QuantizationFormat, sequences: Int, length: Int,
      comparesFloats: Bool
    ) {
      self.name = name
      self.shape = shape
      self.format = format
      self.sequences = sequences
      self.length = length
      self.comparesFloats = comparesFloats
    }
  }

  /// What was measured of one way to hold the parameters.
  public struct Pass: Sendable, Encodable {
    /// Seconds of a pass; the median.
    public let seconds: Double
    /// GFLOP/s of matrix products and norms over that.
    public let gigaflops: Double
    /// Bytes of the parameters as they are held.
    public let parameterBytes: Int
    /// Bytes by which the process grew at most, from before there were parameters until after the
    /// first pass; 0 where the system does not say. Activations are not in it: both share them.
    public let peakBytes: Int
    /// Mean cross-entropy in nats a token.
    public let loss: Float
  }

  /// All that was measured of a case.
  public struct Result: Sendable, Encodable {
    /// What was measured.
    public let model: String
    /// Number of parameters.
    public let parameters: Int
    /// Full name of the format.
    public let format: String
    /// Bits stored for a parameter.
    public let bitsPerValue: Double
    /// Sequences of the batch, and tokens of a sequence.
    public let sequences, length: Int
    /// Kernels that were used.
    public let instructionSet: String
    /// Threads that shared the work.
    public let threads: Int
    /// Operations of a pass.
    public let flops: UInt64
    /// Bytes of activations, which belong to both passes.
    public let activationBytes: Int
    /// Seconds in which the parameters were drawn and packed.
    public let makingSeconds: Double
    /// The packed parameters.
    public let packed: Pass
    /// The same in float32, passes in turns with the packed ones.
    public let float32: Pass?
    /// The packed parameters with activations rounded to 8 bits and products in whole numbers; nil if
    /// the format offers none.
    public let integers: Pass?
    /// Seconds of the packed pass over those of the pass in whole numbers: the median of turns.
    public let integerSpeedRatio: Double?
    /// Seconds of the float32 pass over those of the packed one: the median of the ratios of turns.
    public let speedRatio: Double?
    /// Peak memory of the packed parameters over that of float32 ones.
    public let memoryRatio: Double?
  }

  let arithmetic: Arithmetic
  let rounds: Int
  let clock: any Stopwatch

  /// `rounds` passes of each; the median counts.
  public init(
    arithmetic: Arithmetic, rounds: Int, clock: any Stopwatch = SystemStopwatch()
  ) {
    self.arithmetic = arithmetic
    self.rounds = rounds
    self.clock = clock
  }

  /// Measures a case with parameters as they are before training. `progress` is told what is going
  /// on.
  ///
  /// Throws ``ModelError``, ``QuantError``, ``TwinError``.
  public func run(_ which: Case, progress: (String) -> Void) throws -> Result {
    let model = which.shape.languageModel(arithmetic: arithmetic)
    let workspace = model.makeWorkspace(
      sequenceCount: which.sequences, contextLength: which.length)
    let batch = try TokenBatch.random(
      sequences: which.sequences, length: which.length,
      vocabularySize: which.shape.vocabularySize)
    let packing = try Growth.measure {
      progress("drawing and packing \(model.layout.count) parameters")
      let start = clock.seconds()
      let bytes = try twinBytes(model.layout, which.format)
      let making = clock.seconds() - start
      let values = try PackedVector(
        which.format, bytes: bytes, count: model.layout.count, arithmetic: arithmetic)
      let packed = PackedParameters(values, layout: model.layout, arithmetic: arithmetic)
      progress("first pass")
      return (values, packed, making, model.loss(packed, on: batch, in: workspace))
    }
    let (values, packed, making, packedLoss) = packing.result
    let flops = workspace.flops.total
    // The same bytes, so that nothing but activations is added.
    let rounded =
      PackedVector.offersIntegers(which.format)
      ? PackedParameters(
        values, layout: model.layout, arithmetic: arithmetic, activations: .int8) : nil
    let rounding = Growth.measure {
      rounded.map { model.loss($0, on: batch, in: workspace) }
    }
    let unpacking =
      which.comparesFloats
      ? try Growth.measure {
        progress("unpacking")
        let floats = FloatBuffer(count: model.layout.count)
        try floats.withUnsafeMutableBytes { target in
          try values.bytes.withUnsafeBufferPointer {
            try which.format.dequantize(
              $0, into: target.assumingMemoryBound(to: Float.self), arithmetic: arithmetic)
          }
        }
        return (floats, model.loss(floats, on: batch, in: workspace))
      } : nil
    var (packedSeconds, floatSeconds, ratios) = ([Double](), [Double](), [Double]())
    var (integerSeconds, integerRatios) = ([Double](), [Double]())
    for round in 1...rounds {
      progress("pass \(round) of \(rounds)")
      packedSeconds.append(seconds { model.loss(packed, on: batch, in: workspace) })
      if let rounded {
        integerSeconds.append(seconds { model.loss(rounded, on: batch, in: workspace) })
        integerRatios.append(packedSeconds[round - 1] / integerSeconds[round - 1])
      }
      if let floats = unpacking?.result.0 {
        floatSeconds.append(seconds { model.loss(floats, on: batch, in: workspace) })
        ratios.append(floatSeconds[round - 1] / packedSeconds[round - 1])
      }
    }
    func pass(_ seconds: [Double], bytes: Int, peak: Int, loss: Float) -> Pass {
      Pass(
        seconds: median(seconds), gigaflops: Double(flops) / median(seconds) / 1e9,
        parameterBytes: bytes, peakBytes: peak, loss: loss)
    }
    return Result(
      model: which.name, parameters: model.layout.count, format: which.format.name,
      bitsPerValue: which.format.effectiveBitsPerValue(values: model.layout.count),
      sequences: which.sequences, length: which.length,
      instructionSet: arithmetic.instructionSet.rawValue, threads: arithmetic.workers.threads,
      flops: flops, activationBytes: workspace.byteCount, makingSeconds: making,
      packed: pass(
        packedSeconds, bytes: values.bytes.count + packed.unpackedByteCount,
        peak: packing.byteCount, loss: packedLoss),
      float32: unpacking.map {
        pass(
          floatSeconds, bytes: 4 * model.layout.count, peak: $0.byteCount, loss: $0.result.1)
      },
      integers: rounding.result.map { loss in
        pass(
          integerSeconds, bytes: values.bytes.count + packed.unpackedByteCount,
          peak: packing.byteCount + rounding.byteCount, loss: loss)
      },
      integerSpeedRatio: rounded.map { _ in median(integerRatios) },
      speedRatio: unpacking.map { _ in median(ratios) },
      memoryRatio: unpacking.flatMap {
        $0.byteCount > 0 ? Double(packing.byteCount) / Double($0.byteCount) : nil
      })
  }

  /// The quantized twin of the model before training, packed leaf by leaf on all threads.
  private func twinBytes(_ layout: ParameterLayout, _ format: QuantizationFormat) throws -> [UInt8]
  {
    let twin = try QuantizedTwin(
      of: SyntheticModel(layout: layout, seed: 1, arithmetic: arithmetic.serial), format: format,
      leafValueCount: format.recordValueCount)
    var bytes = [UInt8](repeating: 0, count: twin.byteCount)
    let parts = arithmetic.workers.threads
    var failures = [QuantError?](repeating: nil, count: parts)
    bytes.withUnsafeMutableBytes { target in
      failures.withUnsafeMutableBufferPointer { failures in
        // Each task writes bytes and a place of its own.
        nonisolated(unsafe) let (target, failures) = (target, failures)
        arithmetic.workers.run(tasks: parts) { part in
          let range = twin.byteCount * part / parts..<twin.byteCount * (part + 1) / parts
          do throws(QuantError) {
            _ = try twin.bytes(
              in: range, scratch: UnsafeMutableRawBufferPointer(rebasing: target[range]))
          } catch { failures[part] = error }
        }
      }
    }
    for failure in failures { if let failure { throw failure } }
    return bytes
  }

  private func seconds(_ pass: () -> Float) -> Double {
    let start = clock.seconds()
    _ = pass()
    return clock.seconds() - start
  }
}

/// What a computation made the process grow by.
private struct Growth<Value> {
  let result: Value
  /// The highest resident memory since over that before; at least what is left at the end.
  let byteCount: Int

  static func measure(_ body: () throws -> Value) rethrows -> Growth {
    let (resident, peak) = (ProcessMemory.residentByteCount, ProcessMemory.peakByteCount)
    let result = try body()
    // The peak counts from the start of the process: an older one says nothing.
    let highest = ProcessMemory.peakByteCount
    let now = highest > peak ? highest : ProcessMemory.residentByteCount
    return Growth(result: result, byteCount: max(0, now - resident))
  }
}

extension TokenBatch {
  /// Random tokens: what a pass costs does not depend on the text.
  static func random(
    sequences: Int, length: Int, vocabularySize: Int
  ) throws(ModelError) -> TokenBatch {
    func tokens(_ stream: UInt64) -> [Int32] {
      let random = RandomStream(seed: 1, stream: stream)
      return (0..<sequences * length).map {
        Int32(random.integer(at: UInt64($0), below: UInt32(vocabularySize)))
      }
    }
    return try TokenBatch(
      sequenceCount: sequences, contextLength: length, tokens: tokens(1 << 40),
      targets: tokens(1 << 41), vocabularySize: vocabularySize)
  }
}

extension PackedBench.Result {
  /// The table for people.
  public var text: String {
    var table = TextTable(
      header: ["parameters", "seconds", "GFLOP/s", "bytes held", "peak memory", "loss"])
    table.rightAligned = Set(1..<table.header.count)
    func add(_ name: String, _ pass: PackedBench.Pass) {
      table.rows.append([
        name, Numbers.seconds(pass.seconds), Numbers.decimal(pass.gigaflops, 1),
        Numbers.bytes(Int64(pass.parameterBytes)), Numbers.bytes(Int64(pass.peakBytes)),
        "\(pass.loss)",
      ])
    }
    add(format, packed)
    if let integers { add("  int8 activations", integers) }
    if let float32 { add("float32", float32) }
    var lines = [
      "\(model): \(parameters) parameters, \(Numbers.decimal(bitsPerValue, 3)) bits each; "
        + "\(sequences) x \(length) tokens, \(Numbers.decimal(Double(flops) / 1e9, 1)) GFLOP a "
        + "forward pass, \(Numbers.bytes(Int64(activationBytes))) of activations; "
        + "\(instructionSet), \(threads) thread\(threads == 1 ? "" : "s")",
      "drawn and packed in \(Numbers.seconds(makingSeconds))", table.text,
    ]
    if let speedRatio, let float32 {
      lines.append(
        "packed: \(Numbers.decimal(speedRatio, 2)) times the speed of float32"
          + (memoryRatio.map { ", \(Numbers.decimal($0, 3)) of its peak memory" } ?? "")
          + (float32.loss.bitPattern == packed.loss.bitPattern
            ? "; the losses have the same bits" : "; THE LOSSES DIFFER"))
    }
    if let integers, let integerSpeedRatio {
      lines.append(
        "activations of 8 bits: \(Numbers.decimal(integerSpeedRatio, 2)) times the speed of packed, "
          + "the loss is off by \(String(format: "%+.2g", Double(integers.loss - packed.loss)))")
    }
    return lines.joined(separator: "\n")
  }
}
