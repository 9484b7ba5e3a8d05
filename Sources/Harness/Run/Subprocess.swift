import Foundation
import Synchronization

/// Runs other programs; tests pass one that answers from a script.
public struct CommandRunner: Sendable {
  /// What a program left behind.
  public struct Outcome: Sendable, Equatable {
    /// Its exit code; 127 if there is no such program.
    public var code: Int32
    /// What it wrote to standard output.
    public var output: String
    /// What it wrote to standard error.
    public var errors: String

    /// An outcome.
    public init(code: Int32, output: String = "", errors: String = "") {
      self.code = code
      self.output = output
      self.errors = errors
    }
  }

  private let body: @Sendable ([String], String) -> Outcome

  /// A runner that calls `body` with the program's name and arguments, and its standard input.
  public init(_ body: @escaping @Sendable ([String], String) -> Outcome) { self.body = body }

  /// Runs `command[0]` with the rest as arguments and waits for its end.
  public func run(_ command: [String], input: String = "") -> Outcome { body(command, input) }

  /// Runs programs of this machine, found on its `PATH`.
  public static let system = CommandRunner { command, input in
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { return Outcome(code: 127, errors: "\(error)") }
    let complaints = Mutex(Data())
    // Both ends are read at once, or a program that writes much to one of them would wait forever.
    let reading = DispatchGroup()
    DispatchQueue.global().async(group: reading) {
      let data = errors.fileHandleForReading.readDataToEndOfFile()
      complaints.withLock { $0 = data }
    }
    try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? standardInput.fileHandleForWriting.close()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    reading.wait()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: complaints.withLock { String(decoding: $0, as: UTF8.self) })
  }
}
