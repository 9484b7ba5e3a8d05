/// The checks that a chain asks of its verifiers, `docs/protocol.md` section 6. Structure is not
/// among them: a block whose header contradicts itself cannot be looked into.
public struct Checks: OptionSet, Sendable, Hashable {
  /// One bit a check.
  public let rawValue: UInt16

  /// From its bits; those that name no check are dropped.
  public init(rawValue: UInt16) { self.rawValue = rawValue & 0b11_1111 }

  /// Section 6.2: the quantized twin belongs to the float32 model.
  public static let leaf = Checks(rawValue: 1 << 0)
  /// Section 6.3: the published gradients lead from the parameters before to those after.
  public static let update = Checks(rawValue: 1 << 1)
  /// Section 6.4: sampled steps recompute.
  public static let replay = Checks(rawValue: 1 << 2)
  /// Section 6.5: the quantized model became better.
  public static let progress = Checks(rawValue: 1 << 3)
  /// Section 6.6: a late or missing answer is a negative. Without it a verifier passes over what
  /// it cannot get.
  public static let availability = Checks(rawValue: 1 << 4)
  /// Section 6.7: a positive must open what its challenge asked for.
  public static let transcript = Checks(rawValue: 1 << 5)

  /// Every check.
  public static let all: Checks = [.leaf, .update, .replay, .progress, .availability, .transcript]

  /// Names as specs and reports use them, cheapest check first.
  public static let named: [(name: String, check: Checks)] = [
    ("leaf", .leaf), ("update", .update), ("replay", .replay), ("progress", .progress),
    ("availability", .availability), ("transcript", .transcript),
  ]
}
