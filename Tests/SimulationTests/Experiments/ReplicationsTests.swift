import Glibc
import Measure
import Simulation
import Synchronization
import TestSupport
import Testing

struct ReplicationsTests {
  private struct Broken: Error {}

  private static func observe(_ replication: Replication) -> TandemObservation {
    TandemObservation(
      arrivals: 0.5, rates: [1, 1.2], seconds: 200, samples: 20, seed: replication.seed)
  }

  @Test func theSameSeedGivesTheSameResultsOnAnyNumberOfThreads() async throws {
    let alone = try await Replications(seed: 7, atOnce: 1).run(0..<20, body: Self.observe)
    for atOnce in [2, 3, 32] {
      let several = try await Replications(seed: 7, atOnce: atOnce).run(0..<20, body: Self.observe)
      #expect(several == alone)
    }
    #expect(Set(alone.map(\.trace)).count == 20)
    let other = try await Replications(seed: 8, atOnce: 2).run(0..<20, body: Self.observe)
    #expect(Set(alone.map(\.trace)).isDisjoint(with: other.map(\.trace)))
  }

  @Test func resultsStandInOrderOfNumberWhateverEndsFirst() async throws {
    let ended = Mutex(0)
    let numbers = try await Replications(seed: 2, atOnce: 4).run(0..<40) { replication in
      // The first lets others go before, if there is a thread for them within some seconds.
      let start = ContinuousClock.now
      while replication.number == 0, ended.withLock({ $0 < 3 }),
        start.duration(to: .now) < .seconds(5)
      {}
      ended.withLock { $0 += 1 }
      return replication.number
    }
    #expect(numbers == Array(0..<40))
  }

  @Test func laterReplicationsContinueTheEarlier() async throws {
    let plan = Replications(seed: 3, atOnce: 2)
    let whole = try await plan.run(0..<9, body: Self.observe)
    let first = try await plan.run(0..<4, body: Self.observe)
    let rest = try await plan.run(4..<9, body: Self.observe)
    #expect(whole == first + rest)
    #expect(try await plan.run(5..<5, body: Self.observe).isEmpty)
  }

  @Test func pointsShareTheSeedsOfTheirReplications() async throws {
    let plan = Replications(seed: 5, atOnce: 2)
    let seen = try await plan.run(at: ["a", "b", "c"], count: 4) { ($0, $1) }
    for (point, name) in ["a", "b", "c"].enumerated() {
      #expect(seen[point].map(\.0) == Array(repeating: name, count: 4))
      #expect(seen[point].map(\.1) == (0..<4).map(plan.replication))
    }
    #expect(plan.independent(arm: 1).replication(0) != plan.independent(arm: 2).replication(0))
    #expect(plan.independent(arm: 0).replication(0) != plan.replication(0))
  }

  @Test func notMoreRunAtOnceThanAllowed() async throws {
    let now = Mutex((running: 0, most: 0))
    let ended = Mutex([Int]())
    _ = try await Replications(seed: 1, atOnce: 2).run(
      0..<50, progress: { count in ended.withLock { $0.append(count) } }
    ) { replication in
      now.withLock {
        $0.running += 1
        $0.most = max($0.most, $0.running)
      }
      _ = Self.observe(replication)
      now.withLock { $0.running -= 1 }
    }
    #expect(now.withLock { $0.most } <= 2)
    #expect(ended.withLock(\.self) == Array(1...50))
  }

  @Test(arguments: [1, 2, 8]) func theLeastFailureIsNamed(atOnce: Int) async throws {
    let plan = Replications(seed: 9, atOnce: atOnce)
    let began = Mutex(0)
    let failure = await #expect(throws: ReplicationFailure.self) {
      try await plan.run(0..<100) { replication in
        began.withLock { $0 += 1 }
        // The later one fails sooner.
        if replication.number == 11 { _ = Self.observe(replication) }
        if replication.number >= 11 { throw Broken() }
      }
    }
    #expect(failure?.replication == plan.replication(11))
    #expect(
      failure?.description.contains("replication 11 (seed \(plan.replication(11).seed))") == true)
    #expect(began.withLock(\.self) <= 11 + atOnce)
    let atPoint = await #expect(throws: ReplicationFailure.self) {
      try await plan.run(at: [1, 2, 3], count: 5) { point, replication in
        if point == 2, replication.number == 3 { throw Broken() }
      }
    }
    #expect(atPoint?.point == 1 && atPoint?.replication.number == 3)
  }

  /// How much faster two threads are than one, on a machine that others use as well: the part of
  /// the time in which both work, times what the work costs more of a processor's time.
  ///
  /// Alone, since other tests use the same threads:
  /// `ASSAY_TEST_SCALING=1 swift test -c release --filter replicationsScale`.
  @Test(Requires.variable("ASSAY_TEST_SCALING"), Requires.processors(2), Requires.release)
  func replicationsScale() async throws {
    func run(_ atOnce: Int) async throws -> (busy: Double, processor: Double) {
      let clock = ContinuousClock()
      let start = clock.now
      let spent = try await Replications(seed: 1, atOnce: atOnce).run(0..<64) { replication in
        let begin = clock.now
        let processor = Self.processorSeconds()
        _ = TandemObservation(
          arrivals: 0.5, rates: [1, 1.2], seconds: 100_000, seed: replication.seed)
        return (wall: begin.duration(to: clock.now), processor: Self.processorSeconds() - processor)
      }
      let busy = spent.reduce(.zero) { $0 + $1.wall } / start.duration(to: clock.now)
      return (busy, spent.map(\.processor).min() ?? 0)
    }
    var best = 0.0
    for _ in 0..<3 {
      let one = try await run(1)
      let two = try await run(2)
      best = max(best, two.busy * one.processor / two.processor)
    }
    #expect(best >= 1.8)
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test func cancellationEndsTheReplicationsUnderWay() async throws {
    let began = Mutex(0)
    let handle = Mutex<Task<[Int], any Error>?>(nil)
    let task = Task {
      try await Replications(seed: 1, atOnce: 2).run(0..<1000) { replication in
        began.withLock { $0 += 1 }
        if replication.number >= 10 {
          // The handle is there as soon as the line below has been passed.
          while handle.withLock({ $0?.cancel() }) == nil {}
          try Task.checkCancellation()
          Issue.record("not cancelled")
        }
        return replication.number
      }
    }
    handle.withLock { $0 = task }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(began.withLock(\.self) <= 12)
  }
}
