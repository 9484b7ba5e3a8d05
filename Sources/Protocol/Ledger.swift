import Proofs

/// Stakes and earnings of everyone, in whole units; nothing appears or vanishes unrecorded.
public struct Ledger: Sendable, Hashable {
  /// What each participant can lose.
  public private(set) var stakes: [PublicKey: Stake] = [:]
  /// What each participant has earned and can take away.
  public private(set) var earnings: [PublicKey: Stake] = [:]
  /// Rewards paid out of nothing since genesis.
  public private(set) var minted = Stake.zero
  /// Slashed stake that nobody got.
  public private(set) var burned = Stake.zero

  init(_ genesis: Genesis) {
    for miner in genesis.miners { stakes[miner.key, default: .zero] = miner.stake }
    for verifier in genesis.verifiers { stakes[verifier.key, default: .zero] = verifier.stake }
  }

  /// Stake of `key`, zero if it is unknown.
  public func stake(of key: PublicKey) -> Stake { stakes[key] ?? .zero }
  /// Earnings of `key`, zero if it is unknown.
  public func earnings(of key: PublicKey) -> Stake { earnings[key] ?? .zero }

  /// Units that exist: what genesis put up, and what was minted less what was burned.
  public var total: Stake {
    (Array(stakes.values) + Array(earnings.values)).reduce(.zero, +)
  }

  mutating func mint(_ amount: Stake, to key: PublicKey) {
    earnings[key, default: .zero] = earnings(of: key) + amount
    minted = minted + amount
  }

  /// Splits `amount` equally; what does not divide is not minted.
  mutating func mint(_ amount: Stake, equallyTo keys: [PublicKey]) {
    guard !keys.isEmpty else { return }
    for key in keys { mint(Stake(amount.units / UInt64(keys.count)), to: key) }
  }

  /// Takes `rate` of the stake of `key`; `reporterRate` of that goes to `reporter`, the rest burns.
  ///
  /// - Returns: what was taken.
  @discardableResult
  mutating func slash(
    _ key: PublicKey, rate: PartsPerMillion, reporter: PublicKey?, reporterRate: PartsPerMillion
  ) -> Stake {
    let taken = stake(of: key).share(of: rate)
    stakes[key] = stake(of: key) - taken
    var rest = taken
    if let reporter {
      let share = taken.share(of: reporterRate)
      earnings[reporter, default: .zero] = earnings(of: reporter) + share
      rest = rest - share
    }
    burned = burned + rest
    return taken
  }
}
