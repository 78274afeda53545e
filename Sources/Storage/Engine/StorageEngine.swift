internal import Glibc

/// What is asked of the target in one slot.
struct IORequest {
  /// Which slot of the queue carries it; comes back with the completion.
  var slot: Int
  /// What to do.
  var operation: Operation
  /// Memory that is read into or written from.
  var buffer: UnsafeMutableRawPointer
  /// Bytes; 0 for a sync.
  var length: Int
  /// Bytes from the start of the target.
  var offset: Int64
}

/// A kind of I/O.
///
/// Raw values index the recorder's tables.
enum Operation: UInt8, CaseIterable {
  case read = 0
  case write = 1
  case trim = 2
  case sync = 3

  var name: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .trim: "trim"
    case .sync: "sync"
    }
  }
}

/// A slot that is free again, and the bytes moved or a failure below 0.
struct Completion {
  var slot: Int32
  /// Bytes moved; below 0 an errno, or from `-nvmeBase` down an NVMe status.
  var result: Int32

  /// Above every errno (MAX_ERRNO of linux/err.h is 4095).
  private static var nvmeBase: Int32 { 4096 }

  /// The result of a command that the device refused.
  ///
  /// Of the status field the code type and code are kept (NVMe Base Specification 2.0, figure 92):
  /// the bits above say whether and when to try again.
  @inline(__always)
  static func failed(nvmeStatus: Int32) -> Int32 { -nvmeBase - (nvmeStatus & 0x7FF) }

  /// Why it failed; 0 bytes where some were due is the end of the file or device, ENODATA.
  var failure: (errno: Int32, nvmeStatus: Int32?) {
    if result <= -Self.nvmeBase { return (EIO, -result - Self.nvmeBase) }
    return (result == 0 ? ENODATA : -result, nil)
  }

  /// The failure in words.
  var reason: String {
    if result == 0 { return "nothing there, as beyond the end" }
    let cause = failure
    let text = String(cString: strerror(cause.errno))
    if let status = cause.nvmeStatus {
      return "\(text) (NVMe status 0x\(String(status, radix: 16)))"
    }
    // What the block layer makes of an unreadable medium (blk_errors of block/blk-core.c).
    return cause.errno == ENODATA ? "\(text) (a medium error of a disk)" : text
  }
}

/// The contract of an I/O path: fio's verbs, without a call through a table.
///
/// A worker owns its engine, calls it from one thread, and is specialised for it at compile time.
/// ``NullEngine`` is the commented skeleton.
protocol StorageEngine: ~Copyable {
  /// Puts a request into the next batch; never blocks.
  mutating func prepare(_ request: IORequest)

  /// Hands the batch over, and waits until `minimum` completions can be reaped.
  ///
  /// A signal may end the wait early. Returns 0, or the errno of a failure after which the engine
  /// is of no more use.
  mutating func submit(waitingFor minimum: Int) -> Int32

  /// Waits for one completion, at most `nanoseconds`; 0 only looks. A signal may end it early.
  mutating func wait(atMost nanoseconds: Int64) -> Int32

  /// Moves up to `capacity` completions to `completions`; gives how many. Never blocks.
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int

  /// What the kernel granted, for the record.
  var features: [String] { get }

  /// Why the engine is of no more use, where it knows more than an errno says.
  var failureText: String? { get }

  /// Whether a submission call returns before its I/O is done, so that its length is a latency.
  static var isAsynchronous: Bool { get }
}

extension StorageEngine where Self: ~Copyable {
  var failureText: String? { nil }
}

/// An engine could not be set up.
struct EngineError: Error {
  var message: String
  var hint: String
}

/// Completions of requests that an engine had to carry out at once, such as a discard.
struct InlineCompletions: ~Copyable {
  private let storage: UnsafeMutablePointer<Completion>
  private(set) var count = 0

  init(capacity: Int) { storage = .allocate(capacity: capacity) }
  deinit { storage.deallocate() }

  mutating func append(_ completion: Completion) {
    storage[count] = completion
    count += 1
  }

  mutating func move(to completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    let moved = min(count, capacity)
    completions.update(from: storage + (count - moved), count: moved)
    count -= moved
    return moved
  }
}
