/// Numbered places for values that come and go: a place freed is the next one given out.
///
/// The number of a place is what events carry (32 bits). All operations are O(1).
public struct Slab<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var places: Table<Element>
  @usableFromInline var free: Table<UInt32>
  /// How many places are taken.
  @inlinable public var live: Int { taken }
  @usableFromInline var taken = 0
  /// The most places that were ever taken at once.
  @inlinable public var peak: Int { places.count }

  /// Makes a slab with room for `capacity` values before it grows.
  @inlinable public init(capacity: Int = 64) {
    places = Table(capacity: capacity)
    free = Table(capacity: capacity)
  }

  /// Puts `element` into a free place and returns the place's number.
  @inlinable public mutating func insert(_ element: Element) -> UInt32 {
    taken &+= 1
    if free.count > 0 {
      let place = free.removeLast()
      places[Int(place)] = element
      return place
    }
    return UInt32(places.append(element))
  }

  /// The value at `place`, in place; the place must be taken.
  @inlinable public subscript(place: UInt32) -> Element {
    @inline(__always) unsafeAddress { UnsafePointer(places.base + Int(place)) }
    @inline(__always) unsafeMutableAddress { places.base + Int(place) }
  }

  /// The places that are taken, in order.
  ///
  /// O(peak), with memory of its own: for looking at a world that stands still.
  public var livePlaces: [UInt32] {
    var isFree = [Bool](repeating: false, count: places.count)
    for index in free.indices { isFree[Int(free[index])] = true }
    return (0..<UInt32(places.count)).filter { !isFree[Int($0)] }
  }

  /// Takes the value out and frees its place.
  @discardableResult
  @inlinable public mutating func remove(_ place: UInt32) -> Element {
    taken &-= 1
    free.append(place)
    return places[Int(place)]
  }
}
