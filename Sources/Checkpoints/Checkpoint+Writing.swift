import Kernels
import Models
import Safetensors

extension Checkpoint {
  /// Writes a model as a folder that `from_pretrained` loads; the folder must exist.
  ///
  /// - Parameters:
  ///   - parameters: flat vector in the order of the shape's layout.
  ///   - type: one of ``Safetensors/ElementType/writable``; shorter types round to nearest.
  ///   - shardByteLimit: bytes of data in one file; more make several files with an index.
  ///
  /// Throws ``CheckpointError``; what was written before stays.
  public static func write(
    _ parameters: FloatBuffer, configuration: Configuration, type: ElementType = .float32,
    shardByteLimit: Int = 5_000_000_000, to path: String
  ) throws(CheckpointError) {
    let text = try configuration.text(type: type)
    let layout = ParameterLayout(configuration.shape)
    precondition(parameters.count == layout.count)
    let prefix = configuration.shape.tensorNamePrefix
    let tensors = layout.tensors.map { source(prefix + $0.name, $0, type, parameters) }
    try CheckpointError.files { () throws(SafetensorsError) in
      try TensorFolder.write(
        tensors, metadata: ["format": "pt"], shardByteLimit: shardByteLimit, to: path)
      let file = try PartialFile("\(path)/\(Configuration.fileName)")
      try file.write(Array(text.utf8))
      try file.publish()
    }
  }

  /// Writes a gradient, or anything else that has a number for each parameter, as float32 under the
  /// names and with the shapes that this checkpoint stores its own tensors with.
  public func write(_ vector: FloatBuffer, to file: String) throws(CheckpointError) {
    precondition(vector.count == layout.count)
    let tensors = layout.tensors.map {
      Self.source(storedName(of: $0), $0, .float32, vector)
    }
    try CheckpointError.files { () throws(SafetensorsError) in
      try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: file)
    }
  }

  private static func source(
    _ name: String, _ tensor: ParameterTensor, _ type: ElementType, _ values: FloatBuffer
  ) -> TensorSource {
    TensorSource(name, type, shape: tensor.dimensions) { range in
      Vector(values, offset: tensor.offset + range.lowerBound, count: range.count).array
    }
  }
}
