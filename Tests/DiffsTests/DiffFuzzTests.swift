import Diffs
import Fuzzing
import Testing

/// Changed diffs: none may crash, and none may lead to another model than its own.
@Suite struct DiffFuzzTests {
  @Test func changedDiffs() throws {
    for (number, diff) in try DiffCase.all().enumerated() {
      let bytes = try diff.make()
      let (counts, _) = Mutator.run(
        "diff (\(diff.testDescription))", [bytes], seed: 20 + UInt64(number), standard: 1000
      ) { input in
        guard let after = try? DiffCase.apply(input, to: diff.before) else { return .refused }
        return after == diff.after && input == bytes ? .same : .wrong
      }
      #expect(counts[.wrong] == nil && (counts[.refused] ?? 0) > 0)
    }
  }
}
