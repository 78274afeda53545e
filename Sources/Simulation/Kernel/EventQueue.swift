/// The pending events in the order of their keys: a 4-ary heap.
///
/// Keys and payloads lie together, so that a comparison and a move touch one cache line.
struct EventQueue<Payload: BitwiseCopyable>: ~Copyable {
  struct Entry: BitwiseCopyable {
    var key: EventKey
    var payload: Payload
  }
  private var entries: Table<Entry>

  init(capacity: Int) { entries = Table(capacity: capacity) }

  var count: Int { entries.count }

  /// The least key; the queue must not be empty. O(1).
  var first: EventKey { entries[0].key }

  /// Adds an event. O(log n).
  mutating func insert(_ key: EventKey, _ payload: Payload) {
    var hole = entries.append(Entry(key: key, payload: payload))
    while hole > 0 {
      let parent = (hole - 1) >> 2
      guard key < entries[parent].key else { break }
      entries[hole] = entries[parent]
      hole = parent
    }
    entries[hole] = Entry(key: key, payload: payload)
  }

  /// Takes the event with the least key; the queue must not be empty. O(log n).
  mutating func removeFirst() -> Entry {
    let least = entries[0]
    let last = entries.removeLast()
    let count = entries.count
    guard count > 0 else { return least }
    var hole = 0
    while true {
      let child = hole << 2 + 1
      guard child < count else { break }
      var best = child
      var other = child + 1
      let end = min(child + 4, count)
      while other < end {
        if entries[other].key < entries[best].key { best = other }
        other += 1
      }
      guard entries[best].key < last.key else { break }
      entries[hole] = entries[best]
      hole = best
    }
    entries[hole] = last
    return least
  }
}
