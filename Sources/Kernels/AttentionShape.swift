/// What causal attention computes on: sequences of one length with heads of one width.
///
/// The matrices have one row a token, sequence after sequence, and the heads side by side in a row.
public struct AttentionShape: Sendable, Hashable {
  /// Number of sequences, B.
  public var sequences: Int
  /// Tokens in each of them, T.
  public var length: Int
  /// Number of query heads, H.
  public var heads: Int
  /// Number of key-value heads, G; divides `heads`. Query head h reads key-value head h / (H / G),
  /// rounded down (grouped-query attention, arXiv 2305.13245; G = H is multi-head attention).
  public var keyValueHeads: Int
  /// Width of a head.
  public var headDimension: Int
  /// How many keys a query sees at most, its own the last of them: the band of GPT-3's "locally
  /// banded" layers, the sliding window of Gemma's local ones. Nil for all keys up to its own.
  public var window: Int?
  /// What scores are multiplied with before the softmax, usually 1 / sqrt(headDimension).
  public var scale: Float

  /// Sizes must be at least 1.
  public init(
    sequences: Int, length: Int, heads: Int, keyValueHeads: Int, headDimension: Int,
    window: Int? = nil, scale: Float
  ) {
    precondition(
      sequences >= 1 && length >= 1 && keyValueHeads >= 1 && headDimension >= 1
        && heads >= keyValueHeads && heads % keyValueHeads == 0 && window ?? 1 >= 1,
      "attention of \(heads) heads on \(keyValueHeads), window \(window ?? length)")
    self.sequences = sequences
    self.length = length
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.window = window
    self.scale = scale
  }

  /// Rows of the matrices, B * T.
  public var rows: Int { sequences * length }
  /// Columns of queries and outputs, H * headDimension.
  public var queryColumns: Int { heads * headDimension }
  /// Columns of keys and of values, G * headDimension.
  public var keyColumns: Int { keyValueHeads * headDimension }
  /// Elements that the forward pass keeps for the backward pass: two a query.
  public var statisticsCount: Int { 2 * heads * rows }

  /// How many keys are seen by the queries of one head in one sequence, altogether.
  public var visiblePairs: Int {
    let window = min(self.window ?? length, length)
    return window * (window + 1) / 2 + (length - window) * window
  }
}
