internal import CLinux
internal import Foundation
internal import Measure
internal import Synchronization

/// Tries to read one block of a disk until it succeeds: the moment from which it can be used.
///
/// On a thread of its own, since a read of a disk that does not answer cannot be called off.
final class FirstRead: Sendable {
  private let path: String
  private let offset: Int64
  private let length: Int
  private let deadline: Nanoseconds
  /// 0 until it has succeeded; then CLOCK_MONOTONIC, ns.
  private let success = Atomic<Int64>(0)
  private let lastError = Atomic<Int32>(0)
  private let isAbandoned = Atomic<Bool>(false)

  /// Starts to try to read `length` bytes at `offset`, both multiples of the logical block.
  static func start(
    _ path: String, offset: Int64, length: Int, until deadline: Nanoseconds
  ) -> FirstRead {
    let read = FirstRead(path, offset: offset, length: length, deadline: deadline)
    Thread.detachNewThread { read.run() }
    return read
  }

  private init(_ path: String, offset: Int64, length: Int, deadline: Nanoseconds) {
    self.path = path
    self.offset = offset
    self.length = length
    self.deadline = deadline
  }

  /// When the first read had succeeded; nil where none has yet.
  var succeededAt: Nanoseconds? {
    let moment = success.load(ordering: .acquiring)
    return moment == 0 ? nil : Nanoseconds(moment)
  }

  /// Why the last try failed; nil where it hangs or was none.
  var reason: String? {
    let code = lastError.load(ordering: .acquiring)
    return code == 0 ? nil : String(cString: strerror(code))
  }

  /// Ends the tries; one that hangs in the kernel is left there.
  func abandon() { isAbandoned.store(true, ordering: .releasing) }

  private func run() {
    cl_sharp_timers()
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 4096)
    defer { buffer.deallocate() }
    while !isAbandoned.load(ordering: .acquiring), MonotonicClock.now() < deadline {
      let code = readOnce(buffer)
      if code == 0 {
        success.store(MonotonicClock.now().count, ordering: .releasing)
        return
      }
      lastError.store(code, ordering: .releasing)
      MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(1))
    }
  }

  /// 0, or the errno of what failed; a disk that is shorter than the offset gives ENODATA.
  private func readOnce(_ buffer: UnsafeMutableRawPointer) -> Int32 {
    let descriptor = cl_open(path, O_RDONLY | Int32(CL_O_DIRECT) | Int32(CL_O_CLOEXEC), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    let count = pread(descriptor, buffer, length, Int(offset))
    if count == length { return 0 }
    return count < 0 ? errno : ENODATA
  }
}
