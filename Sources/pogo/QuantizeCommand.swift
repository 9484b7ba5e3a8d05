import ArgumentParser
import Foundation
import Harness
import Quant

/// `pogo quantize`: a checkpoint as a quantization format leaves it.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Quantize the tensors of a safetensors file and write them dequantized, as float32.",
    discussion:
      "Prints the errors of each tensor and of all. Example: pogo quantize model.safetensors "
      + "out.safetensors --format int --bits 4 --group 64")

  @Argument(help: "The safetensors file to read.")
  var input: String

  @Argument(help: "The safetensors file to write.")
  var output: String

  @Option(
    help:
      "A format of `pogo list formats`, with options behind it (nf4:g32:double:mse); or int or uint."
  )
  var format: String

  @Option(help: "Bits of a code of int and uint.")
  var bits: Int?

  @Option(help: "Values that share a scale, or 'tensor'.")
  var group: String?

  @Option(help: "nearest or stochastic.")
  var rounding: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let quantizer = CheckpointQuantizer(
        format: try quantizationFormat(), arithmetic: try options.arithmetic())
      let report = try quantizer.run(from: input, to: output)
      guard json else { return print(report.text) }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
  }

  /// The options in the form of a format's name.
  private func quantizationFormat() throws -> QuantizationFormat {
    var parts = format.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts[0] == "int" || parts[0] == "uint" {
      guard let bits, (2...8).contains(bits) else {
        throw CommandFailure(
          .badInput,
          "--format \(parts[0]) needs --bits in 2...8" + (bits.map { ", but it is \($0)" } ?? ""))
      }
      parts[0] += "\(bits)"
    } else if let bits {
      throw CommandFailure(
        .badInput, "--bits \(bits) goes with --format int or uint only, not with \(format)")
    }
    if let group { parts.append(group == "tensor" ? group : "g\(group)") }
    if let rounding { parts.append(rounding) }
    return try QuantizationFormat(named: parts.joined(separator: ":"))
  }
}
