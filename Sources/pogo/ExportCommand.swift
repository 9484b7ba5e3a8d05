import ArgumentParser
import Checkpoints
import Harness
import Kernels
import Safetensors

/// `pogo export`: a chain's final model as a folder that Hugging Face loads.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the final model of a chain as a checkpoint that Hugging Face loads.",
    discussion: "The model is made again from the result: the start, moved by what the confirmed "
      + "blocks published; adapters are merged. OUT becomes a folder with config.json and "
      + "model.safetensors, for GPT2LMHeadModel or Gemma3ForCausalLM.from_pretrained. A checkpoint "
      + "folder is read and written again, for example in another type.")

  /// Types of tensors, by PyTorch's names.
  enum TensorType: String, CaseIterable, ExpressibleByArgument {
    case float32, float16, bfloat16

    var element: ElementType {
      switch self {
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      }
    }
  }

  @Argument(help: "A result of kind chain, or a checkpoint folder.")
  var source: String

  @Argument(help: "The folder to make.")
  var out: String

  @Option(help: "Which point of the result, from 1; needed if there are several.")
  var point: Int?

  @Option(name: .customLong("dtype"), help: "Type of the tensors; shorter ones round to nearest.")
  var type = TensorType.float32

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let model = try WholeModel(
        readingAt: source, point: point, arithmetic: try options.arithmetic())
      try model.export(to: out, type: type.element)
      print("\(out): \(model.shape.family), \(model.parameters.count) parameters")
      print("root of the parameters: \(model.root.hex)")
    }
  }
}
