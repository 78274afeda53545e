public import Measure

/// How many jobs are in a place over time: counters, and the integral of their number.
///
/// A plain value: a copy taken at the end of the warm-up, held against one taken at the end, gives
/// the means of the time between (`mean(since:at:)`).
public struct Population: BitwiseCopyable, Sendable {
  /// How many are inside now.
  public private(set) var count = 0
  /// The most that were ever inside at once.
  public private(set) var peak = 0
  /// How many have come in.
  public private(set) var entered: UInt64 = 0
  /// How many have left.
  public private(set) var left: UInt64 = 0
  /// The integral of the number inside until `changed`, jobs x ns.
  private var area: Int128 = 0
  /// When the number last changed, ns.
  private var changed: Int64 = 0
  /// The sums of the instants of coming and of leaving, ns modulo 2^64.
  private var entries: UInt64 = 0
  private var exits: UInt64 = 0

  /// Nobody, at time zero.
  public init() {}

  @inline(__always) mutating func enter(_ jobs: Int = 1, at now: Nanoseconds) {
    pass(now)
    count += jobs
    peak = max(peak, count)
    entered &+= UInt64(jobs)
    entries &+= UInt64(jobs) &* UInt64(bitPattern: now.count)
  }

  @inline(__always) mutating func leave(_ jobs: Int = 1, at now: Nanoseconds) {
    precondition(count >= jobs, "a job leaves where none is")
    pass(now)
    count -= jobs
    left &+= UInt64(jobs)
    exits &+= UInt64(jobs) &* UInt64(bitPattern: now.count)
  }

  @inline(__always) private mutating func pass(_ now: Nanoseconds) {
    assert(now.count >= changed, "a station was told of \(now.text) after a later time")
    area += Int128(count) * Int128(now.count - changed)
    changed = now.count
  }

  /// The integral of the number inside from time zero until `now`, jobs x ns.
  public func integral(at now: Nanoseconds) -> Int128 {
    area + Int128(count) * Int128(now.count - changed)
  }

  /// The mean number inside from time zero until `now`: L of Little's law.
  public func mean(at now: Nanoseconds) -> Double {
    now > .zero ? Double(integral(at: now)) / Double(now.count) : Double(count)
  }

  /// The mean number inside from `start`, when the place was as `earlier` says, until `now`.
  public func mean(
    since earlier: Population, at start: Nanoseconds, until now: Nanoseconds
  ) -> Double {
    guard now > start else { return Double(count) }
    return Double(integral(at: now) - earlier.integral(at: start)) / Double((now - start).count)
  }

  /// Holds the counters against each other, and the integral against the instants.
  ///
  /// Little's law for a finite time, exactly: the integral of the number inside is the sum of all
  /// stays, those of jobs still inside until `now` (Stidham, Operations Research 22, 1974). Throws
  /// `StationFault` that names `place`. O(1).
  func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    guard entered == left &+ UInt64(count) else {
      throw StationFault(
        "\(place): \(entered) came in, but \(left) left and \(count) are inside")
    }
    let inside = UInt64(count) &* UInt64(bitPattern: now.count)
    let stays = exits &+ inside &- entries
    let area = UInt64(truncatingIfNeeded: integral(at: now))
    guard now.count >= changed, stays == area else {
      throw StationFault(
        "\(place): all stays add up to \(stays) ns (modulo 2^64), the number inside over time to "
          + "\(area) ns; was an instant told out of order?")
    }
  }
}
