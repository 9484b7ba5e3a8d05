import Foundation
import Harness
import Testing

/// The message with which a text is refused, or nil if it is accepted.
private func refusal(_ text: String) -> String? {
  do {
    _ = try Spec.read(text: text, fileName: "f.yaml")
    return nil
  } catch {
    return error.description
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("seed", "sede", 1), ("ca", "abc", 3),
    ("flaw", "lawn", 2), ("größe", "grösse", 2),
  ]) func distanceCountsEdits(first: String, second: String, distance: Int) {
    #expect(NearestName.editDistance(first, second) == distance)
    #expect(NearestName.editDistance(second, first) == distance)
  }

  @Test func farNamesAreNotSuggested() {
    #expect(NearestName.of("roundng", in: ["bits", "rounding"]) == "rounding")
    #expect(NearestName.of("bots", in: ["bats", "bits"]) == "bats")
    #expect(NearestName.of("bogs", in: ["bits"]) == nil)
    #expect(NearestName.of("colour", in: ["bits", "group"]) == nil)
    #expect(NearestName.of("a", in: []) == nil)
    #expect(NearestName.of(String(repeating: "a", count: 65), in: ["a"]) == nil)
  }
}

@Suite struct SpecRefusalTests {
  @Test func theGoodSpecIsAccepted() {
    #expect(refusal(goodSpec) == nil)
    #expect(refusal(goodSpec.replacing("{preset: gpt3-nano}", with: customModel)) == nil)
  }

  @Test(
    arguments: refusedChanges)
  func oneChangeIsRefusedWithItsMessage(change: Change) {
    #expect(goodSpec.contains(change.old))
    #expect(refusal(goodSpec.replacing(change.old, with: change.new)) == change.message)
  }

  @Test(arguments: ["", " ", "\n\n", "# only a comment\n", "---\n", "~", "--- null\n...\n"])
  func emptyFilesAreRefused(text: String) {
    #expect(refusal(text) == "f.yaml: the file is empty; a spec starts with 'name'")
  }

  @Test func otherFilesAreRefused() {
    #expect(refusal("- a\n- b") == "f.yaml:1: a spec must be a mapping, but is a list")
    #expect(refusal("levels") == "f.yaml:1: a spec must be a mapping, but is 'levels'")
    #expect(
      refusal("\t")
        == "f.yaml:1: not valid YAML: while scanning for the next token found character "
        + "that cannot start any token; indent with spaces, not with tabs")
    #expect(
      refusal(String(repeating: "#", count: 1_048_577))
        == "f.yaml: a spec has at most 1048576 bytes, but this has 1048577")
  }

  @Test(arguments: ["[", "{", "- ", "? "]) func deepNestingIsRefused(opener: String) {
    #expect(refusal(String(repeating: opener, count: 100_000))?.contains("not valid YAML") == true)
  }

  @Test func everyPrefixAndEveryLostByteGivesAnAnswer() {
    // A message starts with the file; a trap would end the test run.
    let bytes = Array(goodSpec.utf8)
    for index in bytes.indices {
      let prefix = String(decoding: bytes[..<index], as: UTF8.self)
      #expect(refusal(prefix)?.hasPrefix("f.yaml") ?? true)
      var holed = bytes
      holed.remove(at: index)
      #expect(refusal(String(decoding: holed, as: UTF8.self))?.hasPrefix("f.yaml") ?? true)
    }
  }

  @Test func manyKeysAreRefusedQuickly() {
    let keys = (0..<90_000).map { "k\($0): 1\n" }.joined()
    #expect(refusal(keys) == "f.yaml: missing key 'name': 1...64 characters of a-z, 0-9 and '-'")
  }

  @Test func problemsCanBeToldApart() {
    #expect(
      throws: SpecError.self,
      performing: { try Spec.read(text: "", fileName: "f.yaml") })
    do {
      _ = try Spec.read(text: "name: a\nkind: x", fileName: "f.yaml")
    } catch {
      #expect(error.line == 2)
      #expect(error.fileName == "f.yaml")
      #expect(error.localizedDescription == error.description)
      #expect(
        error.problem
          == .wrongValue(key: "kind", expectation: kinds, found: "'x'", suggestion: nil))
    }
  }
}
