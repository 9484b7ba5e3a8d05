/// An open safetensors file: its header is read and proved, its data is mapped and read on demand.
public struct SafetensorsFile: Sendable {
  /// What the file holds.
  public let header: SafetensorsHeader
  private let file: MappedFile
  private let indices: [String: Int]

  /// Opens a file; throws ``SafetensorsError`` if its header lies in any way.
  public init(_ path: String) throws(SafetensorsError) {
    let file = try MappedFile(path)
    self.file = file
    header = try SafetensorsHeader(byteCount: file.byteCount, path: path) { file.bytes(0..<$0) }
    indices = Dictionary(
      uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
  }

  /// Path as given.
  public var path: String { file.path }

  /// The tensor called `name`, or nil.
  public func entry(_ name: String) -> TensorEntry? { indices[name].map { header.tensors[$0] } }

  /// Some elements of a tensor as float32, by default all.
  ///
  /// float16 and bfloat16 are widened without loss; float64 is rounded to nearest.
  /// Throws if there is no such tensor or its elements are of no float type.
  public func floats(
    _ name: String, elements: Range<Int>? = nil
  ) throws(SafetensorsError) -> [Float] {
    let (entry, range) = try bytes(of: name, elements: elements)
    guard let values = file.withBytes(range, { entry.type.float32Values($0) }) else {
      throw SafetensorsError(path, .notFloat(tensor: name, type: entry.type.rawValue))
    }
    return values
  }

  /// Some elements of a tensor as float32, written to memory of their number.
  public func readFloats(
    _ name: String, elements: Range<Int>? = nil, into target: UnsafeMutableBufferPointer<Float>
  ) throws(SafetensorsError) {
    let (entry, range) = try bytes(of: name, elements: elements)
    precondition(range.count == target.count * entry.type.byteCount)
    guard file.withBytes(range, { entry.type.decode($0, into: target) }) else {
      throw SafetensorsError(path, .notFloat(tensor: name, type: entry.type.rawValue))
    }
  }

  private func bytes(
    of name: String, elements: Range<Int>?
  ) throws(SafetensorsError) -> (TensorEntry, Range<Int>) {
    guard let entry = entry(name) else { throw SafetensorsError(path, .noTensor(name)) }
    let elements = elements ?? 0..<entry.count
    precondition(0 <= elements.lowerBound && elements.upperBound <= entry.count, "\(elements)")
    let size = entry.type.byteCount
    let start = header.dataOffset + entry.byteRange.lowerBound
    return (
      entry, start + elements.lowerBound * size..<start + elements.upperBound * size
    )
  }
}
