internal import Synchronization

/// A mark of one byte that keeps the struct which holds it where it stands in memory.
///
/// To lend a large noncopyable struct to a function that only reads it, the compiler (6.3) copies
/// it to the stack, all of it, unless it must not be moved while it is lent, as an atomic must not
/// (SE-0410). The state of a model has one of these.
public struct Standing: ~Copyable {
  private let mark = Atomic<UInt8>(0)

  /// Makes the mark.
  public init() {}
}
