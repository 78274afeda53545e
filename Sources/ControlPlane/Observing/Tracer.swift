internal import Measure
internal import Simulation

/// What a trace is drawn from: requests that were wished for in a stretch of time, and moments.
///
/// Off unless a trace is asked for; then it keeps so many of each and no more.
struct Tracer: ~Copyable {
  /// Something that has no length of its own.
  struct Moment: BitwiseCopyable {
    enum Kind: BitwiseCopyable { case faultBegins, faultEnds, leads, leaderless }
    var kind: Kind
    /// The fault's number, or the member.
    var number: Int32
    var at: Nanoseconds
  }

  private(set) var isOn = false
  private var from = Nanoseconds.zero
  private var until = Nanoseconds.zero
  private var limit = 0
  private(set) var requests = Table<Request>(capacity: 1)
  private(set) var moments = Table<Moment>(capacity: 16)
  /// Requests that were left out because there were too many.
  private(set) var leftOut: UInt64 = 0
  /// When the first of those was wished for.
  private(set) var cutAt: Nanoseconds?
  private var leader: Int?
  private var leaderChanges: UInt64 = 0

  mutating func turnOn(from: Nanoseconds, until: Nanoseconds, limit: Int) {
    isOn = true
    self.from = from
    self.until = until
    self.limit = limit
    requests = Table(capacity: min(limit, 1 << 12))
  }

  mutating func note(_ request: borrowing Request) {
    guard request.wished >= from, request.wished < until else { return }
    guard requests.count >= limit else {
      requests.append(copy request)
      return
    }
    if leftOut == 0 { cutAt = request.wished }
    leftOut += 1
  }

  mutating func noteFault(_ number: Int, begins: Bool, at now: Nanoseconds) {
    note(Moment(kind: begins ? .faultBegins : .faultEnds, number: Int32(number), at: now))
  }

  mutating func noteLeader(_ member: Int?, _ changes: UInt64, at now: Nanoseconds) {
    guard member != leader || changes != leaderChanges else { return }
    leader = member
    leaderChanges = changes
    note(
      Moment(
        kind: member == nil ? .leaderless : .leads, number: Int32(member ?? -1), at: now))
  }

  private mutating func note(_ moment: Moment) {
    guard isOn, moment.at >= from, moment.at < until, moments.count < limit else { return }
    moments.append(moment)
  }
}
