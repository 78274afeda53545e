import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  @Suite struct Flow {
    @Test func aRunLeavesAWholeRecordAndNothingElse() throws {
      let shop = try Workshop()
      let scenario = try shop.scenario(
        "{file: \(shop.path("data")), size: 64MiB}",
        "read: {storage: {pattern: random-read, queue-depth: 4, duration: 200ms}}",
        "write: {storage: {pattern: random-write, queue-depth: 4, duration: 1s}}",
        more: "design: {blocks: 6}\nlimits: [errors = 0, \"iops > 1/s\"]")
      let result = try shop.run(
        scenario, "--set", "workloads.write.storage.duration=200ms", "--json"
      ).checked()
      let record = try shop.record()
      #expect(record.isComplete)
      #expect(try record.integrity() == [])
      #expect(record.trials.count == 12)
      #expect(record.openChanges.isEmpty)
      #expect(record.scenario.contains("# --set workloads.write.storage.duration=200ms"))
      #expect(!shop.exists("data"))

      let stored = try Data(contentsOf: URL(fileURLWithPath: record.folder + "/summary.json"))
      #expect(try JSONDecoder().decode(RunSummary.self, from: stored) == RunSummary(of: record))

      let answer = try Answer(result)
      #expect(answer.record == record.folder && answer.complete && answer.exitCode == 0)
      #expect(answer.verdict == "pass" && answer.limits.allSatisfy { $0.verdict == "pass" })
      for entry in answer.cases {
        let iops = try #require(entry.metrics["iops"])
        let interval = try #require(iops.interval, "six trials give an interval")
        #expect(iops.unit == "1/s" && iops.n == 6)
        #expect(interval.lower <= iops.value && iops.value <= interval.upper)
      }
      // Progress is no result.
      #expect(result.stderr.contains("[12/12]") && !result.stdout.contains("[12/12]"))
      try isSelfContained(record.folder + "/report.html")
    }

    private func isSelfContained(_ path: String) throws {
      let page = try String(contentsOfFile: path, encoding: .utf8)
      #expect(page.utf8.count < 1 << 20)
      #expect(page.contains("<svg") && page.contains("</html>"))
      for fetch in ["src=\"http", "href=\"http", "@import", "url(", "<script src", "<link"] {
        #expect(!page.contains(fetch), "the page fetches: \(fetch)")
      }
    }

    @Test func aPersonGetsTableVerdictAndPaths() throws {
      let shop = try Workshop()
      let scenario = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: io_uring_nop, pattern: random-read, duration: 50ms}}",
        more: "design: {blocks: 6}\nlimits: [\"iops < 1/s\"]")
      let result = try shop.run(scenario)
      #expect(result.status == 1, "\(result)")
      let folder = try shop.record().folder
      #expect(result.stdout.contains("Record: \(folder)\n"))
      #expect(result.stdout.contains("FAIL"))
      #expect(try shop.assay(["report", folder]).checked().stdout.contains("FAIL"))
    }

    @Test func oneSeedGivesOnePlan() throws {
      let shop = try Workshop()
      let scenario = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 100ms}}",
        more: "design: {blocks: 3, order: random}")
      let words = ["plan", scenario, "--seed", "42", "--json"]
      let first = try shop.assay(words).checked().stdout
      #expect(try shop.assay(words).checked().stdout == first)
      #expect(try shop.assay(["plan", scenario, "--seed", "43", "--json"]).stdout != first)
      #expect(shop.records.isEmpty)
    }
  }
}
