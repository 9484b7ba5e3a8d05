import Foundation
import Models

/// One case of `Tests/Vectors/gpt3_*` or `gemma3_*`; the scripts there that make them describe the
/// format.
struct GoldenCase: Decodable {
  struct Shape: Decodable {
    let dModel, nLayers, nHeads, context, vocabSize, batch, tokens: Int
    let nKvHeads, headDim, dFf, window, paddingToken: Int?
    let local: [Bool]?
    let queryScale, ropeBaseLocal, ropeScalingLocal, ropeBaseGlobal, ropeScalingGlobal: Double?
    let normEpsilon: Double?
  }
  struct Tensor: Decodable {
    let name: String
    let shape: [Int]
    let offset: Int
  }

  let shape: Shape
  let tokens, targets: [[Int32]]
  let loss, lossAfterStep: Double
  let learningRate: Float
  let parameterCount: Int
  let tensors: [Tensor]

  static let names = [
    "gpt3_a", "gpt3_b", "gpt3_c", "gemma3_a", "gemma3_b", "gemma3_c", "gemma3_d",
  ]

  /// Reads the case, with its parameters and its reference gradient.
  static func load(_ name: String) throws -> (GoldenCase, parameters: [Float], gradient: [Float]) {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Vectors")
    let json = try Data(contentsOf: folder.appending(path: "\(name).json"))
    let binary = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).bin")))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let golden = try decoder.decode(GoldenCase.self, from: json)
    guard binary.count == 8 * golden.parameterCount else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let numbers = stride(from: 0, to: binary.count, by: 4).map { first in
      Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(binary[first + $1]) << (8 * $1) })
    }
    return (
      golden, Array(numbers[..<golden.parameterCount]), Array(numbers[golden.parameterCount...])
    )
  }

  func modelShape() throws -> ModelShape {
    guard let local = shape.local, let kvHeads = shape.nKvHeads, let headDim = shape.headDim,
      let dFF = shape.dFf, let queryScale = shape.queryScale,
      let baseLocal = shape.ropeBaseLocal, let scalingLocal = shape.ropeScalingLocal,
      let baseGlobal = shape.ropeBaseGlobal, let scalingGlobal = shape.ropeScalingGlobal,
      let normEpsilon = shape.normEpsilon
    else {
      return try ModelShape.gpt3(
        layerCount: shape.nLayers, dModel: shape.dModel, headCount: shape.nHeads,
        contextLength: shape.context, vocabularySize: shape.vocabSize)
    }
    return try ModelShape.gemma3(
      layerCount: shape.nLayers, dModel: shape.dModel, headCount: shape.nHeads,
      kvHeadCount: kvHeads, headDimension: headDim, feedForwardWidth: dFF,
      contextLength: shape.context, vocabularySize: shape.vocabSize,
      attention: .layers(local.map { $0 ? .local : .global }, window: shape.window),
      settings: Gemma3Settings(
        queryScale: queryScale, localRope: .init(base: baseLocal, scaling: scalingLocal),
        globalRope: .init(base: baseGlobal, scaling: scalingGlobal), normEpsilon: normEpsilon,
        paddingToken: shape.paddingToken))
  }

  func batch() throws -> TokenBatch {
    try TokenBatch(
      sequenceCount: shape.batch, contextLength: shape.tokens, tokens: tokens.flatMap { $0 },
      targets: targets.flatMap { $0 }, vocabularySize: shape.vocabSize)
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
