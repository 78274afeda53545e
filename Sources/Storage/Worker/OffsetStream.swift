internal import Glibc
internal import Measure

/// Where the I/Os of one job go: a sequence of block numbers turned into offsets.
///
/// Deterministic in (workload, region, seed). Sequential and random-map streams are functions of
/// the I/O's number alone, so verify can replay them.
struct OffsetStream {
  private enum Order {
    case sequential
    case permuted(BlockPermutation)
    case uniform
    case zipf(ZipfRanks, BlockPermutation)
    case pareto(exponent: Double, BlockPermutation)
    case zoned([ZoneBounds])
  }

  /// First byte of the region.
  let start: Int64
  /// Distance between neighbouring blocks.
  let alignment: Int64
  /// How many blocks the region has.
  let blocks: UInt64
  private let order: Order
  private var random: SeededRandom
  private var cursor: Int64 = 0
  private let regionBytes: Int64

  init(
    pattern: StorageWorkload.Pattern, distribution: StorageWorkload.Distribution, randomMap: Bool,
    start: Int64, bytes: Int64, alignment: Int64, seed: UInt64
  ) {
    self.start = start
    self.alignment = alignment
    blocks = UInt64(bytes / alignment)
    regionBytes = Int64(blocks) * alignment
    random = SeededRandom(seed: seed, stream: 1)
    let scatter = BlockPermutation(count: blocks, seed: seed)
    guard pattern.isRandom else {
      order = .sequential
      return
    }
    switch distribution {
    case .uniform: order = randomMap ? .permuted(scatter) : .uniform
    case .zipf(let theta): order = .zipf(ZipfRanks(count: blocks, exponent: theta), scatter)
    case .pareto(let h):
      // Gray et al., "Quickly generating billion-record synthetic databases" (1994), self-similar.
      order = .pareto(exponent: log(h) / log(1 - h), scatter)
    case .zoned(let zones): order = .zoned(ZoneBounds.of(zones, blocks: blocks))
    }
  }

  /// The offset of I/O number `index`, which is `length` bytes long.
  @inline(__always)
  mutating func next(index: UInt64, length: Int) -> Int64 {
    switch order {
    case .uniform: return offset(of: random.below(blocks), length: length)
    case .sequential: return nextSequential(length: length)
    case .permuted(let permutation):
      return offset(of: permutation[index % blocks], length: length)
    case .zipf, .pareto, .zoned: return nextSkewed(length: length)
    }
  }

  /// An I/O longer than the alignment is moved back where it would cross the region's end.
  @inline(__always)
  private func offset(of block: UInt64, length: Int) -> Int64 {
    let offset = Int64(block) &* alignment
    return start &+ min(offset, regionBytes &- Int64(length))
  }

  @inline(__always)
  private mutating func nextSequential(length: Int) -> Int64 {
    if cursor &+ Int64(length) > regionBytes { cursor = 0 }
    defer { cursor &+= Int64(length) }
    return start &+ cursor
  }

  /// Places the cursor of a sequential stream at I/O number `index` of equal `length`.
  mutating func seek(to index: UInt64, length: Int) {
    let perPass = UInt64(regionBytes) / UInt64(length)
    cursor = Int64(index % perPass) * Int64(length)
  }

  @inline(never)
  private mutating func nextSkewed(length: Int) -> Int64 {
    switch order {
    case .zipf(let ranks, let scatter):
      return offset(of: scatter[ranks.next(&random)], length: length)
    case .pareto(let exponent, let scatter):
      let rank = UInt64(Double(blocks) * pow(random.unit(), exponent))
      return offset(of: scatter[min(rank, blocks - 1)], length: length)
    case .zoned(let zones):
      let draw = random.unit()
      let zone = zones.first { draw < $0.accessEnd } ?? zones[zones.count - 1]
      return offset(of: zone.first + random.below(zone.count), length: length)
    case .sequential, .permuted, .uniform: preconditionFailure("not a skewed order")
    }
  }
}

/// One zone of a zoned distribution, in blocks.
struct ZoneBounds {
  /// Cumulative share of accesses up to and with this zone.
  var accessEnd: Double
  var first: UInt64
  var count: UInt64

  static func of(_ zones: [StorageWorkload.Distribution.Zone], blocks: UInt64) -> [ZoneBounds] {
    var bounds: [ZoneBounds] = []
    var access = 0.0
    var size = 0.0
    for zone in zones {
      let first = UInt64(size * Double(blocks))
      access += zone.access.value
      size += zone.size.value
      let end = min(max(UInt64(size * Double(blocks)), first + 1), blocks)
      bounds.append(
        ZoneBounds(
          accessEnd: access, first: min(first, blocks - 1), count: end - min(first, blocks - 1)))
    }
    return bounds
  }
}

/// A seeded bijection of 0..<count in constant memory: a random map without the map.
///
/// Multiplication by odd numbers, xor-shifts and an addition are bijections of b-bit numbers;
/// numbers past the end are walked on along their cycle (fewer than two steps on average, since
/// 2^b < 2 count).
struct BlockPermutation {
  let count: UInt64
  private let mask: UInt64
  private let shift: UInt64
  private let first: UInt64
  private let second: UInt64
  private let offset: UInt64

  init(count: UInt64, seed: UInt64) {
    var keys = SplitMix64(state: seed)
    self.count = count
    let bits = count <= 1 ? 1 : UInt64(64 - (count - 1).leadingZeroBitCount)
    mask = bits == 64 ? .max : (1 << bits) - 1
    shift = (bits + 1) / 2
    first = keys.next() | 1
    second = keys.next() | 1
    offset = keys.next()
  }

  /// The place of block `index`.
  @inline(__always)
  subscript(index: UInt64) -> UInt64 {
    var value = index
    repeat {
      value = (value &* first &+ offset) & mask
      value ^= value >> shift
      value = (value &* second) & mask
      value ^= value >> shift
      value = (value &* first &+ (offset >> 32)) & mask
      value ^= value >> shift
    } while value >= count
    return value
  }
}

/// Ranks 0..<count with probability ~ (rank + 1)^-exponent, exact for every exponent > 0.
///
/// Rejection-inversion after Hörmann & Derflinger, "Rejection-inversion to generate variates from
/// monotone discrete distributions", ACM TOMACS 6(3), 1996. O(1) expected.
struct ZipfRanks {
  private let count: Double
  private let exponent: Double
  private let integralAtFirst: Double
  private let integralAtEnd: Double
  private let acceptance: Double

  init(count: UInt64, exponent: Double) {
    self.count = Double(count)
    self.exponent = exponent
    integralAtFirst = Self.integral(1.5, exponent) - 1
    integralAtEnd = Self.integral(Double(count) + 0.5, exponent)
    acceptance =
      2 - Self.inverse(Self.integral(2.5, exponent) - Self.density(2, exponent), exponent)
  }

  func next(_ random: inout SeededRandom) -> UInt64 {
    while true {
      let area = integralAtEnd + random.unit() * (integralAtFirst - integralAtEnd)
      let point = Self.inverse(area, exponent)
      let rank = min(max(point.rounded(), 1), count)
      if rank - point <= acceptance
        || area >= Self.integral(rank + 0.5, exponent) - Self.density(rank, exponent)
      {
        return UInt64(rank) - 1
      }
    }
  }

  private static func density(_ x: Double, _ exponent: Double) -> Double {
    exp(-exponent * log(x))
  }

  /// The integral of x^-exponent, continuous in the exponent at 1.
  private static func integral(_ x: Double, _ exponent: Double) -> Double {
    let logarithm = log(x)
    let t = (1 - exponent) * logarithm
    return (abs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * logarithm
  }

  private static func inverse(_ area: Double, _ exponent: Double) -> Double {
    let t = max(area * (1 - exponent), -1)
    return exp((abs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * area)
  }
}
