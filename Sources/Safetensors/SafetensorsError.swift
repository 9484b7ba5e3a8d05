/// Why a file is no safetensors file, or cannot be read or written as asked.
public struct SafetensorsError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file; empty for bytes that are in no file.
  public let path: String
  /// What is wrong with it.
  public let problem: Problem

  /// What can be wrong.
  public enum Problem: Sendable, Hashable {
    /// The system would not open, map or read it.
    case unreadable(String)
    /// The system would not write it.
    case unwritable(String)
    /// Too short to hold a header.
    case truncated(byteCount: Int)
    /// The header claims to be longer than the file or than ``SafetensorsHeader/byteLimit``.
    case headerTooLong(claimed: UInt64, limit: Int)
    /// The header is not the JSON that the format asks for.
    case json(offset: Int, problem: String)
    /// Something in the header is of another kind than the format says.
    case entry(tensor: String, problem: String)
    /// Shape and element type do not take the bytes that the offsets span.
    case sizeMismatch(tensor: String, needed: Int, spanned: Int)
    /// The offsets are not in order or reach beyond the data.
    case offsetsOutOfRange(tensor: String, begin: Int, end: Int, dataByteCount: Int)
    /// Two tensors share bytes.
    case overlap(tensor: String, begin: Int, previousEnd: Int)
    /// Bytes that belong to no tensor.
    case unusedBytes(from: Int, to: Int)
    /// No tensor of this name.
    case noTensor(String)
    /// Numbers that are not kept as a float type.
    case notFloat(tensor: String, type: String)
    /// Tensors that cannot be written: two of one name, or values that do not fill the shape.
    case invalidArgument(String)
  }

  init(_ path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

  private var reason: String {
    func name(_ tensor: String) -> String { Name.shown(tensor) }
    switch problem {
    case .unreadable(let why): return "it cannot be read (\(why))"
    case .unwritable(let why): return "it cannot be written (\(why))"
    case .truncated(let bytes):
      return "no safetensors file: \(bytes) bytes are too few for a header"
    case .headerTooLong(let claimed, let limit):
      return "no safetensors file: the header claims \(claimed) bytes, but at most \(limit) are "
        + "possible here"
    case .json(let offset, let problem):
      return "the header is not valid JSON: \(problem) at byte \(offset)"
    case .entry(let tensor, let problem): return "tensor \(name(tensor)): \(problem)"
    case .sizeMismatch(let tensor, let needed, let spanned):
      return "tensor \(name(tensor)): its shape and type take \(needed) bytes, but its offsets "
        + "span \(spanned)"
    case .offsetsOutOfRange(let tensor, let begin, let end, let count):
      return "tensor \(name(tensor)): the offsets \(begin)...\(end) do not lie in order inside the "
        + "\(count) bytes of data; the file may be cut short"
    case .overlap(let tensor, let begin, let previousEnd):
      return "tensor \(name(tensor)): it begins at byte \(begin), but the tensor before it ends at "
        + "\(previousEnd)"
    case .unusedBytes(let from, let to):
      return "the bytes \(from)..<\(to) of the data belong to no tensor"
    case .noTensor(let tensor): return "there is no tensor \(name(tensor))"
    case .notFloat(let tensor, let type):
      return "tensor \(name(tensor)): \(type) cannot be read as numbers of a model; float32, "
        + "float16, bfloat16 or float64 can"
    case .invalidArgument(let text): return text
    }
  }
}

/// Names from files that nobody vouches for.
package enum Name {
  /// A name for a message: in quotes, without control characters, and not longer than 80 letters.
  package static func shown(_ name: String) -> String {
    let letters = name.prefix(80).map { character -> String in
      let isPlain = character.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control && !$0.properties.isNoncharacterCodePoint
      }
      return isPlain && !character.isNewline ? String(character) : "?"
    }
    return "'" + letters.joined() + (name.dropFirst(80).isEmpty ? "" : "…") + "'"
  }
}
