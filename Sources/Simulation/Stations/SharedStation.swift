public import Measure

/// Servers that all jobs inside share evenly: processor sharing.
///
/// With n jobs and c servers each is served at the speed min(1, c / n); a link whose transfers
/// share its bandwidth is one with c = 1. Works are given as the time a job takes alone. The model
/// keeps one timer, for the next departure, and arms it again after any change:
///
///     case .arrival(let job):
///       link.arrive(job, work: size(job), at: simulator.now)
///       rearm(&simulator)
///     case .departure:
///       while let job = link.leave(at: simulator.now) { ... }
///       rearm(&simulator)
///
///     mutating func rearm(_ simulator: inout Simulator<Event>) {
///       simulator.cancel(timer)
///       timer = .none
///       guard let rest = link.untilDeparture(at: simulator.now) else { return }
///       timer = simulator.arm(.departure, after: rest)
///     }
///
/// Virtual time is what a job that is always inside would have been served; a job leaves when it
/// has grown by the job's work (Demers, Keshav & Shenker, ACM SIGCOMM 1989). It is kept in units of
/// 2^-64 ns, starts again from 0 whenever the station is empty, and rounds by less than one unit a
/// change: departures are those of exact arithmetic, rounded up to whole nanoseconds, unless one
/// misses a whole nanosecond by less than 2^-34. Arrivals and departures are O(log jobs).
public struct SharedStation: ~Copyable {
  /// Not private: Swift 6.3.1 fails on other modules that hold a station of private parts.
  struct Share: BitwiseCopyable {
    /// The virtual time at which the job leaves.
    var target: UInt128
    var arrived: Int64
    var job: UInt32

    static func < (left: Share, right: Share) -> Bool {
      guard left.target == right.target else { return left.target < right.target }
      return left.arrived == right.arrived ? left.job < right.job : left.arrived < right.arrived
    }
  }
  /// A binary heap by target.
  private var shares = Table<Share>(capacity: 16)
  /// How many jobs are served at full speed.
  public private(set) var servers: Int
  /// Virtual time, in units of 2^-64 ns, at `updated`.
  private var virtual: UInt128 = 0
  private var updated: Int64 = 0
  /// Who is inside.
  public private(set) var inside = Population()
  /// The time that servers were busy, summed over them, and the works that have come, ns.
  private var busy: Int128 = 0
  private var works: Int128 = 0
  /// The stays of all who have left, ns.
  private var stays: Int128 = 0

  /// What virtual time may lack of a target, 2^-34 ns: rounding of up to 2^30 changes in one stay.
  private static let slack: UInt128 = 1 << 30

  /// Makes an idle station.
  public init(servers: Int = 1) {
    precondition(servers > 0, "a shared station cannot have \(servers) servers")
    self.servers = servers
  }

  /// Lets `job` come with so much `work`.
  public mutating func arrive(_ job: UInt32, work: Nanoseconds, at now: Nanoseconds) {
    precondition(work >= .zero, "a job cannot bring work of \(work.text)")
    advance(to: now)
    inside.enter(at: now)
    works += Int128(work.count)
    push(
      Share(target: virtual + UInt128(UInt64(work.count)) << 64, arrived: now.count, job: job))
  }

  /// How long from now until the next job leaves, if nothing else happens; nil if none is inside.
  public mutating func untilDeparture(at now: Nanoseconds) -> Nanoseconds? {
    guard shares.count > 0 else { return nil }
    advance(to: now)
    // Half of the slack stays for the rounding of the step itself.
    let reached = virtual + Self.slack / 2
    guard shares[0].target > reached else { return .zero }
    var span = shares[0].target - reached
    if shares.count > servers {
      span *= UInt128(shares.count)
      if servers > 1 { span = (span - 1) / UInt128(servers) + 1 }
    }
    return Nanoseconds(Int64((span + UInt128(UInt64.max)) >> 64))
  }

  /// Lets a job whose work is done leave; nil when there is none.
  public mutating func leave(at now: Nanoseconds) -> UInt32? {
    advance(to: now)
    guard shares.count > 0, shares[0].target <= virtual + Self.slack else { return nil }
    let share = pop()
    inside.leave(at: now)
    stays += Int128(now.count - share.arrived)
    return share.job
  }

  /// Gives the station other servers from now on.
  public mutating func setServers(_ servers: Int, at now: Nanoseconds) {
    precondition(servers > 0, "a shared station cannot have \(servers) servers")
    advance(to: now)
    self.servers = servers
  }

  /// How long those who have left stayed on average, ns.
  public var meanStay: Double { inside.left > 0 ? Double(stays) / Double(inside.left) : 0 }

  /// Holds the station's books against each other: conservation of jobs and of work, Little's law.
  ///
  /// Servers may have been busy for up to 1 ns longer a departure than the works say, since those
  /// fall on whole nanoseconds. For the end of a run. Throws `StationFault` that names `place`.
  /// O(jobs inside).
  public func audit(_ place: String, at now: Nanoseconds) throws(StationFault) {
    try inside.audit(place, at: now)
    let elapsed = now.count - updated
    let virtual = virtual + growth(UInt64(elapsed))
    let busy = busy + Int128(elapsed) * Int128(min(shares.count, servers))
    var (sum, done) = (stays, works)
    for index in shares.indices {
      sum += Int128(now.count - shares[index].arrived)
      let target = shares[index].target
      if target > virtual { done -= Int128((target - virtual) >> 64) }
    }
    guard sum == inside.integral(at: now) else {
      throw StationFault(
        "\(place): the jobs stayed \(sum) ns in all, the number inside over time says "
          + "\(inside.integral(at: now)) ns")
    }
    let excess = busy - done
    guard excess.magnitude <= UInt128(inside.entered) else {
      throw StationFault(
        "\(place): servers were busy for \(busy) ns, but did work of \(done) ns; was a departure "
          + "not handled when it was due?")
    }
  }

  /// Lets virtual time pass.
  private mutating func advance(to now: Nanoseconds) {
    assert(now.count >= updated, "a station was told of \(now.text) after a later time")
    let elapsed = UInt64(now.count - updated)
    guard elapsed > 0 else { return }
    virtual += growth(elapsed)
    busy += Int128(elapsed) * Int128(min(shares.count, servers))
    updated = now.count
  }

  /// By how much virtual time grows while so many ns elapse.
  private func growth(_ elapsed: UInt64) -> UInt128 {
    guard shares.count > servers else { return shares.count > 0 ? UInt128(elapsed) << 64 : 0 }
    let jobs = UInt64(shares.count)
    let (whole, rest) = jobs.dividingFullWidth(elapsed.multipliedFullWidth(by: UInt64(servers)))
    return UInt128(whole) << 64 | UInt128(jobs.dividingFullWidth((high: rest, low: 0)).quotient)
  }

  private mutating func push(_ share: Share) {
    var hole = shares.append(share)
    while hole > 0 {
      let parent = (hole - 1) >> 1
      guard share < shares[parent] else { break }
      shares[hole] = shares[parent]
      hole = parent
    }
    shares[hole] = share
  }

  private mutating func pop() -> Share {
    let least = shares[0]
    let last = shares.removeLast()
    let count = shares.count
    guard count > 0 else {
      virtual = 0
      return least
    }
    var hole = 0
    while true {
      var child = hole << 1 + 1
      guard child < count else { break }
      if child + 1 < count, shares[child + 1] < shares[child] { child += 1 }
      guard shares[child] < last else { break }
      shares[hole] = shares[child]
      hole = child
    }
    shares[hole] = last
    return least
  }
}
