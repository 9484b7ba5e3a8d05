import Costs
import Foundation
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Fits seconds of this machine to what the cost model counts, and tries the fit on models that it
/// never saw: `pogo bench calibrate`.
public struct Calibration: Sendable, Encodable {
  /// Seconds of one thing that the model counts, fitted to one kind of work.
  public struct Rate: Sendable, Encodable {
    /// What was run.
    public let work: String
    /// What it is counted in.
    public let unit: String
    /// Seconds of one unit.
    public let seconds: Double
  }

  /// How well a fit repeats what it was made from.
  public struct Fit: Sendable, Encodable {
    /// What was run.
    public let work: String
    /// Measurements.
    public let measurements: Int
    /// Mean and largest relative error.
    public let meanError: Double
    /// The largest relative error.
    public let largestError: Double
  }

  /// Seconds of a block of a model that no fit saw.
  public struct Prediction: Sendable, Encodable {
    /// The shape.
    public let model: String
    /// `training`, `mining` or `verification`.
    public let part: String
    /// By the model.
    public let predicted: Double
    /// Median over blocks.
    public let measured: Double

    /// Relative error.
    public var error: Double { predicted / measured - 1 }
  }

  /// What checking ten million parameters costs here, to stand beside a proof of training.
  public struct Proving: Sendable, Encodable {
    /// The shape.
    public let model: String
    /// Parameters.
    public let parameters: Int
    /// Sequences and tokens of a step.
    public let sequences, tokens: Int
    /// Seconds of one step, and of computing it again with its quantization and trees.
    public let stepSeconds, replaySeconds: Double
    /// Seconds of opening and checking one leaf.
    public let leafSeconds: Double
    /// Bytes of one opened leaf, with everything about it.
    public let leafBytes: Int
    /// Bytes of header and trace.
    public let headerBytes: Int
  }

  /// Where it was measured.
  public let machine: String
  /// Fitted rates.
  public let rates: [Rate]
  /// Errors of the fits.
  public let fits: [Fit]
  /// Predictions beside measurements.
  public let predictions: [Prediction]
  /// Ten million parameters.
  public let proving: [Proving]
  /// 10^9 operations a second of multiply-adds on registers alone.
  public let peakGigaFLOPS: Double
  /// 10^9 operations a second of a whole training step of `gpt3-mini`.
  public let stepGigaFLOPS: Double
  /// 10^9 bytes a second hashed into a tree.
  public let hashedGigabytes: Double
  /// 10^9 bytes a second of copying memory, read and written.
  public let copiedGigabytes: Double

  /// The largest error of a prediction.
  public var largestError: Double { predictions.map { abs($0.error) }.max() ?? .nan }
}

/// What a fitted kind of work takes by its counts.
struct FittedRates {
  let work: String
  let units: [String]
  let seconds: [Double]
  let fit: Calibration.Fit

  /// Least squares of relative errors: each equation is divided by what was measured.
  init(
    _ work: String, units: [String], counts: [[Double]], measured: [Double]
  ) throws(CostError) {
    let rows = zip(counts, measured).map { row, seconds in row.map { $0 / seconds } }
    let solution = try LeastSquares.solveNonNegative(rows, measured.map { _ in 1 })
    self.work = work
    self.units = units
    seconds = solution
    let errors = zip(counts, measured).map { row, seconds in
      abs(Self.sum(row, solution) / seconds - 1)
    }
    fit = Calibration.Fit(
      work: work, measurements: measured.count,
      meanError: errors.reduce(0, +) / Double(errors.count), largestError: errors.max() ?? 0)
  }

  func callAsFunction(_ counts: [Double]) -> Double { Self.sum(counts, seconds) }

  private static func sum(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  var rates: [Calibration.Rate] {
    zip(units, seconds).map { Calibration.Rate(work: work, unit: $0, seconds: $1) }
  }
}
