internal import CLinux
internal import Glibc
internal import Measure
internal import Simulation

/// Our side of `scripts/bench simulation`: work for the simulator's kernel, timed.
public enum SimulatorProbe {
  /// The work that can be timed.
  public enum Work: String, CaseIterable, Sendable {
    /// Every event schedules one: the cost of the pending events alone (hold model, Jones 1986).
    case hold
    /// Customers before ten servers that are busy for 80 % of the time, M/M/10.
    case queue
  }

  /// What one execution did and took.
  public struct Figures: Encodable, Sendable {
    /// How many events, or customers, were timed.
    public let count: Int
    /// CPU time of the thread for them, ns.
    public let cpuNs: Int64
    /// Hold: what came, when and in what order, folded; a peer's must be the same.
    public let checksum: UInt64?
    /// Queue: the mean wait of all customers, in mean service times.
    public let meanWait: Double?
    /// The trace hash of the simulation.
    public let trace: UInt64
  }

  /// Does the work `count` times, with `pending` events at once where that is asked for.
  public static func measure(_ work: Work, pending: Int, count: Int) -> Figures {
    switch work {
    case .hold: hold(pending: pending, count: count)
    case .queue: queue(customers: count)
    }
  }

  private static func hold(pending: Int, count: Int) -> Figures {
    var model = HoldModel()
    var simulator = Simulator<UInt64>(capacity: pending)
    for event in 0..<UInt64(pending) {
      simulator.schedule(event, after: model.delay())
    }
    // Until the distances of the pending events are those of a long run.
    let warm = UInt64(2 * pending)
    _ = simulator.run(&model, until: Nanoseconds(.max), limit: warm)
    let start = cl_thread_cpu_ns()
    _ = simulator.run(&model, until: Nanoseconds(.max), limit: warm + UInt64(count))
    let end = cl_thread_cpu_ns()
    return Figures(
      count: Int(simulator.handled - warm), cpuNs: end - start, checksum: model.checksum,
      meanWait: nil, trace: simulator.trace.value)
  }

  private static func queue(customers: Int) -> Figures {
    var model = QueueModel(customers: customers)
    var simulator = Simulator<QueueModel.Event>()
    simulator.schedule(.arrival, after: .zero)
    let start = cl_thread_cpu_ns()
    _ = simulator.run(&model, until: Nanoseconds(.max))
    let end = cl_thread_cpu_ns()
    return Figures(
      count: Int(model.desk.serving.left), cpuNs: end - start, checksum: nil,
      meanWait: model.desk.meanWait / Double(QueueModel.service.count),
      trace: simulator.trace.value)
  }
}

/// The hold model with exponential delays of mean 1 s, out of a table as its peers have it.
private struct HoldModel: Model, ~Copyable {
  private var delays = Table<Int64>(capacity: 1 << 16)
  private var next = 0
  var checksum: UInt64 = 0

  init() {
    var stream = RandomStream(seed: 1, entity: 0, purpose: 0)
    for _ in 0..<1 << 16 { delays.append(Int64(-log(1 - stream.unit()) * 1e9)) }
  }

  mutating func delay() -> Nanoseconds {
    defer { next &+= 1 }
    return Nanoseconds(delays[next & 0xFFFF])
  }

  mutating func handle(_ event: UInt64, in simulator: inout Simulator<UInt64>) {
    checksum = (checksum ^ event) &* 31 &+ UInt64(bitPattern: simulator.now.count)
    simulator.schedule(event, after: delay())
  }

  static func fingerprint(of event: UInt64) -> UInt64 { event }
}

private struct QueueModel: Model, ~Copyable {
  enum Event: UInt32, BitwiseCopyable { case arrival, departure }

  static let service = Nanoseconds.seconds(1)
  let arrivals = Distribution.known(try .exponential(mean: .milliseconds(125)))
  let services = Distribution.known(try .exponential(mean: service))
  var arrivalStream = RandomStream(seed: 1, entity: 0, purpose: 1)
  var serviceStream = RandomStream(seed: 1, entity: 0, purpose: 2)
  var desk = FIFOStation(servers: 10)
  var left: Int

  init(customers: Int) { left = customers }

  mutating func handle(_ event: Event, in simulator: inout Simulator<Event>) {
    switch event {
    case .arrival:
      guard left > 0 else { return }
      left -= 1
      desk.arrive(0, at: simulator.now)
      simulator.schedule(.arrival, after: arrivals.draw(&arrivalStream))
    case .departure: desk.leave(at: simulator.now)
    }
    while desk.start(at: simulator.now) != nil {
      simulator.schedule(.departure, after: services.draw(&serviceStream))
    }
  }

  static func fingerprint(of event: Event) -> UInt64 { UInt64(event.rawValue) }
}
