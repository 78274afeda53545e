public import Measure

/// A limit on a rate that lets bursts through: client-go's, the kubelet's and x/time/rate's.
///
/// A bucket holds up to `burst` tokens, starts full and gains `rate` of them a second. Who takes
/// one that is not there yet has it reserved, and waits until it is: reservations are kept in the
/// order in which they were made (golang.org/x/time/rate, `reserveN`).
///
///     case .request(let job):
///       simulator.schedule(.granted(job), after: limit.reserve(at: simulator.now))
///
/// Kept as the time until the bucket is full again, in units of 2^-64 ns (the virtual scheduling
/// of ATM's generic cell rate algorithm, ITU-T I.371), so that the rate holds over years. O(1).
public struct TokenBucket: BitwiseCopyable, Sendable {
  /// The time that one token takes to come, in units of 2^-64 ns.
  private var interval: UInt128
  private let burst: UInt128
  /// The time until the bucket is full, at `updated`.
  private var debt: UInt128 = 0
  private var updated: Int64 = 0
  /// When the rate was last set; the debt and the tokens taken then.
  private var ruled = (at: Int64(0), debt: UInt128(0), taken: UInt64(0))
  /// How many tokens were taken, those reserved included.
  public private(set) var taken: UInt64 = 0
  /// How many of those who took one had to wait.
  public private(set) var delayed: UInt64 = 0
  /// How many found no token and went without (`take`).
  public private(set) var refused: UInt64 = 0
  /// All waits, ns.
  public private(set) var waits: Int128 = 0

  /// Makes a full bucket.
  ///
  /// Traps unless the burst is above 0 and the rate from 10^-6/s to 10^9/s.
  public init(rate: Rate, burst: Int) {
    precondition(burst > 0, "a bucket holds at least one token, not \(burst)")
    self.burst = UInt128(burst)
    interval = Self.interval(rate)
  }

  private static func interval(_ rate: Rate) -> UInt128 {
    precondition(
      rate.perSecond >= 1e-6 && rate.perSecond <= 1e9, "a bucket cannot gain \(rate.text)")
    // At most 2^50 ns: a burst of 2^13 of the rarest tokens still fits.
    return UInt128(1e9 / rate.perSecond * 0x1p64)
  }

  /// Takes a token, now or when it will be there, and says how long to wait for it.
  public mutating func reserve(at now: Nanoseconds) -> Nanoseconds {
    advance(to: now)
    debt += interval
    taken += 1
    let capacity = interval * burst
    guard debt > capacity else { return .zero }
    // To the nearest nanosecond: a bucket of 3/s must grant its third token after 1 s.
    let wait = Int64((debt - capacity + 1 << 63) >> 64)
    if wait > 0 { delayed += 1 }
    waits += Int128(wait)
    return Nanoseconds(wait)
  }

  /// Takes a token if one is there.
  public mutating func take(at now: Nanoseconds) -> Bool {
    advance(to: now)
    guard debt + interval <= interval * burst + 1 << 63 else {
      refused += 1
      return false
    }
    debt += interval
    taken += 1
    return true
  }

  /// The tokens that are there; below zero, how many are reserved that have not come.
  public func tokens(at now: Nanoseconds) -> Double {
    var later = self
    later.advance(to: now)
    return Double(burst) - Double(later.debt) / Double(interval)
  }

  /// Gives the bucket another rate from now on; the tokens that are there or reserved stay so.
  ///
  /// Waits that were already told are not changed. Traps as `init` does.
  public mutating func setRate(_ rate: Rate, at now: Nanoseconds) {
    advance(to: now)
    let before = interval
    interval = Self.interval(rate)
    debt = UInt128(Double(debt) / Double(before) * Double(interval))
    ruled = (at: now.count, debt: debt, taken: taken)
  }

  /// Holds the tokens taken against the time in which they can have come.
  ///
  /// For the end of a run. Throws `StationFault` that names `place`. O(1).
  public func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    var later = self
    later.advance(to: now)
    let owed = ruled.debt + UInt128(taken - ruled.taken) * interval
    let paid = UInt128(UInt64(now.count - ruled.at)) << 64
    guard owed <= later.debt + paid else {
      throw StationFault("\(place): more tokens were taken than the burst and the rate allow")
    }
  }

  private mutating func advance(to now: Nanoseconds) {
    assert(now.count >= updated, "a bucket was told of \(now.text) after a later time")
    let elapsed = UInt128(UInt64(now.count - updated)) << 64
    debt = debt > elapsed ? debt - elapsed : 0
    updated = now.count
  }
}
