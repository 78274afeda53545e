import Foundation
import Measure
import Scenario
import Storage
import Testing

@Suite struct PlanTests {
  private func scenario(
    _ workloads: String, design: String = "{order: abba, blocks: 3}",
    limits: String = "[errors = 0]",
    overrides: [String] = []
  ) throws -> Scenario {
    let text = """
      assay: 1
      name: planned
      systems:
        a: {device: /dev/nvme0n1}
        b: {device: /dev/nvme1n1}
        g: {device: /dev/ng0n1}
        r: {none: {size: 1GiB}}
      workloads:
      \(workloads)
      design: \(design)
      limits: \(limits)
      """
    return try ScenarioReader.read(text: text, file: "p.yaml", overrides: overrides).scenario
  }

  private let read = """
      read:
        storage: {pattern: random-read, duration: 2s, ramp: 1s}
        sweep: {queue-depth: [1, 32]}
        systems: [a, b]
    """

  @Test func abbaRunsEverySecondBlockBackwards() throws {
    let plan = Plan.expand(try scenario(read), seed: 1)
    #expect(plan.trials.map(\.key.system).joined() == "ababbabaabab")
    #expect(plan.trials.map(\.block) == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
    let blocks = (1...3).map { block in plan.trials.filter { $0.block == block }.map(\.key) }
    #expect(blocks.allSatisfy { Set($0).count == 4 })
    #expect(blocks[1] == blocks[0].reversed() && blocks[2] == blocks[0])
    #expect(plan.trials.map(\.id).first == "t0001" && plan.trials.last?.id == "t0012")
    #expect(plan.trials[0].key.point == ["queue-depth=1"])
    #expect(plan.trials[4].workload.queueDepth == 32)
    #expect(plan.estimate.knownNs == .seconds(36))
    #expect(plan.estimate.writesAtMost == .zero && plan.estimate.unknownWrites.isEmpty)
  }

  @Test func sequentialFinishesOneSystemFirst() throws {
    let plan = Plan.expand(
      try scenario(read, design: "{order: sequential, blocks: 2}"), seed: 1)
    #expect(plan.trials.map(\.key.system).joined() == "aabbaabb")
  }

  @Test func randomOrderIsTheSeedsAndKeepsBlocksTogether() throws {
    let given = try scenario(read, design: "{order: random, blocks: 20}")
    let plan = Plan.expand(given, seed: 5)
    #expect(plan == Plan.expand(given, seed: 5))
    #expect(plan.trials.map(\.key) != Plan.expand(given, seed: 6).trials.map(\.key))
    #expect(plan.trials.map(\.block) == plan.trials.map(\.block).sorted())
    for block in 1...20 {
      #expect(Set(plan.trials.filter { $0.block == block }.map(\.key)).count == 4)
    }
  }

  @Test func seedsDependOnCaseAndBlockButNotOnOrderOrSystem() throws {
    func seeds(_ order: String) throws -> [String: UInt64] {
      let given = try scenario(read, design: "{order: \(order), blocks: 3}")
      let trials = Plan.expand(given, seed: 9).trials
      return Dictionary(
        uniqueKeysWithValues: trials.map { ("\($0.key) \($0.block)", $0.seed) })
    }
    let abba = try seeds("abba")
    #expect(try seeds("random") == abba)
    #expect(Set(abba.values).count == 6)
    #expect(abba["a/read/queue-depth=1 2"] == abba["b/read/queue-depth=1 2"])
  }

  @Test func aShareOfTheMaximumFindsItOncePerCase() throws {
    let plan = Plan.expand(
      try scenario(
        """
          load:
            storage: {pattern: random-read, duration: 2s, arrivals: poisson}
            sweep: {queue-depth: [8, 16], rate: [10%, 95%]}
            systems: [a]
        """), seed: 1)
    let maxima = plan.trials.filter { $0.kind == .findMaximum }
    #expect(maxima.map(\.key.point) == [["queue-depth=8"], ["queue-depth=16"]])
    #expect(maxima.allSatisfy { $0.workload.load == .closed && $0.block == 0 })
    let measured = plan.trials.filter { $0.kind == .measure }
    #expect(measured.count == 12)
    for trial in measured {
      let first = try #require(plan.trials.firstIndex { $0.id == trial.maximumFrom })
      #expect(plan.trials[first].id < trial.id)
      #expect(plan.trials[first].workload.queueDepth == trial.workload.queueDepth)
      guard case .open(.shareOfMaximum, arrivals: .poisson) = trial.workload.load else {
        Issue.record("\(trial.workload.load)")
        continue
      }
    }
  }

  @Test func theTargetChoosesTheEngineWhereTheFileNamesNone() throws {
    let plan = Plan.expand(
      try scenario("  w: {storage: {pattern: random-read, duration: 1s}}"), seed: 1)
    let engines = plan.trials.filter { $0.block == 1 }.map(\.workload.engine)
    #expect(engines == [.ioUring, .ioUring, .nvmePassthrough, .nopRing])
  }

  @Test func aPlanReadsBackFromItsFile() throws {
    let limits = "[iops of a >= 70% of b, latency p99 <= 1.5ms when queue-depth = 1 severity warn]"
    let plan = Plan.expand(try scenario(read, limits: limits), seed: .max)
    let data = try JSONEncoder().encode(plan)
    #expect(try JSONDecoder().decode(Plan.self, from: data) == plan)
  }

  @Test func estimatesSayWhatIsWrittenAndWhatIsNotKnown() throws {
    let body = """
          w:
            storage: {pattern: random-write, total-bytes: 1GiB, jobs: 4, precondition: snia, \
      region-size: 2GiB}
            systems: [a]
          x:
            storage: {pattern: random-write, duration: 10s, rate: 100/s}
            systems: [a]
          y: {storage: {pattern: random-write, duration: 10s, precondition: snia}, systems: [a]}
      """
    let plan = Plan.expand(try scenario(body, design: "{blocks: 1}"), seed: 1)
    let estimates = plan.trials.map(\.estimate)
    #expect(estimates.map(\.writesAtMost) == [.gibibytes(8), .init(4_096_000), .zero])
    #expect(estimates[0].unknownTime.count == 2 && estimates[0].unknownWrites.isEmpty)
    #expect(estimates[1].unknownTime.isEmpty && estimates[1].unknownWrites.isEmpty)
    #expect(estimates[2].unknownWrites.count == 2)
  }

  @Test func limitsAreTyped() throws {
    let limits = """
      [iops of b >= 70% of a, "latency p99 of b <= 1.5x a when queue-depth = 32",
       read bandwidth for read > 1.5GiB/s severity warn, host cpu < 50%]
      """
    let read = try scenario(read, limits: limits).limits
    #expect(read[0].bound == .ratio(0.7, of: "a") && read[0].system == "b")
    #expect(read[1].bound == .ratio(1.5, of: "a") && read[1].comparison == .atMost)
    #expect(read[1].conditions.map(\.label) == ["queue-depth=32"])
    #expect(read[2].bound == .value(1_610_612_736) && read[2].severity == .warn)
    #expect(read[2].workload == "read" && read[3].bound == .value(50))
    let key = CaseKey(system: "b", workload: "read", point: ["queue-depth=32"])
    #expect(read[1].applies(to: key))
    #expect(!read[1].applies(to: CaseKey(system: "b", workload: "read", point: ["queue-depth=1"])))
    #expect(!read[1].applies(to: CaseKey(system: "a", workload: "read", point: key.point)))
  }

  @Test func overridesReachAnyLeaf() throws {
    let given = try scenario(
      read,
      overrides: [
        "workloads.read.storage.duration=5s", "workloads.read.sweep.queue-depth=[2, 4]",
        "workloads.read.sweep.queue-depth.1=8", "workloads.read.storage.precondition.fill=2",
        "systems.a.device=/dev/sdz", "seed=7", "limits.0=errors = 1",
      ])
    #expect(given.workloads[0].storage.duration == .seconds(5))
    #expect(given.workloads[0].points.map(\.storage.queueDepth) == [2, 8])
    #expect(given.workloads[0].storage.precondition == .fill(passes: 2))
    #expect(given.systems[0].target.storage?.path == "/dev/sdz" && given.seed == 7)
    #expect(given.limits[0].bound == .value(1))
  }
}
