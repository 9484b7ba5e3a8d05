import Foundation
import HDF5
import Proofs

/// The folder beside a result in which its points are kept while a run is not complete:
/// `Results/x.h5.points`.
///
/// It holds a result file for each finished point and a journal for each begun one, named by the
/// point's digest, so that any later run finds them. Files appear whole or not at all. One process
/// may hold the whole folder, or any number of processes a point each.
package final class RunFolder: @unchecked Sendable {
  let path: String
  // Changes only before the threads of a run start: hence the unchecked Sendable.
  private var locks: [FileLock] = []

  /// What the name of the folder has after that of its result.
  static let suffix = ".points"

  /// The folder of the result at `out`; it need not exist.
  package init(forResultAt out: String) { path = out + Self.suffix }

  /// Folder in which second runs of points are kept, beside the first ones.
  package init(forVerificationIn folder: RunFolder) { path = folder.path + "/verification" }

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes the folder and holds all of it. Throws ``RunError`` if another process is at work there.
  func holdAll() throws {
    try create()
    locks.append(try FileLock("\(path)/lock", exclusive: true, busy: path))
  }

  /// Makes the folder and holds one point. Throws ``RunError`` if another process runs it.
  func hold(_ key: PointKey) throws {
    try create()
    let shared = try FileLock("\(path)/lock", exclusive: false, busy: path)
    let own = try FileLock("\(path)/\(Self.name(key)).lock", exclusive: true, busy: path)
    locks += [shared, own]
  }

  /// Makes the folder.
  func create() throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      guard exists else { throw RunError.machine("\(path): it cannot be made: \(error.reason)") }
    }
  }

  /// The finished point, or nil if there is none that is whole and has this key.
  package func finished(_ key: PointKey) -> PointResult? {
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
  package func keep(_ point: PointResult, attributes: [(name: String, text: String)]) throws {
    try ResultFile(attributes: attributes, points: [point])
      .write(to: resultPath(point.key), replacing: true, storage: .contiguous)
    try? FileManager.default.removeItem(atPath: journalPath(point.key))
  }

  /// The journal of a point.
  func journal(_ key: PointKey) -> Journal { Journal(path: journalPath(key), key: key.digest) }

  /// Forgets everything that is kept, but for locks that are held.
  func clear(except held: String = "lock") throws {
    for name in try contents() where name != held {
      do { try FileManager.default.removeItem(atPath: "\(path)/\(name)") } catch {
        throw RunError.machine("\(path)/\(name): it cannot be removed: \(error.reason)")
      }
    }
  }

  /// Whether a process of this machine is at work here. Looks without taking a lock, which would
  /// turn away a process that starts at the same moment.
  var isHeld: Bool {
    var facts = stat()
    guard stat("\(path)/lock", &facts) == 0,
      let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
    else { return false }
    return locks.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ")
      return fields.contains("FLOCK") && fields.contains { $0.hasSuffix(":\(facts.st_ino)") }
    }
  }

  /// Whether there is anything that a later run could use.
  var isWorthKeeping: Bool {
    ((try? contents()) ?? []).contains { $0.hasSuffix(".h5") || $0.hasSuffix(".journal") }
  }

  /// Writes down whose points these are, unless that stands there already.
  func describe(_ experiment: Experiment) throws {
    let state = SweepState(experiment)
    if let old = try? SweepState.read(in: path), old.points == state.points { return }
    try state.write(in: path)
  }

  /// Ends the folder of a result that was written: it goes, but for what a scheduler's jobs left to
  /// read, their logs and records.
  func finish(digest: Digest) throws {
    guard var state = try? SweepState.read(in: path), !state.submissions.isEmpty else {
      return remove()
    }
    for name in try contents()
    where name == "verification" || [".h5", ".journal", ".lock"].contains(where: name.hasSuffix) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
    state.gathered = digest.hex
    try state.write(in: path)
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
      // Some network file systems have no locks. Files appear whole and are named by what they hold,
      // so two processes that do the same work waste time, but do no harm.
      if [ENOSYS, EOPNOTSUPP, ENOLCK].contains(errno) { return }
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
