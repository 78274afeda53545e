/// An engine without a device: the cost of the tool, and the skeleton for a new engine.
///
/// To add an I/O path: copy this file, add a case to `StorageWorkload.Engine`, and let the
/// compiler name the one switch (`Worker+Engine.swift`) that must learn of it.
struct NullEngine: StorageEngine, ~Copyable {
  /// Required: false when `submit` returns only after the I/O is done.
  static var isAsynchronous: Bool { true }
  /// Required: what the kernel granted; here nothing was asked.
  var features: [String] { [] }

  /// State lives in memory that is allocated once, here and nowhere later.
  private var done: InlineCompletions

  init(queueDepth: Int) { done = InlineCompletions(capacity: queueDepth) }

  /// Required: note the request.
  ///
  /// A real engine fills its submission entry.
  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    done.append(
      Completion(slot: Int32(truncatingIfNeeded: request.slot), result: Int32(request.length)))
  }

  /// Required: one system call for the whole batch.
  ///
  /// EINTR and EAGAIN are not failures: 0.
  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 { 0 }

  /// Required by open loops, which wait for the next intended time or a completion.
  mutating func wait(atMost nanoseconds: Int64) -> Int32 { 0 }

  /// Required: results as the kernel gave them; short I/O and errors are the worker's business.
  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    done.move(to: completions, capacity: capacity)
  }
}
