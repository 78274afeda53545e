/// The pending events in the order of their keys.
///
/// Those due before `horizon` lie sorted in `near`, few; the wheel holds all others. The sequence
/// number of an event is above those of all events inserted before, so that equal times need no
/// comparison: the order of arrival is kept everywhere.
@usableFromInline
struct EventQueue<Payload: BitwiseCopyable>: ~Copyable {
  @usableFromInline typealias Event = PendingEvent<Payload>

  /// With more events than this `near` gives the later ones to the wheel.
  @inlinable static var nearLimit: Int { 64 }

  @usableFromInline var wheel: EventWheel<Payload>
  /// Room for the near events twice.
  @usableFromInline let near: UnsafeMutablePointer<Event>
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  /// Events due before this are in `near`.
  @usableFromInline var horizon: Int64 = 0
  /// The level of the slot that `near` stands for; -1 if none, and nothing may join it.
  @usableFromInline var nearLevel = -1
  /// When the event removed last was due.
  @usableFromInline var floor: Int64 = 0
  /// How many events are pending.
  @usableFromInline var count = 0

  @inlinable init(capacity: Int) {
    wheel = EventWheel(capacity: capacity)
    near = .allocate(capacity: 2 * Self.nearLimit)
  }

  @inlinable deinit { near.deallocate() }

  /// Memory of all that is and was pending, bytes.
  @inlinable var reservedBytes: Int {
    wheel.reservedBytes + 2 * Self.nearLimit * MemoryLayout<Event>.stride
  }

  /// Adds an event, not before the one removed last, and later in sequence than all others.
  @inlinable @inline(__always) mutating func insert(_ key: EventKey, _ payload: Payload) {
    count &+= 1
    let event = Event(key: key, payload: payload)
    if key.time < horizon { insertNear(event) } else { wheel.append(event) }
  }

  @inlinable @inline(never) mutating func insertNear(_ event: Event) {
    if tail &- head >= Self.nearLimit {
      narrow()
      guard event.time < horizon else { return wheel.append(event) }
      precondition(tail &- head < Self.nearLimit, "an event was scheduled in the past")
    }
    if tail == 2 &* Self.nearLimit {
      near.update(from: near + head, count: tail &- head)
      tail &-= head
      head = 0
    }
    var hole = tail
    while hole > head, event.time < near[hole &- 1].time {
      near[hole] = near[hole &- 1]
      hole &-= 1
    }
    near[hole] = event
    tail &+= 1
  }

  /// Brings the horizon closer, until `near` is half empty or of one instant.
  @inlinable @inline(never) mutating func narrow() {
    let origin = max(floor, wheel.reference)
    wheel.reference = origin
    while nearLevel >= 0, tail &- head > Self.nearLimit / 2 {
      nearLevel &-= 1
      guard nearLevel >= 0 else {
        horizon = origin
        return
      }
      horizon = Self.end(of: nearLevel, at: origin)
      var cut = tail
      while cut > head, near[cut &- 1].time >= horizon { cut &-= 1 }
      for index in cut..<tail { wheel.append(near[index]) }
      tail = cut
    }
  }

  /// The first instant after the slot of `level` that holds `time`.
  @inlinable @inline(__always) static func end(of level: Int, at time: Int64) -> Int64 {
    let last = time | (1 &<< Int64(level &* EventWheel<Payload>.digitBits) &- 1)
    return last == .max ? .max : last &+ 1
  }

  /// Whether an event is due at `bound` or before; if so `removeFirst` may be called.
  @inlinable @inline(__always) mutating func isDue(by bound: Int64) -> Bool {
    if head == tail, !advance(notAfter: bound) { return false }
    return near[head].time <= bound
  }

  /// Looks at every event.
  ///
  /// O(count).
  func forEach(_ body: (Event) -> Void) {
    for index in head..<tail { body(near[index]) }
    wheel.forEach(body)
  }

  /// Takes the event with the least key.
  ///
  /// O(1).
  @inlinable @inline(__always) mutating func removeFirst() -> Event {
    let event = near[head]
    head &+= 1
    count &-= 1
    floor = event.time
    return event
  }

  /// Fills `near` from the wheel, but not with events of slots that begin after `bound`.
  @inlinable @inline(never) mutating func advance(notAfter bound: Int64) -> Bool {
    while let place = wheel.lowest {
      guard place.start <= bound else { return false }
      let total = wheel.count(at: place)
      if total > EventWheel<Payload>.chunkLength, place.level > 0 {
        wheel.spread(place)
        horizon = place.start
        nearLevel = -1
        continue
      }
      let length = wheel.takeChunk(of: place, into: near)
      if place.level > 0 { sort(length) }
      head = 0
      tail = length
      nearLevel = length < total ? -1 : place.level
      horizon = length < total ? place.start : Self.end(of: place.level, at: place.start)
      return true
    }
    wheel.reference = 0
    floor = 0
    horizon = 0
    nearLevel = -1
    return false
  }

  /// Sorts what was just taken by time; equal times stay in the order of arrival.
  @inlinable @inline(__always) mutating func sort(_ length: Int) {
    var index = 1
    while index < length {
      let event = near[index]
      var hole = index
      while hole > 0, event.time < near[hole &- 1].time {
        near[hole] = near[hole &- 1]
        hole &-= 1
      }
      near[hole] = event
      index &+= 1
    }
  }
}
