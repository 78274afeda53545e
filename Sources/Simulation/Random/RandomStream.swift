internal import Measure

/// A counter-based stream of random numbers, one for each entity and purpose.
///
/// Number n of a stream depends on (seed, entity, purpose, n) only. A policy that draws more
/// numbers for one purpose therefore leaves all other streams as they were: common random numbers.
public struct RandomStream: BitwiseCopyable, Sendable {
  @usableFromInline let key: UInt64
  @usableFromInline var counter: UInt64 = 0

  /// Starts the stream of `purpose` of `entity` in the simulation of `seed`.
  public init(seed: UInt64, entity: UInt32, purpose: UInt16) {
    let place = UInt64(purpose) << 32 | UInt64(entity)
    key = SplitMix64.scrambled(seed ^ SplitMix64.scrambled(place &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// The next 64 uniform bits.
  public mutating func next() -> UInt64 {
    counter &+= 1
    return SplitMix64.scrambled(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
  }

  /// A real number in 0..<1 with 53 random bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0..<bound, biased by less than bound / 2^64 (Lemire's multiplication).
  public mutating func below(_ bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
