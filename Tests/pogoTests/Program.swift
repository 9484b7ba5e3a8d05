import Foundation

/// The built program as a process of its own.
enum Program {
  /// How a run of it ended.
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// Runs it to its end, if need be unable to write files of more than some KiB.
  static func run(
    _ arguments: [String], environment: [String: String] = [:],
    limitingFilesTo kibibytes: Int? = nil
  ) throws -> Outcome {
    let process = process(arguments, environment)
    if let kibibytes, let program = process.executableURL {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments =
        ["-c", "ulimit -f \(kibibytes); exec \"$@\"", "limited", program.path] + arguments
    }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaints, as: UTF8.self))
  }

  /// Starts it, silently.
  static func start(_ arguments: [String]) throws -> Process {
    let process = process(arguments, [:])
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private static func process(_ arguments: [String], _ environment: [String: String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("pogo")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    return process
  }

  /// Calls `body` with a new folder that holds these files, and removes it.
  static func inFolder(_ files: [String: Data], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, bytes) in files { try bytes.write(to: folder.appendingPathComponent(name)) }
    try body(folder.path)
  }
}

/// A chain that runs in a moment.
enum SmallSpec {
  static let text = """
    name: small
    kind: chain
    model: {n_layers: 1, d_model: 8, n_heads: 2, context: 8, vocab_size: 256}
    data: {corpus: text.txt, context: 8}
    training: {learning_rate: 0.1, batch: 2, steps_per_block: 2}
    quantization: {gradient: {group: 16}, model: {group: 16}}
    commitment: {leaf_size: 256B}
    chain: {blocks: 2, verifiers: 2}
    verification: {progress_margin: 9}
    """

  /// Calls `body` with a folder that holds `small.yaml`, a spec of this text and `more`, and its corpus.
  static func inFolder(adding more: String = "", _ body: (String) throws -> Void) throws {
    try Program.inFolder(
      [
        "text.txt": Data(String(repeating: "And God said, Let there be light. ", count: 30).utf8),
        "small.yaml": Data("\(text)\n\(more)".utf8),
      ], body)
  }
}
