import ArgumentParser
import Harness

/// `pogo schema`: the JSON Schema of specs.
struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the JSON Schema of specs, or what all their keys mean.",
    discussion: """
      Editors that use the YAML language server complete and check a spec that begins with
      '# yaml-language-server: $schema=pogo.schema.json' after 'pogo schema > pogo.schema.json'.
      """)

  @Flag(help: "Print tables of all keys in Markdown, as docs/specs.md holds them.")
  var markdown = false

  func run() throws {
    try CommandFailure.sorting {
      let documentation = SpecDocumentation()
      if markdown {
        print(documentation.markdown(), terminator: "")
      } else {
        print(try SpecSchema(documentation).json())
      }
    }
  }
}
