import ArgumentParser
import Foundation
import Harness

/// `pogo list formats`: the quantization formats.
struct ListFormats: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formats", abstract: "List the quantization formats with their bits a value.")

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  func run() throws {
    try CommandFailure.sorting {
      let list = try FormatList()
      guard json else { return print(list.text) }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(list.rows), as: UTF8.self))
    }
  }
}
