internal import Glibc

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

  /// Compares the approximation with the values. Throws `differentCounts`.
  public init(values: [Float], approximation: [Float]) throws(QuantError) {
    guard values.count == approximation.count else {
      throw .differentCounts(values.count, approximation.count)
    }
    var noise = 0.0
    var signal = 0.0
    var approximationPower = 0.0
    var product = 0.0
    var largest = 0.0
    for (value, approximate) in zip(values, approximation) {
      let (x, y) = (Double(value), Double(approximate))
      let difference = (x - y).magnitude
      noise += difference * difference
      signal += x * x
      approximationPower += y * y
      product += x * y
      // A NaN must stay, which `max` does not promise.
      if !largest.isNaN, !(difference <= largest) { largest = difference }
    }
    meanSquaredError = values.isEmpty ? 0 : noise / Double(values.count)
    largestError = largest
    signalToNoise = noise == 0 ? .infinity : 10 * log10(signal / noise)
    if signal == 0 || approximationPower == 0 {
      cosineSimilarity = signal == approximationPower ? 1 : 0
    } else {
      cosineSimilarity = product / (signal.squareRoot() * approximationPower.squareRoot())
    }
  }
}
