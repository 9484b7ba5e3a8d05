import Kernels

extension QuantizationFormat {
  /// Values of a part that is worth a thread.
  private static let partValueCount = 1 << 16

  /// Calls `body` with ranges of whole records that make up 0..<`count`, on the threads of
  /// `arithmetic`. Throws the error of the first range that has one; its places then count from
  /// the beginning of all.
  func inParts(
    _ count: Int, _ arithmetic: Arithmetic?, _ body: (Range<Int>) throws(QuantError) -> Void
  ) throws(QuantError) {
    let unit = recordValueCount
    let workers = arithmetic?.workers
    let units = unit == Self.wholeTensor ? 1 : (count + unit - 1) / unit
    let parts = max(1, min(workers?.threads ?? 1, units, count / Self.partValueCount))
    guard parts > 1, let workers else { return try body(0..<count) }
    var failures = [QuantError?](repeating: nil, count: parts)
    failures.withUnsafeMutableBufferPointer { failures in
      withoutActuallyEscaping(body) { body in
        // Each task works on values, bytes and a place of its own.
        nonisolated(unsafe) let (body, failures) = (body, failures)
        workers.run(tasks: parts) { part in
          let range =
            min(part * units / parts * unit, count)..<min((part + 1) * units / parts * unit, count)
          do throws(QuantError) { try body(range) } catch {
            failures[part] = error.moved(by: range.lowerBound, groups: range.lowerBound / groupSize)
          }
        }
      }
    }
    for failure in failures { if let failure { throw failure } }
  }
}

extension QuantError {
  /// The same, where values and groups are counted from so many before.
  public func moved(by values: Int, groups: Int) -> QuantError {
    switch self {
    case .notFinite(let index): .notFinite(index: index + values)
    case .rotationOverflow(let index): .rotationOverflow(index: index + values)
    case .notFiniteCode(let index): .notFiniteCode(index: index + values)
    case .invalidScale(let group, let bits): .invalidScale(group: group + groups, bitPattern: bits)
    case .invalidZeroPoint(let group, let zero, let largest):
      .invalidZeroPoint(group: group + groups, zeroPoint: zero, largest: largest)
    case .invalidCode(let group, let index, let code):
      .invalidCode(group: group + groups, index: index + values, code: code)
    case .nonzeroCodeInZeroGroup(let group, let index, let code):
      .nonzeroCodeInZeroGroup(group: group + groups, index: index + values, code: code)
    case .nonzeroPadding(let group): .nonzeroPadding(group: group + groups)
    default: self
    }
  }
}
