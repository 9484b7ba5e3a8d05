/// Values by name, as reports read them.
extension PointResult {
  /// The values of a variable of texts. Throws ``ResultError`` if there is no such variable.
  public func texts(_ name: String) throws(ResultError) -> [String] {
    guard case .text(let values) = self[name]?.values else { throw .malformed(name) }
    return values
  }

  /// The values of a variable of whole numbers. Throws ``ResultError`` if there is none.
  public func integers(_ name: String) throws(ResultError) -> [Int64] {
    guard case .int64(let values) = self[name]?.values else { throw .malformed(name) }
    return values
  }

  /// The values of a variable of 64-bit numbers. Throws ``ResultError`` if there is none.
  public func numbers(_ name: String) throws(ResultError) -> [Double] {
    guard case .float64(let values) = self[name]?.values else { throw .malformed(name) }
    return values
  }

  /// The values of a variable of 32-bit numbers. Throws ``ResultError`` if there is none.
  public func singles(_ name: String) throws(ResultError) -> [Float] {
    guard case .float32(let values) = self[name]?.values else { throw .malformed(name) }
    return values
  }
}
