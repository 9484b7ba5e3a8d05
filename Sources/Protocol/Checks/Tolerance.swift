/// How far a replay may be from what was committed: for arithmetic whose bits depend on the machine
/// (`docs/protocol.md`, section 6.4).
///
/// It is a relative distance as in Proof-of-Learning (arXiv 2103.05633, section IV): the norm of the
/// difference over that of what was recomputed. States never need one: they follow from the published
/// gradients bit for bit, so differences between machines do not add up over steps.
public struct Tolerance: Sendable, Hashable {
  /// Largest relative distance that passes; 0 asks for equal bits.
  public let relative: Float

  /// Equal bits.
  public static let exact = Tolerance(exactly: 0)

  /// nil unless `relative` is in 0...1: a gradient of zeros is at distance 1.
  public init?(_ relative: Float) {
    guard (0...1).contains(relative) else { return nil }
    self.init(exactly: relative)
  }

  private init(exactly relative: Float) { self.relative = relative }

  /// Whether a gradient at this relative distance passes; NaN does not.
  public func accepts(distance: Float) -> Bool { distance <= relative }

  /// Whether a claimed loss passes beside the recomputed one.
  public func accepts(loss claimed: Float, recomputed: Float) -> Bool {
    guard self != .exact else { return claimed.bitPattern == recomputed.bitPattern }
    return (claimed - recomputed).magnitude <= relative * recomputed.magnitude
  }
}
