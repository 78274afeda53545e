/// A value with a place of its own in memory, so that whoever holds it stays small.
///
/// For every use of a noncopyable value the compiler looks at all that it stores, part by part: a
/// model of a hundred tables takes minutes to compile where each component has a place of its own
/// takes seconds. O(1).
public struct Place<Value: ~Copyable>: ~Copyable {
  /// Where it stands, until the place is destroyed.
  public let address: UnsafeMutablePointer<Value>

  /// Puts `value` into a place of its own.
  @inlinable public init(_ value: consuming Value) {
    address = .allocate(capacity: 1)
    address.initialize(to: value)
  }

  deinit {
    address.deinitialize(count: 1)
    address.deallocate()
  }
}
