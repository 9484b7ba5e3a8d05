import ArgumentParser
import Checkpoints
import Foundation
import HDF5
import Harness

/// `pogo`: the command line; parses, calls Harness, sets the exit code.
@main
struct Pogo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pogo",
    abstract: "A reproducible laboratory for proof of gradient optimization.",
    discussion: "Exit codes: 0 well, 1 a check failed, 2 bad usage or input, 3 a fault of the "
      + "machine, 130 interrupted.",
    version: ProgramVersion.text,
    subcommands: [
      NewCommand.self, Validate.self, Schema.self, PlanCommand.self, Run.self, StatusCommand.self,
      GatherCommand.self,
      ReportCommand.self, CompareCommand.self, CheckCommand.self, BaselineCommand.self,
      AuditCommand.self, CommitCommand.self, ProveUpdateCommand.self, ProveCheckCommand.self,
      ListCommand.self,
      ArithmeticCommand.self, Bench.self, Eval.self, ExportCommand.self,
      ModelCommand.self, QuantizeCommand.self,
    ])

  static func main() {
    // A file that may not grow any more is an error of the write, which says so, and not the end of
    // the process, which says nothing.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error where exitCode(for: error) == .success {
      // Help and version are asked for: the parser prints them and ends well.
      exit(withError: error)
    } catch let error as CommandFailure {
      Console.complain(error.description)
      Foundation.exit(error.code.rawValue)
    } catch {
      // Usage mistakes: the parser words them; our exit code for bad usage is 2.
      Console.complain(message(for: error))
      Foundation.exit(FailureCode.badInput.rawValue)
    }
  }
}

/// What `--version` says.
enum ProgramVersion {
  /// Version and commit; git is asked only when the version is.
  static var text: String {
    guard CommandLine.arguments.dropFirst() == ["--version"] else { return Version.program }
    let identity = BuildIdentity.current
    guard identity.commit != "unknown" else { return Version.program }
    let modified = identity.isModified == "true" ? ", modified" : ""
    return "\(Version.program) (commit \(identity.commit.prefix(12))\(modified))"
  }
}

/// What the exit code of the process means.
enum FailureCode: Int32 {
  case checkFailed = 1
  case badInput = 2
  case machineFault = 3
  case interrupted = 130
}

/// Ends a command with one line and a code.
struct CommandFailure: Error, CustomStringConvertible {
  let code: FailureCode
  let description: String

  init(_ code: FailureCode, _ description: String) {
    self.code = code
    self.description = description
  }

  /// Sorts an error of Harness into whose fault it is.
  init(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case is AuditFailure, is VerificationFailure: self.init(.checkFailed, "\(error)")
    case is Cancelled: self.init(.interrupted, "interrupted; nothing was written")
    case is HDF5Error: self.init(.machineFault, "\(error)")
    case let failure as CheckpointError where failure.isMachineFault:
      self.init(.machineFault, "\(error)")
    case RunError.machine: self.init(.machineFault, "\(error)")
    default: self.init(.badInput, "\(error)")
    }
  }

  /// Runs `body`; whatever it throws becomes a failure with the right code.
  static func sorting<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw CommandFailure(error) }
  }
}

/// Standard error: messages and progress. Tables and JSON go to standard output.
enum Console {
  static func complain(_ text: String) { write("pogo: \(text)\n") }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Whether someone watches standard error.
  static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
