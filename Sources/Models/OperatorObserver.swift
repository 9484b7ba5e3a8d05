import Kernels

/// Where in the computation of a loss and its gradient an operator stands. Operators of one place and
/// part that follow each other are a layer in the sense of a dispute (`docs/protocol.md`, section 15).
public enum OperatorPlace: Sendable, Hashable, CustomStringConvertible {
  /// What is trained is written into the model, where that is only a part of it.
  case merge
  /// Look-up of the tokens.
  case embedding
  /// Forward pass of a layer, from 0.
  case forward(Int)
  /// Last norm, logits and loss, and their gradients.
  case head
  /// Backward pass of a layer, from 0.
  case backward(Int)
  /// Gradients of the looked-up rows.
  case embeddingBackward
  /// What is done once after all parts of a batch.
  case end

  /// Such as `forward 3`.
  public var description: String {
    switch self {
    case .merge: "merge"
    case .embedding: "embedding"
    case .forward(let layer): "forward \(layer)"
    case .head: "head"
    case .backward(let layer): "backward \(layer)"
    case .embeddingBackward: "embedding backward"
    case .end: "end"
    }
  }
}

/// One operator at one place of a pass, with the windows that it reads and writes. What it does to
/// them follows from shape, batch shape and tokens alone: no window's values decide what comes next.
public struct Operator: Sendable {
  /// What it computes, unique among those of the same kind.
  public let name: String
  /// The part of the batch that is at work, from 0.
  public let part: Int
  /// Where it stands.
  public let place: OperatorPlace
  /// Everything that its result depends on besides tokens and constants of the architecture. What it
  /// adds to, or leaves partly as it was, is among them.
  public let reads: [Matrix]
  /// Everything that it changes; no two overlap.
  public let writes: [Matrix]
}

/// Sees every operator of a pass, in order, and decides whether it runs.
public protocol OperatorObserver: AnyObject {
  /// Called in place of each operator: `run` is what it does.
  func perform(_ operation: Operator, _ run: () -> Void)
  /// Called after these windows were filled with zeros.
  func cleared(_ windows: [Matrix])
}

extension ModelWorkspace {
  /// Runs one operator: at once if nobody looks, and then the windows are not even made.
  @inline(__always)
  func run(
    _ name: String, reads: @autoclosure () -> [Matrix?], writes: @autoclosure () -> [Matrix],
    _ body: () -> Void
  ) {
    guard let observer else { return body() }
    observer.perform(
      Operator(
        name: name, part: part, place: place, reads: reads().compactMap { $0 }, writes: writes()),
      body)
  }
}

extension Vector {
  /// The elements as one row.
  var window: Matrix { Matrix(buffer, offset: offset, rows: 1, columns: count) }
}
