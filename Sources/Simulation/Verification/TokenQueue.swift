internal import Measure

/// Requests that come at random and wait for tokens.
struct TokenQueue: ObservedModel, ~Copyable {
  enum Event: BitwiseCopyable {
    case arrival
    case granted
  }

  private var bucket: TokenBucket
  private let gap: Distribution
  private var gaps: RandomStream
  private var start = Nanoseconds.zero
  private var before = (taken: UInt64(0), delayed: UInt64(0))
  private var granted = 0

  init(seed: UInt64, gap: Distribution, rate: Rate, burst: Int) {
    bucket = TokenBucket(rate: rate, burst: burst)
    self.gap = gap
    gaps = RandomStream(seed: seed, entity: 0, purpose: 0)
  }

  mutating func begin(in simulator: inout Simulator<Event>) {
    simulator.schedule(.arrival, after: gap.draw(&gaps))
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    switch event {
    case .arrival:
      simulator.schedule(.arrival, after: gap.draw(&gaps))
      simulator.schedule(.granted, after: bucket.reserve(at: simulator.now))
    case .granted: granted += 1
    }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival: 0
    case .granted: 1
    }
  }

  mutating func observe(from now: Nanoseconds) {
    start = now
    before = (bucket.taken, bucket.delayed)
    granted = 0
  }

  /// Tokens granted a second, and the share of requests that waited.
  func observed(at now: Nanoseconds) -> [Double] {
    [
      Double(granted) / (now - start).inSeconds,
      Double(bucket.delayed - before.delayed) / Double(bucket.taken - before.taken),
    ]
  }

  func audit(at now: Nanoseconds) throws(StationFault) { try bucket.audit("bucket", at: now) }
}
