import Foundation
import Models

/// One case of `Tests/Vectors/gpt3_*`; `make_gpt3_vectors.py` there describes the format.
struct GoldenCase: Decodable {
  struct Shape: Decodable {
    let d_model, n_layers, n_heads, context, vocab_size, batch, tokens: Int
  }
  struct Tensor: Decodable {
    let name: String
    let shape: [Int]
    let offset: Int
  }

  let shape: Shape
  let tokens, targets: [[Int32]]
  let loss, loss_after_step: Double
  let learning_rate: Float
  let parameter_count: Int
  let tensors: [Tensor]

  static let names = ["a", "b", "c"]

  /// Reads the case, with its parameters and its reference gradient.
  static func load(_ name: String) throws -> (GoldenCase, parameters: [Float], gradient: [Float]) {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Vectors")
    let json = try Data(contentsOf: folder.appending(path: "gpt3_\(name).json"))
    let binary = [UInt8](try Data(contentsOf: folder.appending(path: "gpt3_\(name).bin")))
    let golden = try JSONDecoder().decode(GoldenCase.self, from: json)
    guard binary.count == 8 * golden.parameter_count else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let numbers = stride(from: 0, to: binary.count, by: 4).map { first in
      Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(binary[first + $1]) << (8 * $1) })
    }
    return (
      golden, Array(numbers[..<golden.parameter_count]), Array(numbers[golden.parameter_count...])
    )
  }

  func modelShape() throws -> ModelShape {
    try ModelShape.gpt3(
      layerCount: shape.n_layers, dModel: shape.d_model, headCount: shape.n_heads,
      contextLength: shape.context, vocabularySize: shape.vocab_size)
  }

  func batch() throws -> TokenBatch {
    try TokenBatch(
      sequenceCount: shape.batch, contextLength: shape.tokens, tokens: tokens.flatMap { $0 },
      targets: targets.flatMap { $0 }, vocabularySize: shape.vocab_size)
  }

  /// A part of one tensor that is compared by itself: the flat indices of its elements.
  struct Part {
    let name: String
    let indices: [Int]
  }

  /// All tensors; those of c_attn in their queries, keys and values, as the gradient of the key
  /// bias is zero in exact arithmetic and would hide behind the other two.
  var parts: [Part] {
    tensors.flatMap { tensor -> [Part] in
      let columns = tensor.shape.last!
      let all = (0..<tensor.shape.reduce(1, *)).map { tensor.offset + $0 }
      guard tensor.name.contains("c_attn") else { return [Part(name: tensor.name, indices: all)] }
      return ["queries", "keys", "values"].enumerated().map { third, part in
        Part(
          name: "\(tensor.name) \(part)",
          indices: all.filter { ($0 - tensor.offset) % columns / (columns / 3) == third })
      }
    }
  }
}
