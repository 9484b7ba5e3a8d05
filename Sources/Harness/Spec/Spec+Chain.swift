extension Spec {
  /// Blocks, times, participants and money.
  ///
  /// Times are on the virtual clock; amounts are whole units of stake.
  public struct Chain: Sendable, Equatable {
    /// Blocks that are proposed (`blocks`), 1...10000.
    public var blockCount: Int
    /// Time between two proposals (`block_time`), 1ms...8760h, by default 2h.
    public var blockTimeMilliseconds: Int
    /// Time between two values of the beacon (`beacon_period`), 1ms...8760h, by default 10m.
    public var beaconPeriodMilliseconds: Int
    /// Time in which attestations count (`attestation_window`), 1ms...8760h, by default 1h.
    public var attestationWindowMilliseconds: Int
    /// Who proposes blocks (`miners`), 1...256, by default one honest miner, `miner-1`.
    public var miners: [Miner]
    /// Who attests (`verifiers`), 1...256, by default 4 honest ones, `verifier-1` and so on.
    public var verifiers: [Verifier]
    /// Paid to the miner of a confirmed block (`block_reward`), 0...10^12, by default 50.
    public var blockReward: Int
    /// Paid to the verifiers that were right (`verifier_reward`), 0...10^12, by default 10.
    public var verifierReward: Int
    /// Part of its stake that a convicted miner loses (`miner_slash_rate`), 0...1, by default 0.5.
    public var minerSlashRate: Double
    /// Part of a slashed stake that goes to the reporters (`reporter_rate`), 0...1, by default 0.1.
    public var reporterRate: Double
    /// Part of its stake that a wrong verifier loses (`verifier_penalty_rate`), 0...1, by default
    /// 0.1.
    public var verifierPenaltyRate: Double
  }

  /// One who proposes blocks.
  public struct Miner: Sendable, Equatable {
    /// What a miner does.
    public enum Behaviour: Sendable, Equatable {
      /// Trains and commits as the protocol says.
      case honest
      /// Changes this part of the leaves after training, 0 < fraction <= 1, by default 0.25.
      case tamperedLeaves(fraction: Double)
      /// Invents this part of the steps instead of computing them, 0 < fraction <= 1, by default
      /// 0.25.
      case fakedSteps(fraction: Double)
    }

    /// Unique in the chain (`name`): 1...64 characters of a-z, 0-9 and '-'.
    public var name: String
    /// What the miner does (`behaviour`, `fraction`), by default honest.
    public var behaviour: Behaviour
    /// What it can lose (`stake`), 1...10^12, by default 1000.
    public var stake: Int
  }

  /// One who attests to blocks.
  public struct Verifier: Sendable, Equatable {
    /// What a verifier does.
    public enum Behaviour: String, CaseIterable, Sendable {
      /// Checks, and signs what it found.
      case honest
      /// Signs positive without a check.
      case lazy
    }

    /// Unique in the chain (`name`): 1...64 characters of a-z, 0-9 and '-'.
    public var name: String
    /// What the verifier does (`behaviour`), by default honest.
    public var behaviour: Behaviour
    /// What it can lose (`stake`), 1...10^12, by default 100.
    public var stake: Int
  }
}
