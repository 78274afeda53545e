import Foundation
import Judgement
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// Each exit code of `assay gate`, from real runs.
  @Suite struct Gates {
    private let shop: Workshop
    private var baselines: String { shop.path("baselines") }

    init() throws { shop = try Workshop() }

    private func scenario(_ system: String, _ storage: String, blocks: Int) throws -> String {
      try shop.scenario(
        system, "io: {storage: {\(storage)}}",
        more: "design: {blocks: \(blocks)}\nlimits: [\"iops > 1/s\"]")
    }

    /// Runs a scenario; gives the record's folder.
    private func record(_ words: [String], status: Int32 = 0) throws -> String {
      let known = Set(shop.records)
      let result = try Command.run(words + ["--results", shop.results])
      try #require(result.status == status, "\(result)")
      return try #require(shop.records.first { !known.contains($0) })
    }

    private func run(_ scenario: String, _ more: String..., status: Int32 = 0) throws -> String {
      try record([Workshop.assay, "run", scenario] + more, status: status)
    }

    private func set(_ name: String, _ records: String..., more: [String] = []) throws
      -> Command.Result
    {
      try shop.assay(["baseline", "set", name] + records + ["--baselines", baselines] + more)
    }

    private func gateWords(_ record: String, _ baseline: String) -> [String] {
      [
        Workshop.assay, "gate", record, "--baseline", baseline, "--baselines", baselines,
        "--results", shop.results, "--tolerance", "35%",
      ]
    }

    private func gate(
      _ record: String, _ more: String..., baseline: String = "main"
    ) throws -> Command.Result {
      try Command.run(gateWords(record, baseline) + more)
    }

    /// A token bucket of the kernel makes the loss, and takes it back.
    ///
    /// The queue is never empty, so that the bucket alone sets the rate however late a busy machine
    /// wakes this process.
    @Test(Requires.loopDevices, .enabled(if: Throttle.isUsable, "needs cgroup v1 blkio"))
    func aLossFailsAndStandsOnlyWhileItLasts() throws {
      let loop = try LoopDevice(bytes: 16 << 20, in: "/dev/shm")
      let path = try scenario(
        "{device: \(loop.path)}", "pattern: random-read, queue-depth: 16, duration: 200ms",
        blocks: 8)
      let throttle = try Throttle(loop)
      defer { throttle.remove() }
      let measure = throttle.words([Workshop.assay, "run", path])

      try throttle.limit(readsPerSecond: 1000)
      let before = try record(measure)
      try set("main", before).checked()
      let same = try gate(try record(measure))
      #expect(same.status == 0 && same.stdout.hasPrefix("PASS"), "\(same)")

      try throttle.limit(readsPerSecond: 400)
      let slow = try record(measure)
      let unasked = try gate(slow, "--confirm", "never")
      #expect(unasked.status == 1 && shop.records.count == 3, "\(unasked)")
      let (junit, summary) = (shop.path("gate.xml"), shop.path("summary.md"))
      try shop.folder.write("what another step wrote\n", to: "summary.md")
      let failed = try Command.run(
        throttle.words(
          gateWords(slow, "main")
            + ["--junit", junit, "--github-summary", "--json"]),
        environment: ["GITHUB_STEP_SUMMARY": summary])
      #expect(failed.status == 1, "\(failed)")
      let judged = try JSONDecoder().decode(GateJudgement.self, from: Data(failed.stdout.utf8))
      let fresh = try #require(judged.confirmation?.record)
      #expect(judged.rows.map(\.fresh?.verdict) == [.fail] && judged.verdict == .fail)
      let (first, second) = (try RunRecord.read(slow), try RunRecord.read(fresh))
      #expect(first.header.seed != second.header.seed)
      #expect(second.trials.count == 8)
      #expect(try second.integrity() == [])
      #expect(try shop.assay(["verify", fresh]).status == 0)
      try isOneFailure(junit)
      let markdown = try shop.folder.read("summary.md")
      #expect(markdown.hasPrefix("what another step wrote\n## Gate: FAIL\n"), "\(markdown)")

      try throttle.limit(readsPerSecond: 1000)
      let fallen = try Command.run(throttle.words(gateWords(slow, "main")))
      #expect(fallen.status == 0, "\(fallen)")
      #expect(fallen.stdout.contains("fresh data did not confirm it"))
      #expect(fallen.stdout.split(separator: "\n").count <= 10)
    }

    private func isOneFailure(_ path: String) throws {
      let program = """
        import sys, xml.etree.ElementTree as tree
        suite = tree.parse(sys.argv[1]).getroot()[0]
        case = suite.find("testcase")
        print(suite.get("tests"), suite.get("failures"), suite.get("errors"))
        print(case.get("classname"), case.get("name"), case.find("failure").get("type"))
        print({p.get("name"): p.get("value") for p in case.iter("property")}["tolerated ratio"])
        """
      let read = try Command.run(["python3", "-c", program, path]).checked().stdout
      #expect(read == "1 1 0\ndisk/io iops fail\n0.65\n")
    }

    @Test(Requires.ioUring) func whatOneTrialCannotTellIsInconclusive() throws {
      let path = try scenario(
        "{none: {size: 1GiB}}", "engine: io_uring_nop, pattern: random-read, duration: 20ms",
        blocks: 1)
      // One trial gives no interval, so the limit itself is inconclusive too.
      let before = try run(path, status: 2)
      try set("main", before).checked()
      let now = try run(path, status: 2)
      #expect(try gate(now).status == 2)
      #expect(try gate(now, "--on-inconclusive", "pass").status == 0)
      #expect(try gate(now, "--on-inconclusive", "fail").status == 1)
    }

    @Test(Requires.ioUring) func aRunWithoutSteadyStateIsInvalid() throws {
      let path = try scenario(
        "{none: {size: 1GiB}}",
        "engine: io_uring_nop, pattern: random-read, "
          // A busy machine needs more rounds, and is not to need more than there are.
          + "steady-state: {round: 20ms, window: 2, range: 100%, slope: 100%, max-rounds: 200}",
        blocks: 6)
      try set("main", try run(path)).checked()
      let now = try run(
        path, "--set", "workloads.io.storage.steady-state.range=0.0001%",
        "--set", "workloads.io.storage.steady-state.max-rounds=3", status: 3)
      let result = try gate(now)
      #expect(result.status == 3 && result.stdout.hasPrefix("INVALID"), "\(result)")
    }

    @Test(Requires.loopDevices) func aRunWithIOErrorsIsFailed() throws {
      let loop = try LoopDevice(bytes: 8 << 20)
      let path = try scenario(
        "{device: \(loop.path)}", "pattern: random-read, duration: 50ms", blocks: 6)
      try set("main", try run(path)).checked()
      // The disk loses its second half.
      try Command.run(["truncate", "-s", "4M", loop.file]).checked()
      let now = try run(path, status: 4)
      let result = try gate(now)
      #expect(result.status == 4 && result.stdout.hasPrefix("FAILED"), "\(result)")
      // And it is no baseline.
      let refused = try set("other", now)
      #expect(refused.status == 65 && refused.stderr.contains("failed"), "\(refused)")
    }

    @Test(Requires.ioUring) func whatMayNotStandBesideTheBaselineIsRefused() throws {
      let ring = "engine: io_uring_nop, pattern: random-read, duration: 20ms"
      let path = try scenario("{none: {size: 1GiB}}", ring, blocks: 6)
      let now = try run(path)
      try set("main", now).checked()
      let again = try set("main", now)
      #expect(again.status == 65 && again.stderr.contains("--replace"), "\(again)")
      let list = try shop.assay(["baseline", "list", "--baselines", baselines, "--json"])
      #expect(list.stdout.contains("\"sessions\" : 1"), "\(list)")
      let damaged = baselines + "/a"
      try FileManager.default.createDirectory(
        atPath: damaged, withIntermediateDirectories: false)
      try Data("{".utf8).write(to: URL(fileURLWithPath: damaged + "/0.json"))
      let rest = try shop.assay(["baseline", "list", "--baselines", baselines, "--json"])
      #expect(rest.status == 65 && rest.stdout == list.stdout, "\(rest)")
      #expect(rest.stderr.contains("\(damaged)/0.json: byte 2"), "\(rest)")

      let deeper = try gate(try run(path, "--set", "workloads.io.storage.queue-depth=2"))
      #expect(deeper.status == 5 && deeper.stdout.contains("the queue depth is 2"), "\(deeper)")

      let unknown = try gate(now, baseline: "mian")
      #expect(unknown.status == 65 && unknown.stderr.contains("did you mean \"main\"?"))

      // The same baseline of another kind of machine.
      let store = BaselineStore(baselines)
      var other = try #require(try store.read("main").first)
      let place = try #require(other.facts.firstIndex { $0.key == "machine.architecture" })
      other.facts[place].value = "z80"
      try FileManager.default.removeItem(
        atPath: store.path(name: "main", fingerprint: other.fingerprint))
      other.fingerprint = try #require(Baseline.fingerprint(of: other.facts))
      try store.write(other, replace: false)
      let elsewhere = try gate(now)
      #expect(elsewhere.status == 5, "\(elsewhere)")
      #expect(elsewhere.stdout.contains("machine.architecture"), "\(elsewhere)")
      #expect(elsewhere.stdout.contains("z80 there"), "\(elsewhere)")
      // A record has lost nothing against itself, however unevenly the machine ran.
      let meant = try gate(now, "--despite", "machine", "--on-inconclusive", "pass")
      #expect(meant.status == 0, "\(meant)")
    }

    @Test(Requires.ioUring) func aCaseThatWasNotRunNeverPasses() throws {
      let ring = "{storage: {engine: io_uring_nop, pattern: random-read, duration: 20ms}}"
      let two = try shop.scenario(
        "{none: {size: 1GiB}}", "io: \(ring)", "more: \(ring)", more: "design: {blocks: 6}",
        name: "two")
      let one = try shop.scenario(
        "{none: {size: 1GiB}}", "io: \(ring)", more: "design: {blocks: 6}", name: "one")
      try set("main", try run(two)).checked()
      // What a busy machine takes from the other case is no matter here.
      let result = try gate(try run(one), "--on-inconclusive", "pass", "--tolerance", "99%")
      #expect(result.status == 3, "\(result)")
      #expect(result.stdout.contains("the run has no such case"), "\(result)")
    }

    @Test(Requires.ioUring) func aChangedRecordIsRefused() throws {
      let path = try scenario(
        "{none: {size: 1GiB}}", "engine: io_uring_nop, pattern: random-read, duration: 20ms",
        blocks: 6)
      let now = try run(path)
      try set("main", now).checked()
      try Data("{}".utf8).write(to: URL(fileURLWithPath: now + "/summary.json"))
      #expect(try gate(now).status == 65)
      #expect(try set("other", now).status == 65)
    }
  }
}
