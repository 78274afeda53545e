/// A seeded generator of 64-bit numbers: xoshiro256++ (Blackman & Vigna, 2019).
///
/// Same seed and stream, same numbers, on every machine.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64

  /// Starts stream `stream` of `seed`; streams of one seed are independent for practical purposes.
  public init(seed: UInt64, stream: UInt64 = 0) {
    var state = SplitMix64(state: seed ^ SplitMix64.scrambled(stream &+ 1))
    s0 = state.next()
    s1 = state.next()
    s2 = state.next()
    s3 = state.next()
  }

  /// The next 64 uniform bits.
  @inlinable @inline(__always) public mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = (sum << 23 | sum >> 41) &+ s0
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = s3 << 45 | s3 >> 19
    return result
  }

  /// A whole number in 0..<bound, biased by less than bound / 2^64 (Lemire's multiplication).
  @inlinable @inline(__always) public mutating func below(_ bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }

  /// A real number in 0..<1 with 53 random bits.
  @inlinable @inline(__always) public mutating func unit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}

/// SplitMix64 (Steele, Lea & Flood, 2014): spreads a seed over the state of a larger generator.
public struct SplitMix64: Sendable {
  @usableFromInline var state: UInt64

  /// Starts at `state`.
  public init(state: UInt64) { self.state = state }

  /// The next 64 bits.
  @inlinable @inline(__always) public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.scrambled(state)
  }

  /// The finaliser: a bijection of 64 bits with full avalanche.
  @inlinable @inline(__always) public static func scrambled(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
