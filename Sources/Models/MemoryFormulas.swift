extension ModelShape {
  /// Bytes of the activations and their gradients for one batch, as a ``ModelWorkspace`` of the model
  /// holds them: exact, if it is below 2^53.
  ///
  /// In double precision, as shapes that fit no machine must be answered for too.
  public func activationBytes(sequenceCount: Int, contextLength: Int) -> Double {
    let rows = Double(sequenceCount) * Double(contextLength)
    let layers = Double(layerCount)
    let (d, wide, vocabulary) = (
      Double(dModel), Double(feedForwardWidth), Double(vocabularySize)
    )
    // Sums of the tokens that occur.
    let inputs = min(rows, vocabulary) * d
    let (heads, kvHeads) = (Double(headCount), Double(kvHeadCount))
    switch architecture {
    case .gpt3:
      let layer = rows * (8 * d + 2 * wide + 2 * heads + 4)
      let shared = rows * (8 * d + wide + vocabulary + 3) + inputs
      return 4 * (layers * layer + shared)
    case .gemma3:
      let (queries, keys) = (Double(queryWidth), Double(keyValueWidth))
      let layer =
        rows * (6 * d + 3 * queries + 3 * keys + 3 * wide + 3 * heads + kvHeads + 4)
      let shared = rows * (5 * d + 2 * queries + 2 * keys + wide + vocabulary + 2) + inputs
      let ropes = Double(Set(reaches).count) * Double(contextLength) * Double(headDimension)
      return 4 * (layers * layer + shared + ropes)
    }
  }

  /// Bytes that training needs: parameters, their gradient, `optimizerVectors` vectors that the
  /// optimizer remembers, all of float32, and the activations of one batch.
  public func trainingBytes(
    sequenceCount: Int, contextLength: Int, optimizerVectors: Int
  ) -> Double {
    4 * Double(2 + optimizerVectors) * Double(ParameterLayout(self).count)
      + activationBytes(sequenceCount: sequenceCount, contextLength: contextLength)
  }
}
