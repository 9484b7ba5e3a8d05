import Checkpoints
import Models
import Protocol
import Safetensors

/// The parameters of a checkpoint as the chain commits to them: float32 in the flat order, read from
/// its safetensors files when they are asked for, whatever type and order they are stored in.
public struct CheckpointSource: ParameterSource {
  /// What reading a tensor throws.
  public typealias Failure = SafetensorsError

  private let checkpoint: Checkpoint
  /// For each tensor of the layout its file and its name there.
  private let places: [(file: SafetensorsFile, name: String)]

  /// Opens a folder; throws ``CheckpointError`` unless it holds a model that is known.
  public init(_ path: String) throws(CheckpointError) {
    let checkpoint = try Checkpoint(path)
    var places: [(file: SafetensorsFile, name: String)] = []
    for tensor in checkpoint.layout.tensors {
      let name = checkpoint.storedName(of: tensor)
      do throws(SafetensorsError) {
        places.append((try checkpoint.tensors.file(of: name), name))
      } catch { throw .file(error) }
    }
    self.checkpoint = checkpoint
    self.places = places
  }

  /// Order of the parameters in the flat vector.
  public var layout: ParameterLayout { checkpoint.layout }

  /// Reads some elements of a tensor of ``layout`` as float32; throws what the file does not hold.
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, tensor: Int, elements: Range<Int>
  ) throws(SafetensorsError) {
    let (file, name) = places[tensor]
    try file.readFloats(name, elements: elements, into: values)
  }
}
