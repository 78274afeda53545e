import Measure
import Testing

@testable import Simulation

/// All jobs that start now.
private func started(_ station: inout FIFOStation, at now: Int64) -> [UInt32] {
  var jobs: [UInt32] = []
  while let job = station.start(at: Nanoseconds(now)) { jobs.append(job) }
  return jobs
}

struct FIFOStationTests {
  @Test func jobsStartInOrderOfArrivalAndNoMoreThanThereAreServers() throws {
    var station = FIFOStation(servers: 2)
    for job: UInt32 in [5, 6, 7, 8] { station.arrive(job, at: Nanoseconds(Int64(job))) }
    #expect(started(&station, at: 8) == [5, 6])
    station.leave(at: Nanoseconds(20))
    #expect(started(&station, at: 20) == [7])
    // Waits of 3, 2 and 13 ns.
    #expect(station.meanWait == 6)
    // One waits from 8 on; the integral until 30 is that of all waits.
    #expect(station.waiting.integral(at: Nanoseconds(30)) == 3 + 2 + 13 + 22)
    #expect(station.waiting.peak == 4 && station.serving.peak == 2)
    try station.audit("cpu", at: Nanoseconds(30))
  }

  @Test func fewerServersLetThoseServedFinishAndMoreStartAtOnce() throws {
    var station = FIFOStation(servers: 2)
    for job: UInt32 in 1...4 { station.arrive(job, at: .zero) }
    #expect(started(&station, at: 0) == [1, 2])
    station.servers = 1
    station.leave(at: Nanoseconds(5))
    #expect(started(&station, at: 5) == [])
    #expect(station.serving.count == 1)
    station.servers = 3
    #expect(started(&station, at: 6) == [3, 4])
    try station.audit("cpu", at: Nanoseconds(6))
  }

  @Test func whatFindsNoRoomIsRefusedAndCounted() throws {
    var station = FIFOStation(servers: 1, room: 2)
    var taken = (1...3).map { station.arrive(UInt32($0), at: .zero) }
    #expect(taken == [true, true, false])
    #expect(station.refused == 1)
    #expect(started(&station, at: 0) == [1])
    station.leave(at: Nanoseconds(1))
    taken.append(station.arrive(4, at: Nanoseconds(1)))
    #expect(taken.last == true)
    try station.audit("cpu", at: Nanoseconds(1))
  }

  @Test func meansOfAWindowLeaveOutTheWarmUp() {
    var population = Population()
    population.enter(4, at: Nanoseconds(0))
    let earlier = population
    population.leave(at: Nanoseconds(15))
    #expect(population.mean(at: Nanoseconds(20)) == 3.75)
    let window = population.mean(since: earlier, at: Nanoseconds(10), until: Nanoseconds(20))
    #expect(window == 3.5)
  }

  @Test func booksThatDisagreeAreAFault() {
    var station = FIFOStation(servers: 1)
    station.arrive(1, at: Nanoseconds(10))
    // An audit for a time before the last event cannot add up.
    do throws(StationFault) {
      try station.audit("cpu", at: Nanoseconds(5))
      Issue.record("the audit passed")
    } catch {
      #expect(error.description.hasPrefix("cpu, waiting: all stays add up to"))
    }
  }
}
