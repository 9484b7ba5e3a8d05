/// Why an optimizer or a learning-rate schedule cannot be used.
public enum OptimizerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A setting out of its range; `name` is its key in a spec.
  case setting(name: String, value: Float, expected: String)
  /// A step of the schedule that does not come after what must be before it.
  case step(name: String, value: Int, expected: String)

  public var description: String {
    switch self {
    case .setting(let name, let value, let expected): "\(name) must be \(expected), but is \(value)"
    case .step(let name, let value, let expected): "\(name) must be \(expected), but is \(value)"
    }
  }
}
