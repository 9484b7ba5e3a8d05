import Proofs

/// Where sequences start: `docs/protocol.md`, section 4.
extension DataRule {
  /// Places in the corpus, in ascending order, as runs of the texts that they lie in.
  public struct Places: Sendable {
    /// First place and number of places of each text.
    private(set) var runs: [(first: Int, count: Int)] = []
    /// Tokens from one place to the next.
    let stride: Int
    /// All places.
    public private(set) var count = 0

    init(stride: Int = 1) { self.stride = stride }

    mutating func append(first: Int, count: Int) {
      runs.append((first, count))
      self.count += count
    }

    /// Token at which place number `index` is.
    public subscript(index: Int) -> Int {
      var rest = index
      for run in runs {
        if rest < run.count { return run.first + stride * rest }
        rest -= run.count
      }
      preconditionFailure("place \(index) of \(count)")
    }
  }

  /// The texts as first token, tokens to train on and tokens that are kept.
  private var stretches: [(first: Int, trained: Int, kept: Int)] {
    var first = 0
    return parts.map { part in
      let kept = Int(validationTokens(part))
      defer { first += Int(part.tokenCount) }
      return (first, Int(part.tokenCount) - kept, kept)
    }
  }

  /// Places where a sequence to train on can start.
  func trainingPlaces(contextLength: Int) -> Places {
    var places = Places()
    for text in stretches { places.append(first: text.first, count: text.trained - contextLength) }
    return places
  }

  /// Places where a sequence to measure on can start.
  public func evaluationPlaces(contextLength: Int) -> Places {
    guard validation != .zero else { return trainingPlaces(contextLength: contextLength) }
    var places = Places()
    for text in stretches {
      places.append(first: text.first + text.trained, count: text.kept - contextLength)
    }
    return places
  }

  /// Stretches of whole sequences that do not overlap, each with the target behind it.
  func sequentialPlaces(contextLength: Int) -> Places {
    var places = Places(stride: contextLength)
    for text in stretches {
      places.append(first: text.first, count: (text.trained - 1) / contextLength)
    }
    return places
  }

  /// Starts of the `count` sequences of step `step` of a block.
  public func batchStarts(
    trainingSeed: Digest, step: Int, count: Int, contextLength: Int
  ) -> [Int] {
    switch sampling {
    case .uniform:
      let places = trainingPlaces(contextLength: contextLength)
      return Randomness.batchStarts(
        trainingSeed: trainingSeed, step: step, count: count, windows: places.count
      ).map { places[$0] }
    case .weighted:
      var sampler = Randomness.batchSampler(trainingSeed: trainingSeed, step: step)
      let runs = trainingPlaces(contextLength: contextLength).runs
      let weights = parts.map { UInt64($0.weight) }
      let whole = weights.reduce(0, +)
      return (0..<count).map { _ in
        var (text, drawn) = (0, sampler.uniform(below: whole))
        while drawn >= weights[text] {
          drawn -= weights[text]
          text += 1
        }
        return runs[text].first + Int(sampler.uniform(below: UInt64(runs[text].count)))
      }
    case .sequential:
      var sampler = Randomness.batchSampler(trainingSeed: trainingSeed, step: 0)
      let places = sequentialPlaces(contextLength: contextLength)
      let first = Int(sampler.uniform(below: UInt64(places.count)))
      return (0..<count).map { places[(first + step * count + $0) % places.count] }
    }
  }
}

extension TrainingTask {
  /// The rule that its data follow.
  public var dataRule: DataRule { data ?? .plain(byteCount: corpus.byteCount) }
}
