internal import CKernels

/// Some of the processors (cores) of this machine, for threads to run on.
///
/// Experiments that run side by side divide what the process may use, so that together they have one
/// thread a processor:
///
///     let sets = ProcessorSet.allowed.divided(into: jobs)
///     // On the thread of job i:
///     sets[i].withThisThreadBound {
///       let workers = Workers(threads: sets[i].count)  // pinned inside of the set
///       ...
///     }
public struct ProcessorSet: Sendable, Hashable, CustomStringConvertible {
  /// Numbers of the processors, ascending, each once.
  public let processors: [Int]

  /// A set of the given processors.
  public init(_ processors: some Sequence<Int>) { self.processors = Set(processors).sorted() }

  /// Those that the calling thread may run on; empty if the system does not tell.
  public static var allowed: ProcessorSet { ProcessorSet(allowedProcessors()) }

  /// The one that the calling thread runs on at this moment; nil if the system does not tell.
  public static var current: Int? {
    let processor = ck_currentProcessor()
    return processor < 0 ? nil : Int(processor)
  }

  /// How many there are.
  public var count: Int { processors.count }

  /// For example `0-3,6`, as Linux writes them.
  public var description: String {
    var parts: [String] = []
    var rest = processors[...]
    while let first = rest.first {
      let run = zip(rest, first...).prefix { $0 == $1 }.count
      parts.append(run == 1 ? "\(first)" : "\(first)-\(first + run - 1)")
      rest = rest.dropFirst(run)
    }
    return parts.joined(separator: ",")
  }

  /// One set for each of `parts` users. They share no processor, and their sizes differ by one at
  /// most; if there are more users than processors, each gets one processor and some share it.
  public func divided(into parts: Int) -> [ProcessorSet] {
    precondition(parts >= 1, "processors for \(parts) users")
    if processors.isEmpty { return Array(repeating: self, count: parts) }
    return (0..<parts).map { part in
      if parts > count { return ProcessorSet([processors[part % count]]) }
      return ProcessorSet(processors[part * count / parts..<(part + 1) * count / parts])
    }
  }

  /// Calls `body` while the calling thread, and what it starts, may run on these processors alone;
  /// afterwards it is as free as it was. A wish: if the system refuses, `body` runs anywhere.
  ///
  /// `body` must stay on its thread, so it cannot be asynchronous.
  public func withThisThreadBound<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ProcessorSet.allowed
    bindThisThread()
    defer { before.bindThisThread() }
    return try body()
  }

  private func bindThisThread() {
    guard !processors.isEmpty else { return }
    let numbers = processors.map { Int32($0) }
    _ = ck_bindThisThread(numbers, Int32(numbers.count))
  }
}
