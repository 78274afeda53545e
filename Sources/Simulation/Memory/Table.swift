/// A growable array of plain values in memory of its own: no reference counts, no copies on write.
///
/// Elements are read and changed in place. It grows by doubling, outside of the event loop's
/// steady state; an index is checked in debug builds and trusted in release builds.
public struct Table<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>
  @usableFromInline var capacity: Int
  /// How many elements there are.
  @inlinable public var count: Int { length }
  @usableFromInline var length: Int

  /// Makes an empty table with room for `capacity` elements.
  @inlinable public init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
    length = 0
  }

  /// Makes a table of `count` copies of `element`.
  @inlinable public init(repeating element: Element, count: Int) {
    self.init(capacity: count)
    base.initialize(repeating: element, count: count)
    length = count
  }

  @inlinable deinit { base.deallocate() }

  /// The element at `index`, in place.
  ///
  /// O(1).
  @inlinable public subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      assert(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
      return UnsafePointer(base + index)
    }
    @inline(__always) unsafeMutableAddress {
      assert(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
      return base + index
    }
  }

  /// The valid indices.
  @inlinable public var indices: Range<Int> { 0..<count }

  /// Adds `element` at the end and returns its index.
  ///
  /// O(1) amortised.
  @discardableResult
  @inlinable public mutating func append(_ element: Element) -> Int {
    if length == capacity { grow(to: capacity * 2) }
    (base + length).initialize(to: element)
    length &+= 1
    return length &- 1
  }

  /// Removes the last element and returns it; the table must not be empty.
  ///
  /// O(1).
  @inlinable public mutating func removeLast() -> Element {
    precondition(count > 0, "nothing to remove")
    length &-= 1
    return base[length]
  }

  /// Forgets all elements and keeps the memory.
  ///
  /// O(1).
  @inlinable public mutating func removeAll() { length = 0 }

  @inlinable @inline(never) mutating func grow(to wanted: Int) {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
    larger.update(from: base, count: length)
    base.deallocate()
    base = larger
    capacity = wanted
  }
}
