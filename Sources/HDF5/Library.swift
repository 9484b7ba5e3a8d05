internal import CHDF5
internal import Glibc

/// The library's process-wide state and how to use it: one thread at a time, errors gathered, not
/// printed.
enum Library {
  private static let mutex = RecursiveMutex()

  /// Begins a stretch of calls. Each `enter` needs its `leave`; stretches may be nested.
  static func enter() {
    mutex.lock()
    // A thread-safe build keeps this setting for each thread, so it is made each time.
    H5Eset_auto2(get_H5E_DEFAULT(), nil, nil)
  }

  static func leave() {
    mutex.unlock()
  }

  /// The library's account of the last failed call on this thread, outermost call first.
  static func errorStack() -> String {
    var lines: [String] = []
    withUnsafeMutablePointer(to: &lines) { pointer in
      let collect: H5E_walk2_t = { _, entry, context in
        guard let entry, let context, let text = entry.pointee.desc else { return 0 }
        let function = entry.pointee.func_name.map { String(cString: $0) } ?? "?"
        context.assumingMemoryBound(to: [String].self).pointee
          .append("\(function): \(String(cString: text))")
        return 0
      }
      _ = H5Ewalk2(get_H5E_DEFAULT(), H5E_WALK_DOWNWARD, collect, pointer)
    }
    return lines.isEmpty ? "no details" : lines.joined(separator: "; ")
  }

  /// Passes on the result of a library call unless it is negative, which is how the library fails.
  @discardableResult
  static func check<Result: SignedInteger>(
    _ result: Result, _ place: @autoclosure () -> HDF5Error.Place
  ) throws(HDF5Error) -> Result {
    guard result >= 0 else { throw .libraryFailure(place(), details: errorStack()) }
    return result
  }
}

/// Owns one id of the library and gives it back.
final class Identifier: Sendable {
  let value: hid_t

  /// Takes over the id that a library call returned, or throws if the call failed.
  init(_ value: hid_t, _ place: @autoclosure () -> HDF5Error.Place) throws(HDF5Error) {
    self.value = try Library.check(value, place())
  }

  deinit {
    // An id whose file was closed is unknown by now; the library then does nothing.
    Library.enter()
    H5Idec_ref(value)
    Library.leave()
  }
}

/// A lock that the thread that holds it may take again: ids are given back inside of other calls.
private final class RecursiveMutex: @unchecked Sendable {
  private let storage = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init() {
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
    let status = pthread_mutex_init(storage, &attributes)
    pthread_mutexattr_destroy(&attributes)
    precondition(status == 0)
  }

  deinit {
    pthread_mutex_destroy(storage)
    storage.deallocate()
  }

  func lock() {
    pthread_mutex_lock(storage)
  }

  func unlock() {
    pthread_mutex_unlock(storage)
  }
}
