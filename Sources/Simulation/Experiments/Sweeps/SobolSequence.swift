internal import Measure

/// Points that fill the unit cube evenly, however many are taken: a Sobol sequence in base 2.
///
/// In Gray code order (Antonov & Saleev 1979) with the direction numbers of Joe & Kuo,
/// Constructing Sobol sequences with better two-dimensional projections, SIAM J. Scientific
/// Computing 30 (2008), file new-joe-kuo-6.21201. Take a power of two of points.
public struct SobolSequence: Hashable, Sendable {
  /// How many coordinates a point has.
  public let dimensions: Int
  /// The seed of the scrambling; nil for the plain sequence, which begins at the origin.
  public let seed: UInt64?

  /// The most dimensions for which direction numbers are there.
  public static let mostDimensions = primitives.count + 1
  /// The most points: 2^32.
  private static let bits = 32

  /// A sequence, scrambled from `seed` if there is one.
  ///
  /// The scrambling is Owen's nested one: each bit is turned over or not depending on all above
  /// it. Points stay as even as they were, each is uniform in the cube, and sequences of different
  /// seeds are independent replications (Owen, Randomly permuted (t, m, s)-nets and (t, s)-
  /// sequences, 1995). Traps unless 1 <= dimensions <= ``mostDimensions``.
  public init(dimensions: Int, seed: UInt64? = nil) {
    precondition(1...Self.mostDimensions ~= dimensions, "direction numbers for 1 to 21 dimensions")
    self.dimensions = dimensions
    self.seed = seed
  }

  /// The first `count` points, with coordinates in 0..<1.
  ///
  /// Traps unless 0 <= count <= 2^32. O(count * dimensions), 32 times that if scrambled.
  public func points(_ count: Int) -> [[Double]] {
    precondition(0...(1 << Self.bits) ~= count, "a sequence has 2^32 points")
    let directions = (0..<dimensions).map(Self.directions)
    var state = [UInt32](repeating: 0, count: dimensions)
    return (0..<count).map { index in
      if index > 0 {
        let changed = index.trailingZeroBitCount
        for dimension in 0..<dimensions { state[dimension] ^= directions[dimension][changed] }
      }
      return state.enumerated().map { dimension, bits in
        Double(scrambled(bits, dimension: dimension)) * 0x1p-32
      }
    }
  }

  private func scrambled(_ bits: UInt32, dimension: Int) -> UInt32 {
    guard let seed else { return bits }
    let key = SplitMix64.scrambled(seed ^ SplitMix64.scrambled(UInt64(dimension) | 1 << 40))
    var result: UInt32 = 0
    for place in 0..<Self.bits {
      // The node of the binary tree: how deep, and by which bits it was reached.
      let above = place == 0 ? 0 : UInt64(bits >> UInt32(Self.bits - place))
      let turn = SplitMix64.scrambled(key ^ SplitMix64.scrambled(UInt64(place) << 32 | above))
      let shift = UInt32(Self.bits - 1 - place)
      result |= ((bits >> shift ^ UInt32(truncatingIfNeeded: turn >> 63)) & 1) << shift
    }
    return result
  }

  /// Direction numbers of a dimension, as 32-bit fractions.
  private static func directions(_ dimension: Int) -> [UInt32] {
    guard dimension > 0 else { return (0..<bits).map { 1 << UInt32(bits - 1 - $0) } }
    let primitive = primitives[dimension - 1]
    let degree = primitive.initial.count
    var directions = primitive.initial.enumerated().map { place, number in
      number << UInt32(bits - 1 - place)
    }
    for place in degree..<bits {
      var next = directions[place - degree] ^ directions[place - degree] >> UInt32(degree)
      for term in 1..<degree where primitive.terms >> UInt32(degree - 1 - term) & 1 == 1 {
        next ^= directions[place - term]
      }
      directions.append(next)
    }
    return directions
  }

  /// For dimensions 2 and up the inner coefficients of the primitive polynomial, whose degree is
  /// the count of the initial numbers m.
  private static let primitives: [(terms: UInt32, initial: [UInt32])] = [
    (0, [1]), (1, [1, 3]), (1, [1, 3, 1]), (2, [1, 1, 1]), (1, [1, 1, 3, 3]),
    (4, [1, 3, 5, 13]), (2, [1, 1, 5, 5, 17]), (4, [1, 1, 5, 5, 5]), (7, [1, 1, 7, 11, 19]),
    (11, [1, 1, 5, 1, 1]), (13, [1, 1, 1, 3, 11]), (14, [1, 3, 5, 5, 31]),
    (1, [1, 3, 3, 9, 7, 49]), (13, [1, 1, 1, 15, 21, 21]), (16, [1, 3, 1, 13, 27, 49]),
    (19, [1, 1, 1, 15, 7, 5]), (22, [1, 3, 1, 15, 13, 25]), (25, [1, 1, 5, 5, 19, 61]),
    (1, [1, 3, 7, 11, 23, 15, 103]), (4, [1, 3, 7, 13, 13, 15, 69]),
  ]
}
