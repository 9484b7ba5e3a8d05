import Foundation
import Harness
import Kernels

/// An experiment that ends in a blink: a chain with an honest miner and both cheats.
enum TinyExperiment {
  static let spec = """
    name: tiny
    kind: chain
    seed: 3
    model: {n_layers: 1, d_model: 8, n_heads: 2, context: 8, vocab_size: 256}
    data: {corpus: text.txt, context: 8}
    training: {learning_rate: 0.1, batch: 2, steps_per_block: 4}
    quantization:
      gradient: {bits: 4, group: 16}
      model: {bits: 4, group: 32}
    commitment: {leaf_size: 256B}
    chain:
      blocks: 3
      miners:
        - {name: ada}
        - {name: mallory, behaviour: tampered-leaves, fraction: 0.5}
        - {name: eve, behaviour: faked-steps, fraction: 1}
      verifiers: [{name: vera}, {name: victor}, {name: larry, behaviour: lazy}]
    verification: {leaf_rate: 0.25, replay_rate: 0.5, progress_tokens: 16, progress_margin: 5}
    """

  static let corpus = String(
    repeating: "In the beginning God created the heaven and the earth. ", count: 40)

  /// A new empty folder.
  static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// Writes spec and corpus to `folder`; gives the spec's path.
  static func write(to folder: URL, spec: String = spec, corpus: String = corpus) throws -> String {
    try corpus.write(
      to: folder.appendingPathComponent("text.txt"), atomically: true, encoding: .utf8)
    let path = folder.appendingPathComponent("tiny.yaml")
    try spec.write(to: path, atomically: true, encoding: .utf8)
    return path.path
  }

  /// Runs it.
  static func run(
    _ instructionSet: InstructionSet = .best, threads: Int = 1
  ) throws -> ResultFile {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try Experiment(readingSpecAt: write(to: folder)).run(
      arithmetic: arithmetic(instructionSet, threads: threads), commandLine: "pogo run tiny.yaml",
      observer: SilentObserver())
  }

  static func arithmetic(
    _ instructionSet: InstructionSet = .best, threads: Int = 1
  ) -> Arithmetic {
    Arithmetic(
      instructionSet: instructionSet, workers: Workers(threads: threads, pinned: false))
  }

  /// Judges a result again.
  static func audit(_ file: ResultFile) throws -> Audit.Summary {
    var audit = Audit(file: file, arithmetic: arithmetic())
    return try audit.run()
  }
}

struct SilentObserver: RunObserver {
  func progress(done: Double, total: Double, activity: String) {}
  func note(_ line: String) {}
}
