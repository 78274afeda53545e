/// The later of the pending events, by the digits of their time: a radix heap of base 64.
///
/// An event lies at the level of the highest digit in which its time differs from `reference`, in
/// the slot of that digit's value. No event is due before `reference`, so all events of a level
/// come before those of the levels above, and slots stand in the order of time: the levels cut
/// time like a hierarchical timing wheel does, into ever coarser ticks. A slot whose turn comes is
/// taken if it holds few events and else spread over the levels below. Events only move down, at
/// most 11 times whatever their delays are: there is no width to tune, nothing to resize. Slots
/// are first in, first out, and so are moves: events of one instant keep their order.
///
/// Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the shortest path problem", JACM 37(2),
/// 1990 (radix heap); Varghese, Lauck, "Hashed and hierarchical timing wheels", SOSP 1987; Tang,
/// Goh, Thng, "Ladder queue", TOMACS 15(3), 2005 (slots of few are sorted, of many are spread).
@usableFromInline
struct EventWheel<Payload: BitwiseCopyable>: ~Copyable {
  @usableFromInline typealias Event = PendingEvent<Payload>

  /// A list of chunks, all full but the last.
  @usableFromInline struct Slot: BitwiseCopyable {
    @usableFromInline var head: UnsafeMutableRawPointer?
    @usableFromInline var tail: UnsafeMutableRawPointer?
    @usableFromInline var count = 0

    @inlinable init() {}
  }

  /// One slot of one level.
  @usableFromInline struct Place: BitwiseCopyable {
    @usableFromInline let level: Int
    @usableFromInline let digit: Int
    /// The first instant that belongs there.
    @usableFromInline let start: Int64

    @inlinable init(level: Int, digit: Int, start: Int64) {
      self.level = level
      self.digit = digit
      self.start = start
    }
  }

  /// Bits of a digit: as many slots to a level as a word has bits.
  @inlinable static var digitBits: Int { 6 }
  /// Levels: 11 digits of 6 bits hold the 63 of a time.
  @inlinable static var levelCount: Int { 11 }
  /// Events of a chunk; a power of two.
  @inlinable static var chunkLength: Int { 16 }
  /// Where the events of a chunk begin; before them is the address of the next chunk.
  @inlinable static var chunkHeader: Int { max(16, MemoryLayout<Event>.alignment) }

  @usableFromInline var pool: ChunkPool
  @usableFromInline let slots: UnsafeMutablePointer<Slot>
  /// Of each level, the slots that hold events.
  @usableFromInline let occupied: UnsafeMutablePointer<UInt64>
  /// The levels that hold events.
  @usableFromInline var levels: UInt64 = 0
  /// What times are compared with; no event is due before it.
  @usableFromInline var reference: Int64 = 0

  @inlinable init(capacity: Int) {
    slots = .allocate(capacity: Self.levelCount << Self.digitBits)
    slots.initialize(repeating: Slot(), count: Self.levelCount << Self.digitBits)
    occupied = .allocate(capacity: Self.levelCount)
    occupied.initialize(repeating: 0, count: Self.levelCount)
    pool = ChunkPool(
      bytes: Self.chunkHeader + MemoryLayout<Event>.stride * Self.chunkLength,
      alignment: Self.chunkHeader, count: capacity / Self.chunkLength)
  }

  @inlinable deinit {
    slots.deallocate()
    occupied.deallocate()
  }

  @inlinable var reservedBytes: Int {
    pool.reservedBytes + Self.levelCount << Self.digitBits * MemoryLayout<Slot>.stride
  }

  @inlinable @inline(__always)
  static func events(of chunk: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Event> {
    (chunk + chunkHeader).assumingMemoryBound(to: Event.self)
  }

  @inlinable @inline(__always)
  static func next(after chunk: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    chunk.load(as: UnsafeMutableRawPointer?.self)
  }

  /// Adds an event that is not due before `reference`.
  ///
  /// O(1).
  @inlinable @inline(__always) mutating func append(_ event: Event) {
    let difference = UInt64(bitPattern: event.time ^ reference)
    // A sixth of the highest bit's number, exact up to 63.
    let level = ((63 &- (difference | 1).leadingZeroBitCount) &* 43) &>> 8
    let digit = Int(truncatingIfNeeded: event.time &>> Int64(level &* Self.digitBits)) & 63
    let slot = slots + (level &<< Self.digitBits | digit)
    let place = slot.pointee.count & (Self.chunkLength &- 1)
    if place == 0 { addChunk(level, digit) }
    (Self.events(of: slot.pointee.tail.unsafelyUnwrapped) + place).initialize(to: event)
    slot.pointee.count &+= 1
  }

  @inlinable @inline(__always) mutating func addChunk(_ level: Int, _ digit: Int) {
    let chunk = pool.take()
    let slot = slots + (level &<< Self.digitBits | digit)
    if slot.pointee.count == 0 {
      slot.pointee.head = chunk
      occupied[level] |= 1 &<< UInt64(digit)
      levels |= 1 &<< UInt64(level)
    } else {
      slot.pointee.tail.unsafelyUnwrapped.storeBytes(
        of: chunk, as: UnsafeMutableRawPointer?.self)
    }
    slot.pointee.tail = chunk
  }

  /// The slot whose turn is next, or nil if there is no event.
  ///
  /// O(1).
  @inlinable @inline(__always) var lowest: Place? {
    guard levels != 0 else { return nil }
    let level = levels.trailingZeroBitCount
    let digit = occupied[level].trailingZeroBitCount
    let shift = Int64(level &* Self.digitBits)
    let above = ~((64 &<< shift) &- 1) as Int64
    return Place(level: level, digit: digit, start: reference & above | Int64(digit) &<< shift)
  }

  /// Looks at every event, slot by slot.
  ///
  /// O(events + slots).
  func forEach(_ body: (Event) -> Void) {
    for index in 0..<Self.levelCount << Self.digitBits {
      var left = slots[index].count
      var next = slots[index].head
      while left > 0, let chunk = next {
        next = Self.next(after: chunk)
        let events = Self.events(of: chunk)
        for place in 0..<min(left, Self.chunkLength) { body(events[place]) }
        left -= Self.chunkLength
      }
    }
  }

  @inlinable @inline(__always) func count(at place: Place) -> Int {
    slots[place.level &<< Self.digitBits | place.digit].count
  }

  @inlinable @inline(__always) mutating func clear(_ place: Place) {
    slots[place.level &<< Self.digitBits | place.digit].count = 0
    occupied[place.level] &= ~(1 &<< UInt64(place.digit))
    if occupied[place.level] == 0 { levels &= ~(1 &<< UInt64(place.level)) }
  }

  /// Moves all events of `place`, the lowest one, to the levels below.
  ///
  /// O(their number).
  @inlinable @inline(never) mutating func spread(_ place: Place) {
    let slot = slots[place.level &<< Self.digitBits | place.digit]
    clear(place)
    reference = place.start
    var left = slot.count
    var next = slot.head
    while left > 0, let chunk = next {
      next = Self.next(after: chunk)
      let events = Self.events(of: chunk)
      let length = min(left, Self.chunkLength)
      for index in 0..<length { append(events[index]) }
      left &-= length
      pool.put(chunk)
    }
  }

  /// Takes the oldest events of `place`, one chunk of them, out into `target`.
  ///
  /// O(their number).
  @inlinable @inline(__always) mutating func takeChunk(
    of place: Place, into target: UnsafeMutablePointer<Event>
  ) -> Int {
    let slot = slots + (place.level &<< Self.digitBits | place.digit)
    reference = place.start
    let length = min(slot.pointee.count, Self.chunkLength)
    let chunk = slot.pointee.head.unsafelyUnwrapped
    target.update(from: Self.events(of: chunk), count: length)
    slot.pointee.head = Self.next(after: chunk)
    slot.pointee.count &-= length
    pool.put(chunk)
    if slot.pointee.count == 0 { clear(place) }
    return length
  }
}
