internal import Measure

extension ClosedForms {
  /// What one system is made of and what theory says of it; times in ms.
  struct Plan {
    let system: System
    let speed: Double

    /// A quantity by its place in what the model observes.
    struct Expectation {
      let quantity: String
      let index: Int
      let value: Double
    }

    private func exponential(_ milliseconds: Double) -> Distribution {
      .known(try .exponential(mean: Nanoseconds(Int64(milliseconds * 1e6))))
    }

    /// The same at the simulated speed.
    private func served(_ time: Distribution) -> Distribution {
      .known(try time.scaled(by: 1 / speed))
    }

    private static let unit = Distribution.known(try .constant(.milliseconds(1)))
    private static let perJob = Distribution.known(try .constant(.microseconds(100)))
    private static let lognormal = Distribution.known(
      try .lognormal(Lognormal(median: .microseconds(800), sigma: 0.7)))
    private static let variable = Distribution.known(
      try .hyperexponential(mean: .milliseconds(1), squaredVariation: 2))
    /// Traffic from outside into the first station, and what each then passes on to each.
    private static let routes: [3 of [3 of Double]] = [[0, 0.6, 0.4], [0.3, 0, 0], [0, 0.5, 0]]

    /// Runs the replications.
    func run() throws(StationFault) -> IndependentRuns {
      let seed = 0x5EED_0000 + UInt64(System.allCases.firstIndex(of: system) ?? 0) << 32
      switch system {
      case .exponentialServer: return try openQueue(seed, gap: 1 / 0.6, work: exponential(1))
      case .exponentialServers:
        return try openQueue(seed, gap: 1 / 2.1, work: exponential(1), servers: 3)
      case .constantServer: return try openQueue(seed, gap: 1 / 0.6, work: Self.unit)
      case .lognormalServer: return try openQueue(seed, gap: 1 / 0.6, work: Self.lognormal)
      case .boundedRoom:
        return try openQueue(seed, gap: 1 / 1.8, work: exponential(1), servers: 2, room: 5)
      case .priorities:
        return try IndependentRuns(of: span(rate: 0.7, jobs: 12_000), seed: seed) { seed in
          PriorityQueue(
            seed: seed, gap: [exponential(1 / 0.3), exponential(1 / 0.4)],
            work: served(exponential(1)))
        }
      case .sharedConstant: return try shared(seed, work: Self.unit, jobs: 8000)
      case .sharedVariable: return try shared(seed, work: Self.variable, jobs: 24_000)
      case .network:
        return try IndependentRuns(of: span(rate: 0.5, jobs: 12_000), seed: seed) { seed in
          QueueNetwork(
            seed: seed, gap: exponential(2), servers: [1, 2, 1],
            work: [served(exponential(1)), served(exponential(2.5)), served(exponential(2))],
            routes: Self.routes)
        }
      case .repairShop:
        return try IndependentRuns(of: span(rate: 0.7), seed: seed) { seed in
          RepairShop(
            seed: seed, machines: 10, repairers: 2, life: exponential(10),
            repair: served(exponential(2)))
        }
      case .batchLoop:
        return try IndependentRuns(of: span(rate: 3), seed: seed) { seed in
          BatchLoop(
            seed: seed, clients: 12, think: exponential(2), perBatch: served(Self.unit),
            perJob: served(Self.perJob))
        }
      case .tokens: return try tokens(seed, offered: 0.75, jobs: 16_000)
      case .tokensExhausted: return try tokens(seed, offered: 1.5, jobs: 1000)
      }
    }

    /// As long as about so many jobs take that come at `rate` a millisecond.
    private func span(rate: Double, jobs: Double = 8000) -> Nanoseconds {
      .milliseconds(Int64(jobs / rate))
    }

    private func openQueue(
      _ seed: UInt64, gap: Double, work: Distribution, servers: Int = 1, room: Int = .max
    ) throws(StationFault) -> IndependentRuns {
      try IndependentRuns(of: span(rate: 1 / gap, jobs: 16_000), seed: seed) { seed in
        OpenQueue(
          seed: seed, gap: exponential(gap), work: served(work), servers: servers, room: room)
      }
    }

    private func shared(
      _ seed: UInt64, work: Distribution, jobs: Double
    ) throws(StationFault) -> IndependentRuns {
      try IndependentRuns(of: span(rate: 0.6, jobs: jobs), seed: seed) { seed in
        SharedQueue(seed: seed, gap: exponential(1 / 0.6), work: served(work))
      }
    }

    private func tokens(
      _ seed: UInt64, offered: Double, jobs: Double
    ) throws(StationFault) -> IndependentRuns {
      try IndependentRuns(of: span(rate: 1, jobs: jobs), seed: seed) { seed in
        TokenQueue(
          seed: seed, gap: exponential(1 / offered), rate: Rate(perSecond: 1000 * speed), burst: 4)
      }
    }
  }
}

extension ClosedForms.Plan {
  /// What theory says.
  var expectations: [Expectation] {
    switch system {
    case .exponentialServer: openQueue(load: 0.6, squaredVariation: 1)
    case .constantServer: openQueue(load: 0.6, squaredVariation: 0)
    case .lognormalServer:
      openQueue(
        load: 0.6 * Self.lognormal.mean / 1e6, squaredVariation: Self.lognormal.squaredVariation,
        service: Self.lognormal.mean / 1e6)
    case .exponentialServers:
      [
        row(
          "mean wait, ms", OpenQueue.Quantity.wait,
          QueueFormulas.erlangC(servers: 3, load: 2.1) / 0.9),
        row("share that waits", .delayed, QueueFormulas.erlangC(servers: 3, load: 2.1)),
        row("mean number inside", .inside, QueueFormulas.meanInside(servers: 3, load: 2.1)),
      ]
    case .boundedRoom: bounded
    case .priorities:
      QueueFormulas.cobham(arrivals: [0.3, 0.4], service: 1).enumerated().map { index, wait in
        Expectation(quantity: "mean wait of class \(index), ms", index: index, value: wait)
      }
    case .sharedConstant, .sharedVariable:
      [
        Expectation(quantity: "mean stay, ms", index: 0, value: 2.5),
        Expectation(quantity: "mean number inside", index: 1, value: 1.5),
      ]
    case .network: jackson
    case .repairShop: repair
    case .batchLoop: batch
    case .tokens:
      [
        Expectation(
          quantity: "share that waits", index: 1,
          value: 1 - QueueFormulas.workInConstantServices(load: 0.75, atMost: 3))
      ]
    case .tokensExhausted: [Expectation(quantity: "granted, 1/s", index: 0, value: 1000)]
    }
  }

  private func row(
    _ quantity: String, _ place: OpenQueue.Quantity, _ value: Double
  ) -> Expectation {
    Expectation(quantity: quantity, index: place.rawValue, value: value)
  }

  private func openQueue(
    load: Double, squaredVariation: Double, service: Double = 1
  ) -> [Expectation] {
    let wait = QueueFormulas.pollaczekKhinchine(
      arrivals: load / service, service: service, squaredVariation: squaredVariation)
    return [
      row("mean wait, ms", .wait, wait),
      row("share that waits", .delayed, load),
      row("mean number inside", .inside, load + load / service * wait),
    ]
  }

  private var bounded: [Expectation] {
    let states = QueueFormulas.birthDeath(
      births: [Double](repeating: 1.8, count: 5), deaths: [1, 2, 2, 2, 2])
    return [
      row("share refused", .refused, states[5]),
      row("mean number inside", .inside, mean(states)),
    ]
  }

  private var repair: [Expectation] {
    let states = QueueFormulas.birthDeath(
      births: (0..<10).map { Double(10 - $0) / 10 },
      deaths: (1...10).map { Double(min($0, 2)) / 2 })
    let busy = states.enumerated().reduce(0) { $0 + Double(min($1.offset, 2)) * $1.element }
    return [
      Expectation(quantity: "mean number down", index: 0, value: mean(states)),
      Expectation(quantity: "mean number under repair", index: 1, value: busy),
    ]
  }

  private func mean(_ states: [Double]) -> Double {
    states.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
  }

  /// Each station is as an M/M/c queue of its own (Jackson, Operations Research 5, 1957).
  private var jackson: [Expectation] {
    // The flows of the routes: 0.5/ms from outside, B gets 0.6 A + 0.5 C, C gets 0.4 A, A 0.3 B.
    let first = 0.5 / (1 - 0.3 * 0.8)
    let loads = [(1, first * 1), (2, 0.8 * first * 2.5), (1, 0.4 * first * 2)]
    let numbers = loads.map { QueueFormulas.meanInside(servers: $0.0, load: $0.1) }
    let nodes = zip("ABC", numbers).enumerated().map { index, node in
      Expectation(quantity: "mean number at \(node.0)", index: index, value: node.1)
    }
    let all = numbers.reduce(0, +)
    return nodes + [Expectation(quantity: "mean number in all", index: 3, value: all)]
  }

  private var batch: [Expectation] {
    let exact = QueueFormulas.gatedBatch(clients: 12, think: 2) { 1 + 0.1 * Double($0) }
    return [
      Expectation(quantity: "throughput, 1/s", index: 0, value: exact.throughput * 1000),
      Expectation(quantity: "mean batch", index: 1, value: exact.meanBatch),
    ]
  }
}
