import Foundation
import Host
import Measure
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// Suites that do I/O: one test at a time, since latencies and devices are shared by all.
@Suite(.serialized, .timeLimit(.minutes(2))) enum RealIO {}

/// Follows a trial; keeps its rows and does what the test wants at a given moment.
final class Watcher: StorageObserver, @unchecked Sendable {
  private(set) var rows: [StorageSecond] = []
  private(set) var phases: [String] = []
  private let began = MonotonicClock.now()
  private var deeds: [(after: Nanoseconds, deed: () throws -> Void)] = []
  private let onPhase: (String) throws -> Void
  private let stopAfter: Nanoseconds?

  init(
    stopAfter: Nanoseconds? = nil, after: Nanoseconds = .zero,
    deed: (() throws -> Void)? = nil, onPhase: @escaping (String) throws -> Void = { _ in }
  ) {
    self.stopAfter = stopAfter
    self.onPhase = onPhase
    if let deed { deeds = [(after, deed)] }
  }

  func measuringWillStart(after ramp: Nanoseconds) {}
  func secondPassed(_ second: StorageSecond) { rows.append(second) }
  func measuringDidEnd() {}

  func phaseChanged(_ phase: String) {
    phases.append(phase)
    attempt { try onPhase(phase) }
  }

  func shouldStop() -> Bool {
    let age = MonotonicClock.now() - began
    while let next = deeds.first, age >= next.after {
      deeds.removeFirst()
      attempt(next.deed)
    }
    return stopAfter.map { age >= $0 } ?? false
  }

  private func attempt(_ deed: () throws -> Void) {
    do { try deed() } catch { Issue.record("\(error)") }
  }
}

/// The run's clock, calibrated once as a run does it.
let clock: TickClock = {
  let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
  return .calibrated(
    counterIsSteady: flags.contains("constant_tsc") && flags.contains("nonstop_tsc"))
}()

func workload(
  _ pattern: StorageWorkload.Pattern, _ engine: StorageWorkload.Engine = .ioUring,
  _ change: (inout StorageWorkload) -> Void = { _ in }
) -> StorageWorkload {
  var workload = StorageWorkload(pattern: pattern)
  workload.engine = engine
  change(&workload)
  return workload
}

/// Runs a workload as the run controller does: examined first, refused where something stands
/// against it.
func run(
  _ workload: StorageWorkload, on target: StorageTarget, rate: Double? = nil, seed: UInt64 = 7,
  stampSeed: UInt64 = 11, _ watcher: Watcher = Watcher()
) throws -> StorageOutcome {
  let facts = try TargetFacts.examine(target)
  let obstacles = workload.obstacles(on: facts)
  try #require(obstacles.isEmpty, "\(obstacles)")
  return try StorageTrial(
    facts: facts, workload: workload, seed: seed, stampSeed: stampSeed,
    rate: rate.map { Rate(perSecond: $0) }, clock: clock, cpus: [], node: nil
  ).run(watcher)
}

func device(_ path: String) -> StorageTarget { .device(path: path) }

func file(_ path: String, size: Int? = nil) -> StorageTarget {
  .file(
    .init(
      path: path, size: size.map { ByteCount(Int64($0)) }, keep: true, overwriteExisting: true))
}

let memory = StorageTarget.none(size: .gibibytes(1))

/// Engines that move data.
let dataEngines: [StorageWorkload.Engine] = [.psync, .libaio, .ioUring]

/// What the kernel counted on a device while `body` ran, once nothing is in flight any more.
func counted(on name: String, _ body: () throws -> Void) throws -> DiskStatistics {
  let before = try DiskStatistics(kernelName: name)
  try body()
  return try DiskStatistics(kernelName: name) - before
}

/// Runs python3 with numpy, scipy.stats as `stats` and the lines of `input` as floats in `data`;
/// gives the number that it prints.
func scipy(_ statements: String, _ input: [Double] = []) throws -> Double {
  let head = """
    import sys, numpy as np, scipy.stats as stats
    data = np.array([float(line) for line in sys.stdin])

    """
  let lines = input.map { "\($0)" }.joined(separator: "\n")
  let answer = try Command.run(["python3", "-c", head + statements], input: lines).checked()
  return try #require(
    Double(answer.stdout.trimmingCharacters(in: .whitespacesAndNewlines)), "\(answer)")
}

/// Fills a file with zeros for real, so that reads find blocks on the medium.
func makeFile(_ path: String, bytes: Int) throws {
  try Data(count: bytes).write(to: URL(fileURLWithPath: path))
  try Command.run(["sync", path]).checked()
}
