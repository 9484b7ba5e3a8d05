import ArgumentParser
import Foundation
import Harness
import Models
import Quant

/// What the benches of packed parameters share.
struct PackedOptions: ParsableArguments {
  @Option(help: "Format of the parameters (`pogo list formats`).")
  var format = "int4:g64"

  @Option(help: "Sequences of the batch.")
  var batch = 1

  @Option(help: "Tokens of a sequence.")
  var context = 64

  /// What is measured of a shape.
  func packedCase(
    _ name: String, _ shape: ModelShape, comparesFloats: Bool
  ) throws -> PackedBench.Case {
    guard (1...65_536).contains(batch) else {
      throw CommandFailure(.badInput, "--batch must be in 1...65536, but is \(batch)")
    }
    guard (1...shape.contextLength).contains(context) else {
      throw CommandFailure(
        .badInput, "--context must be in 1...\(shape.contextLength) for \(name), but is \(context)")
    }
    let format = try QuantizationFormat(named: format)
    guard PackedVector.offers(format) else {
      throw CommandFailure(
        .badInput,
        "--format \(format.name) encodes more than \(PackedVector.largestRecord) values together, "
          + "so it cannot stay packed; take a smaller group")
    }
    return PackedBench.Case(
      name: name, shape: shape, format: format, sequences: batch, length: context,
      comparesFloats: comparesFloats)
  }

  /// The preset called `name`.
  static func preset(_ name: String) throws -> ModelShape {
    guard let shape = ModelShape.preset(named: name) else {
      throw CommandFailure(
        .badInput,
        "--model '\(name)' names no preset; there are "
          + ModelShape.presets.map(\.name).joined(separator: ", "))
    }
    return shape
  }
}

/// `pogo bench packed`: forward passes on parameters that stay packed.
struct BenchPacked: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "packed",
    abstract: "Measure the forward pass of a model that stays quantized, beside float32.",
    discussion:
      "The pass of the progress check: weights are unpacked tile by tile inside the products, with "
      + "the bits of the same parameters in float32. Medians, in turns. 'peak memory' is what the "
      + "process grew by for the parameters, activations left out.")

  @Option(help: "A preset (`pogo list presets`).")
  var model = "gpt3-125m"

  @OptionGroup var packed: PackedOptions

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let which = try packed.packedCase(
        model, try PackedOptions.preset(model), comparesFloats: true)
      let bench = PackedBench(arithmetic: try options.arithmetic(), rounds: try measuring.count())
      let result = try bench.run(which) { options.show($0) }
      try options.print(result, text: result.text)
    }
  }
}

/// `pogo bench layer`: one layer of a large model at full width.
struct BenchLayer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layer",
    abstract: "Measure the forward pass of layers of a large model at full width, packed.",
    discussion:
      "The first layers of a preset between an embedding of 256 tokens and so many positions as the "
      + "context has; parameters are drawn at random and stay packed. One layer of gpt3-175b "
      + "has 1.8 billion parameters and takes a GB at 4 bits.")

  @Option(help: "A preset (`pogo list presets`).")
  var model = "gpt3-175b"

  @Option(help: "Layers that are measured.")
  var layers = 1

  @Flag(help: "Measure the same in float32 too, which needs 4 bytes a parameter more.")
  var float32 = false

  @OptionGroup var packed: PackedOptions

  @Option(help: "Passes that are measured; the median counts.")
  var rounds = 3

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      guard (1...1000).contains(rounds) else {
        throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
      }
      let whole = try PackedOptions.preset(model)
      guard (1...whole.layerCount).contains(layers) else {
        throw CommandFailure(
          .badInput,
          "--layers must be in 1...\(whole.layerCount) for \(model), but is \(layers)")
      }
      guard (1...whole.contextLength).contains(packed.context) else {
        throw CommandFailure(
          .badInput,
          "--context must be in 1...\(whole.contextLength) for \(model), but is \(packed.context)")
      }
      let shape = try whole.firstLayers(
        layers, contextLength: packed.context, vocabularySize: 256)
      let which = try packed.packedCase(
        "\(layers) layer\(layers == 1 ? "" : "s") of \(model)", shape, comparesFloats: float32)
      let bench = PackedBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run(which) { options.show($0) }
      try options.print(result, text: result.text)
    }
  }
}
