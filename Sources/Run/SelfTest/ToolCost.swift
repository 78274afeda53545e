internal import Host
internal import Measure
internal import Statistics
internal import Storage

/// One thing that measuring costs, or gets wrong, on this machine.
public struct ToolCost: Codable, Sendable {
  /// A stable name: `clock-read`, `timer-overshoot-p99` ...
  public var name: String
  /// What it is, for people.
  public var about: String
  /// The figure.
  public var value: Double
  /// Its unit: `ns`, `ppm`, `1`.
  public var unit: String
  /// The figure beyond which measurements suffer; nil where there is none.
  public var bound: Double?
  /// Whether the bound holds; true where there is none.
  public var isGood: Bool { bound.map { value <= $0 } ?? true }
}

/// Measures what Assay's own clock, timer, histogram and I/O loop cost here.
///
/// Each cost is the median of batches, so that a preempted batch does not count.
enum ToolCostProbe {
  /// The quick form takes about one second, the other about three.
  static func all(isQuick: Bool) throws(StorageError) -> [ToolCost] {
    let batches = isQuick ? 9 : 31
    let clock = TickClock.calibrated(counterIsSteady: Environment.counterIsSteady)
    return [
      clockRead(batches), tickRead(clock, batches), resolution(), backwardSteps(),
      tickError(clock), histogramRecord(batches),
    ] + timerOvershoot(sleeps: isQuick ? 200 : 1000)
      + (try emptyIO(clock, duration: .milliseconds(isQuick ? 100 : 400)))
  }

  /// The median over batches of the time that one of `count` calls takes, ns.
  private static func cost(
    batches: Int, calls count: Int, _ batch: (Int) -> Void
  ) -> Double {
    let times = (0..<batches).map { _ in
      let start = MonotonicClock.now()
      batch(count)
      return Double((MonotonicClock.now() - start).count) / Double(count)
    }
    return Median.of(times) ?? 0
  }

  private static func clockRead(_ batches: Int) -> ToolCost {
    var sink: Int64 = 0
    let value = cost(batches: batches, calls: 20_000) { count in
      for _ in 0..<count { sink &+= MonotonicClock.now().count }
    }
    withExtendedLifetime(sink) {}
    // A vDSO clock takes some 20 to 60 ns; a system call, as with hpet or acpi_pm, above 200.
    return ToolCost(
      name: "clock-read", about: "one reading of CLOCK_MONOTONIC", value: value, unit: "ns",
      bound: 200)
  }

  private static func tickRead(_ clock: TickClock, _ batches: Int) -> ToolCost {
    var sink: UInt64 = 0
    let value = cost(batches: batches, calls: 20_000) { count in
      for _ in 0..<count { sink &+= clock.now() }
    }
    withExtendedLifetime(sink) {}
    let which = clock.usesProcessorCounter ? "the processor's counter" : "CLOCK_MONOTONIC"
    return ToolCost(
      name: "tick-read", about: "one reading of the I/O loop's clock: \(which)", value: value,
      unit: "ns", bound: 200)
  }

  private static func resolution() -> ToolCost {
    var least = Int64.max
    var last = MonotonicClock.now()
    for _ in 0..<100_000 {
      let now = MonotonicClock.now()
      if now > last { least = min(least, (now - last).count) }
      last = now
    }
    return ToolCost(
      name: "clock-step", about: "the smallest step of CLOCK_MONOTONIC that was seen",
      value: Double(least), unit: "ns", bound: 1000)
  }

  private static func backwardSteps() -> ToolCost {
    var steps = 0
    var last = MonotonicClock.now()
    for _ in 0..<200_000 {
      let now = MonotonicClock.now()
      if now < last { steps += 1 }
      last = now
    }
    return ToolCost(
      name: "clock-backward-steps", about: "readings of CLOCK_MONOTONIC before the one before",
      value: Double(steps), unit: "1", bound: 0)
  }

  /// The calibrated counter against CLOCK_MONOTONIC over 100 ms.
  private static func tickError(_ clock: TickClock) -> ToolCost {
    let start = (ticks: clock.now(), time: MonotonicClock.now())
    MonotonicClock.sleep(until: start.time + .milliseconds(100))
    let end = (ticks: clock.now(), time: MonotonicClock.now())
    let counted = Double(clock.nanoseconds(end.ticks &- start.ticks))
    let elapsed = Double((end.time - start.time).count)
    return ToolCost(
      name: "tick-error", about: "the I/O loop's clock against CLOCK_MONOTONIC over 100 ms",
      value: elapsed > 0 ? (counted / elapsed - 1).magnitude * 1e6 : 0, unit: "ppm", bound: 100)
  }

  private static func histogramRecord(_ batches: Int) -> ToolCost {
    var random = SeededRandom(seed: 1)
    // From 128 ns to 16 ms, so that the buckets are not all in the first cache lines.
    let values = (0..<4096).map { _ in UInt64(1) << (7 + random.below(17)) | random.below(128) }
    var histogram = LatencyHistogram()
    let times = (0..<batches).map { _ in
      let start = MonotonicClock.now()
      for _ in 0..<5 { for value in values { histogram.record(value) } }
      return Double((MonotonicClock.now() - start).count) / Double(5 * values.count)
    }
    return ToolCost(
      name: "histogram-record", about: "one latency into a histogram",
      value: Median.of(times) ?? 0, unit: "ns", bound: 100)
  }

  /// How late a sleep of 1 ms ends: what open-loop arrivals below that spin for.
  private static func timerOvershoot(sleeps: Int) -> [ToolCost] {
    var late = LatencyHistogram()
    for _ in 0..<sleeps {
      let due = MonotonicClock.now() + .milliseconds(1)
      MonotonicClock.sleep(until: due)
      late.record(UInt64(max(0, (MonotonicClock.now() - due).count)))
    }
    let found = late.snapshot()
    return [("p50", 0.5, 1e5), ("p99", 0.99, 1e6)].map { name, share, bound in
      ToolCost(
        name: "timer-overshoot-\(name)", about: "how late a sleep of 1 ms ends, \(name)",
        value: Double(found.quantile(share) ?? 0), unit: "ns", bound: bound)
    }
  }

  /// What one I/O costs when no device is there: the loop alone, and with an empty io_uring.
  private static func emptyIO(
    _ clock: TickClock, duration: Nanoseconds
  ) throws(StorageError) -> [ToolCost] {
    var costs = [
      ToolCost(
        name: "io-loop", about: "CPU time of the I/O loop for one I/O, no device and no kernel",
        value: try EmptyTrial(engine: .null, clock: clock, duration: duration).cpuPerIO(),
        unit: "ns", bound: 1000)
    ]
    // Where the kernel gives no io_uring, `assay list engines` says why; that is no fault here.
    let ring = try? EmptyTrial(engine: .nopRing, clock: clock, duration: duration).cpuPerIO()
    if let ring {
      costs.append(
        ToolCost(
          name: "ring-loop", about: "the same with an io_uring that does nothing", value: ring,
          unit: "ns", bound: 5000))
    }
    return costs
  }
}

/// A trial without a device: what is left is the tool and the noise of the host.
struct EmptyTrial {
  let engine: StorageWorkload.Engine
  let clock: TickClock
  let duration: Nanoseconds

  private struct Silent: StorageObserver {
    func measuringWillStart(after ramp: Nanoseconds) {}
    func secondPassed(_ second: StorageSecond) {}
    func phaseChanged(_ phase: String) {}
    func measuringDidEnd() {}
    func shouldStop() -> Bool { false }
  }

  /// CPU time of the worker for one I/O, ns.
  func cpuPerIO() throws(StorageError) -> Double {
    var workload = StorageWorkload(pattern: .randomRead)
    workload.engine = engine
    workload.queueDepth = 32
    workload.duration = duration
    let outcome = try StorageTrial(
      facts: try TargetFacts.examine(.none(size: .gibibytes(1))), workload: workload, seed: 1,
      stampSeed: 1, rate: nil, clock: clock, cpus: [], node: nil
    ).run(Silent())
    let cpu = outcome.workers.reduce(0.0) { $0 + Double($1.cpuNs.count) }
    return outcome.read.ios > 0 ? cpu / Double(outcome.read.ios) : 0
  }
}
