import Foundation
import Kernels

/// OpenBLAS with one core type, in a process of its own that measures when it is asked to.
///
/// The conversation is one JSON line for a question and one for its answer.
public final class Rival {
  /// What it is called in tables, the core type that was really chosen included.
  public let label: String
  private let process: Process
  private let questions: FileHandle
  private let answers: FileHandle

  /// Starts `program` with `arguments`, which must end in ``serve(threads:)``.
  ///
  /// - Parameter coreType: value of `OPENBLAS_CORETYPE`; nil leaves the choice to OpenBLAS.
  public init(program: String, arguments: [String], coreType: String?) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("OPENBLAS_")
    }
    environment["OPENBLAS_CORETYPE"] = coreType
    process.environment = environment
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    questions = input.fileHandleForWriting
    answers = output.fileHandleForReading
    try process.run()
    let chosen = try Self.line(from: answers)
    label = coreType == nil ? "default (\(chosen))" : chosen
  }

  deinit {
    // The end of its input ends the process.
    try? questions.close()
    process.waitUntilExit()
  }

  /// GFLOP/s of one measurement.
  func measure(_ shape: ProductShape) throws -> Double {
    var question = try JSONEncoder().encode(shape)
    question.append(0x0A)
    try questions.write(contentsOf: question)
    let answer = try Self.line(from: answers)
    guard let value = Double(answer) else { throw BenchError.badAnswer(answer) }
    return value
  }

  private static func line(from handle: FileHandle) throws -> String {
    var bytes: [UInt8] = []
    while let byte = try handle.read(upToCount: 1)?.first {
      if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    throw BenchError.rivalEnded
  }

  /// The rival's own side: measures what it reads until its input ends.
  ///
  /// - Parameter answer: writes one line.
  public static func serve(threads: Int, answer: (String) -> Void) throws {
    OpenBLAS.setThreads(threads)
    answer(OpenBLAS.coreName)
    let clock = SystemStopwatch()
    var trial: ProductTrial?
    while let line = readLine() {
      let shape = try JSONDecoder().decode(ProductShape.self, from: Data(line.utf8))
      if trial?.shape != shape { trial = ProductTrial(shape) }
      guard let trial else { continue }
      answer("\(trial.measure(clock) { OpenBLAS.product($0, $1, into: $2) })")
    }
  }
}

/// Why a benchmark cannot go on.
public enum BenchError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The other process is gone.
  case rivalEnded
  /// It answered something else than a number.
  case badAnswer(String)

  /// What happened.
  public var description: String {
    switch self {
    case .rivalEnded: "the process that measures OpenBLAS ended early"
    case .badAnswer(let answer): "the process that measures OpenBLAS answered '\(answer)'"
    }
  }
}
