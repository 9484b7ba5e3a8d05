internal import CKernels

/// 32 cells of equal width over the numbers of a group, each with one threshold of a table at most:
/// a kernel finds a code by one comparison. Which cell a number falls into need not be exact, as
/// thresholds keep away from the ends of cells.
struct ThresholdCells: Sendable {
  private let limit, factor, offset: Float
  private var thresholds = [Float](repeating: .infinity, count: 32)
  private var steps = [Int32](repeating: 0, count: 32)
  private var codes = [UInt32](repeating: 0, count: 32)

  /// The smallest distance of a threshold from the ends of its cell, in cells. Two products of
  /// float32 numbers below 32 are wrong by less than a hundredth of that.
  private static let distance: Float = 0x1p-10

  /// - Parameters:
  ///   - book: a table of codes of 4 bits.
  ///   - limit: the largest magnitude of a number, in units of the scale.
  ///
  /// Nil if no cells of this number keep the thresholds apart.
  init?(_ book: Thresholds, limit: Float) {
    // The magnitudes up to the limit take a little less than 31 cells.
    let factor = 15.5 / limit * (1 - 0x1p-8)
    guard book.bits == 4, !book.middles.contains(0),
      let offset = (0..<16).map({ Float($0) / 16 }).first(where: { offset in
        let places = book.middles.map { $0 * factor + offset }
        return Set(places.map { $0.rounded() }).count == places.count
          && places.allSatisfy { ($0 - $0.rounded()).magnitude < 0.5 - Self.distance }
      })
    else { return nil }
    (self.limit, self.factor, self.offset) = (limit, factor, offset)
    var rank = 0
    let first = Int((offset - 15.5).rounded())
    for cell in first..<first + 32 {
      var entry = UInt32(book.codes[rank])
      if rank < book.middles.count,
        Int((book.middles[rank] * factor + offset).rounded()) == cell
      {
        thresholds[cell & 31] = book.middles[rank]
        if !book.tieGoesUp[rank] { steps[cell & 31] = book.middles[rank] > 0 ? 1 : -1 }
        rank += 1
      }
      entry |= UInt32(book.codes[rank]) << 4
      codes[cell & 31] = entry
    }
  }

  /// Tells a kernel.
  func write(to description: inout CKQuantization) {
    description.hasCells = 1
    description.cellLimit = limit
    description.cellFactor = factor
    description.cellOffset = offset
    func copy<T, U>(_ values: [T], to target: inout U) {
      values.withUnsafeBytes { source in
        withUnsafeMutableBytes(of: &target) { $0.copyMemory(from: source) }
      }
    }
    copy(thresholds, to: &description.cellThresholds)
    copy(steps, to: &description.cellSteps)
    copy(codes, to: &description.cellCodes)
  }
}
