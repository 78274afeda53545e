import Foundation
import Measure
import Simulation

/// Stations in a row, each with one server and exponential service: Jackson's simplest network.
///
/// Rates are per second. In the long run a customer stays the sum of 1 / (rate - arrivals).
struct TandemQueue: Model {
  enum Event: BitwiseCopyable {
    case arrival
    case served(station: Int)
  }

  let arrivals: Double
  let rates: [Double]
  private var streams: [RandomStream]
  private var waiting: [WaitingTimes]
  /// The customers that have left, and how long they stayed in all.
  private(set) var left = 0
  private(set) var stay = 0.0
  /// Customers inside at the instants of sampling.
  private(set) var inside = 0

  init(arrivals: Double, rates: [Double], seed: UInt64) {
    self.arrivals = arrivals
    self.rates = rates
    streams = (0...rates.count).map {
      RandomStream(seed: seed, entity: UInt32($0), purpose: 0)
    }
    waiting = rates.map { _ in WaitingTimes() }
  }

  static func fingerprint(of event: Event) -> UInt64 {
    switch event {
    case .arrival: 0
    case .served(let station): UInt64(station) + 1
    }
  }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    switch event {
    case .arrival:
      inside += 1
      enter(0, since: simulator.now.inSeconds, in: &simulator)
      simulator.schedule(.arrival, after: draw(0, rate: arrivals))
    case .served(let station):
      let since = waiting[station].removeFirst()
      if waiting[station].count > 0 { serve(station, in: &simulator) }
      if station + 1 < rates.count {
        enter(station + 1, since: since, in: &simulator)
      } else {
        left += 1
        inside -= 1
        stay += simulator.now.inSeconds - since
      }
    }
  }

  private mutating func enter(_ station: Int, since: Double, in simulator: inout Simulator<Event>) {
    waiting[station].append(since)
    if waiting[station].count == 1 { serve(station, in: &simulator) }
  }

  private mutating func serve(_ station: Int, in simulator: inout Simulator<Event>) {
    simulator.schedule(.served(station: station), after: draw(station + 1, rate: rates[station]))
  }

  private mutating func draw(_ stream: Int, rate: Double) -> Nanoseconds {
    Nanoseconds(Int64(-log(1 - streams[stream].unit()) / rate * 1e9))
  }
}

/// When each that waits came in; a plain array, so that the model can be copied.
private struct WaitingTimes {
  private var values: [Double] = []
  private var head = 0
  var count: Int { values.count - head }
  mutating func append(_ value: Double) { values.append(value) }
  mutating func removeFirst() -> Double {
    let first = values[head]
    head += 1
    if head > 64, head * 2 > values.count {
      values.removeFirst(head)
      head = 0
    }
    return first
  }
}

/// What one run of the queue shows.
struct TandemObservation: Equatable, Sendable {
  var meanStay: Double
  var series: OutputSeries
  var trace: UInt64

  /// Runs from an empty system for `seconds`, and looks `samples` times how many are inside.
  init(arrivals: Double, rates: [Double], seconds: Int64, samples: Int64 = 1, seed: UInt64) {
    var simulator = Simulator<TandemQueue.Event>()
    var model = TandemQueue(arrivals: arrivals, rates: rates, seed: seed)
    let spacing = Nanoseconds(seconds * 1_000_000_000 / samples)
    simulator.schedule(now: .arrival)
    var values: [Double] = []
    for sample in 1...samples {
      _ = simulator.run(&model, until: spacing * sample)
      values.append(Double(model.inside))
    }
    meanStay = model.stay / Double(model.left)
    series = OutputSeries(spacing: spacing, values: values)
    trace = simulator.trace.value
  }
}
