import Measure
import TestSupport
import Testing

@testable import Storage

@Suite struct ArrivalTests {
  private func schedule(
    interval: Double, poisson: Bool, phase: Double = 0, seed: UInt64 = 5
  ) -> ArrivalSchedule {
    ArrivalSchedule(
      .init(interval: interval, poisson: poisson, phase: phase), clock: .monotonic, start: 1_000,
      seed: seed)
  }

  @Test func fixedArrivalsKeepTheirGapWithoutDrift() {
    // A gap that is no whole number of ticks must not be rounded each time.
    var schedule = schedule(interval: 1e9 / 3, poisson: false, phase: 0.5)
    #expect(schedule.next == 1_000 + 166_666_666)
    for _ in 0..<3000 { schedule.advance() }
    #expect(abs(Int64(schedule.next) - 1_000 - 166_666_666 - 1_000_000_000_000) < 1_000)
  }

  @Test(Requires.python("scipy"))
  func poissonGapsAreExponential() throws {
    var schedule = schedule(interval: 50_000, poisson: true)
    var gaps: [Double] = []
    var last = UInt64(1_000)
    for _ in 0..<20_000 {
      gaps.append(Double(schedule.next - last))
      last = schedule.next
      schedule.advance()
    }
    let p = try scipy("print(stats.kstest(data, 'expon', args=(0, 50000)).pvalue)", gaps)
    #expect(p > 1e-3)
    let correlation = try scipy("print(abs(np.corrcoef(data[1:], data[:-1])[0, 1]))", gaps)
    #expect(correlation < 0.03, "one gap must not tell the next")
  }

  @Test func jobsDoNotFireTogether() {
    var wanted = workload(.randomRead)
    wanted.jobs = 4
    wanted.load = .open(.absolute(Rate(perSecond: 1000)), arrivals: .fixed)
    let facts = TargetFacts(
      path: nil, sizeBytes: .gibibytes(1), isBlockDevice: false, isPassthrough: false,
      directAlignmentBytes: 1)
    let jobs = JobResolver.jobs(
      of: wanted, facts: facts, seed: 1, stampSeed: 1, rate: Rate(perSecond: 1000),
      clock: .monotonic)
    let firsts = jobs.compactMap { job in
      job.arrivals.map {
        ArrivalSchedule($0, clock: .monotonic, start: 0, seed: job.seed).next
      }
    }
    #expect(firsts == [0, 1_000_000, 2_000_000, 3_000_000])
    #expect(Set(jobs.map(\.seed)).count == 4)
  }
}
