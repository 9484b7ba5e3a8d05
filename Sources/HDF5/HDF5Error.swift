/// Everything that can go wrong with an HDF5 file, with the place where it did.
public enum HDF5Error: Error, Hashable, Sendable {
  /// Where it happened.
  public struct Place: Hashable, Sendable {
    /// What was being done, in words: "create dataset".
    public let operation: String
    /// The object's path inside the file, with `@name` behind it for an attribute: "/loss@units".
    public let object: String
    /// The path of the file.
    public let file: String

    package init(operation: String, object: String, file: String) {
      self.operation = operation
      self.object = object
      self.file = file
    }
  }

  /// Why a file could not be opened.
  public enum OpenFailure: String, Hashable, Sendable {
    /// There is no such file, or it may not be read.
    case unreadable
    /// It is a directory, a device or the like.
    case notARegularFile = "not a regular file"
    /// Its first bytes are not those of an HDF5 file.
    case notHDF5 = "not an HDF5 file"
    /// It begins as an HDF5 file, but is cut short or damaged.
    case damaged = "truncated or damaged"
  }

  /// The file cannot be opened for reading.
  case cannotOpen(Place, OpenFailure, details: String)
  /// The file cannot be written at its place on disk; `details` is the system's reason.
  case cannotWrite(Place, details: String)
  /// The library refused; `details` is its own error stack, outermost call first.
  case libraryFailure(Place, details: String)
  /// The file was closed before.
  case closed(Place)
  /// There is no object or attribute of this name.
  case notFound(Place)
  /// An object of this name exists already.
  case alreadyExists(Place)
  /// The object is of another kind or its elements are of another type.
  case wrongType(Place, expected: String, actual: String)
  /// The number of values does not fit the shape.
  case wrongCount(Place, expected: Int, actual: Int)
  /// The file asks for more memory than `File.byteLimit` allows.
  case tooLarge(Place, limit: Int)
  /// Rows or bytes outside of the dataset were asked for.
  case outOfRange(Place, lowerBound: Int, upperBound: Int, count: Int)
  /// Text in the file is not UTF-8.
  case invalidText(Place)
  /// An argument that no HDF5 file could hold.
  case invalidArgument(Place, message: String)

  /// Where it happened.
  public var place: Place {
    switch self {
    case .cannotOpen(let place, _, _), .cannotWrite(let place, _), .libraryFailure(let place, _),
      .closed(let place), .notFound(let place), .alreadyExists(let place),
      .wrongType(let place, _, _), .wrongCount(let place, _, _), .tooLarge(let place, _),
      .outOfRange(let place, _, _, _), .invalidText(let place), .invalidArgument(let place, _):
      return place
    }
  }
}

extension HDF5Error: CustomStringConvertible {
  /// One line for a person: file, object, operation, reason.
  public var description: String {
    "\(place.file): \(place.object): \(place.operation): \(reason)"
  }

  private var reason: String {
    switch self {
    case .cannotOpen(_, let failure, let details):
      return details.isEmpty ? failure.rawValue : "\(failure.rawValue) (\(details))"
    case .cannotWrite(_, let details): return "cannot be written (\(details))"
    case .libraryFailure(_, let details): return "HDF5 refused (\(details))"
    case .closed: return "the file is closed"
    case .notFound: return "not found"
    case .alreadyExists: return "exists already"
    case .wrongType(_, let expected, let actual): return "expected \(expected), found \(actual)"
    case .wrongCount(_, let expected, let actual):
      return "expected \(expected) values, got \(actual)"
    case .tooLarge(_, let limit): return "larger than the limit of \(limit) bytes"
    case .outOfRange(_, let lowerBound, let upperBound, let count):
      return "\(lowerBound)..<\(upperBound) is outside of 0..<\(count)"
    case .invalidText: return "the text is not valid UTF-8"
    case .invalidArgument(_, let message): return message
    }
  }
}
