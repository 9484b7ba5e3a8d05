import Foundation
import HDF5
import Proofs

/// The folder beside a result in which its points are kept while a run is not complete:
/// `Results/x.h5.points`.
///
/// It holds a result file for each finished point and a journal for each begun one, named by the
/// point's digest, so that any later run finds them. Files appear whole or not at all. One process
/// may hold the whole folder, or any number of processes a point each.
final class RunFolder: @unchecked Sendable {
  let path: String
  // Changes only before the threads of a run start: hence the unchecked Sendable.
  private var locks: [FileLock] = []

  /// The folder of the result at `out`; it need not exist.
  init(forResultAt out: String) { path = out + ".points" }

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes the folder and holds all of it. Throws ``RunError`` if another process is at work there.
  func holdAll() throws {
    try create()
    locks.append(try FileLock("\(path)/lock", exclusive: true, busy: path))
  }

  /// Makes the folder and holds one point.
  func hold(_ key: PointKey) throws {
    try create()
    locks.append(try FileLock("\(path)/lock", exclusive: false, busy: path))
    locks.append(try FileLock("\(path)/\(Self.name(key)).lock", exclusive: true, busy: path))
  }

  private func create() throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      guard exists else { throw RunError.machine("\(path): it cannot be made: \(error.reason)") }
    }
  }

  /// The finished point, or nil if there is none that is whole and has this key.
  func finished(_ key: PointKey) -> PointResult? {
    guard let file = try? ResultFile.read(resultPath(key)), file.pointCount == 1 else {
      return nil
    }
    let point = file.points[0]
    // A file whose values are not those that were written is no result.
    guard point.status == .finished, point.key == key,
      case .text(let digests) = file["point_exact_digest"]?.values,
      digests == [point.exactDigest.hex]
    else { return nil }
    return point
  }

  /// Whether the point was begun and can go on.
  func hasJournal(_ key: PointKey) -> Bool {
    FileManager.default.fileExists(atPath: journalPath(key))
  }

  /// Keeps a finished point; what it wrote on its way is then not needed any more.
  func keep(_ point: PointResult, attributes: [(name: String, text: String)]) throws {
    try ResultFile(attributes: attributes, points: [point])
      .write(to: resultPath(point.key), replacing: true, storage: .contiguous)
    try? FileManager.default.removeItem(atPath: journalPath(point.key))
  }

  /// The journal of a point.
  func journal(_ key: PointKey) -> Journal { Journal(path: journalPath(key), key: key.digest) }

  /// Forgets everything that is kept.
  func clear() throws {
    for name in try contents() where name != "lock" {
      do { try FileManager.default.removeItem(atPath: "\(path)/\(name)") } catch {
        throw RunError.machine("\(path)/\(name): it cannot be removed: \(error.reason)")
      }
    }
  }

  /// Whether there is anything that a later run could use.
  var isWorthKeeping: Bool {
    ((try? contents()) ?? []).contains { $0.hasSuffix(".h5") || $0.hasSuffix(".journal") }
  }

  /// Removes the folder with all in it.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  private func contents() throws -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw RunError.machine("\(path): it cannot be read: \(error.reason)")
    }
  }

  private func resultPath(_ key: PointKey) -> String { "\(path)/\(Self.name(key)).h5" }
  private func journalPath(_ key: PointKey) -> String { "\(path)/\(Self.name(key)).journal" }

  /// Half of the digest: still no two points of all that will ever be run share it.
  private static func name(_ key: PointKey) -> String { String(key.digest.hex.prefix(32)) }
}

/// A lock that the system takes back when the process ends, however it ends.
final class FileLock {
  private let descriptor: Int32

  /// Takes the lock at `path` or throws that `busy` is in use.
  init(_ path: String, exclusive: Bool, busy: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw RunError.machine("\(path): it cannot be written: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
      let isBusy = errno == EWOULDBLOCK
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw isBusy
        ? RunError.busy("\(busy): another run is at work there; wait for it, or use another --out")
        : RunError.machine("\(path): it cannot be locked: \(reason)")
    }
  }

  deinit { close(descriptor) }
}

/// Why a run could not do its work, besides what its points met.
public enum RunError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A fault of the machine: no space, no permission.
  case machine(String)
  /// Another process does the same work.
  case busy(String)
  /// What was asked for does not fit what is there.
  case refused(String)

  /// What happened, and the way out.
  public var description: String {
    switch self {
    case .machine(let text), .busy(let text), .refused(let text): text
    }
  }
}

extension Error {
  /// The system's own words, if it has some.
  var reason: String {
    let error = self as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    for candidate in [error, underlying] {
      if let candidate, candidate.domain == NSPOSIXErrorDomain {
        return String(cString: strerror(Int32(candidate.code)))
      }
    }
    return "\(self)"
  }
}
