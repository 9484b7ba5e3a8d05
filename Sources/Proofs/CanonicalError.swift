/// Why bytes are not the canonical encoding of a value. Offsets count from the start of the input.
public enum CanonicalError: Error, Hashable, Sendable {
  /// The input ends inside `expected`, which needs `needed` bytes where `remaining` are left.
  case unexpectedEnd(offset: Int, expected: String, needed: Int, remaining: Int)
  /// A length field claims more than the rest of the input can hold.
  case lengthTooLarge(offset: Int, expected: String, length: UInt64, limit: Int)
  /// A string is not UTF-8.
  case invalidUTF8(offset: Int)
  /// A field has a value that no encoder writes.
  case invalidValue(offset: Int, expected: String, actual: String)
  /// The value is complete, yet `count` bytes follow it.
  case trailingBytes(offset: Int, count: Int)
}

extension CanonicalError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unexpectedEnd(let offset, let expected, let needed, let remaining):
      "input ends at byte \(offset): \(expected) needs \(needed) bytes, \(remaining) remain"
    case .lengthTooLarge(let offset, let expected, let length, let limit):
      "length of \(expected) at byte \(offset) is \(length), but at most \(limit) can follow"
    case .invalidUTF8(let offset):
      "string at byte \(offset) is not UTF-8"
    case .invalidValue(let offset, let expected, let actual):
      "value at byte \(offset) must be \(expected), but is \(actual)"
    case .trailingBytes(let offset, let count):
      "\(count) bytes follow the value that ends at byte \(offset)"
    }
  }
}
