import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// What other tools read of records of every kind: promtool, a fleet's reader of OCP, and one of
  /// JUnit.
  @Suite(Requires.tool("python3")) struct Exports {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    private static let published = Workshop.package + "/results/reference/"
    /// At a rate which a busy machine keeps too, so that trials are alike on any.
    private static let ring =
      "{storage: {engine: io_uring_nop, pattern: random-read, rate: 1000/s, duration: 100ms}}"

    /// Makes a record; gives its folder.
    private func run(_ path: String, _ more: [String] = [], status: Int32) throws -> String {
      let known = Set(shop.records)
      let result = try shop.assay(["run", path, "--results", shop.results] + more)
      try #require(result.status == status, "\(result)")
      return try #require(shop.records.first { !known.contains($0) })
    }

    private func ringRecord(
      limit: String = "iops > 1/s", blocks: Int = 6, status: Int32
    ) throws -> String {
      let path = try shop.scenario(
        "{none: {size: 1GiB}}", "io: \(Self.ring)",
        more: "design: {blocks: \(blocks)}\nlimits: [\"\(limit)\"]")
      return try run(path, status: status)
    }

    /// Samples of the metrics, of which promtool has nothing to say.
    private func samples(_ record: String) throws -> [Substring] {
      let text = try shop.assay(["report", record, "--format", "openmetrics"]).checked().stdout
      let said = try Command.run(["promtool", "check", "metrics"], input: text)
      #expect(said.status == 0 && said.stdout.isEmpty && said.stderr.isEmpty, "\(said)\n\(text)")
      let exported = try shop.assay(["export", record, "--format", "openmetrics"]).checked().stdout
      #expect(exported == text)
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    }

    /// How a fleet reads the run's end: status and result, and a line a step.
    private func ends(_ record: String) throws -> [String] {
      try ends(text: try shop.assay(["export", record, "--format", "ocptv"]).checked().stdout)
    }

    private func ends(text: String) throws -> [String] {
      let read = try Command.run(["python3", "-c", ExportReaders.ocp], input: text)
      #expect(read.status == 0, "\(read)\n\(text)")
      return read.stdout.split(separator: "\n").map(String.init)
    }

    private func isVerdict(_ verdict: String, _ samples: [Substring]) -> Bool {
      samples.contains {
        $0.hasPrefix("assay_run_verdict{") && $0.contains("verdict=\"\(verdict)\"")
          && $0.hasSuffix(" 1.0")
      }
    }

    @Test(Requires.ioUring, Requires.tool("promtool"))
    func runsThatPassFailOrCannotTellAreReadByAll() throws {
      let pass = try ringRecord(status: 0)
      #expect(isVerdict("pass", try samples(pass)))
      #expect(try ends(pass)[0] == "COMPLETE PASS")
      let fail = try ringRecord(limit: "iops > 1000000000000/s", status: 1)
      #expect(isVerdict("fail", try samples(fail)))
      #expect(try ends(fail)[0] == "COMPLETE FAIL")
      let unknown = try ringRecord(blocks: 1, status: 2)
      #expect(isVerdict("inconclusive", try samples(unknown)))
      #expect(try ends(unknown)[0] == "SKIP NOT_APPLICABLE")
    }

    @Test(Requires.ioUring, Requires.tool("promtool")) func anInvalidRunIsReadByAll() throws {
      // No machine is so even.
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "io: {storage: {engine: io_uring_nop, pattern: random-read, steady-state: "
          + "{round: 20ms, window: 3, range: 0.0001%, slope: 0.0001%, max-rounds: 3}}}",
        more: "limits: [\"iops > 1/s\"]")
      let record = try run(path, status: 3)
      let samples = try samples(record)
      #expect(isVerdict("invalid", samples))
      #expect(!samples.contains { $0.hasPrefix("assay_iops") })
      #expect(try ends(record)[0] == "ERROR NOT_APPLICABLE")
    }

    @Test(Requires.loopDevices, Requires.tool("promtool")) func aFailedTrialIsReadByAll() throws {
      let loop = try LoopDevice(bytes: 8 << 20)
      let path = try shop.scenario(
        "{device: \(loop.path)}",
        "io: {storage: {pattern: random-read, duration: 50ms}}",
        more: "limits: [\"iops > 1/s\"]")
      // The disk loses its second half.
      try Command.run(["truncate", "-s", "4M", loop.file]).checked()
      let record = try run(path, status: 4)
      _ = try samples(record)
      let lines = try ends(record)
      #expect(lines[0] == "ERROR NOT_APPLICABLE", "\(lines)")
    }

    @Test(Requires.tool("promtool")) func aRunUnderOpenLoopLoadIsReadByAll() throws {
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 4MiB}",
        "io: {storage: {pattern: random-read, rate: 500/s, duration: 200ms}}",
        more: "design: {blocks: 2}")
      let record = try run(path, status: 0)
      let samples = try samples(record)
      for family in ["assay_latency_seconds", "assay_service_seconds"] {
        #expect(samples.contains { $0.hasPrefix(family + "{") }, "\(family) of \(samples)")
      }
      #expect(try ends(record)[0] == "SKIP NOT_APPLICABLE")
    }

    @Test(Requires.tool("promtool"), arguments: Published.names)
    func aPublishedRecordIsReadByAll(_ name: String) throws {
      #expect(try !samples(Self.published + name).isEmpty)
      #expect(try ends(Self.published + name)[0] == "SKIP NOT_APPLICABLE")
    }

    /// OCP knows no waivers: a failure that somebody answers for stays one there.
    @Test func aWaivedFailureIsStillOneToAFleet() throws {
      let waivers = try shop.folder.write(
        """
        - {limit: random-read, who: Kim, why: known since May, until: 2027-01-31}
        - {limit: sequential-read, who: Kim, why: known since May, until: 2027-01-31}

        """, to: "waivers.yaml")
      let path = shop.path("ocp.jsonl")
      let words = [
        "qualify", Self.published + "published-dpu-against-local", "--spec",
        Qualify.specs + "/dpu-as-local.yaml", "--decision", "simple", "--day", "2026-11-21",
        "--ocp", path,
      ]
      let waived = try shop.assay(words + ["--waivers", waivers])
      #expect(waived.status == 0, "\(waived)")
      let lines = try ends(text: try String(contentsOfFile: path, encoding: .utf8))
      #expect(lines[0] == "COMPLETE FAIL", "\(lines)")
      #expect(lines.contains { $0.contains("FAIL random-read-") }, "\(lines)")
      try FileManager.default.removeItem(atPath: path)
      #expect(try shop.assay(words).status == 1)
      let plain = try ends(text: try String(contentsOfFile: path, encoding: .utf8))
      #expect(plain[0] == "COMPLETE FAIL")
    }

    /// Of a gate that passes, one that cannot tell and one without a case to judge.
    @Test(Requires.ioUring) func aGatesJUnitIsReadWhateverItsVerdict() throws {
      let baselines = shop.path("baselines")
      func gate(_ record: String, _ baseline: String) throws -> [String] {
        let xml = shop.path("gate.xml")
        try shop.assay([
          "gate", record, "--baseline", baseline, "--baselines", baselines, "--results",
          shop.results, "--tolerance", "90%", "--confirm", "never", "--junit", xml,
        ])
        let text = try String(contentsOfFile: xml, encoding: .utf8)
        let read = try Command.run(["python3", "-c", ExportReaders.junit], input: text)
        #expect(read.status == 0, "\(read)\n\(text)")
        try FileManager.default.removeItem(atPath: xml)
        return read.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      }
      let many = try ringRecord(status: 0)
      let one = try ringRecord(blocks: 1, status: 2)
      for (name, record) in [("many", many), ("one", one)] {
        try shop.assay(["baseline", "set", name, record, "--baselines", baselines]).checked()
      }
      let passed = try gate(many, "many")
      #expect(passed[0].hasSuffix(" 0 0 0") && passed[1].isEmpty, "\(passed)")
      let unknown = try gate(one, "one")
      #expect(unknown[0].contains(" 0 0 ") && unknown[1] == "inconclusive", "\(unknown)")
      let other = try shop.scenario(
        "{none: {size: 1GiB}}", "other: \(Self.ring)", more: "design: {blocks: 2}", name: "other")
      let missing = try gate(try run(other, status: 0), "many")
      #expect(!missing[0].hasSuffix(" 0 0") && missing[1].contains("not-run"), "\(missing)")
    }
  }
}
