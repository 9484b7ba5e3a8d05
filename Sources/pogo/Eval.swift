import ArgumentParser
import Harness

/// `pogo eval`: loss, and gradient if wanted, of a checkpoint.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the loss of a checkpoint, and its gradient.",
    discussion: "Sequence i is the tokens i*T ... i*T+T-1 of the file, its targets are the same "
      + "shifted by one, so B*T+1 tokens are needed. The loss is the mean cross-entropy in nats a "
      + "token. The gradient has the names and shapes of the checkpoint's own tensors.")

  @Option(help: "A folder as save_pretrained writes it: GPT-2 or Gemma 3.")
  var checkpoint: String

  @Option(help: "An llm.c token file: 256 int32 of header, then uint16 tokens.")
  var tokens: String

  @Option(help: "Sequences, B.")
  var batch: Int

  @Option(help: "Tokens of a sequence, T.")
  var context: Int

  @Option(help: "Write the gradient to this safetensors file.")
  var gradient: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      if let gradient { try OutputPath.check(gradient, mayReplace: true, option: "--gradient") }
      let evaluation = try Evaluation(
        checkpointAt: checkpoint, tokensAt: tokens, sequenceCount: batch, contextLength: context,
        withGradient: gradient != nil, arithmetic: try options.arithmetic())
      if let gradient, let values = evaluation.gradient {
        try evaluation.checkpoint.write(values, to: gradient)
      }
      print(json ? evaluation.jsonText : "mean cross-entropy: \(evaluation.lossText)")
    }
  }
}
