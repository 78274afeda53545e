internal import Measure
internal import Simulation

/// A network link whose transfers share its bandwidth evenly, each up to a limit of its own.
///
/// Processor sharing with as many servers as transfers that can go at their limit at once
/// (`SharedStation`); where the link is not a whole multiple of the limit, the limit is rounded so
/// that it is. `event` happens when the next transfer may be over: take all that `leave` gives.
struct SharedLink: ~Copyable {
  private var station: SharedStation
  /// Bytes per second that a transfer gets when few others are there.
  private let speed: Int64
  private let event: Event
  private var timer = Timer.none
  /// How many times as slow the link is at present, in thousandths, and since when; the station's
  /// own clock goes so much slower.
  private var slowness: Int64 = 1000
  private var mark = (real: Int64(0), station: Int64(0))
  /// Bytes of all transfers that were begun.
  private(set) var bytes: Int64 = 0
  /// What it carries, bytes per second.
  let bytesPerSecond: Int64
  /// How long there were transfers on it, and since when there are.
  private var active = Nanoseconds.zero
  private var activeSince = Nanoseconds.zero

  init(bytesPerSecond: Int64, perTransfer: Int64, event: Event) {
    self.bytesPerSecond = bytesPerSecond
    let limit = min(max(1, perTransfer), bytesPerSecond)
    let transfers = max(1, (bytesPerSecond + limit / 2) / limit)
    station = SharedStation(servers: Int(transfers))
    speed = max(1, bytesPerSecond / transfers)
    self.event = event
  }

  /// How many transfers are under way.
  var count: Int { Int(station.inside.count) }

  /// Begins the transfer of so many bytes for `job`.
  mutating func send(_ bytes: Int64, for job: UInt32, _ loop: inout Loop) {
    self.bytes += bytes
    if count == 0 { activeSince = loop.now }
    station.arrive(job, work: Self.span(bytes, at: speed), at: stationTime(at: loop.now))
    arm(&loop)
  }

  /// A job whose transfer is over; nil when there is no other.
  mutating func leave(_ loop: inout Loop) -> UInt32? {
    if let job = station.leave(at: stationTime(at: loop.now)) {
      if count == 0 { active = active + (loop.now - activeSince) }
      return job
    }
    arm(&loop)
    return nil
  }

  /// How long a transfer of so many bytes takes where no other is.
  func spanAlone(_ bytes: Int64) -> Nanoseconds { Self.span(bytes, at: speed) }

  /// How much of what it carries was used while there were transfers, those under way taken whole.
  func used(at now: Nanoseconds) -> Fraction {
    let open = count > 0 ? now - activeSince : .zero
    let room = (active + open).inSeconds * Double(bytesPerSecond)
    return Fraction(room > 0 ? min(1, Double(bytes) / room) : 0)
  }

  /// Lets the link be `factor` times as slow as at first, for transfers under way too.
  mutating func slow(by factor: Double, _ loop: inout Loop) {
    mark = (loop.now.count, stationTime(at: loop.now).count)
    slowness = max(1, Int64(factor * 1000))
    arm(&loop)
  }

  /// How long so many bytes take at a speed, rounded up.
  static func span(_ bytes: Int64, at bytesPerSecond: Int64) -> Nanoseconds {
    let (seconds, rest) = bytes.quotientAndRemainder(dividingBy: bytesPerSecond)
    let (quotient, left) = UInt64(bytesPerSecond).dividingFullWidth(
      UInt64(rest).multipliedFullWidth(by: 1_000_000_000))
    return Nanoseconds(seconds * 1_000_000_000 + Int64(quotient) + (left > 0 ? 1 : 0))
  }

  private func stationTime(at now: Nanoseconds) -> Nanoseconds {
    let elapsed = now.count - mark.real
    let (whole, rest) = elapsed.quotientAndRemainder(dividingBy: slowness)
    return Nanoseconds(mark.station + whole * 1000 + rest * 1000 / slowness)
  }

  private mutating func arm(_ loop: inout Loop) {
    loop.cancel(timer)
    timer = .none
    guard let rest = station.untilDeparture(at: stationTime(at: loop.now)) else { return }
    let (whole, part) = rest.count.quotientAndRemainder(dividingBy: 1000)
    let span = whole * slowness + (part * slowness + 999) / 1000
    timer = loop.arm(event, after: Nanoseconds(span))
  }
}
