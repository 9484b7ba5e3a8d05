import Foundation
import Kernels
import Quant

/// Measures packing and unpacking of 256 MiB of float32 against copying as much memory, with the
/// same threads in the same run.
public struct QuantBench {
  /// What was measured of one format.
  public struct Row: Sendable, Codable {
    /// The format.
    public let format: String
    /// Bits stored for a value.
    public let bitsPerValue: Double
    /// GB/s of float32 values that were packed.
    public let quantize: Double
    /// GB/s of float32 values that were unpacked.
    public let dequantize: Double
    /// Bytes read and written a second while packing, over those of copying right before.
    public let quantizeOfCopy: Double
    /// The same of unpacking.
    public let dequantizeOfCopy: Double
  }

  /// All that was measured.
  public struct Result: Sendable, Codable {
    /// Kernels that were used.
    public let instructionSet: String
    /// Threads that shared the work.
    public let threads: Int
    /// Values of the vector.
    public let valueCount: Int
    /// GB/s of copying, bytes read and bytes written both counted; the median.
    public let copy: Double
    /// One a format.
    public let rows: [Row]

    /// The table for people.
    public var text: String {
      var table = TextTable(
        header: [
          "format", "bits", "quantize GB/s", "of copy", "dequantize GB/s", "of copy",
        ])
      table.rightAligned = Set(1..<table.header.count)
      for row in rows {
        table.rows.append([
          row.format, Numbers.decimal(row.bitsPerValue, 3), Numbers.decimal(row.quantize, 1),
          Numbers.percent(row.quantizeOfCopy), Numbers.decimal(row.dequantize, 1),
          Numbers.percent(row.dequantizeOfCopy),
        ])
      }
      return """
        \(instructionSet), \(threads) thread\(threads == 1 ? "" : "s"), \
        \(Numbers.bytes(Int64(4 * valueCount))) of float32; GB/s of float32; copying moves \
        \(Numbers.decimal(copy, 1)) GB/s (read and written)
        \(table.text)
        """
    }
  }

  /// What is measured if not told otherwise.
  public static let defaultFormats = ["int4", "int8", "nf4", "mxfp4"]

  let arithmetic: Arithmetic
  let rounds: Int
  let valueCount: Int

  /// `rounds` measurements of each; the median counts.
  public init(arithmetic: Arithmetic, rounds: Int, valueCount: Int = 1 << 26) {
    self.arithmetic = arithmetic
    self.rounds = rounds
    self.valueCount = valueCount
  }

  /// Measures the formats. `progress` is told what is going on.
  ///
  /// Throws ``QuantError``.
  public func run(_ formats: [QuantizationFormat], progress: (String) -> Void) throws -> Result {
    let values = FloatBuffer(count: valueCount)
    arithmetic.fillNormal(Vector(values), seed: 1, stream: 0, standardDeviation: 1)
    let back = FloatBuffer(count: valueCount)
    let largest = formats.map { $0.byteCount(values: valueCount) }.max() ?? 0
    let packed = FloatBuffer(count: (largest + 3) / 4)
    let clock = SystemStopwatch()
    func seconds(_ body: () throws -> Void) rethrows -> Double {
      let start = clock.seconds()
      try body()
      return clock.seconds() - start
    }
    var copies: [Double] = []
    var rows: [Row] = []
    for format in formats {
      progress(format.name)
      let moved = Double(4 * valueCount + format.byteCount(values: valueCount))
      var (quantizing, dequantizing): ([Double], [Double]) = ([], [])
      var (quantizingShare, dequantizingShare): ([Double], [Double]) = ([], [])
      for round in 0...rounds {
        let copying = seconds { copy(values, to: back) }
        let packing = try seconds { try quantize(values, format, into: packed) }
        let unpacking = try seconds { try dequantize(packed, format, into: back) }
        // The first round warms caches and clocks.
        guard round > 0 else { continue }
        let bandwidth = Double(8 * valueCount) / copying
        copies.append(bandwidth / 1e9)
        quantizing.append(Double(4 * valueCount) / packing / 1e9)
        dequantizing.append(Double(4 * valueCount) / unpacking / 1e9)
        quantizingShare.append(moved / packing / bandwidth)
        dequantizingShare.append(moved / unpacking / bandwidth)
      }
      rows.append(
        Row(
          format: format.name, bitsPerValue: format.effectiveBitsPerValue(values: valueCount),
          quantize: median(quantizing), dequantize: median(dequantizing),
          quantizeOfCopy: median(quantizingShare), dequantizeOfCopy: median(dequantizingShare)))
    }
    return Result(
      instructionSet: arithmetic.instructionSet.rawValue, threads: arithmetic.workers.threads,
      valueCount: valueCount, copy: median(copies), rows: rows)
  }

  private func copy(_ source: FloatBuffer, to target: FloatBuffer) {
    let parts = arithmetic.workers.threads
    source.withUnsafeBytes { from in
      target.withUnsafeMutableBytes { to in
        // Each task copies a part of its own.
        nonisolated(unsafe) let (from, to) = (from, to)
        arithmetic.workers.run(tasks: parts) { part in
          let range = from.count * part / parts..<from.count * (part + 1) / parts
          UnsafeMutableRawBufferPointer(rebasing: to[range])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: from[range]))
        }
      }
    }
  }

  private func quantize(
    _ values: FloatBuffer, _ format: QuantizationFormat, into packed: FloatBuffer
  ) throws {
    try values.withUnsafeBytes { source in
      try packed.withUnsafeMutableBytes { target in
        let bytes = target[..<format.byteCount(values: valueCount)]
        try format.quantize(
          source.assumingMemoryBound(to: Float.self),
          into: UnsafeMutableRawBufferPointer(rebasing: bytes).assumingMemoryBound(to: UInt8.self),
          arithmetic: arithmetic)
      }
    }
  }

  private func dequantize(
    _ packed: FloatBuffer, _ format: QuantizationFormat, into values: FloatBuffer
  ) throws {
    try packed.withUnsafeBytes { source in
      try values.withUnsafeMutableBytes { target in
        let bytes = source[..<format.byteCount(values: valueCount)]
        try format.dequantize(
          UnsafeRawBufferPointer(rebasing: bytes).assumingMemoryBound(to: UInt8.self),
          into: target.assumingMemoryBound(to: Float.self), arithmetic: arithmetic)
      }
    }
  }
}
