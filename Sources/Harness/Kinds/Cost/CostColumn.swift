/// A column of numbers in a cost table: name in the result, unit, meaning, and how people read it.
enum CostColumn: String, CaseIterable {
  // What it is about.
  case parameters
  case trainedParameters = "trained_parameters"
  case replayRate = "replay_rate"
  case steps, gigabits, target
  // Operations.
  case stepFLOPs = "step_flops"
  case ruleFLOPs = "rule_flops"
  case blockFLOPs = "block_flops"
  case verifierFLOPs = "verifier_flops"
  case verifiersFLOPs = "verifiers_flops"
  case verifierShare = "verifier_share"
  case verifiersShare = "verifiers_share"
  case timesCheaper = "times_cheaper"
  case trainingFLOPs = "training_flops"
  case scoresShare = "scores_share"
  // Bytes and passes.
  case modelBytes = "model_bytes"
  case twinBytes = "twin_bytes"
  case gradientBytes = "gradient_bytes"
  case auxiliaryBytes = "auxiliary_bytes"
  case diffBytes = "diff_bytes"
  case treeBytes = "tree_bytes"
  case proofBytes = "proof_bytes"
  case receivedBytes = "received_bytes"
  case minedHashes = "mined_hashed_bytes"
  case verifiedHashes = "verified_hashed_bytes"
  case minedPasses = "mined_quantization_passes"
  case verifiedPasses = "verified_quantization_passes"
  case messages
  // Phases, in accelerator-hours.
  case trainingHours = "training_hours"
  case quantizationHours = "quantization_hours"
  case commitmentHours = "commitment_hours"
  case structureHours = "structure_hours"
  case leafHours = "leaf_hours"
  case updateHours = "update_hours"
  case replayHours = "replay_hours"
  case progressHours = "progress_hours"
  case disputeHours = "dispute_hours"
  case disputeShare = "dispute_share"
  // Totals.
  case miningHours = "mining_hours"
  case verifierHours = "verifier_hours"
  case miningDollars = "mining_dollars"
  case verifierDollars = "verifier_dollars"
  case verifiersDollars = "verifiers_dollars"
  case dollarShare = "dollar_share"
  case miningEnergy = "mining_energy"
  case verifierEnergy = "verifier_energy"
  case hours, dollars, energy
  // Detection and plans.
  case segmentDetection = "segment_detection"
  case leafDetection = "leaf_detection"
  case verifiers, leaves, segments
  case evaluationTokens = "evaluation_tokens"
  // Block times.
  case blockSeconds = "block_seconds"
  case trainingSeconds = "training_seconds"
  case publicationSeconds = "publication_seconds"
  case answerSeconds = "answer_seconds"
  case verificationSeconds = "verification_seconds"
  case windowSeconds = "window_seconds"
  // Growth.
  case exponentParameters = "exponent_parameters"
  case exponentSteps = "exponent_steps"
  case exponentReplay = "exponent_replay"
  case largestError = "largest_error"
  // References.
  case published, digits
  case byTheirRule = "by_their_rule"
  case agrees, ours
  case oursOverPublished = "ours_over_published"

  enum Style {
    case count, scientific, bytes, hours, dollars, energy, percent, ratio, seconds, plain, exponent
  }

  /// Heading, unit in the result, style and meaning.
  private var facts: (title: String, units: String, style: Style, words: String) {
    switch self {
    case .parameters: ("parameters", "1", .count, "parameters of the model")
    case .trainedParameters: ("trained", "1", .count, "parameters that are trained")
    case .replayRate:
      ("replay rate", "1", .percent, "share of the segments that a verifier replays")
    case .steps: ("steps", "1", .count, "optimizer steps of a block")
    case .gigabits: ("Gbit/s", "Gbit s-1", .plain, "bandwidth of every node")
    case .target: ("wished", "1", .percent, "wished chance of seeing each kind of cheat")
    case .stepFLOPs: ("step FLOP", "1", .scientific, "operations of one training step, exact")
    case .ruleFLOPs: ("6 N D", "1", .scientific, "operations by the rule 6 N D")
    case .blockFLOPs: ("block FLOP", "1", .scientific, "operations of training one block")
    case .verifierFLOPs: ("verifier FLOP", "1", .scientific, "operations of one verifier")
    case .verifiersFLOPs: ("all verifiers FLOP", "1", .scientific, "operations of all verifiers")
    case .verifierShare:
      ("one / training", "1", .percent, "one verifier's operations over training's")
    case .verifiersShare:
      ("all / training", "1", .percent, "all verifiers' operations over training's")
    case .timesCheaper: ("times cheaper", "1", .ratio, "training's operations over one verifier's")
    case .trainingFLOPs:
      ("training FLOP", "1", .scientific, "operations of the whole training, exact")
    case .scoresShare: ("scores", "1", .percent, "share of attention's scores in a step")
    case .modelBytes: ("model", "byte", .bytes, "float32 parameters that are trained")
    case .twinBytes: ("twin", "byte", .bytes, "quantized twin")
    case .gradientBytes: ("gradient", "byte", .bytes, "float32 gradient of a step")
    case .auxiliaryBytes: ("optimizer", "byte", .bytes, "optimizer state and residual")
    case .diffBytes: ("diff", "byte", .bytes, "what a block publishes of the model")
    case .treeBytes: ("tree", "byte", .bytes, "digests of one whole tree")
    case .proofBytes:
      ("leaf answer", "byte", .bytes, "everything opened about one leaf, with paths")
    case .receivedBytes: ("fetched", "byte", .bytes, "bytes that one verifier fetches")
    case .minedHashes: ("hashed mining", "byte", .bytes, "bytes that the miner hashes")
    case .verifiedHashes: ("hashed verifying", "byte", .bytes, "bytes that one verifier hashes")
    case .minedPasses:
      (
        "passes mining", "1", .plain,
        "values that the miner quantizes or dequantizes, over the model's"
      )
    case .verifiedPasses:
      ("passes verifying", "1", .plain, "values that one verifier quantizes, over the model's")
    case .messages: ("messages", "1", .count, "messages between one verifier and the miner")
    case .trainingHours: ("training", "h", .hours, "accelerator-hours of training")
    case .quantizationHours:
      ("quantization", "h", .hours, "accelerator-hours of quantizing gradients")
    case .commitmentHours: ("commitment", "h", .hours, "accelerator-hours of committing")
    case .structureHours: ("structure", "h", .hours, "accelerator-hours of checking the structure")
    case .leafHours: ("leaf", "h", .hours, "accelerator-hours of leaf checks")
    case .updateHours: ("update", "h", .hours, "accelerator-hours of update checks")
    case .replayHours: ("replay", "h", .hours, "accelerator-hours of replays")
    case .progressHours: ("progress", "h", .hours, "accelerator-hours of the progress check")
    case .disputeHours: ("dispute", "h", .hours, "accelerator-hours of a dispute about the logits")
    case .disputeShare:
      (
        "dispute / segment", "1", .percent,
        "a referee's operations over those of replaying a segment"
      )
    case .miningHours: ("mining", "h", .hours, "accelerator-hours of mining a block")
    case .verifierHours: ("one verifier", "h", .hours, "accelerator-hours of one verifier")
    case .miningDollars: ("mining", "1", .dollars, "price of mining a block, US dollars")
    case .verifierDollars: ("one verifier", "1", .dollars, "price of one verification, US dollars")
    case .verifiersDollars:
      ("all verifiers", "1", .dollars, "price of all verifications, US dollars")
    case .dollarShare: ("all / mining", "1", .percent, "price of all verifications over mining's")
    case .miningEnergy: ("mining", "kW h", .energy, "energy of mining a block")
    case .verifierEnergy: ("one verifier", "kW h", .energy, "energy of one verification")
    case .hours: ("accelerator-hours", "h", .hours, "accelerator-hours of the whole training")
    case .dollars: ("price", "1", .dollars, "price of the whole training, US dollars")
    case .energy: ("energy", "kW h", .energy, "energy of the whole training")
    case .segmentDetection:
      ("faked steps seen", "1", .percent, "chance of seeing the cheat at steps")
    case .leafDetection:
      ("changed leaves seen", "1", .percent, "chance of seeing the cheat at leaves")
    case .verifiers: ("verifiers", "1", .count, "verifiers")
    case .leaves: ("leaves", "1", .count, "leaves that each opens")
    case .segments: ("segments", "1", .count, "segments that each replays")
    case .evaluationTokens: ("tokens", "1", .count, "tokens on which each measures both twins")
    case .blockSeconds: ("block time", "s", .seconds, "shortest block time")
    case .trainingSeconds: ("training", "s", .seconds, "training of the block")
    case .publicationSeconds: ("spreading", "s", .seconds, "until the last node has the diff")
    case .answerSeconds: ("fetching", "s", .seconds, "until a verifier has what it asked for")
    case .verificationSeconds: ("verifying", "s", .seconds, "computation of one verifier")
    case .windowSeconds: ("window", "s", .seconds, "attestation window of that block")
    case .exponentParameters: ("of parameters", "1", .exponent, "fitted exponent of parameters")
    case .exponentSteps: ("of steps", "1", .exponent, "fitted exponent of steps in a block")
    case .exponentReplay: ("of replay rate", "1", .exponent, "fitted exponent of the replay rate")
    case .largestError: ("largest error", "1", .ratio, "largest ratio between a value and the fit")
    case .published: ("published", "1", .scientific, "published value")
    case .digits: ("digits", "1", .count, "significant digits that were printed")
    case .byTheirRule: ("by their rule", "1", .scientific, "the value by the rule of its source")
    case .agrees: ("agrees", "1", .count, "1 where that is the published value within rounding")
    case .ours: ("ours, exact", "1", .scientific, "our value")
    case .oursOverPublished: ("ours / published", "1", .ratio, "our value over the published one")
    }
  }

  var title: String { facts.title }
  var units: String { facts.units }
  var words: String { facts.words }
  var style: Style { facts.style }

  /// Fits depend on the BLAS; everything else is sums, products and quotients in a fixed order.
  var determinism: ResultVariable.Determinism {
    switch self {
    case .exponentParameters, .exponentSteps, .exponentReplay, .largestError: .measured
    default: .exact
    }
  }

  /// The number as people read it; "-" where there is none.
  func text(_ value: Double) -> String {
    if value.isNaN { return "-" }
    switch style {
    case .count: return Numbers.grouped(value)
    case .scientific: return Numbers.significant(value, 3)
    case .bytes: return Numbers.bytes(Int64(min(value, 9e18)))
    case .hours: return Numbers.significant(value, 3) + " h"
    case .dollars: return "$" + Numbers.significant(value, 3)
    case .energy: return Numbers.significant(value, 3) + " kWh"
    case .percent:
      return value >= 0.001 || value == 0
        ? Numbers.decimal(100 * value, value >= 0.1 ? 1 : 2) + " %"
        : Numbers.significant(100 * value, 2) + " %"
    case .ratio: return Numbers.significant(value, 3)
    case .seconds: return Numbers.duration(value)
    case .plain: return Numbers.significant(value, 3)
    // Less than rounding is no minus zero.
    case .exponent: return Numbers.decimal(abs(value) < 0.0005 ? 0 : value, 3)
    }
  }
}
