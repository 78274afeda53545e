import Host
import Measure
import Scenario
import Storage
import Testing

@Suite struct WriterTests {
  typealias Workload = StorageWorkload

  private func read(_ workload: Workload, _ target: StorageTarget) throws -> Scenario {
    let text = ScenarioWriter.yaml(
      name: "written", about: "a: \"b\" # c", header: ["made by a test", ""], seed: .max,
      systems: [("disk", target)], workloads: [("w", workload, ["disk"])],
      design: Design(order: .random, blocks: 7), limits: ["latency p99 < 800us", "errors = 0"])
    #expect(text.hasPrefix("# made by a test\n#\nassay: 1\n"))
    do {
      return try ScenarioReader.read(text: text, file: "written.yaml").scenario
    } catch {
      Issue.record("\(error)\n\(text)")
      throw error
    }
  }

  @Test func whatIsWrittenReadsBackAsTheSame() throws {
    for seed in 0..<300 {
      var random = SeededRandom(seed: UInt64(seed))
      let workload = Self.workload(&random)
      let target = StorageTarget.device(path: "/dev/disk/by-id/nvme-\(seed): #x")
      let scenario = try read(workload, target)
      #expect(scenario.workloads[0].storage == workload, "seed \(seed)")
      #expect(scenario.workloads[0].points.map(\.storage) == [workload], "seed \(seed)")
      #expect(scenario.systems == [.init(name: "disk", target: .storage(target))])
      #expect(scenario.seed == .max && scenario.about == "a: \"b\" # c")
      #expect(scenario.design == Design(order: .random, blocks: 7))
      #expect(scenario.limits.count == 2)
    }
  }

  @Test(arguments: [
    StorageTarget.device(path: "/dev/ng0n1"), .none(size: .gibibytes(3)),
    .file(.init(path: "~/a b\t\u{7f}é.dat", size: nil, keep: true, overwriteExisting: true)),
    .file(.init(path: "42", size: .mebibytes(3), keep: false, overwriteExisting: false)),
    .fabrics(loop), .fabrics(everything),
    .virtualFunction(.init(parent: "/dev/nvme0", functions: 1)), .virtualFunction(function),
  ])
  func targetsReadBackAsTheSame(target: StorageTarget) throws {
    var workload = Workload(pattern: .randomRead)
    workload.duration = .seconds(1)
    switch target {
    case .device: workload.engine = .nvmePassthrough
    case .none: workload.engine = .null
    case .file, .fabrics, .virtualFunction: workload.engine = .psync
    }
    let scenario = try read(workload, target)
    #expect(scenario.systems[0].target == .storage(target))
    #expect(scenario.workloads[0].storage == workload)
  }

  private static let loop = FabricsAddress(
    transport: .loop, address: nil, port: nil, subsystem: "nqn.2026-01.example:a")

  private static let function: VirtualFunctionPlace = {
    var place = VirtualFunctionPlace(parent: "0000:17:00.0", functions: 8, number: 3)
    place.queues = 4
    place.interrupts = 5
    place.namespace = 2
    return place
  }()

  private static let everything: FabricsAddress = {
    var address = FabricsAddress(
      transport: .rdma, address: "192.0.2.10", port: 4421, subsystem: "nqn.2026-01.example:b",
      namespace: 7)
    address.host = "nqn.2026-01.example:host"
    address.queues = 3
    address.queueSize = 64
    address.keepAlive = .seconds(5)
    address.controllerLossTimeout = .seconds(30)
    return address
  }()

  /// A workload without contradictions, every field drawn.
  static func workload(_ random: inout SeededRandom) -> Workload {
    var workload = Workload(pattern: pick(Workload.Pattern.allCases, &random))
    let pattern = workload.pattern
    let mixed = pattern.reads && pattern.writes
    workload.queueDepth = 1 + Int(random.below(256))
    workload.jobs = 1 + Int(random.below(64))
    workload.engine = pick(workload.queueDepth == 1 ? [.psync] : [.ioUring, .libaio], &random)
    workload.readBlock = blocks(&random)
    workload.writeBlock = pattern.reads && !mixed ? workload.readBlock : blocks(&random)
    if mixed { workload.readShare = .percent(Double(random.below(1001)) / 10) }
    if pattern.isRandom {
      workload.distribution = pick(
        [
          .uniform, .zipf(theta: random.unit() + 0.1), .pareto(h: 0.2),
          .zoned([
            .init(access: .percent(60), size: .percent(10)),
            .init(access: .percent(40), size: .percent(90)),
          ]),
        ], &random)
      workload.randomMap = workload.distribution == .uniform && random.below(2) == 0
    }
    workload.regionOffset = ByteCount(Int64(random.below(1_000)) * 4096)
    if random.below(2) == 0 { workload.regionSize = .mebibytes(1 + Int64(random.below(5000))) }
    workload.jobRegions = pick(Workload.JobRegions.allCases, &random)
    if random.below(2) == 0 { workload.submitBatch = workload.queueDepth }
    workload.completeBatch = workload.queueDepth
    if random.below(2) == 0 {
      let rate: Workload.Load.OpenRate = pick(
        [
          .absolute(Rate(perSecond: 1 + random.unit() * 1e6)),
          .shareOfMaximum(.percent(Double(1 + random.below(100)))),
        ], &random)
      workload.load = .open(rate, arrivals: pick([.fixed, .poisson], &random))
      workload.lateBound = .microseconds(1 + Int64(random.below(5_000)))
    }
    if pattern.writes {
      workload.fsyncEvery = pick([nil, 1, 100], &random)
      if workload.fsyncEvery == nil { workload.fdatasyncEvery = pick([nil, 1], &random) }
      workload.data = pick([.random, .zeros, .compressible(.percent(37.5))], &random)
      workload.refill = random.below(2) == 0
      // Drawn blocks of several sizes overlap, which verify refuses.
      let overlaps = pattern.isRandom && workload.writeBlock.smallest < workload.writeBlock.largest
      if !mixed, !overlaps { workload.verify = pick([.off, .writeThenRead], &random) }
    }
    ends(&workload, &random)
    return workload
  }

  private static func ends(_ workload: inout Workload, _ random: inout SeededRandom) {
    if random.below(3) == 0 {
      var rule = Workload.SteadyStateRule()
      rule.round = .seconds(Int64(1 + random.below(100)))
      rule.range = .percent(Double(random.below(100)))
      workload.steadyState = rule
    } else {
      workload.duration = .microseconds(1 + Int64(random.below(1 << 40)))
      workload.totalBytes = pick([nil, .gibibytes(5)], &random)
      workload.totalCount = pick([nil, Int64.max], &random)
    }
    workload.ramp = .milliseconds(Int64(random.below(10_000)))
    workload.precondition = pick([.none, .snia, .fill(passes: 3)], &random)
    workload.errorPolicy = pick([.stop, .count(upTo: 9)], &random)
    workload.hangBound = .milliseconds(1 + Int64(random.below(5_000)))
    workload.endFsync = random.below(2) == 0
    workload.placement = pick([.nearDevice, .free, .cpus([3, 1])], &random)
    if workload.engine == .ioUring {
      workload.registeredBuffers = random.below(2) == 0
      workload.polled = random.below(2) == 0
    }
  }

  private static func blocks(_ random: inout SeededRandom) -> Workload.BlockSizes {
    pick(
      [
        .fixed(.init(512 * Int64(1 + random.below(100)))),
        .range(from: .kibibytes(4), to: .kibibytes(64)),
        .split([
          .init(size: .kibibytes(4), weight: 60), .init(size: .kibibytes(128), weight: 0.5),
        ]),
      ], &random)
  }

  private static func pick<Choice>(_ choices: [Choice], _ random: inout SeededRandom) -> Choice {
    choices[Int(random.below(UInt64(choices.count)))]
  }
}
