import Measure
import TestSupport
import Testing

@testable import Simulation

/// What comes to a shared station, and how many servers it has.
private struct Load: Encodable {
  var servers: Int
  /// Instant and work of each job, ns.
  var jobs: [[Int64]]
}

/// Lets the jobs through and says when each leaves; departures before arrivals in an instant.
private func departures(_ load: Load) throws -> [[Int64]] {
  var station = SharedStation(servers: load.servers)
  var left: [[Int64]] = []
  var next = 0
  var now = Nanoseconds.zero
  let never = Nanoseconds(.max)
  while true {
    var due = never
    if let rest = station.untilDeparture(at: now) { due = now + rest }
    let coming = next < load.jobs.count ? Nanoseconds(load.jobs[next][0]) : never
    guard min(due, coming) < never else { break }
    now = min(due, coming)
    if due == now {
      while let job = station.leave(at: now) { left.append([Int64(job), now.count]) }
    } else {
      station.arrive(UInt32(next), work: Nanoseconds(load.jobs[next][1]), at: now)
      next += 1
    }
  }
  try station.audit("link", at: now)
  return left
}

/// Lets time pass until the next departure, and handles it.
private func passToDeparture(_ station: inout SharedStation, _ now: inout Nanoseconds) {
  now = now + (station.untilDeparture(at: now) ?? .zero)
  while station.leave(at: now) != nil {}
}

struct SharedStationTests {
  /// Against rational arithmetic, which does not round: every departure, to the nanosecond.
  @Test(Requires.python("fractions"), arguments: [1, 3])
  func departuresAreThoseOfExactArithmetic(servers: Int) throws {
    var loads: [Load] = []
    for round in 0..<6 {
      var stream = RandomStream(seed: 31, entity: UInt32(round), purpose: UInt16(servers))
      var instant: Int64 = 0
      // Some rounds keep to few instants and works, so that jobs tie.
      let grain: Int64 = round % 2 == 0 ? 1 : 50
      let jobs = (0..<500).map { _ in
        instant += Int64(stream.below(UInt64(2200 / servers / Int(grain)))) * grain
        return [instant, Int64(stream.below(UInt64(2000 / grain))) * grain]
      }
      loads.append(Load(servers: servers, jobs: jobs))
    }
    let truth: [[[Int64]]] = try PythonOracle.answers(
      """
      from fractions import Fraction
      from math import ceil
      def answer(case):
        servers, jobs = case["servers"], case["jobs"]
        now, virtual, inside, left, coming = 0, Fraction(0), [], [], 0
        def speed(): return min(Fraction(1), Fraction(servers, len(inside)))
        while True:
          due = now + ceil((min(inside)[0] - virtual) / speed()) if inside else None
          arrival = jobs[coming][0] if coming < len(jobs) else None
          if due is None and arrival is None: return left
          then = min(t for t in (due, arrival) if t is not None)
          if inside: virtual += (then - now) * speed()
          now = then
          if due == now:
            for share in sorted(s for s in inside if s[0] <= virtual):
              inside.remove(share)
              left.append([share[1], now])
          else:
            inside.append((virtual + jobs[coming][1], coming))
            coming += 1
      """, to: loads)
    for (load, expected) in zip(loads, truth) {
      #expect(try departures(load) == expected)
    }
  }

  @Test func jobsShareEvenlyAndNoneRunsFasterThanAlone() throws {
    // Alone 100 ns; then two together; the first has 50 ns left when the second comes.
    #expect(
      try departures(Load(servers: 1, jobs: [[0, 100], [50, 100]])) == [[0, 150], [1, 200]])
    #expect(
      try departures(Load(servers: 2, jobs: [[0, 100], [50, 100]])) == [[0, 100], [1, 150]])
    // Three thirds add up to a whole nanosecond, not to one more.
    #expect(
      try departures(Load(servers: 1, jobs: [[0, 7], [0, 7], [0, 7]])).map { $0[1] } == [
        21, 21, 21,
      ]
    )
    #expect(try departures(Load(servers: 1, jobs: [[5, 0]])) == [[0, 5]])
  }

  /// 20000 jobs come and go past a long one, without an idle instant that would start afresh.
  @Test func nothingDriftsOverALongBusyPeriod() throws {
    var station = SharedStation()
    var stream = RandomStream(seed: 5, entity: 0, purpose: 0)
    var now = Nanoseconds.zero
    station.arrive(0, work: .seconds(3600), at: now)
    var work: Int64 = 0
    for job: UInt32 in 1...20_000 {
      let own = Nanoseconds(Int64(stream.below(1_000_003)))
      work += own.count
      station.arrive(job, work: own, at: now)
      if job % 7 != 0 { passToDeparture(&station, &now) }
    }
    while station.inside.count > 1 { passToDeparture(&station, &now) }
    try station.audit("link", at: now)
    // What is left of the long job is its work less what of all the time was not the others'.
    let left = station.untilDeparture(at: now)
    let rest = try #require(left)
    let overshoot = now.count - (Nanoseconds.seconds(3600) - rest).count - work
    #expect(overshoot >= 0 && overshoot <= 20_001)
  }

  @Test func otherServersCountFromThenOn() throws {
    var station = SharedStation(servers: 1)
    for job: UInt32 in 0..<4 { station.arrive(job, work: Nanoseconds(100), at: .zero) }
    station.setServers(2, at: Nanoseconds(200))
    // 50 ns of each are done; now two servers for four jobs.
    let rest = station.untilDeparture(at: Nanoseconds(200))
    #expect(rest == Nanoseconds(100))
    try station.audit("link", at: Nanoseconds(200))
  }

  @Test func aDepartureThatIsNotHandledIsFoundInTheBooks() {
    var station = SharedStation()
    station.arrive(1, work: Nanoseconds(10), at: .zero)
    let job = station.leave(at: Nanoseconds(50))
    #expect(job == 1)
    do throws(StationFault) {
      try station.audit("link", at: Nanoseconds(50))
      Issue.record("the audit passed")
    } catch {
      #expect(error.description.contains("busy for 50 ns, but did work of 10 ns"))
    }
  }
}
