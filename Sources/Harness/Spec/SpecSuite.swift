import Foundation

/// Several experiments in one file: YAML documents that lines of `---` part.
public enum SpecSuite {
  /// The experiments of a file, in order, with their data; one for a file without `---`.
  ///
  /// Throws ``InputError`` or ``SpecError``; lines are those of the whole file.
  public static func experiments(
    at path: String, overrides: [String] = [], kinds: KindRegistry = .all
  ) throws -> [Experiment] {
    try files(at: path, overrides: overrides, kinds: kinds).map { file in
      try Experiment(
        file: file, dataFolder: (path as NSString).deletingLastPathComponent,
        name: (path as NSString).lastPathComponent)
    }
  }

  /// The specs of a file, in order.
  public static func files(
    at path: String, overrides: [String] = [], kinds: KindRegistry = .all
  ) throws -> [SpecFile] {
    let name = (path as NSString).lastPathComponent
    let files = try documents(SpecLoader.text(at: path)).map { text in
      try SpecFile(text: text, fileName: name, overrides: overrides, kinds: kinds) {
        try SpecLoader.include($0, from: path, origin: $1)
      }
    }
    var names: Set<String> = []
    for file in files {
      let name = file.points[0].spec.header.name
      guard names.insert(name).inserted else {
        throw InputError(path, "two of its experiments are called '\(name)'")
      }
    }
    return files
  }

  /// The documents of a text. Each is preceded by as many empty lines as stand before it, so that
  /// messages name the right line.
  static func documents(_ text: String) -> [String] {
    var documents: [String] = []
    var lines: [Substring] = []
    func finish() {
      let isEmpty = lines.allSatisfy { line in
        let start = line.drop { $0 == " " }
        return start.isEmpty || start.first == "#"
      }
      if !isEmpty { documents.append(lines.joined(separator: "\n") + "\n") }
      lines = lines.map { _ in "" } + [""]
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.prefix(3) == "---", line.dropFirst(3).allSatisfy(\.isWhitespace) {
        finish()
      } else {
        lines.append(line)
      }
    }
    finish()
    // A text without anything in it is still one document, which the reader refuses.
    return documents.isEmpty ? [text] : documents
  }
}
