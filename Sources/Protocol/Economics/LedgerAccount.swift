import Proofs

/// What one block did to one participant, read from the ledgers around it; nothing is assumed.
public struct BlockAccount: Sendable, Hashable {
  /// Earned in the block.
  public let earned: UInt64
  /// Lost of the stake in the block.
  public let lost: UInt64

  /// From the ledgers before and after a block.
  public init(of key: PublicKey, before: Ledger, after: Ledger) {
    earned =
      after.earnings(of: key).units
      - min(
        before.earnings(of: key).units, after.earnings(of: key).units)
    lost =
      before.stake(of: key).units
      - min(
        after.stake(of: key).units, before.stake(of: key).units)
  }

  /// Earned less lost.
  public var net: Int64 { Int64(clamping: earned) - Int64(clamping: lost) }
}
