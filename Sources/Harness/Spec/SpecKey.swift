/// What one key of a spec means: made by the reader that asks for it, and the only source of
/// refusals, `docs/specs.md` and the JSON Schema.
public struct SpecKey: Sendable, Equatable {
  /// The values that a key accepts.
  public enum Form: Sendable, Equatable {
    /// A whole number; the limits as they are written.
    case integer(minimum: String, maximum: String)
    /// A decimal number.
    case number(NumberLimits)
    /// One of these words.
    case choice([String])
    /// `true` or `false`.
    case flag
    /// A text; `expectation` of the key says which.
    case text
    /// A whole number with a unit of time.
    case duration
    /// A whole number with a unit of bytes, or a plain number of bytes.
    case size
    /// A list of whole numbers.
    case integers(minimum: String, maximum: String)
    /// A list of decimal numbers.
    case numbers(NumberLimits)
    /// A list of words, each one of these; any text if there are none.
    case choices([String])
    /// A mapping with keys of its own.
    case section([SpecKey])
    /// A list of mappings, each with these keys.
    case list([SpecKey])
    /// A list of mappings, or a whole number that stands for as many plain ones.
    case listOrCount([SpecKey], minimum: Int, maximum: Int)
  }

  /// The key in its mapping.
  public let name: String
  /// What it accepts.
  public let form: Form
  /// What it accepts, in words that fit after "must be".
  public let expectation: String
  /// Unit of the value, or nil.
  public let unit: String?
  /// The value of an absent key, as it would be written; nil if there is none.
  public let fallback: String?
  /// Whether the key must be given.
  public let isRequired: Bool
  /// A value to show.
  public let example: String?
  /// What the key means.
  public let doc: String

  init(
    _ name: String, _ form: Form, _ expectation: String, unit: String? = nil,
    fallback: String? = nil, isRequired: Bool = false, example: String? = nil, doc: String
  ) {
    self.name = name
    self.form = form
    self.expectation = expectation
    self.unit = unit
    self.fallback = fallback
    self.isRequired = isRequired
    self.example = example
    self.doc = doc
  }
}

/// The limits that a decimal number of a spec can have.
public enum NumberLimits: Sendable, Equatable {
  /// Above 0.
  case positive
  /// At least 0.
  case notNegative
  /// 0...1.
  case rate
  /// Above 0 and at most 1.
  case positiveRate
  /// At least 0 and below 1.
  case rateBelowOne
  /// Any finite number.
  case any
  /// Within a range, both ends included.
  case range(ClosedRange<Double>)

  /// The limits in words.
  public var words: String {
    switch self {
    case .positive: "a number above 0"
    case .notNegative: "a number of at least 0"
    case .rate: "a number in 0...1"
    case .positiveRate: "a number above 0 and at most 1"
    case .rateBelowOne: "a number of at least 0 and below 1"
    case .any: "a number"
    case .range(let range): "a number in \(range.lowerBound)...\(range.upperBound)"
    }
  }

  /// Whether a value is within them.
  public func contain(_ value: Double) -> Bool {
    switch self {
    case .positive: value > 0
    case .notNegative: value >= 0
    case .rate: 0 <= value && value <= 1
    case .positiveRate: 0 < value && value <= 1
    case .rateBelowOne: 0 <= value && value < 1
    case .any: true
    case .range(let range): range.contains(value)
    }
  }

  /// A value within them, for readers that only describe themselves.
  var sample: Double {
    switch self {
    case .range(let range): range.lowerBound
    default: 0.5
    }
  }
}
