import Foundation

/// Changes good inputs of a parser into ones that are nearly good.
///
/// Everything follows from the seed, so a case that fails can be run again: it is number `case` of
/// `Mutator(seed:)` for the same inputs.
public struct Mutator: Sendable {
  private var state: UInt64

  /// The changes of one seed.
  public init(seed: UInt64) { state = seed }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

  /// One of `inputs` (not empty) with one to four changes.
  public mutating func mutated(_ inputs: [[UInt8]]) -> [UInt8] {
    var bytes = inputs[below(inputs.count)]
    for _ in 0...below(4) { change(&bytes, inputs) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ inputs: [[UInt8]]) {
    let place = below(bytes.count)
    switch below(10) {
    case 0...2:
      guard !bytes.isEmpty else { return }
      bytes[place] ^= 1 << UInt8(below(8))
    case 3 where !bytes.isEmpty:
      bytes[place] = UInt8(truncatingIfNeeded: next())
    case 4:
      bytes.removeLast(min(below(40), bytes.count))
    case 5 where !bytes.isEmpty:
      let end = min(place + 1 + below(16), bytes.count)
      bytes.removeSubrange(place..<end)
    case 6:
      let inserted = (0...below(16)).map { _ in UInt8(truncatingIfNeeded: next()) }
      bytes.insert(contentsOf: inserted, at: place)
    case 7 where bytes.count >= 8:
      // Numbers that lengths and places go wrong at.
      let numbers: [UInt64] = [
        0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 62, .max >> 1, .max,
      ]
      let number = numbers[below(numbers.count)]
      let width = [1, 2, 4, 8][below(4)]
      let start = below(bytes.count - width + 1)
      for k in 0..<width { bytes[start + k] = UInt8(truncatingIfNeeded: number >> UInt64(8 * k)) }
    case 8:
      // The end of one input behind the start of another.
      let other = inputs[below(inputs.count)]
      bytes = Array(bytes.prefix(place)) + other.suffix(below(other.count + 1))
    case 9 where bytes.count >= 2:
      bytes.swapAt(place, below(bytes.count))
    default:
      bytes.append(UInt8(truncatingIfNeeded: next()))
    }
  }

  /// Cases for each parser: `POGO_FUZZ_CASES`, or `standard`, few enough for every run of the tests.
  public static func caseCount(standard: Int) -> Int {
    ProcessInfo.processInfo.environment["POGO_FUZZ_CASES"].flatMap(Int.init) ?? standard
  }

  /// What a parser and the check behind it made of an input.
  public enum Outcome: Sendable, Hashable {
    /// Neither parsed nor accepted.
    case refused
    /// Accepted, and it says what a good input says.
    case same
    /// Accepted, and it says something else.
    case wrong
  }

  /// Gives `cases` changed inputs to `judge` and returns how often each outcome came, with the first
  /// input that was wrong. Prints the count and the seconds when more than the standard was asked for.
  public static func run(
    _ name: String, _ inputs: [[UInt8]], seed: UInt64, standard: Int,
    judge: ([UInt8]) -> Outcome
  ) -> (counts: [Outcome: Int], firstWrong: [UInt8]?) {
    var mutator = Mutator(seed: seed)
    var counts: [Outcome: Int] = [:]
    var firstWrong: [UInt8]?
    let cases = caseCount(standard: standard)
    let start = Date()
    for _ in 0..<cases {
      let input = mutator.mutated(inputs)
      let outcome = judge(input)
      counts[outcome, default: 0] += 1
      if outcome == .wrong && firstWrong == nil { firstWrong = input }
    }
    if cases > standard {
      print(
        "fuzz \(name): \(cases) cases in \(Int(Date().timeIntervalSince(start))) s, "
          + "\(counts[.same] ?? 0) unchanged in meaning, \(counts[.wrong] ?? 0) falsely accepted")
    }
    return (counts, firstWrong)
  }
}
