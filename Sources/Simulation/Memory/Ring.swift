/// A first-in first-out queue of plain values in one ring of memory.
public struct Ring<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var mask: Int
  private var head = 0
  /// How many values wait.
  public private(set) var count = 0

  /// Makes an empty ring with room for `capacity` values, a power of two, before it grows.
  public init(capacity: Int = 16) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a power of two")
    base = .allocate(capacity: capacity)
    mask = capacity - 1
  }

  deinit { base.deallocate() }

  /// The value that has waited longest; the ring must not be empty. O(1).
  public var first: Element { base[head & mask] }

  /// The `index`-th value from the front. O(1).
  public subscript(index: Int) -> Element {
    assert(index >= 0 && index < count, "index \(index) outside 0..<\(count)")
    return base[(head + index) & mask]
  }

  /// Adds `element` behind all others. O(1) amortised.
  public mutating func append(_ element: Element) {
    if count > mask { grow() }
    (base + (head + count) & mask).initialize(to: element)
    count += 1
  }

  /// Takes the value that has waited longest; the ring must not be empty. O(1).
  public mutating func removeFirst() -> Element {
    assert(count > 0, "nothing waits")
    let element = base[head & mask]
    head = (head + 1) & mask
    count -= 1
    return element
  }

  /// Takes the value that was added last; the ring must not be empty.
  ///
  /// O(1).
  public mutating func removeLast() -> Element {
    assert(count > 0, "nothing waits")
    count -= 1
    return base[(head + count) & mask]
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: (mask + 1) * 2)
    for index in 0..<count { (larger + index).initialize(to: self[index]) }
    base.deallocate()
    base = larger
    mask = mask * 2 + 1
    head = 0
  }
}
