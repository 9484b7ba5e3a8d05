import Models
import Safetensors

/// The `config.json` of a checkpoint: which model its tensors are.
public struct Configuration: Sendable, Hashable {
  /// Dimensions and settings of the model.
  public let shape: ModelShape

  /// Name of the file in a checkpoint's folder.
  public static let fileName = "config.json"
  /// The longest configuration that is read.
  static let byteLimit = 16 << 20

  /// The configuration of a model.
  public init(shape: ModelShape) { self.shape = shape }

  /// Reads the configuration of a `GPT2LMHeadModel` or a `Gemma3ForCausalLM`.
  ///
  /// - Parameters:
  ///   - bytes: the JSON text.
  ///   - path: how messages call it.
  ///
  /// Throws ``CheckpointError`` for anything that would make Hugging Face compute another function
  /// than the model here does.
  public init(parsing bytes: [UInt8], path: String) throws(CheckpointError) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw .configuration(path: path, "not valid JSON: \(error.problem) at byte \(error.offset)")
    }
    guard json.members != nil else {
      throw .configuration(path: path, "expected a mapping, found \(json.kind)")
    }
    let root = ConfigSection(json, path: path)
    let type = root.value("model_type")?.string
    switch type {
    case GPT2Configuration.modelType:
      shape = try GPT2Configuration.shape(root)
    case Gemma3Configuration.modelType:
      shape = try Gemma3Configuration.shape(root)
    case Gemma3Configuration.multimodalType:
      guard let text = try root.section("text_config") else {
        throw root.refusal("text_config", "is missing, but model_type 'gemma3' needs it")
      }
      shape = try Gemma3Configuration.shape(text)
    default:
      throw root.refusal(
        "model_type",
        "is \(root.value("model_type")?.kind ?? "missing"), but must be 'gpt2', 'gemma3_text' or "
          + "'gemma3'")
    }
  }

  /// The configuration as the text of a `config.json`, for tensors of type `type`.
  ///
  /// Throws ``CheckpointError/notExpressible(_:)`` for a model that Hugging Face has no form of.
  public func text(type: ElementType) throws(CheckpointError) -> String {
    let dtype =
      switch type {
      case .float16: "float16"
      case .bfloat16: "bfloat16"
      default: "float32"
      }
    let members =
      switch shape.architecture {
      case .gpt3: try GPT2Configuration.members(shape, dtype: dtype)
      case .gemma3(let settings): try Gemma3Configuration.members(shape, settings, dtype: dtype)
      }
    return JSON.object(members).indentedText() + "\n"
  }
}
