/// A counter-based stream of random numbers, one for each entity and purpose.
///
/// Number n of a stream depends on (seed, entity, purpose, n) only. A policy that draws more
/// numbers for one purpose therefore leaves all other streams as they were: common random numbers.
public struct RandomStream: BitwiseCopyable, Sendable {
  @usableFromInline let key: UInt64
  @usableFromInline var counter: UInt64 = 0

  /// Starts the stream of `purpose` of `entity` in the simulation of `seed`.
  @inlinable public init(seed: UInt64, entity: UInt32, purpose: UInt16) {
    let place = UInt64(purpose) << 32 | UInt64(entity)
    key = Self.scrambled(seed ^ Self.scrambled(place &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// The next 64 uniform bits.
  @inlinable public mutating func next() -> UInt64 {
    counter &+= 1
    return Self.scrambled(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
  }

  @inlinable @inline(__always) static func scrambled(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }

  /// A real number in 0..<1 with 53 random bits.
  @inlinable public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0..<bound, biased by less than bound / 2^64 (Lemire's multiplication).
  @inlinable public mutating func below(_ bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
