import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// Figures that somebody published are records like any other, and say everywhere what they are.
  @Suite struct Published {
    static let reference = Workshop.package + "/results/reference"
    static let names = [
      "published-deploy-times", "published-dpu-against-local", "published-host-cpu",
      "published-storage-tiers",
    ]

    private func metric(_ record: String, _ key: String, _ metric: String) throws -> MetricValue {
      let trials = try RunRecord.read("\(Self.reference)/\(record)").trials
      let trial = try #require(trials.first { $0.key.description == key }, "no \(key)")
      return try #require(trial.metrics[metric], "no \(metric)")
    }

    @Test(arguments: names) func aTableGivesTheSameBytesAgain(_ name: String) throws {
      let shop = try Workshop()
      let table = "\(Self.reference)/\(name)/scenario.yaml"
      for _ in 0..<2 {
        // The second time it is there already, and stays.
        let result = try shop.assay(["import", table, "--results", shop.results])
        #expect(result.status == 0 && result.stdout == "\(shop.results)/\(name)\n", "\(result)")
      }
      let same = try Command.run([
        "diff", "-r", "\(Self.reference)/\(name)", shop.results + "/" + name,
      ])
      let differences = same.stdout.split(separator: "\n").filter {
        // git keeps no empty folders.
        !$0.hasSuffix(": histograms") && !$0.hasSuffix(": series")
      }
      #expect(differences.isEmpty, "\(differences)")
      let record = try RunRecord.read(shop.results + "/" + name)
      #expect(record.header.evidence == .published && record.isComplete)
      #expect(try record.integrity() == [])
      #expect(
        record.trials.allSatisfy { $0.histograms == nil && $0.series == nil && $0.block == 1 })
      #expect(record.trials.allSatisfy { $0.disclosure["source"] != nil })
      try Data("other".utf8).write(
        to: URL(fileURLWithPath: "\(shop.results)/\(name)/scenario.yaml"))
      let refused = try shop.assay(["import", table, "--results", shop.results])
      #expect(refused.status == 74 && refused.stderr.contains("other content"), "\(refused)")
    }

    @Test func theRecordsHoldWhatWasPublished() throws {
      let disk = "published-dpu-against-local"
      #expect(try metric(disk, "dpu/random-read", "iops").value == 736_000)
      #expect(try metric(disk, "local/sequential-write", "bandwidth").value == 2673 * 1_048_576)
      let slow = try metric("published-deploy-times", "ironic-local/deploy", "create to ping")
      #expect(slow == MetricValue(1200e9, "ns", bound: .atLeast))
      #expect(
        try metric("published-deploy-times", "bmm-dpu/deploy", "create to ping").value == 153e9)
      let cpu = "fio-on-several-disks"
      #expect(try metric("published-host-cpu", "rbd-kernel/\(cpu)", "kernel cpu").value == 235.2)
      #expect(try metric("published-host-cpu", "dpu-offload/\(cpu)", "kernel cpu").value == 0)
      let tier = try metric("published-storage-tiers", "cloud-disk/tier", "latency mean")
      #expect(tier == MetricValue(3e6, "ns", bound: .atMost))
    }

    @Test func everyReportSaysThatThereAreNoRawData() throws {
      let shop = try Workshop()
      let record = Self.reference + "/published-deploy-times"
      for format in ["terminal", "markdown", "html"] {
        let text = try shop.assay(["report", record, "--format", format]).stdout
        #expect(text.contains("PUBLISHED, NO RAW DATA"), "\(format)")
        #expect(text.contains("YUSUR"), "\(format)")
        #expect(!text.contains("closed loop") && !text.contains("seed 0"), "\(format)")
      }
      /// As a terminal without UTF-8 would have it.
      func plain(_ record: String) throws -> String {
        try shop.assay(["report", record]).stdout
          .replacing("≥", with: ">=").replacing("≤", with: "<=").replacing("µ", with: "u")
      }
      let text = try plain(record)
      #expect(text.contains("ironic-local/deploy: create to ping >= 1200 s (n 1)"), "\(text)")
      #expect(text.contains("ironic-dpu/deploy: create to ping 161 s (n 1)"))
      let tiers = try plain(Self.reference + "/published-storage-tiers")
      #expect(tiers.contains(#/local-pv\/tier +1 +>= 3\.00k +<= 500 us/#), "\(tiers)")
      let json = try shop.assay(["report", record, "--json"]).stdout
      #expect(json.contains("\"evidence\" : \"published\"") && json.contains("\"at-least\""))
    }

    @Test func aWrongTableIsSaidByLine() throws {
      let shop = try Workshop()
      let path = try shop.folder.write("assay-figures: 1\nname: x\nsistems: {}\n", to: "bad.yaml")
      let result = try shop.assay(["import", path, "--results", shop.results])
      #expect(result.status == 65 && shop.records.isEmpty, "\(result)")
      #expect(result.stderr.contains("\(path):3:1: error: unknown key \"sistems\""), "\(result)")
    }
  }
}
