/// Whether cheating pays (`docs/protocol.md`, section 13).
///
/// An honest miner of a block that is confirmed expects R − C. A cheat saves c of the cost C, and is
/// found with probability p, when it loses the reward and the share σ of its stake S. It expects
/// (1 − p) R − p σ S − (C − c), so cheating gains
///
///     c − p (R + σ S)
///
/// and does not pay when p (R + σ S) > c. All amounts are in one unit.
public struct CheatEconomics: Sendable, Hashable {
  /// What a confirmed block pays, R.
  public var reward: Double
  /// What honest mining costs, C.
  public var honestCost: Double
  /// What the cheat saves of it, c.
  public var savedCost: Double
  /// What the miner can lose, S.
  public var stake: Double
  /// Share of the stake that a slashed miner loses, σ.
  public var slashShare: Double

  /// From its parts.
  public init(
    reward: Double, honestCost: Double, savedCost: Double, stake: Double, slashShare: Double
  ) {
    self.reward = reward
    self.honestCost = honestCost
    self.savedCost = savedCost
    self.stake = stake
    self.slashShare = slashShare
  }

  /// What an honest miner expects, R − C.
  public var honestPay: Double { reward - honestCost }

  /// What a cheat expects that is found with probability `p`.
  public func cheatPay(detection p: Double) -> Double {
    (1 - p) * reward - p * slashShare * stake - (honestCost - savedCost)
  }

  /// What cheating gains over honesty; above zero it pays.
  public func gain(detection p: Double) -> Double {
    savedCost - p * (reward + slashShare * stake)
  }

  /// The detection probability at which cheating gains nothing; above one no detection is enough.
  public var breakEvenDetection: Double {
    let atRisk = reward + slashShare * stake
    if savedCost <= 0 { return 0 }
    return atRisk > 0 ? savedCost / atRisk : .infinity
  }

  /// The smallest stake at which cheating does not gain; infinite if nothing is ever found or lost.
  public func breakEvenStake(detection p: Double) -> Double {
    if savedCost <= p * reward { return 0 }
    return p * slashShare > 0 ? (savedCost / p - reward) / slashShare : .infinity
  }

  /// The fewest draws of each verifier at which cheating does not gain, when `marked` of
  /// `population` things are dishonest; nil if looking at everything is not enough.
  public func breakEvenDraws(population: Int, marked: Int, verifiers: Int) -> Int? {
    let target = breakEvenDetection
    guard target <= 1 else { return nil }
    return Odds.drawsNeeded(
      population: population, marked: marked, verifiers: verifiers, target: target)
  }
}

/// Whether looking pays: a verifier that signs without looking saves its cost and risks a penalty.
public struct VerifierEconomics: Sendable, Hashable {
  /// What a verifier earns for a block that is decided as it said.
  public var reward: Double
  /// What looking costs.
  public var cost: Double
  /// What it can lose.
  public var stake: Double
  /// Share of the stake that a wrong verifier loses.
  public var penaltyShare: Double

  /// From its parts.
  public init(reward: Double, cost: Double, stake: Double, penaltyShare: Double) {
    self.reward = reward
    self.cost = cost
    self.stake = stake
    self.penaltyShare = penaltyShare
  }

  /// What one that looks expects.
  public var honestPay: Double { reward - cost }

  /// What one that does not look expects when its word is found wrong with probability `q`: the
  /// transcript rule finds every one that has nothing to show, so q = 1 there; where transcripts are
  /// not asked for, q is the chance that a block is fraudulent and its fraud lies in the challenge.
  public func lazyPay(found q: Double) -> Double {
    (1 - q) * reward - q * penaltyShare * stake
  }

  /// The chance of being found from which laziness does not pay; above one it always does.
  public var breakEvenFound: Double {
    if cost <= 0 { return 0 }
    let atRisk = reward + penaltyShare * stake
    return atRisk > 0 ? cost / atRisk : .infinity
  }
}

/// What verification costs, in exact operations, beside mining.
public struct VerificationShare: Sendable, Hashable {
  /// Operations of all verifiers together.
  public let verification: Double
  /// Operations of mining the block.
  public let mining: Double

  /// From metered work: products only, which is what costs.
  public init(verifying: [Work], mining: Work) {
    verification = verifying.reduce(0) { $0 + Double($1.flops) }
    self.mining = Double(mining.flops)
  }

  /// Verification over mining; NaN without mining.
  public var share: Double { mining > 0 ? verification / mining : .nan }
}
