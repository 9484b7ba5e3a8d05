/// Makes the chunks of one kind of diff.
public protocol DiffEncoder: Sendable {
  /// The kind.
  var kind: DiffKind { get }
  /// What a reader needs besides the chunks.
  var parameters: [UInt8] { get }

  /// The payload that turns `before` into `after`; both are the bytes `range` of the models.
  func encode(
    _ range: Range<Int>, before: UnsafeRawBufferPointer, after: UnsafeRawBufferPointer
  ) throws(DiffError) -> [UInt8]
}

/// Applies the chunks of one kind of diff. Payloads are not trusted.
public protocol DiffDecoder: Sendable {
  /// Most bytes that a payload for the bytes `range` of the model can have.
  func maximumPayloadByteCount(_ range: Range<Int>) -> Int

  /// Writes the bytes `range` of the model after to `after`, from those before.
  func decode(
    _ payload: [UInt8], _ range: Range<Int>, before: UnsafeRawBufferPointer,
    into after: UnsafeMutableRawBufferPointer
  ) throws(DiffError)
}
