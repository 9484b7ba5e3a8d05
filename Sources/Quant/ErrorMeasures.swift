internal import Glibc

/// Sums from which the measures of an approximation follow, in `Double`, in ascending order; vectors
/// can be added one after the other.
public struct ErrorSums: Sendable, Hashable {
  /// Values so far.
  public private(set) var count = 0
  private var noise = 0.0
  private var signal = 0.0
  private var approximationPower = 0.0
  private var product = 0.0
  private var error = 0.0
  private var largest = 0.0

  /// Of nothing.
  public init() {}

  /// Adds values and as many approximations.
  public mutating func add(values: [Float], approximation: [Float]) {
    precondition(values.count == approximation.count)
    count += values.count
    for (value, approximate) in zip(values, approximation) {
      let (x, y) = (Double(value), Double(approximate))
      let difference = (x - y).magnitude
      noise += difference * difference
      signal += x * x
      approximationPower += y * y
      product += x * y
      error += y - x
      // A NaN must stay, which `max` does not promise.
      if !largest.isNaN, !(difference <= largest) { largest = difference }
    }
  }

  /// The measures of all that was added.
  public var measures: ErrorMeasures {
    let cosine: Double
    if signal == 0 || approximationPower == 0 {
      cosine = signal == approximationPower ? 1 : 0
    } else {
      cosine = product / (signal.squareRoot() * approximationPower.squareRoot())
    }
    return ErrorMeasures(
      meanSquaredError: count == 0 ? 0 : noise / Double(count),
      signalToNoise: noise == 0 ? .infinity : 10 * log10(signal / noise), cosineSimilarity: cosine,
      largestError: largest, bias: count == 0 ? 0 : error / Double(count))
  }
}

/// How far an approximation is from the values it stands for, in `Double`.
///
/// Sums are taken in ascending order. Anything not finite in the input makes the measures NaN or
/// infinite.
public struct ErrorMeasures: Sendable, Hashable {
  /// The mean of the squared differences; 0 for no values.
  public let meanSquaredError: Double
  /// 10 log10 of the sum of the squared values over the sum of the squared differences, in dB;
  /// infinite without a difference, minus infinite if all values are 0 and the approximation is
  /// not.
  public let signalToNoise: Double
  /// The cosine of the angle between the two vectors. 1 if both are zero, 0 if one of them is.
  public let cosineSimilarity: Double
  /// The largest absolute difference; 0 for no values.
  public let largestError: Double
  /// The mean of the approximation minus the value; 0 for no values.
  public let bias: Double

  fileprivate init(
    meanSquaredError: Double, signalToNoise: Double, cosineSimilarity: Double,
    largestError: Double, bias: Double
  ) {
    self.meanSquaredError = meanSquaredError
    self.signalToNoise = signalToNoise
    self.cosineSimilarity = cosineSimilarity
    self.largestError = largestError
    self.bias = bias
  }

  /// Compares the approximation with the values. Throws `differentCounts`.
  public init(values: [Float], approximation: [Float]) throws(QuantError) {
    guard values.count == approximation.count else {
      throw .differentCounts(values.count, approximation.count)
    }
    var sums = ErrorSums()
    sums.add(values: values, approximation: approximation)
    self = sums.measures
  }
}
