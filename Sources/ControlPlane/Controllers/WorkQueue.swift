internal import Measure
internal import Simulation

/// client-go's rate-limited work queue, and the workers that take from it.
///
/// A key is in work once at a time; what is added to a key in work comes after it
/// (client-go, util/workqueue/queue.go).
struct WorkQueue: ~Copyable {
  /// 5 ms, doubled with each failure up to 1000 s (`DefaultControllerRateLimiter`).
  private static let shortest = Nanoseconds.milliseconds(5)
  private static let longest = Nanoseconds.seconds(1000)

  private let workers: Int
  private var busy = 0
  private var waiting = Ring<UInt32>(capacity: 64)
  private var keys = Table<Key>(capacity: 64)
  /// All keys' failures together: 10 a second, bursts of 100.
  private var bucket = TokenBucket(rate: Rate(perSecond: 10), burst: 100)

  struct Key: BitwiseCopyable {
    var isWaiting = false
    var isInWork = false
    var failures: UInt8 = 0
  }

  init(workers: Int) { self.workers = max(1, workers) }

  /// Keys that wait for a worker.
  var depth: Int { waiting.count }

  /// Adds a key, unless it waits already.
  ///
  /// O(1) amortised.
  mutating func add(_ key: UInt32) {
    while keys.count <= Int(key) { keys.append(Key()) }
    guard !keys[Int(key)].isWaiting else { return }
    keys[Int(key)].isWaiting = true
    if !keys[Int(key)].isInWork { waiting.append(key) }
  }

  /// A key for a worker that is free; nil without one or the other.
  mutating func take() -> UInt32? {
    guard busy < workers, waiting.count > 0 else { return nil }
    let key = waiting.removeFirst()
    busy += 1
    keys[Int(key)].isWaiting = false
    keys[Int(key)].isInWork = true
    return key
  }

  /// A worker is through with a key.
  mutating func finish(_ key: UInt32) {
    busy -= 1
    keys[Int(key)].isInWork = false
    if keys[Int(key)].isWaiting { waiting.append(key) }
  }

  /// A key's work succeeded.
  mutating func forget(_ key: UInt32) { keys[Int(key)].failures = 0 }

  /// How long to wait before a key whose work failed is added again.
  mutating func backOff(of key: UInt32, at now: Nanoseconds) -> Nanoseconds {
    let doublings = Int64(min(keys[Int(key)].failures, 20))
    if keys[Int(key)].failures < .max { keys[Int(key)].failures += 1 }
    let own = min(Self.longest, Nanoseconds(Self.shortest.count << doublings))
    return max(own, bucket.reserve(at: now))
  }

  /// Forgets everything: its process has ended.
  ///
  /// O(keys).
  mutating func reset() {
    busy = 0
    while waiting.count > 0 { _ = waiting.removeFirst() }
    for key in keys.indices { keys[key] = Key() }
    bucket = TokenBucket(rate: Rate(perSecond: 10), burst: 100)
  }
}
