import Checkpoints
import Foundation
import Kernels
import Models

/// Loss of a checkpoint on the first tokens of a token file, and its gradient if wanted.
public struct Evaluation: Sendable {
  /// The model that was measured.
  public let checkpoint: Checkpoint
  /// Sequences, B.
  public let sequenceCount: Int
  /// Tokens of a sequence, T.
  public let contextLength: Int
  /// Mean cross-entropy over the B * T positions, nats a token.
  public let loss: Float
  /// Gradient of the mean with respect to each parameter, if it was asked for.
  public let gradient: FloatBuffer?

  /// Measures; sequence i is the tokens from i * T on, and its targets are the same shifted by one.
  ///
  /// Throws ``InputError``, ``Checkpoints/CheckpointError`` or ``Models/ModelError``.
  public init(
    checkpointAt folder: String, tokensAt file: String, sequenceCount: Int, contextLength: Int,
    withGradient: Bool, arithmetic: Arithmetic
  ) throws {
    let checkpoint = try Checkpoint(folder)
    let shape = checkpoint.configuration.shape
    guard (1...shape.contextLength).contains(contextLength) else {
      throw InputError(
        folder,
        "the model has positions for 1...\(shape.contextLength) tokens, but the context is "
          + "\(contextLength)")
    }
    let tokens = try TokenFile.read(file)
    let batch: TokenBatch
    do {
      batch = try tokens.leadingBatch(
        sequenceCount: sequenceCount, contextLength: contextLength,
        vocabularySize: shape.vocabularySize)
    } catch { throw InputError(file, "\(error)") }
    let model = shape.languageModel(arithmetic: arithmetic)
    let parameters = try checkpoint.readParameters()
    let workspace = model.makeWorkspace(
      sequenceCount: sequenceCount, contextLength: contextLength)
    if withGradient {
      let gradient = FloatBuffer(count: model.layout.count)
      loss = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      self.gradient = gradient
    } else {
      loss = model.loss(parameters, on: batch, in: workspace)
      gradient = nil
    }
    guard loss.isFinite else {
      throw InputError(folder, "the loss is \(loss); its parameters are not finite or too large")
    }
    self.checkpoint = checkpoint
    self.sequenceCount = sequenceCount
    self.contextLength = contextLength
  }

  /// One JSON object.
  public var jsonText: String {
    let shape = checkpoint.configuration.shape
    let members: [(String, String)] = [
      ("loss", lossText),
      ("perplexity", String(format: "%.6g", exp(Double(loss)))),
      ("tokens", "\(sequenceCount * contextLength)"),
      ("batch", "\(sequenceCount)"),
      ("context", "\(contextLength)"),
      ("family", "\"\(shape.family)\""),
      ("parameters", "\(checkpoint.layout.count)"),
    ]
    return "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  /// The loss with the nine digits behind the point.
  public var lossText: String { String(format: "%.9f", Double(loss)) }
}

extension TokenFile {
  /// Reads a file from disk; throws ``InputError``.
  static func read(_ path: String) throws(InputError) -> TokenFile {
    let bytes = try InputError.contents(of: path, what: "tokens")
    do { return try TokenFile(bytes: bytes) } catch { throw InputError(path, "\(error)") }
  }
}
