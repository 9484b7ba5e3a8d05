internal import Glibc

/// The tensors of a checkpoint folder: one `model.safetensors`, or several files with the index that
/// Hugging Face's `save_pretrained` writes beside them.
public struct TensorFolder: Sendable {
  /// The folder.
  public let path: String
  /// The files, in the order of their names.
  public let files: [SafetensorsFile]
  private let places: [String: Int]

  /// Name of a file that holds all tensors.
  public static let singleName = "model.safetensors"
  /// Name of the list that says which file holds which tensor.
  public static let indexName = "model.safetensors.index.json"
  /// The longest index that is read.
  static let indexByteLimit = 100_000_000

  /// Opens all files; throws ``SafetensorsError`` unless they hold what the index says.
  public init(_ path: String) throws(SafetensorsError) {
    self.path = path
    let single = "\(path)/\(Self.singleName)"
    if access(single, F_OK) == 0 {
      let file = try SafetensorsFile(single)
      files = [file]
      places = Dictionary(uniqueKeysWithValues: file.header.tensors.map { ($0.name, 0) })
      return
    }
    let index = "\(path)/\(Self.indexName)"
    guard access(index, F_OK) == 0 else {
      throw SafetensorsError(
        path, .unreadable("there is neither \(Self.singleName) nor \(Self.indexName) in it"))
    }
    let map = try Self.weightMap(index)
    let names = Set(map.values).sorted()
    var files: [SafetensorsFile] = []
    for name in names { files.append(try SafetensorsFile("\(path)/\(name)")) }
    var places: [String: Int] = [:]
    for (number, file) in files.enumerated() {
      for tensor in file.header.tensors {
        guard map[tensor.name] == names[number] else {
          throw SafetensorsError(
            file.path,
            .entry(tensor: tensor.name, problem: "\(Self.indexName) places it elsewhere"))
        }
        places[tensor.name] = number
      }
    }
    if let missing = map.keys.filter({ places[$0] == nil }).min() {
      throw SafetensorsError("\(path)/\(map[missing] ?? "")", .noTensor(missing))
    }
    self.files = files
    self.places = places
  }

  /// All tensors, file by file.
  public var tensors: [TensorEntry] { files.flatMap(\.header.tensors) }

  /// The tensor called `name`, or nil.
  public func entry(_ name: String) -> TensorEntry? {
    places[name].flatMap { files[$0].entry(name) }
  }

  /// The file that holds the tensor called `name`; throws if none does.
  public func file(of name: String) throws(SafetensorsError) -> SafetensorsFile {
    guard let place = places[name] else { throw SafetensorsError(path, .noTensor(name)) }
    return files[place]
  }

  /// `weight_map` of an index: the file of each tensor.
  private static func weightMap(_ path: String) throws(SafetensorsError) -> [String: String] {
    let file = try MappedFile(path)
    guard file.byteCount <= indexByteLimit else {
      throw SafetensorsError(
        path, .headerTooLong(claimed: UInt64(file.byteCount), limit: indexByteLimit))
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: file.bytes(0..<file.byteCount)) } catch {
      throw SafetensorsError(path, .json(offset: error.offset, problem: error.problem))
    }
    guard let members = json["weight_map"]?.members else {
      throw SafetensorsError(path, .json(offset: 0, problem: "expected a mapping 'weight_map'"))
    }
    var map: [String: String] = [:]
    for member in members {
      // A file outside of the folder would not be part of the checkpoint.
      guard let name = member.value.string, !name.isEmpty, name.utf8.count <= 255,
        !name.contains("/"), name != "..", !name.utf8.contains(0)
      else {
        throw SafetensorsError(
          path,
          .entry(
            tensor: member.key,
            problem: "its file must be a name in the same folder, but is \(member.value.kind)"))
      }
      map[member.key] = name
    }
    return map
  }

  /// Writes a checkpoint's tensors into a folder that exists, with an index if they need more than
  /// one file of at most `shardByteLimit` bytes of data (a tensor is never cut).
  ///
  /// The files are named and filled as `save_pretrained` does, in the order of `tensors`.
  public static func write(
    _ tensors: [TensorSource], metadata: [String: String],
    shardByteLimit: Int = 5_000_000_000, to path: String
  ) throws(SafetensorsError) {
    var shards: [[TensorSource]] = [[]]
    var size = 0
    for tensor in tensors {
      if size + tensor.byteCount > shardByteLimit, !shards[shards.count - 1].isEmpty {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += tensor.byteCount
    }
    guard shards.count > 1 else {
      return try SafetensorsWriter.write(tensors, metadata: metadata, to: "\(path)/\(singleName)")
    }
    func padded(_ number: Int) -> String {
      String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
    }
    var map: [JSON.Member] = []
    for (number, shard) in shards.enumerated() {
      let name = "model-\(padded(number + 1))-of-\(padded(shards.count)).safetensors"
      try SafetensorsWriter.write(shard, metadata: metadata, to: "\(path)/\(name)")
      map += shard.map { JSON.Member($0.name, .string(name)) }
    }
    let total = tensors.reduce(0) { $0 + $1.byteCount }
    let index = JSON.object([
      JSON.Member("metadata", .object([JSON.Member("total_size", .number("\(total)"))])),
      JSON.Member("weight_map", .object(map.sorted { $0.key < $1.key })),
    ])
    let file = try PartialFile("\(path)/\(indexName)")
    try file.write(Array((index.indentedText() + "\n").utf8))
    try file.publish()
  }
}
