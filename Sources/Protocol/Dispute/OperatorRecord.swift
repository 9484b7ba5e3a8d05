import Kernels
import Models
import Proofs

/// What a party says about one operator of a step: a digest of every window that it read, and of every
/// one that it wrote, in the order in which the operator names them (`docs/protocol.md`, section 15).
public struct OperatorRecord: Sendable, Hashable {
  /// Digests of the inputs.
  public var reads: [Digest]
  /// Digests of the outputs.
  public var writes: [Digest]

  /// A record of these digests.
  public init(reads: [Digest], writes: [Digest]) {
    self.reads = reads
    self.writes = writes
  }

  func encode(to writer: inout CanonicalWriter) {
    for digests in [reads, writes] {
      writer.appendCount(digests.count)
      for digest in digests { writer.append(digest) }
    }
  }

  /// Bytes of the encoding.
  public static func byteCount(reads: Int, writes: Int) -> Int {
    2 * 4 + Digest.byteCount * (reads + writes)
  }
  var byteCount: Int { Self.byteCount(reads: reads.count, writes: writes.count) }

  /// Digest of a window: its shape and its float32 values, row by row, little endian.
  static func digest(rows: Int, columns: Int, bytes: [UInt8]) -> Digest {
    var writer = CanonicalWriter(reservingCapacity: windowHeaderByteCount + bytes.count)
    writer.append(windowTag)
    writer.append(UInt32(rows))
    writer.append(UInt32(columns))
    writer.appendRaw(bytes)
    return SHA256.hash(writer.bytes)
  }

  static func digest(_ window: Matrix) -> Digest {
    digest(rows: window.rows, columns: window.columns, bytes: window.littleEndianBytes)
  }

  private static let windowTag = "PoGO/operator-window"
  /// Bytes that are hashed for a window besides its values.
  public static let windowHeaderByteCount = 4 + windowTag.utf8.count + 8
}

extension Matrix {
  /// The values row by row, float32, little endian.
  var littleEndianBytes: [UInt8] {
    if rowStride == columns { return buffer.littleEndianBytes(offset..<offset + rows * columns) }
    return (0..<rows).flatMap {
      buffer.littleEndianBytes(offset + $0 * rowStride..<offset + $0 * rowStride + columns)
    }
  }

  /// Sets the values, row by row.
  func set(_ values: [Float]) {
    for row in 0..<rows {
      for column in 0..<columns { self[row, column] = values[row * columns + column] }
    }
  }
}

/// Which operators a step has, in order: what follows from its task and batch without computing.
/// Operators of one part and place that follow each other are a layer.
final class OperatorPlan: OperatorObserver {
  /// What happens to memory.
  private enum Event {
    case operation(Int)
    case cleared([Matrix])
  }

  private(set) var operators: [Operator] = []
  private var events: [Event] = []

  /// Notes the operator and leaves it out.
  func perform(_ operation: Operator, _ run: () -> Void) {
    events.append(.operation(operators.count))
    operators.append(operation)
  }

  func cleared(_ windows: [Matrix]) { events.append(.cleared(windows)) }

  /// Operators of each layer, ascending.
  lazy var layers: [Range<Int>] = Self.layers(operators.map { LayerKey($0) })

  struct LayerKey: Hashable {
    let part: Int
    let place: OperatorPlace

    init(_ operation: Operator) {
      part = operation.part
      place = operation.place
    }
  }

  static func layers(_ keys: [LayerKey]) -> [Range<Int>] {
    var layers: [Range<Int>] = []
    for index in keys.indices {
      if let last = layers.last, keys[index] == keys[last.lowerBound] {
        layers[layers.count - 1] = last.lowerBound..<index + 1
      } else {
        layers.append(index..<index + 1)
      }
    }
    return layers
  }

  /// Where one element of memory comes from.
  enum Source: Hashable {
    /// It was there before the step: a parameter, or a constant.
    case initial
    case zero
    /// An element of a window that an operator wrote.
    case written(Output, element: Int)
  }

  /// A window that an operator wrote.
  struct Output: Hashable {
    let index: Int
    let window: Int
  }

  /// Who wrote each element of a window last, before operator `index`; row by row.
  func sources(of window: Matrix, before index: Int) -> [Source] {
    var sources = [Source](repeating: .initial, count: window.rows * window.columns)
    func mark(_ written: Matrix, _ source: (Int) -> Source) {
      guard written.buffer === window.buffer, written.rows > 0, written.columns > 0 else { return }
      for row in 0..<window.rows {
        for column in 0..<window.columns {
          let place = window.offset + row * window.rowStride + column - written.offset
          guard place >= 0 else { continue }
          let (otherRow, otherColumn) = (place / written.rowStride, place % written.rowStride)
          guard otherRow < written.rows, otherColumn < written.columns else { continue }
          sources[row * window.columns + column] = source(otherRow * written.columns + otherColumn)
        }
      }
    }
    for event in events {
      switch event {
      case .cleared(let windows): for cleared in windows { mark(cleared) { _ in .zero } }
      case .operation(let number):
        if number >= index { return sources }
        for (position, written) in operators[number].writes.enumerated() {
          mark(written) { .written(Output(index: number, window: position), element: $0) }
        }
      }
    }
    return sources
  }
}

/// Runs one operator alone, on inputs that it is given.
final class OperatorReferee: OperatorObserver {
  private let target: Int
  private let contents: [[Float]]
  private var next = 0
  /// What it found; nil before it ran.
  private(set) var record: OperatorRecord?

  init(operator target: Int, contents: [[Float]]) {
    self.target = target
    self.contents = contents
  }

  func perform(_ operation: Operator, _ run: () -> Void) {
    defer { next += 1 }
    guard next == target else { return }
    for (window, values) in zip(operation.reads, contents) { window.set(values) }
    let reads = operation.reads.map { OperatorRecord.digest($0) }
    run()
    record = OperatorRecord(
      reads: reads, writes: operation.writes.map { OperatorRecord.digest($0) })
  }

  func cleared(_ windows: [Matrix]) {}
}
