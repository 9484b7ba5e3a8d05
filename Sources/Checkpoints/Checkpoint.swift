import Kernels
import Models
import Safetensors

/// An open checkpoint folder as `save_pretrained` writes it: a configuration and tensors that fit
/// it. The tensors are mapped; opening costs nothing but the headers.
public struct Checkpoint: Sendable {
  /// The folder.
  public let path: String
  /// Which model it is.
  public let configuration: Configuration
  /// Order of the parameters in the flat vector.
  public let layout: ParameterLayout
  /// The tensors of the folder.
  public let tensors: TensorFolder
  /// What the folder writes before the names of the layout.
  public let prefix: String

  /// Opens a folder; throws ``CheckpointError`` unless it holds exactly the model that its
  /// configuration describes.
  public init(_ path: String) throws(CheckpointError) {
    self.path = path
    let configPath = "\(path)/\(Configuration.fileName)"
    let bytes = try CheckpointError.files { () throws(SafetensorsError) in
      let file = try MappedFile(configPath)
      return file.bytes(0..<min(file.byteCount, Configuration.byteLimit + 1))
    }
    guard bytes.count <= Configuration.byteLimit else {
      throw .configuration(path: configPath, "longer than \(Configuration.byteLimit) bytes")
    }
    configuration = try Configuration(parsing: bytes, path: configPath)
    layout = ParameterLayout(configuration.shape)
    tensors = try CheckpointError.files { () throws(SafetensorsError) in try TensorFolder(path) }
    prefix = Self.prefix(in: tensors, layout: layout, shape: configuration.shape)
    try checkTensors()
  }

  /// Name of a tensor of the layout in the folder.
  public func storedName(of tensor: ParameterTensor) -> String { prefix + tensor.name }

  /// Reads all parameters into a flat vector in the order of ``layout``.
  public func readParameters() throws(CheckpointError) -> FloatBuffer {
    let parameters = FloatBuffer(count: layout.count)
    for tensor in layout.tensors {
      let name = storedName(of: tensor)
      try CheckpointError.files { () throws(SafetensorsError) in
        let file = try tensors.file(of: name)
        for first in stride(from: 0, to: tensor.count, by: Self.pieceLength) {
          let piece = first..<min(first + Self.pieceLength, tensor.count)
          let values = try file.floats(name, elements: piece)
          Vector(parameters, offset: tensor.offset + first, count: piece.count).assign(values)
        }
      }
    }
    return parameters
  }

  /// Elements that are read at a time.
  private static let pieceLength = 1 << 20

  // MARK: names

  /// The head models' prefix, that of the bare models (none), and those of the multimodal Gemma 3.
  private static func prefix(
    in folder: TensorFolder, layout: ParameterLayout, shape: ModelShape
  ) -> String {
    var candidates = [shape.tensorNamePrefix, ""]
    if case .gemma3 = shape.architecture {
      candidates += ["language_model.model.", "model.language_model.", "language_model."]
    }
    let first = layout.tensors[0].name
    return candidates.first { folder.entry($0 + first) != nil } ?? shape.tensorNamePrefix
  }

  /// Every tensor of the layout is there with its dimensions, and nothing else that computes.
  private func checkTensors() throws(CheckpointError) {
    var known: Set<String> = []
    for tensor in layout.tensors {
      let name = storedName(of: tensor)
      guard let entry = tensors.entry(name) else {
        throw .tensor(path: path, name: name, "it is missing, but the configuration needs it")
      }
      guard entry.shape == tensor.dimensions else {
        throw .tensor(
          path: path, name: name,
          "its shape is \(entry.shape), but the configuration says \(tensor.dimensions)")
      }
      known.insert(name)
    }
    for entry in tensors.tensors where !known.contains(entry.name) {
      if isHead(entry.name) {
        try checkTied(entry)
      } else if !isIgnored(entry.name) {
        throw .tensor(
          path: path, name: entry.name,
          "it is not part of a \(configuration.shape.family) model with this configuration")
      }
    }
  }

  private func isHead(_ name: String) -> Bool {
    name == "lm_head.weight" || name == "language_model.lm_head.weight"
  }

  /// Buffers that older versions stored, and the parts of the multimodal model that see pictures.
  private func isIgnored(_ name: String) -> Bool {
    switch configuration.shape.architecture {
    case .gpt3:
      name.hasPrefix(prefix + "h.")
        && (name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias"))
    case .gemma3:
      name.hasSuffix(".rotary_emb.inv_freq")
        || [
          "vision_tower.", "multi_modal_projector.", "model.vision_tower.",
          "model.multi_modal_projector.",
        ].contains { name.hasPrefix($0) }
    }
  }

  /// A stored head must be the embedding again.
  private func checkTied(_ head: TensorEntry) throws(CheckpointError) {
    let name = storedName(of: layout.tensors[0])
    guard head.shape == layout.tensors[0].dimensions else {
      throw .tensor(path: path, name: head.name, "its shape is not that of the embedding")
    }
    let (tensors, piece) = (tensors, Self.pieceLength)
    let same = try CheckpointError.files { () throws(SafetensorsError) in
      let (headFile, embeddingFile) = (
        try tensors.file(of: head.name), try tensors.file(of: name)
      )
      for first in stride(from: 0, to: head.count, by: piece) {
        let range = first..<min(first + piece, head.count)
        guard
          try headFile.floats(head.name, elements: range)
            == embeddingFile.floats(name, elements: range)
        else { return false }
      }
      return true
    }
    guard same else {
      throw .tensor(
        path: path, name: head.name,
        "it differs from the embedding, but only models whose head is the embedding can be computed"
      )
    }
  }
}
