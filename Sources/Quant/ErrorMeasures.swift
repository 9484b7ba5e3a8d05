import Foundation

/// How far quantized values are from the originals, computed in double precision.
public struct ErrorMeasures: Sendable, Hashable {
  /// Mean of the squared differences.
  public let meanSquaredError: Double
  /// 10 log10(sum x^2 / sum (x - q)^2); infinite without error.
  public let signalToNoiseDecibels: Double
  /// Cosine of the angle between both vectors; 1 if both are zero.
  public let cosineSimilarity: Double
  /// Largest absolute difference.
  public let largestError: Double

  /// Compares two vectors of equal length, which must not be zero.
  public init(original: [Float], quantized: [Float]) {
    precondition(original.count == quantized.count && !original.isEmpty)
    var (signal, noise, dot, norm, largest) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (x, q) in zip(original, quantized) {
      let (x, q) = (Double(x), Double(q))
      signal += x * x
      norm += q * q
      dot += x * q
      noise += (x - q) * (x - q)
      largest = max(largest, (x - q).magnitude)
    }
    meanSquaredError = noise / Double(original.count)
    signalToNoiseDecibels = noise == 0 ? .infinity : 10 * log10(signal / noise)
    cosineSimilarity =
      signal == 0 && norm == 0 ? 1 : dot / (signal.squareRoot() * norm.squareRoot())
    largestError = largest
  }
}
