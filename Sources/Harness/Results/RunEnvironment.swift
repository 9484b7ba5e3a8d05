import Foundation
import HDF5
import Kernels
import Proofs

/// Where and by what a result was made.
public struct RunEnvironment: Sendable {
  /// Attribute names and texts, in the order in which they are stored.
  public let attributes: [(name: String, text: String)]

  /// Describes this process. Paths and host names are left out on purpose.
  public static func current(
    arithmetic: Arithmetic, startedAt: Date, endedAt: Date
  ) -> RunEnvironment {
    let kernel =
      (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
    return RunEnvironment(attributes: [
      ("environment_processor", processor),
      ("environment_cores", "\(Workers.cores)"),
      ("environment_threads", "\(arithmetic.workers.threads)"),
      ("environment_instruction_set", arithmetic.instructionSet.rawValue),
      ("environment_kernel", kernel),
      ("environment_memory_bytes", "\(ProcessInfo.processInfo.physicalMemory)"),
      ("environment_arithmetic", arithmetic.record),
      ("environment_openblas_core", OpenBLAS.coreName),
      ("environment_openblas", OpenBLAS.configuration),
      ("environment_swift", swiftVersion),
      ("environment_hdf5", LibraryVersion.text),
      ("environment_openssl", OpenSSLVersion.text),
      ("program_commit", BuildIdentity.current.commit),
      ("program_modified", BuildIdentity.current.isModified),
      ("program_sha256", BuildIdentity.current.sha256),
      ("started_at", utc(startedAt)),
      ("ended_at", utc(endedAt)),
    ])
  }

  /// Where and how a point is computed, in one line.
  static func machine(_ arithmetic: Arithmetic, usesOpenBLAS: Bool = false) -> String {
    let threads = arithmetic.workers.threads
    return "\(processor), \(arithmetic.instructionSet.rawValue), "
      + "\(threads) thread\(threads == 1 ? "" : "s")"
      + (usesOpenBLAS ? "; products by \(OpenBLAS.record)" : "")
  }

  /// A time as ISO 8601 in UTC.
  static func utc(_ date: Date) -> String { ISO8601DateFormatter().string(from: date) }

  private static var processor: String {
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
      .split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }

  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2 or earlier"
    #endif
  }
}
