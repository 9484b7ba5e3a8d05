extension Spec {
  /// The spec as YAML with every default written out, in a fixed order: equal specs give equal
  /// bytes, and `read` gives an equal spec back.
  public var canonicalText: String {
    var lines = [
      "name: \(quoted(name))",
      "title: \(quoted(title))",
      "kind: \(kind.rawValue)",
      "seed: \(seed)",
    ]
    func add(_ section: String, _ entries: [(key: String, value: String)]) {
      lines.append("\(section):")
      lines += entries.map { "  \($0.key): \($0.value)" }
    }
    add("model", model.entries)
    add(
      "data",
      [
        ("corpus", quoted(data.corpus)),
        ("tokenizer", data.tokenizer.rawValue),
        ("context", "\(data.contextLength)"),
      ])
    add(
      "training",
      [
        ("optimizer", training.optimizer.rawValue),
        ("learning_rate", "\(training.learningRate)"),
        ("batch", "\(training.batchSize)"),
        ("steps_per_block", "\(training.stepsPerBlock)"),
      ])
    add(
      "quantization",
      [
        ("gradient", quantization.gradient.canonicalText),
        ("model", quantization.model.canonicalText),
      ])
    add("commitment", [("leaf_size", Units.size(byteCount: commitment.leafByteCount))])
    add("chain", chain.timeEntries)
    lines += chain.participantLines
    lines += chain.amountEntries.map { "  \($0.key): \($0.value)" }
    add(
      "verification",
      [
        ("leaf_rate", "\(verification.leafRate)"),
        ("replay_rate", "\(verification.replayRate)"),
        ("progress_tokens", "\(verification.progressTokens)"),
        ("progress_margin", "\(verification.progressMargin)"),
      ])
    return lines.joined(separator: "\n") + "\n"
  }
}

private typealias Entries = [(key: String, value: String)]

extension Spec.Model {
  fileprivate var entries: Entries {
    switch self {
    case .preset(let name):
      [("preset", quoted(name))]
    case .custom(let shape):
      [
        ("n_layers", "\(shape.layerCount)"),
        ("d_model", "\(shape.dModel)"),
        ("n_heads", "\(shape.headCount)"),
        ("context", "\(shape.contextLength)"),
        ("vocab_size", "\(shape.vocabularySize)"),
      ]
    }
  }
}

extension Spec.Quantization.Format {
  fileprivate var canonicalText: String {
    "{format: \(codes.rawValue), bits: \(bits), group: \(groupSize), rounding: \(rounding.rawValue)}"
  }
}

extension Spec.Chain {
  fileprivate var timeEntries: Entries {
    [
      ("blocks", "\(blockCount)"),
      ("block_time", Units.duration(milliseconds: blockTimeMilliseconds)),
      ("beacon_period", Units.duration(milliseconds: beaconPeriodMilliseconds)),
      ("attestation_window", Units.duration(milliseconds: attestationWindowMilliseconds)),
    ]
  }

  fileprivate var participantLines: [String] {
    ["  miners:"] + miners.map { "    - {\($0.canonicalText)}" }
      + ["  verifiers:"]
      + verifiers.map {
        "    - {name: \(quoted($0.name)), behaviour: \($0.behaviour.rawValue), stake: \($0.stake)}"
      }
  }

  fileprivate var amountEntries: Entries {
    [
      ("block_reward", "\(blockReward)"),
      ("verifier_reward", "\(verifierReward)"),
      ("miner_slash_rate", "\(minerSlashRate)"),
      ("reporter_rate", "\(reporterRate)"),
      ("verifier_penalty_rate", "\(verifierPenaltyRate)"),
    ]
  }
}

extension Spec.Miner {
  fileprivate var canonicalText: String {
    let (keyword, fraction): (BehaviourName, Double?) =
      switch behaviour {
      case .honest: (.honest, nil)
      case .tamperedLeaves(let fraction): (.tamperedLeaves, fraction)
      case .fakedSteps(let fraction): (.fakedSteps, fraction)
      }
    let detail = fraction.map { ", fraction: \($0)" } ?? ""
    return "name: \(quoted(name)), behaviour: \(keyword.rawValue)\(detail), stake: \(stake)"
  }
}

/// A text in YAML's double quotes.
///
/// What YAML would refuse or fold is escaped: control characters, the separators of lines and
/// paragraphs, the byte order mark and noncharacters.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x22, 0x5C:
      result += "\\" + String(scalar)
    case 0..<0x20, 0x7F...0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
