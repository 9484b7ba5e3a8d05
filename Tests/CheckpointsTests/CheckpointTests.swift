import Checkpoints
import Foundation
import Kernels
import Models
import Safetensors
import Testing

@Suite struct CheckpointTests {
  let gpt3: ModelShape
  let gemma3: ModelShape

  init() throws {
    gpt3 = try .gpt3(
      layerCount: 1, dModel: 6, headCount: 2, contextLength: 5, vocabularySize: 9)
    gemma3 = try .gemma3(
      layerCount: 2, dModel: 6, headCount: 2, kvHeadCount: 1, headDimension: 4,
      feedForwardWidth: 7, contextLength: 8, vocabularySize: 9,
      attention: .localThenGlobal(window: 3, localPerGlobal: 1))
  }

  /// Writes a folder whose tensors went through `change`.
  func folder(
    _ shape: ModelShape, in path: String, prefix: String? = nil, config: String? = nil,
    _ change: (inout [TensorSource]) -> Void = { _ in }
  ) throws -> FloatBuffer {
    let layout = ParameterLayout(shape)
    let parameters = distinctParameters(layout.count)
    var tensors = layout.tensors.map { tensor in
      TensorSource(
        (prefix ?? shape.tensorNamePrefix) + tensor.name, .float32, shape: tensor.dimensions,
        Vector(parameters, offset: tensor.offset, count: tensor.count).array)
    }
    change(&tensors)
    try TensorFolder.write(tensors, metadata: [:], to: path)
    let text = try config ?? Configuration(shape: shape).text(type: .float32)
    try Data(text.utf8).write(to: URL(filePath: "\(path)/config.json"))
    return parameters
  }

  @Test func everyPrefixOfHuggingFaceIsRead() throws {
    for (shape, prefixes) in [
      (gpt3, ["transformer.", ""]),
      (gemma3, ["model.", "", "language_model.model.", "model.language_model."]),
    ] {
      for prefix in prefixes {
        try withTemporaryFolder { path in
          let parameters = try folder(shape, in: path, prefix: prefix)
          let checkpoint = try Checkpoint(path)
          #expect(checkpoint.prefix == prefix)
          #expect(try checkpoint.readParameters().array == parameters.array)
        }
      }
    }
  }

  @Test func tensorsThatComputeNothingAreLeftOut() throws {
    try withTemporaryFolder { path in
      _ = try folder(gpt3, in: path) { tensors in
        tensors.append(TensorSource("transformer.h.0.attn.bias", .float32, shape: [1], [1]))
        tensors.append(TensorSource("transformer.h.0.attn.masked_bias", .float32, shape: [], [-1]))
        tensors.append(
          TensorSource("lm_head.weight", .float32, shape: [9, 6], tensors[0].values(0..<54)))
      }
      #expect(try Checkpoint(path).layout.count == ParameterLayout(gpt3).count)
    }
    try withTemporaryFolder { path in
      _ = try folder(gemma3, in: path, prefix: "language_model.model.") { tensors in
        tensors.append(TensorSource("vision_tower.x", .float32, shape: [1], [1]))
        tensors.append(TensorSource("multi_modal_projector.y", .float32, shape: [1], [1]))
      }
      #expect(try Checkpoint(path).layout.count == ParameterLayout(gemma3).count)
    }
  }

  @Test func tensorsOfAnotherModelAreRefused() throws {
    let changes: [(String, (inout [TensorSource]) -> Void)] = [
      ("is missing", { $0.removeLast() }),
      ("is missing", { $0.removeFirst() }),
      (
        "its shape is [54]",
        { $0[0] = TensorSource($0[0].name, .float32, shape: [54], $0[0].values(0..<54)) }
      ),
      (
        "is not part of",
        { $0.append(TensorSource("transformer.h.1.ln_1.bias", .float32, shape: [0], [])) }
      ),
      ("is not part of", { $0.append(TensorSource("other", .float32, shape: [1], [1])) }),
      (
        "differs from the embedding",
        {
          $0.append(TensorSource("lm_head.weight", .float32, shape: [9, 6]) { $0.map(Float.init) })
        }
      ),
      (
        "not that of the embedding",
        {
          $0.append(TensorSource("lm_head.weight", .float32, shape: [1], [1]))
        }
      ),
    ]
    for (message, change) in changes {
      try withTemporaryFolder { path in
        _ = try folder(gpt3, in: path, change)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(path) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      }
    }
  }

  @Test func foldersWithoutTheirFilesAreRefused() throws {
    try withTemporaryFolder { path in
      #expect(throws: CheckpointError.self) { try Checkpoint(path) }
      #expect(throws: CheckpointError.self) { try Checkpoint("\(path)/absent") }
      try Data("{\"model_type\": \"gpt2\"}".utf8).write(to: URL(filePath: "\(path)/config.json"))
      let error = #expect(throws: CheckpointError.self) { try Checkpoint(path) }
      #expect(error?.description.contains("model.safetensors") == true)
    }
  }

  @Test func shortTypesRoundToNearest() throws {
    let layout = ParameterLayout(gpt3)
    // All of them are exact in 8 bits of significand, so in both short types.
    let parameters = distinctParameters(layout.count)
    for type in ElementType.writable {
      try withTemporaryFolder { path in
        try Checkpoint.write(
          parameters, configuration: Configuration(shape: gpt3), type: type, to: path)
        let checkpoint = try Checkpoint(path)
        #expect(checkpoint.tensors.tensors.allSatisfy { $0.type == type })
        #expect(try checkpoint.readParameters().array == parameters.array)
      }
    }
  }
}
