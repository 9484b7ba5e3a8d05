/// One tensor of a file: what it is and where its bytes are.
public struct TensorEntry: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// Type of its elements.
  public let type: ElementType
  /// Dimensions, row-major; empty for a single number.
  public let shape: [Int]
  /// Its bytes, counted from the end of the header.
  public let byteRange: Range<Int>

  /// Number of elements.
  public var count: Int { byteRange.count / type.byteCount }
}

/// The header of a safetensors file, proved to describe its data: every byte belongs to exactly one
/// tensor, and every tensor has the bytes that its shape and type take.
///
/// Format: 8 bytes little endian N, then N bytes of JSON, then the data
/// (<https://github.com/huggingface/safetensors>, section "Format").
public struct SafetensorsHeader: Sendable, Hashable {
  /// Tensors in the order of their bytes.
  public let tensors: [TensorEntry]
  /// The texts under `__metadata__`.
  public let metadata: [String: String]
  /// Where the data starts in the file.
  public let dataOffset: Int

  /// The longest header that is read, as in the reference implementation.
  public static let byteLimit = 100_000_000
  /// The longest name of a tensor, in bytes of UTF-8.
  public static let nameByteLimit = 1024
  /// The most dimensions of a tensor.
  public static let rankLimit = 32
  static let metadataKey = "__metadata__"

  /// Reads and proves the header of a file of `byteCount` bytes.
  ///
  /// - Parameters:
  ///   - prefix: gives the first n bytes of the file, n being at most `byteCount`.
  ///   - path: how messages call the file.
  public init(
    byteCount: Int, path: String, prefix: (Int) -> [UInt8]
  ) throws(SafetensorsError) {
    guard byteCount >= 8 else {
      throw SafetensorsError(path, .truncated(byteCount: byteCount))
    }
    let length = prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let limit = min(byteCount - 8, Self.byteLimit)
    guard length <= UInt64(limit) else {
      throw SafetensorsError(path, .headerTooLong(claimed: length, limit: limit))
    }
    dataOffset = 8 + Int(length)
    let text = Array(prefix(dataOffset)[8...])
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: text) } catch {
      throw SafetensorsError(path, .json(offset: error.offset, problem: error.problem))
    }
    guard let members = json.members, text.first == UInt8(ascii: "{") else {
      throw SafetensorsError(
        path, .json(offset: 0, problem: "expected a mapping that starts with '{'"))
    }
    let dataByteCount = byteCount - dataOffset
    var tensors: [TensorEntry] = []
    var metadata: [String: String] = [:]
    do throws(SafetensorsError.Problem) {
      for member in members {
        if member.key == Self.metadataKey {
          metadata = try Self.metadata(member.value)
        } else {
          tensors.append(try Self.entry(member, dataByteCount: dataByteCount))
        }
      }
      // By end as well, so that tensors without bytes stand before the one that begins there.
      tensors.sort {
        ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
          < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
      }
      try Self.checkCoverage(tensors, dataByteCount: dataByteCount)
    } catch { throw SafetensorsError(path, error) }
    self.tensors = tensors
    self.metadata = metadata
  }

  private static func metadata(
    _ value: JSON
  ) throws(SafetensorsError.Problem) -> [String: String] {
    guard let members = value.members else {
      throw .entry(tensor: metadataKey, problem: "expected a mapping of texts, found \(value.kind)")
    }
    var result: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else {
        throw .entry(
          tensor: metadataKey,
          problem: "\(Name.shown(member.key)) must be a text, but is \(member.value.kind)")
      }
      result[member.key] = text
    }
    return result
  }

  private static func entry(
    _ member: JSON.Member, dataByteCount: Int
  ) throws(SafetensorsError.Problem) -> TensorEntry {
    let name = member.key
    guard name.utf8.count <= nameByteLimit else {
      throw .entry(
        tensor: name,
        problem: "the name has \(name.utf8.count) bytes, but at most \(nameByteLimit) are allowed")
    }
    guard let fields = member.value.members else {
      throw .entry(
        tensor: name, problem: "expected dtype, shape and data_offsets, found \(member.value.kind)")
    }
    let known = ["dtype", "shape", "data_offsets"]
    if let other = fields.first(where: { !known.contains($0.key) }) {
      throw .entry(tensor: name, problem: "unknown key \(Name.shown(other.key))")
    }
    guard let dtype = member.value["dtype"]?.string, let type = ElementType(rawValue: dtype) else {
      throw .entry(
        tensor: name,
        problem: "dtype is \(member.value["dtype"]?.kind ?? "missing"), but must be one of "
          + ElementType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let shape = try counts("shape", of: member)
    guard shape.count <= rankLimit else {
      throw .entry(
        tensor: name, problem: "\(shape.count) dimensions, but at most \(rankLimit) are allowed")
    }
    let offsets = try counts("data_offsets", of: member)
    guard offsets.count == 2 else {
      throw .entry(tensor: name, problem: "data_offsets must be two numbers")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end, end <= dataByteCount else {
      throw .offsetsOutOfRange(tensor: name, begin: begin, end: end, dataByteCount: dataByteCount)
    }
    var needed = type.byteCount
    for dimension in shape {
      let (product, overflow) = needed.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw .entry(tensor: name, problem: "its shape has more elements than any memory")
      }
      needed = product
    }
    guard needed == end - begin else {
      throw .sizeMismatch(tensor: name, needed: needed, spanned: end - begin)
    }
    return TensorEntry(name: name, type: type, shape: shape, byteRange: begin..<end)
  }

  /// A list of integers that are not negative.
  private static func counts(
    _ key: String, of member: JSON.Member
  ) throws(SafetensorsError.Problem) -> [Int] {
    guard let list = member.value[key]?.array else {
      throw .entry(
        tensor: member.key,
        problem: "\(key) is \(member.value[key]?.kind ?? "missing"), but must be a list of counts")
    }
    var counts: [Int] = []
    for value in list {
      guard let count = value.count else {
        throw .entry(
          tensor: member.key, problem: "\(key) must hold counts from 0 on, but has \(value.kind)")
      }
      counts.append(count)
    }
    return counts
  }

  /// Every byte of the data belongs to exactly one tensor.
  private static func checkCoverage(
    _ sorted: [TensorEntry], dataByteCount: Int
  ) throws(SafetensorsError.Problem) {
    var end = 0
    for tensor in sorted {
      let begin = tensor.byteRange.lowerBound
      guard begin >= end else {
        throw .overlap(tensor: tensor.name, begin: begin, previousEnd: end)
      }
      guard begin == end else { throw .unusedBytes(from: end, to: begin) }
      end = tensor.byteRange.upperBound
    }
    guard end == dataByteCount else { throw .unusedBytes(from: end, to: dataByteCount) }
  }
}

extension SafetensorsError.Problem: Error {}
