import Foundation

/// Memory of this process, as the system counts it.
enum ProcessMemory {
  /// Largest resident memory so far, in bytes; 0 if the system does not tell.
  static var peakByteCount: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
    else { return 0 }
    return (Int(kibibytes) ?? 0) << 10
  }
}
