import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.ioUring) struct Latencies {
    /// Mean latency times rate: what was in flight on average.
    private func inFlight(_ outcome: StorageOutcome) -> Double {
      let rate = Double(outcome.read.ios) / outcome.elapsed.inSeconds
      return outcome.read.latency.mean / 1e9 * rate
    }

    @Test(Requires.zram, arguments: [(1, 1), (16, 1), (32, 2)])
    func latencyTimesRateIsWhatIsInFlight(depth: Int, jobs: Int) throws {
      let disk = try ZramDisk(bytes: 64 << 20)
      for engine in dataEngines where depth == 1 || engine != .psync {
        var found = 0.0
        // A job that a busy machine holds up at the end makes the time longer for all: again then.
        for _ in 0..<4 where abs(found / Double(depth * jobs) - 1) >= 0.05 {
          found = inFlight(
            try run(
              workload(.randomRead, engine) {
                $0.queueDepth = depth
                $0.jobs = jobs
                $0.duration = .milliseconds(400)
              }, on: device(disk.path)))
        }
        let off = abs(found / Double(depth * jobs) - 1)
        #expect(off < 0.05, "\(found) in flight instead of \(depth * jobs)")
      }
    }

    @Test(Requires.zram) func theThreeLatenciesAddUp() throws {
      let disk = try ZramDisk(bytes: 64 << 20)
      for engine in [StorageWorkload.Engine.libaio, .ioUring] {
        let read = try run(
          workload(.randomRead, engine) {
            $0.queueDepth = 8
            $0.totalCount = 20_000
          }, on: device(disk.path)
        ).read
        #expect(read.latency.count == 20_000)
        #expect(read.service.count == 20_000)
        #expect(read.submission.count == 20_000)
        #expect(read.latency.sum >= read.service.sum)
        #expect(read.latency.maximum >= read.service.maximum)
        // Each is rounded down to a nanosecond.
        let parts = read.service.mean + read.submission.mean
        #expect(abs(parts - read.latency.mean) < 2)
      }
    }
  }

  @Suite(Requires.ioUring) struct OpenLoop {
    private func open(
      _ arrivals: StorageWorkload.Load.Arrivals, _ engine: StorageWorkload.Engine,
      _ change: (inout StorageWorkload) -> Void = { _ in }
    ) -> StorageWorkload {
      workload(.randomRead, engine) {
        $0.load = .open(.absolute(Rate(perSecond: 1)), arrivals: arrivals)
        $0.queueDepth = 16
        $0.duration = .milliseconds(800)
        change(&$0)
      }
    }

    @Test(Requires.zram, arguments: dataEngines + [.nopRing, .null])
    func fixedArrivalsComeAtTheirRate(engine: StorageWorkload.Engine) throws {
      let disk = try ZramDisk(bytes: 64 << 20)
      let target = dataEngines.contains(engine) ? device(disk.path) : memory
      let outcome = try run(open(.fixed, engine) { $0.jobs = 2 }, on: target, rate: 2_000)
      // All that were due were issued; or are late, where this machine lost its CPU at the end.
      #expect((1_400...1_600).contains(outcome.read.ios))
      #expect(outcome.read.ios + outcome.lateIOs >= 1_600)
      #expect(abs(outcome.elapsed.inSeconds - 0.8) < 0.1)
    }

    @Test(Requires.zram) func poissonArrivalsComeAtTheirRate() throws {
      let disk = try ZramDisk(bytes: 64 << 20)
      let outcome = try run(open(.poisson, .ioUring), on: device(disk.path), rate: 5_000)
      // 4000 expected, five standard deviations.
      #expect(abs(Double(outcome.read.ios) - 4_000) < 5 * 4_000.squareRoot())
    }

    /// Syncs come on top of the writes that arrive, they do not take the writes' places.
    @Test func syncsTakeNoArrivals() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("wal"), bytes: 1 << 20)
      let outcome = try run(
        workload(.sequentialWrite, .psync) {
          $0.load = .open(.absolute(Rate(perSecond: 100)), arrivals: .fixed)
          $0.duration = .milliseconds(800)
          $0.fdatasyncEvery = 1
        }, on: file(folder.path("wal")), rate: 100)
      #expect((75...80).contains(outcome.write.ios))
      #expect((outcome.write.ios - 1...outcome.write.ios).contains(outcome.sync.ios))
    }

    @Test func overloadIsCountedAndEndsOnTime() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("wal"), bytes: 1 << 20)
      let watcher = Watcher()
      let outcome = try run(
        workload(.randomWrite, .psync) {
          $0.load = .open(.absolute(Rate(perSecond: 1)), arrivals: .fixed)
          $0.fdatasyncEvery = 1
          $0.duration = .milliseconds(1100)
        }, on: file(folder.path("wal")), rate: 200_000, watcher)
      let due = 220_000.0
      let done = Double(outcome.write.ios)
      #expect(done < due / 2, "the file system is too fast for this test")
      #expect(abs(outcome.elapsed.inSeconds - 1.1) < 0.2)
      // Late: nearly all of those issued, and all that never were.
      #expect(Double(outcome.lateIOs) > due - done)
      #expect(Double(outcome.lateIOs) <= due + 1)
      #expect(watcher.rows.reduce(0) { $0 + $1.lateIOs } == outcome.lateIOs)
      // Latency is held against the intended time and grows; the device itself did not hang.
      #expect(outcome.write.latency.quantile(0.99) ?? 0 > 500_000_000)
      #expect(outcome.write.service.quantile(0.5) ?? .max < 100_000_000)
      #expect(outcome.hungIOs == 0)
    }
  }
}
