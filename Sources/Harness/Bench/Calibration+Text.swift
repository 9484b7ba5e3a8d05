import Foundation

extension Calibration {
  /// The tables for people.
  public var text: String {
    [
      "\(machine)", "", "Fitted by least squares", fitTable, "", "Seconds of one unit", rateTable,
      "",
      "Blocks of models that no fit saw", predictionTable, "", "Ten million parameters",
      provingTable,
      provingWords,
    ].joined(separator: "\n")
  }

  private var fitTable: String {
    TextTable(
      header: ["work", "measurements", "mean error", "largest error"], rightAligned: [1, 2, 3],
      rows: fits.map {
        [
          $0.work, "\($0.measurements)", Numbers.percent($0.meanError),
          Numbers.percent($0.largestError),
        ]
      }
    ).text
  }

  private var rateTable: String {
    TextTable(
      header: ["work", "unit", "seconds", "units a second"], rightAligned: [2, 3],
      rows: rates.map {
        [
          $0.work, $0.unit, Numbers.significant($0.seconds, 3),
          $0.seconds > 0 ? Numbers.significant(1 / $0.seconds, 3) : "-",
        ]
      }
    ).text
  }

  private var predictionTable: String {
    TextTable(
      header: ["model", "part", "predicted", "measured", "error"], rightAligned: [2, 3, 4],
      rows: predictions.map {
        [
          $0.model, $0.part, Numbers.seconds($0.predicted), Numbers.seconds($0.measured),
          Numbers.percent($0.error),
        ]
      }
    ).text
  }

  /// Kaizen: "Zero-Knowledge Proofs of Training for Deep Neural Networks", CCS 2024, eprint 2024/162:
  /// VGG-11, 10 M parameters, batch 16.
  private var provingTable: String {
    TextTable(
      header: ["what", "Kaizen, VGG-11, batch 16"]
        + proving.map { "\($0.model), \($0.sequences) x \($0.tokens) tokens" },
      rightAligned: Set(1...proving.count + 1),
      rows: [
        ["parameters", "10 M"] + proving.map { Numbers.grouped(Double($0.parameters)) },
        ["one step by the trainer", "not compared"]
          + proving.map { Numbers.seconds($0.stepSeconds) },
        ["making the proof of a step", "15 min"]
          + proving.map { _ in "nothing to make" },
        ["bytes of the proof", "1.63 MB"]
          + proving.map { "\(Numbers.bytes(Int64($0.leafBytes))) a leaf" },
        ["checking a step in full", "130 ms"] + proving.map { Numbers.seconds($0.replaySeconds) },
        ["checking one leaf", "-"] + proving.map { Numbers.seconds($0.leafSeconds) },
      ]
    ).text
  }

  private var provingWords: String {
    """
    Kaizen proves to anyone, without the data, that every step was right, and its check does not grow with
    the steps. A replay proves the same of the steps that it runs, to whoever runs it, with data and
    state in hand; a leaf proves one update of a part of the parameters, not the gradient behind it.
    Steps that no verifier draws are not checked: what is certain there is likely here. Models,
    batches and machines differ, so the rows compare orders of magnitude. eprint 2024/162.

    """
  }

  /// These machines as a file for `include` in a spec of the kind `cost`.
  ///
  /// - Parameters:
  ///   - watts: what the machine draws; it is not measured.
  ///   - price: of an hour, US dollars; it is not measured.
  ///   - date: of the measurement.
  public func hardware(watts: Double, price: Double, date: Date) -> String {
    let day = String(RunEnvironment.utc(date).prefix(10))
    func figure(_ name: String, _ value: Double, _ source: String) -> String {
      "\(name): {value: \(Numbers.significant(value, 4)), date: \(day), source: \"\(source)\"}"
    }
    let measured = "pogo bench calibrate"
    let device = machine.filter { $0 != "\"" && !$0.isNewline }
    return """
      # This processor as a whole, as `pogo bench calibrate` measured it.
      device: "\(String(device.prefix(100)))"
      accelerators: 1
      \(figure("peak_tflops", peakGigaFLOPS / 1000, "\(measured): multiply-adds on registers, float32"))
      \(figure("utilization", min(1, stepGigaFLOPS / peakGigaFLOPS), "\(measured): a training step of gpt3-mini over that peak"))
      \(figure("memory_bandwidth", copiedGigabytes, "\(measured): copying, read and written"))
      \(figure("hash_rate", hashedGigabytes, "\(measured): Merkle trees of 4 KiB leaves"))
      \(figure("power", watts, "given or assumed, not measured"))
      \(figure("power_overhead", 1, "contained in power"))
      \(figure("price", price, "given or assumed, not measured"))

      """
  }
}
