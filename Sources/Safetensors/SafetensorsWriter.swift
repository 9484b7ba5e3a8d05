/// A tensor that is to be written; its values are asked for piece by piece.
public struct TensorSource {
  /// Name in the file.
  public let name: String
  /// Type in the file, one of ``ElementType/writable``.
  public let type: ElementType
  /// Dimensions, row-major.
  public let shape: [Int]
  /// The elements of a range, in row-major order.
  public let values: (Range<Int>) -> [Float]

  /// A tensor whose elements come from `values`.
  public init(
    _ name: String, _ type: ElementType, shape: [Int], values: @escaping (Range<Int>) -> [Float]
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.values = values
  }

  /// A tensor of these elements, row-major.
  public init(_ name: String, _ type: ElementType, shape: [Int], _ values: [Float]) {
    self.init(name, type, shape: shape) { Array(values[$0]) }
  }

  var count: Int { shape.reduce(1, *) }
  var byteCount: Int { count * type.byteCount }
}

/// Writes safetensors files with the bytes that the reference implementation gives them.
public enum SafetensorsWriter {
  /// Elements that are converted at a time: memory does not grow with a tensor.
  package static let pieceLength = 1 << 20

  /// Writes one file; it appears under `path` whole or not at all.
  ///
  /// The tensors are laid out as the reference does: by element type, float32 before bfloat16
  /// before float16, then by name. `metadata` is stored under `__metadata__`, sorted by key;
  /// Hugging Face wants `format` = `pt` there.
  public static func write(
    _ tensors: [TensorSource], metadata: [String: String] = [:], to path: String
  ) throws(SafetensorsError) {
    let ordered = tensors.sorted {
      ($1.type.order, $0.name) < ($0.type.order, $1.name)
    }
    let header = try headerBytes(ordered, metadata: metadata, path: path)
    let file = try PartialFile(path)
    try file.write(header)
    for tensor in ordered {
      for first in stride(from: 0, to: tensor.count, by: pieceLength) {
        let range = first..<min(first + pieceLength, tensor.count)
        let values = tensor.values(range)
        guard values.count == range.count else {
          throw SafetensorsError(
            path,
            .invalidArgument(
              "tensor \(Name.shown(tensor.name)): \(values.count) values instead of "
                + "\(range.count)"))
        }
        try file.write(tensor.type.bytes(of: values))
      }
    }
    try file.publish()
  }

  static func headerBytes(
    _ tensors: [TensorSource], metadata: [String: String], path: String
  ) throws(SafetensorsError) -> [UInt8] {
    func refuse(_ text: String) -> SafetensorsError {
      SafetensorsError(path, .invalidArgument(text))
    }
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
      members.append(JSON.Member(SafetensorsHeader.metadataKey, .object(texts)))
    }
    var names: Set<String> = [SafetensorsHeader.metadataKey]
    var offset = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw refuse("two tensors would be called \(Name.shown(tensor.name))")
      }
      guard ElementType.writable.contains(tensor.type), tensor.shape.allSatisfy({ $0 >= 0 }) else {
        throw refuse(
          "tensor \(Name.shown(tensor.name)) cannot be written as \(tensor.type.rawValue) of shape "
            + "\(tensor.shape)")
      }
      func list(_ counts: [Int]) -> JSON { .array(counts.map { .number("\($0)") }) }
      members.append(
        JSON.Member(
          tensor.name,
          .object([
            JSON.Member("dtype", .string(tensor.type.rawValue)),
            JSON.Member("shape", list(tensor.shape)),
            JSON.Member("data_offsets", list([offset, offset + tensor.byteCount])),
          ])))
      offset += tensor.byteCount
    }
    var text = Array(JSON.object(members).text.utf8)
    // Data starts at a multiple of 8.
    while text.count % 8 != 0 { text.append(0x20) }
    guard text.count <= SafetensorsHeader.byteLimit else {
      throw refuse("the header would take \(text.count) bytes")
    }
    let length = UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
  }
}
