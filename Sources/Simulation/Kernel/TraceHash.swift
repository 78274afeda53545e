/// A 64-bit hash of a sequence of events: equal runs have equal hashes.
public struct TraceHash: Equatable, BitwiseCopyable, Sendable {
  /// The hash so far.
  @inlinable public var value: UInt64 { state }
  @usableFromInline var state: UInt64 = 0x243F_6A88_85A3_08D3

  /// Starts the hash of no event.
  @inlinable public init() {}

  /// Takes in one event: its time and what tells it apart.
  ///
  /// One folded 64 x 64 multiplication (the mixing step of wyhash, Wang Yi 2019).
  @inlinable @inline(__always) mutating func add(_ time: Int64, _ fingerprint: UInt64) {
    let left = state ^ UInt64(bitPattern: time) ^ 0xA076_1D64_78BD_642F
    let product = left.multipliedFullWidth(by: fingerprint ^ 0xE703_7ED1_A0B4_28DB)
    state = product.high ^ product.low ^ state
  }
}
