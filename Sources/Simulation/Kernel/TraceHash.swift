internal import Measure

/// A 64-bit hash of a sequence of events: equal runs have equal hashes.
public struct TraceHash: Equatable, BitwiseCopyable, Sendable {
  /// The hash so far.
  public private(set) var value: UInt64 = 0x243F_6A88_85A3_08D3

  /// Starts the hash of no event.
  public init() {}

  /// Takes in one event: its time and what tells it apart.
  ///
  /// One folded 64 x 64 multiplication (the mixing step of wyhash, Wang Yi 2019).
  @inline(__always) mutating func add(_ time: Int64, _ fingerprint: UInt64) {
    let left = value ^ UInt64(bitPattern: time) ^ 0xA076_1D64_78BD_642F
    let product = left.multipliedFullWidth(by: fingerprint ^ 0xE703_7ED1_A0B4_28DB)
    value = product.high ^ product.low ^ value
  }
}
