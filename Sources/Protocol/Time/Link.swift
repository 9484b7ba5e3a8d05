/// A node's connection: what it takes to move bytes.
public struct Link: Sendable, Hashable {
  /// Time that the first bit takes, one way.
  public var latencyMilliseconds: UInt64
  /// Bits a second in each direction; at least 1.
  public var bitsPerSecond: UInt64

  /// From its parts.
  public init(latencyMilliseconds: UInt64, bitsPerSecond: UInt64) {
    precondition(bitsPerSecond > 0)
    self.latencyMilliseconds = latencyMilliseconds
    self.bitsPerSecond = bitsPerSecond
  }

  /// Milliseconds that `bytes` occupy the line, rounded up.
  public func occupancyMilliseconds(_ bytes: UInt64) -> UInt64 {
    let (high, low) = bytes.multipliedFullWidth(by: 8000)
    // Beyond 2^64 ms nothing arrives in any simulation.
    guard high < bitsPerSecond else { return .max / 4 }
    let (quotient, remainder) = bitsPerSecond.dividingFullWidth((high, low))
    return min(quotient + (remainder > 0 ? 1 : 0), .max / 4)
  }

  /// Milliseconds until all of `bytes` have arrived at the other end of the slower of two lines.
  public func transferMilliseconds(_ bytes: UInt64, to other: Link) -> UInt64 {
    latencyMilliseconds + other.latencyMilliseconds
      + max(occupancyMilliseconds(bytes), other.occupancyMilliseconds(bytes))
  }
}

/// How a large message goes from one node to all others.
public enum Propagation: Sendable, Hashable {
  /// The sender uploads one copy to each receiver, one after the other.
  case direct
  /// Every node passes pieces on to `fanOut` others as they arrive.
  case gossip(fanOut: Int)

  /// Milliseconds until receiver number `index` (from 0) of `count` has all `bytes`.
  public func arrivalMilliseconds(
    _ bytes: UInt64, index: Int, count: Int, from sender: Link, to receiver: Link
  ) -> UInt64 {
    let upload = sender.occupancyMilliseconds(bytes)
    let download = receiver.occupancyMilliseconds(bytes)
    let latency = sender.latencyMilliseconds + receiver.latencyMilliseconds
    switch self {
    case .direct:
      return latency + max(upload * UInt64(index + 1), download)
    case .gossip(let fanOut):
      let copies = UInt64(max(1, min(fanOut, count)))
      // Level of the receiver in a tree in which every node feeds `copies` others.
      var (depth, reached, width) = (UInt64(1), copies, copies)
      while reached <= UInt64(index) {
        width *= copies
        reached += width
        depth += 1
      }
      return depth * latency + max(upload * copies, download)
    }
  }
}
