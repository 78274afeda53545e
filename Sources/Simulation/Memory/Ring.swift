/// A first-in first-out queue of plain values in one ring of memory.
public struct Ring<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>
  @usableFromInline var mask: Int
  @usableFromInline var head = 0
  /// How many values wait.
  @inlinable public var count: Int { length }
  @usableFromInline var length = 0

  /// Makes an empty ring with room for `capacity` values, a power of two, before it grows.
  @inlinable public init(capacity: Int = 16) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a power of two")
    base = .allocate(capacity: capacity)
    mask = capacity - 1
  }

  @inlinable deinit { base.deallocate() }

  /// The value that has waited longest; the ring must not be empty.
  ///
  /// O(1).
  @inlinable public var first: Element { base[head & mask] }

  /// The `index`-th value from the front.
  ///
  /// O(1).
  @inlinable public subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
      return base[(head &+ index) & mask]
    }
    set {
      assert(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
      base[(head &+ index) & mask] = newValue
    }
  }

  /// Adds `element` behind all others.
  ///
  /// O(1) amortised.
  @inlinable public mutating func append(_ element: Element) {
    if length > mask { grow() }
    (base + (head &+ length) & mask).initialize(to: element)
    length &+= 1
  }

  /// Takes the value that has waited longest; the ring must not be empty.
  ///
  /// O(1).
  @inlinable public mutating func removeFirst() -> Element {
    assert(count > 0, "nothing waits")
    let element = base[head & mask]
    head = (head &+ 1) & mask
    length &-= 1
    return element
  }

  /// Takes the value that was added last; the ring must not be empty.
  ///
  /// O(1).
  @inlinable public mutating func removeLast() -> Element {
    assert(count > 0, "nothing waits")
    length &-= 1
    return base[(head &+ length) & mask]
  }

  @inlinable @inline(never) mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: (mask + 1) * 2)
    for index in 0..<count { (larger + index).initialize(to: self[index]) }
    base.deallocate()
    base = larger
    mask = mask * 2 + 1
    head = 0
  }
}
