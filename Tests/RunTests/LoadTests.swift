import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// Open loops, steady state, and limits that the target imposes.
  @Suite struct Load {
    @Test func aShareOfTheMaximumIsOfTheMaximumFoundFirst() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, queue-depth: 1, "
          + "submit-batch: 1, rate: 50%, duration: 1s}}")
      try shop.run(path).checked()
      let trials = try shop.record().trials
      try #require(trials.count == 2)
      #expect(trials[0].detail["kind"] != trials[1].detail["kind"])
      let maximum = try #require(trials[0].metrics["iops"]).value
      let offered = try number(trials[1].detail["offeredPerSecond"])
      #expect(abs(offered / maximum - 0.5) < 1e-6)
      // What is offered is achieved, unless the machine was busy; then the record says so.
      let achieved = try #require(trials[1].metrics["iops"]).value / offered
      #expect(abs(achieved - 1) < 0.05 || message("rate-not-reached", in: trials[1]) != nil)
    }

    @Test func aSweepOfRatesDrawsLatencyAgainstLoad() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 16MiB}",
        "io: {storage: {pattern: random-read, queue-depth: 8, duration: 300ms}, "
          + "sweep: {rate: [500/s, 1000/s, 2000/s]}}")
      let answer = try Answer(try shop.run(path, "--json").checked())
      #expect(answer.cases.count == 3)
      for (index, rate) in [500.0, 1_000, 2_000].enumerated() {
        #expect(abs(try answer.metric("iops", of: index) / rate - 1) < 0.05)
      }
      let page = try String(contentsOfFile: answer.record + "/report.html", encoding: .utf8)
      #expect(page.contains("<figcaption>Latency against load</figcaption>"))
    }

    @Test func steadyRoundsEndATrial() throws {
      let shop = try Workshop()
      let rule = "{round: 200ms, window: 3, range: 90%, slope: 90%, max-rounds: 10}"
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, steady-state: \(rule)}}")
      try shop.run(path).checked()
      let trial = try #require(try shop.record().trials.first)
      #expect(trial.status == .valid)
      guard case .array(let rounds)? = trial.detail["roundsPerSecond"] else {
        Issue.record("no rounds in \(trial.detail)")
        return
      }
      #expect((3...10).contains(rounds.count))
    }

    @Test func withoutSteadyStateThereIsNoNumber() throws {
      let shop = try Workshop()
      // No machine is so even.
      let rule = "{round: 50ms, window: 3, range: 0.0001%, slope: 0.0001%, max-rounds: 4}"
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, steady-state: \(rule)}}",
        more: "limits: [\"iops > 1/s\"]")
      let result = try shop.run(path, "--json")
      #expect(result.status == 3, "\(result)")
      let trial = try #require(try shop.record().trials.first)
      #expect(trial.status == .invalid)
      let text = try #require(message("steady-state-not-reached", in: trial))
      #expect(text.contains("after 4 rounds"), "\(text)")
      #expect(try Answer(result).cases.allSatisfy { $0.metrics.isEmpty })
    }

    @Test func aWindowThatNeverFillsIsAnError() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, "
          + "steady-state: {window: 5, max-rounds: 4}}}")
      let result = try shop.run(path)
      #expect(result.status == 65, "\(result)")
      #expect(result.stderr.contains("max-rounds 4 is less than window 5"))
    }

    /// A loop device under a limit of the kernel, set when the "burst credit" ends.
    @Test(Requires.loopDevices, .enabled(if: Throttle.isUsable, "needs cgroup v1 blkio"))
    func aTokenBucketIsNamed() throws {
      var seen: [UInt64] = []
      // The kernel hands out its limit ten times a second: where such a moment falls on the edge of
      // our seconds, they are not even. Then once more.
      for _ in 1...3 {
        let (trial, series) = try throttledTrial()
        seen = series
        guard let text = message("rate-limited-plateau", in: trial) else { continue }
        #expect(text.contains("IOPS fell from about 1") && text.contains("to a flat"), "\(text)")
        return
      }
      Issue.record("no plateau in \(seen)")
    }

    /// 10.5 s of reads, under a tighter limit after four.
    private func throttledTrial() throws -> (TrialRecord, series: [UInt64]) {
      let (shop, loop) = (try Workshop(), try LoopDevice(bytes: 16 << 20, in: "/dev/shm"))
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, queue-depth: 4, duration: 10500ms}}")
      let throttle = try Throttle(loop)
      defer { throttle.remove() }
      try throttle.limit(readsPerSecond: 1_500)
      let child = try shop.start(path)
      try throttle.add(child.id)
      try shop.wait { shop.count("trial-started") == 1 }
      usleep(4_050_000)
      try throttle.limit(readsPerSecond: 500)
      try child.wait().checked()
      let record = try shop.record()
      let trial = try #require(record.trials.first)
      return (trial, try record.series(of: trial).map(\.readIOs))
    }
  }
}

/// A limit on reads of a device for one process: blkio of cgroup v1.
struct Throttle {
  private static let root = "/sys/fs/cgroup/blkio"
  private let folder: String
  private let device: String

  static let isUsable =
    geteuid() == 0
    && FileManager.default.fileExists(atPath: root + "/blkio.throttle.read_iops_device")

  init(_ loop: LoopDevice) throws {
    device = try String(contentsOfFile: "/sys/block/\(loop.name)/dev", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    folder = Self.root + "/assay-test-\(loop.name)-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  func limit(readsPerSecond rate: Int) throws {
    try write("\(device) \(rate)", "blkio.throttle.read_iops_device")
  }

  /// Words that start a program which is under the limit from its first instruction.
  func words(_ words: [String]) -> [String] {
    ["sh", "-c", "echo $$ > \(folder)/cgroup.procs && exec \"$@\"", "sh"] + words
  }

  func add(_ process: Int32) throws { try write("\(process)", "cgroup.procs") }

  func remove() { rmdir(folder) }

  private func write(_ text: String, _ name: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/" + name))
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }
}
