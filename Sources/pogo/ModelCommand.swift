import ArgumentParser
import Harness
import Models

/// `pogo model NAME`: what follows from a shape.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Print a shape's parameters, bytes, memory and operations.",
    discussion: "Everything is computed from the shape; nothing is allocated, so the largest "
      + "shapes are answered for at once. docs/models.md says what is counted.")

  @Argument(help: "A preset; 'pogo list presets' names them.")
  var name: String

  @Option(help: "Sequences in the batch that memory and operations are given for.")
  var batch = 1

  @Option(help: "Tokens a sequence; by default the shape's context.")
  var context: Int?

  @Flag(help: "List every tensor with its dimensions and its place in the flat vector.")
  var layout = false

  @Flag(help: "Print JSON instead of tables.")
  var json = false

  func run() throws {
    try CommandFailure.sorting {
      let summary = try ModelSummary(
        name: name, shape: try ModelShape.requirePreset(name), batch: batch, tokens: context,
        listsTensors: layout)
      print(json ? try summary.json : summary.text)
    }
  }
}
