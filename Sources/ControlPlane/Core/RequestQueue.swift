internal import Simulation

/// Requests that wait, first come first served, linked through `Request.behind`.
///
/// A request waits in one queue at a time, so that queues need no memory of their own.
struct RequestQueue: BitwiseCopyable {
  static let nobody = UInt32.max
  private(set) var first = RequestQueue.nobody
  private var last = RequestQueue.nobody
  private(set) var count: Int32 = 0

  /// Adds `place` behind all others.
  ///
  /// O(1).
  mutating func append(_ place: UInt32, in requests: inout Slab<Request>) {
    requests[place].behind = Self.nobody
    if count == 0 { first = place } else { requests[last].behind = place }
    last = place
    count += 1
  }

  /// Takes the one that has waited longest; the queue must not be empty.
  ///
  /// O(1).
  mutating func removeFirst(from requests: borrowing Slab<Request>) -> UInt32 {
    assert(count > 0, "nobody waits")
    let place = first
    first = requests[place].behind
    count -= 1
    return place
  }

  /// Takes `place` out, wherever it waits; nothing happens if it waits elsewhere.
  ///
  /// O(count); for rare occasions.
  mutating func remove(_ place: UInt32, from requests: inout Slab<Request>) {
    var before = Self.nobody
    var current = count > 0 ? first : Self.nobody
    var left = count
    while left > 0, current != place {
      before = current
      current = requests[current].behind
      left -= 1
    }
    guard left > 0 else { return }
    let next = requests[place].behind
    if before == Self.nobody { first = next } else { requests[before].behind = next }
    if place == last { last = before }
    count -= 1
  }
}
