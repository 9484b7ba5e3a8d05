import Foundation

/// Memory of this process, as Linux counts it; 0 where it does not tell.
enum ProcessMemory {
  /// Largest resident memory so far, in bytes.
  static var peakByteCount: Int { value("VmHWM:") }

  /// Resident memory now, in bytes, with what was freed and is kept for later.
  static var residentByteCount: Int { value("VmRSS:") }

  private static func value(_ name: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
    else { return 0 }
    return (Int(kibibytes) ?? 0) << 10
  }
}
