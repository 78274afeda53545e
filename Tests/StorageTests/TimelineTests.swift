import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  /// Completions in short windows: what an operation in mid-run is seen by.
  @Suite struct Timelines {
    private func timeline(
      of workload: StorageWorkload, on target: StorageTarget, _ watcher: Watcher = Watcher()
    ) throws -> (StorageOutcome, CompletionTimeline) {
      let facts = try TargetFacts.examine(target)
      let outcome = try StorageTrial(
        facts: facts, workload: workload, seed: 7, stampSeed: 11, rate: nil, clock: clock,
        cpus: [], node: nil, countsWindows: true
      ).run(watcher)
      return (outcome, try #require(outcome.timeline))
    }

    @Test(arguments: [Nanoseconds.zero, .milliseconds(150)])
    func windowsSumUpToTheCountersAndTheSecondsToTheWindows(_ ramp: Nanoseconds) throws {
      let watcher = Watcher()
      let load = workload(.randomRead, .null) {
        $0.duration = .seconds(2)
        $0.jobs = 2
        $0.ramp = ramp
      }
      let began = MonotonicClock.now()
      let (outcome, timeline) = try timeline(of: load, on: memory, watcher)
      #expect(timeline.windowNs == .milliseconds(10))
      #expect(timeline.windows.count == 201, "200 and what is drained")
      #expect(timeline.windows.reduce(0) { $0 + $1.ios } == outcome.read.ios)
      #expect(timeline.startedAtNs >= began + ramp)
      let second = try #require(watcher.rows.first)
      let windows = timeline.windows.prefix(100).reduce(0) { $0 + $1.ios }
      let share = Double(windows) / Double(second.ios)
      #expect(abs(share - 1) < 0.05, "\(windows) in windows, \(second.ios) in the second")
      #expect(timeline.lastErrorNs == nil && timeline.succeededAgainNs == nil)
      #expect(timeline.gaps.map(\.lengthNs).max() == outcome.longestGap?.lengthNs)
    }

    /// The file behind the device is cut off for half a second.
    @Test(Requires.loopDevices) func anOutageStandsInItsWindows() throws {
      let disk = try LoopDevice()
      let load = workload(.randomRead, .psync) {
        $0.duration = .seconds(2)
        $0.errorPolicy = .count(upTo: .max)
      }
      var cut: [Nanoseconds] = []
      let watcher = Watcher(after: .milliseconds(700)) {
        cut.append(MonotonicClock.now())
        try Command.run(["truncate", "-s", "0", disk.file]).checked()
        MonotonicClock.sleep(until: MonotonicClock.now() + .milliseconds(500))
        cut.append(MonotonicClock.now())
        try Command.run(["truncate", "-s", "64M", disk.file]).checked()
      }
      let (outcome, timeline) = try timeline(of: load, on: device(disk.path), watcher)
      #expect(outcome.errorCount > 0 && outcome.stoppedEarly == nil)
      #expect(timeline.windows.reduce(0) { $0 + $1.errors } == outcome.errorCount)
      let (lastError, succeeded) = (timeline.lastErrorNs, timeline.succeededAgainNs)
      let (last, again) = (try #require(lastError), try #require(succeeded))
      #expect(again > last)
      // Restored after the second truncate began, and soon: it takes milliseconds.
      let restored = cut[1] - timeline.startedAtNs
      #expect(again > restored && again < restored + .milliseconds(300))
      let gap = try #require(outcome.longestGap, "failed I/Os are no completions")
      #expect(gap.lengthNs > .milliseconds(450))
      #expect(abs((gap.startNs + gap.lengthNs - again).count) < 20_000_000)
    }

    @Test func longTrialsHaveLongerWindowsRatherThanMore() {
      #expect(CompletionTimeline.window(for: .seconds(30), jobs: 1) == .milliseconds(10))
      for (duration, jobs) in [(Nanoseconds.seconds(86_400), 1), (.seconds(600), 512)] {
        let window = CompletionTimeline.window(for: duration, jobs: jobs)
        #expect(Int(duration.count / window.count) * jobs <= CompletionTimeline.mostWindows)
      }
    }
  }
}
