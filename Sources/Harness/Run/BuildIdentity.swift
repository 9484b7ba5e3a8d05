import Foundation
import Proofs

/// Which program this is: its own bytes, and the commit of the checkout that it lies in.
///
/// The commit is asked for when the program runs, since a build cannot know whether the files that it
/// compiles will be committed; ``sha256`` tells programs apart in any case.
public struct BuildIdentity: Sendable, Equatable {
  /// The commit of the checkout, 40 hexadecimal digits; "unknown" outside of one or without git.
  public let commit: String
  /// `true` if files that git knows were changed since, `false` if not, or "unknown".
  public let isModified: String
  /// SHA-256 of the program's file; "unknown" if it cannot be read.
  public let sha256: String

  /// The program that runs.
  public static let current = BuildIdentity(programAt: "/proc/self/exe")

  init(programAt path: String) {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? path
    sha256 =
      FileManager.default.contents(atPath: program).map { SHA256.hash([UInt8]($0)).hex }
      ?? "unknown"
    let folder = (program as NSString).deletingLastPathComponent
    // Only the checkout of this program counts, not one that it happens to be installed into.
    let root = Self.git(["rev-parse", "--show-toplevel"], in: folder) ?? ""
    let manifest = FileManager.default.contents(atPath: "\(root)/Package.swift") ?? Data()
    guard !root.isEmpty, String(decoding: manifest, as: UTF8.self).contains("name: \"pogo\"") else {
      (commit, isModified) = ("unknown", "unknown")
      return
    }
    commit = Self.git(["rev-parse", "HEAD"], in: root) ?? "unknown"
    let changes = Self.git(["status", "--porcelain", "--untracked-files=no"], in: root)
    isModified = changes.map { "\(!$0.isEmpty)" } ?? "unknown"
  }

  /// What git answers, without the end of the line; nil if it fails.
  private static func git(_ arguments: [String], in folder: String) -> String? {
    let outcome = CommandRunner.system.run(["git", "-C", folder] + arguments)
    guard outcome.code == 0 else { return nil }
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
