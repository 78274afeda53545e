import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

/// Serialized: others' load would be measured too.
@Suite(.serialized) struct NoiseTests {
  private func sample(
    gaps: Int = 0, longest: Nanoseconds = .zero, lost: Nanoseconds = .zero,
    steal: Nanoseconds = .zero, others: Nanoseconds = .zero, runnable: Int = 0, cpus: Int = 2
  ) throws -> NoiseSample {
    let host = try #require(CPUTimes(parsing: "cpu 0 0 0 0", ticksPerSecond: 100))
    var use = CPUUse(
      elapsed: .seconds(1), cpuCount: cpus, host: host, process: .seconds(2), kernelThreads: [],
      ioWorkers: [])
    use.host.user = .seconds(2) + others
    use.host.steal = steal
    let found = (0..<cpus).map { number in
      NoiseSample.CPU(number: number, gaps: gaps, longest: longest, lost: lost, preemptions: 0)
    }
    return NoiseSample(cpus: found, use: use, runnable: runnable)
  }

  private func states(_ sample: NoiseSample, virtual: Bool = false) throws
    -> [ReadinessID: ReadinessCheck.State]
  {
    let tree = try MachineTree()
    if virtual { try tree.makeVirtual() }
    let checks = tree.examine(noise: sample).filter { $0.area == .noise }
    return Dictionary(checks.map { ($0.id, $0.state) }, uniquingKeysWith: max)
  }

  @Test func aQuietHostIsQuiet() throws {
    let found = try states(try sample(gaps: 3, longest: .microseconds(40), lost: .microseconds(90)))
    #expect(found == [.steal: .notApplicable, .load: .ok, .runQueue: .ok, .gaps: .ok])
    #expect(try states(try sample(), virtual: true)[.steal] == .ok)
  }

  @Test func eachKindOfNoiseTripsItsOwnCheck() throws {
    #expect(try states(try sample(steal: .milliseconds(50)), virtual: true)[.steal] == .warning)
    #expect(try states(try sample(others: .milliseconds(150)))[.load] == .warning)
    #expect(try states(try sample(runnable: 2))[.runQueue] == .warning)
    #expect(try states(try sample(runnable: 1))[.runQueue] == .advice)
    #expect(try states(try sample(gaps: 1, longest: .milliseconds(8)))[.gaps] == .warning)
    #expect(try states(try sample(gaps: 900, lost: .milliseconds(30)))[.gaps] == .warning)
  }

  @Test func manyCPUsAreSummedUp() throws {
    let tree = try MachineTree()
    let noise = try sample(gaps: 1, longest: .microseconds(20), cpus: 64)
    let gaps = tree.examine(noise: noise).filter { $0.id == .gaps }
    #expect(gaps.count == 5 && gaps.last?.subject == "60 other CPUs")
  }

  @Test func aBusyNeighbourIsSeenAsLoadAndAsGaps() throws {
    let cpus = Topology.current().allowed
    let cpu = try #require(cpus.first)
    let busy = try Command.start(
      ["taskset", "-c", "\(cpu)", "sh", "-c", "echo on; while :; do :; done"])
    defer { busy.kill(SIGKILL) }
    try busy.wait(for: "on")
    let found = try #require(NoiseProbe.sample(cpus: cpus, for: .milliseconds(500)))
    #expect(found.loadPercent > 15, "\(found.loadPercent) %")
    let shared = try #require(found.cpus.first { $0.number == cpu })
    #expect(shared.preemptions > 0 && shared.longest >= .milliseconds(1), "\(shared)")
    #expect(shared.lost > .milliseconds(50) && shared.lost < found.use.elapsed)
  }

  @Test func readingTheClockCostsNanoseconds() {
    let cost = NoiseProbe.clockCost()
    #expect(cost > .zero && cost < .microseconds(5), "\(cost.text)")
  }

  @Test func thisMachineIsExaminedWithEveryCheck() throws {
    let begin = MonotonicClock.now()
    let readiness = Readiness.examine(spin: .milliseconds(50))
    #expect(MonotonicClock.now() - begin < .seconds(4))
    #expect(Set(readiness.checks.map(\.id)) == Set(ReadinessID.allCases))
    #expect(readiness.checks.allSatisfy { !$0.found.isEmpty && !$0.found.contains("\n") })
    let text = try JSONEncoder().encode(readiness)
    #expect(try JSONDecoder().decode(Readiness.self, from: text) == readiness)
  }

  @Test(arguments: ReadinessID.allCases) func everyCheckSaysWhyInOneSentence(id: ReadinessID) {
    #expect(id.why.hasSuffix(".") && !id.why.dropLast().contains(". "), "\(id.why)")
    #expect(id.explanation.seen.hasSuffix(".") && id.explanation.remedy.hasSuffix("."))
  }
}
