internal import Glibc
internal import Measure

/// pread, pwrite, fsync: one I/O at a time, done when the call returns.
struct PsyncEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { false }
  var features: [String] { [] }

  private let file: TargetFile
  private let dataSync: Bool
  private var request: IORequest?
  private var done: InlineCompletions

  init(file: TargetFile, dataSync: Bool) {
    self.file = file
    self.dataSync = dataSync
    done = InlineCompletions(capacity: 1)
  }

  @inline(__always)
  mutating func prepare(_ request: IORequest) { self.request = request }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    guard let request else { return 0 }
    let moved: Int
    switch request.operation {
    case .read: moved = pread(file.descriptor, request.buffer, request.length, Int(request.offset))
    case .write:
      moved = pwrite(file.descriptor, request.buffer, request.length, Int(request.offset))
    case .trim, .sync: moved = file.perform(request, dataSync: dataSync)
    }
    let result = moved < 0 ? -errno : Int32(truncatingIfNeeded: moved)
    done.append(Completion(slot: Int32(truncatingIfNeeded: request.slot), result: result))
    self.request = nil
    return 0
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    if nanoseconds > 0 {
      MonotonicClock.sleep(until: MonotonicClock.now() + Nanoseconds(nanoseconds))
    }
    return 0
  }

  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    done.move(to: completions, capacity: capacity)
  }
}
