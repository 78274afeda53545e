internal import Measure
internal import Statistics

/// A model that is watched for a while after its warm-up.
protocol ObservedModel: Model, ~Copyable {
  /// Schedules the first events.
  mutating func begin(in simulator: inout Simulator<Event>)
  /// Forgets what was seen before `now`, the end of the warm-up.
  mutating func observe(from now: Nanoseconds)
  /// What was seen from then until `now`, quantity by quantity.
  func observed(at now: Nanoseconds) -> [Double]
  /// Holds its stations' books against each other.
  func audit(at now: Nanoseconds) throws(StationFault)
}

/// Independent runs of one model, each from its own seed.
struct IndependentRuns {
  /// How many there are.
  static let count = 20
  /// The part of each run that is left out at its start.
  static let warmUp = 0.1

  /// By quantity, what each replication saw.
  private(set) var samples: [[Double]] = []

  /// Runs the model that `make` makes of each seed for so long after the warm-up.
  init<M: ObservedModel & ~Copyable>(
    of span: Nanoseconds, seed: UInt64, make: (UInt64) -> M
  ) throws(StationFault) {
    for replication in 0..<UInt64(Self.count) {
      var model = make(SplitMix64.scrambled(seed &+ replication))
      var simulator = Simulator<M.Event>()
      model.begin(in: &simulator)
      let start = Nanoseconds(Int64(Double(span.count) * Self.warmUp))
      _ = simulator.run(&model, until: start)
      model.observe(from: start)
      _ = simulator.run(&model, until: start + span)
      try model.audit(at: start + span)
      samples.append(model.observed(at: start + span))
    }
  }

  /// The mean of one quantity with the interval that Student's t gives it.
  func estimate(_ quantity: Int, level: Fraction) -> IntervalEstimate {
    let values = samples.map { $0[quantity] }
    // All replications have run, so that only a value that is not finite leaves no interval.
    return Moments(values)?.interval(confidence: level)
      ?? IntervalEstimate(
        value: .nan, lower: -.infinity, upper: .infinity, level: level, count: values.count)
  }
}
