import Foundation
import TestSupport
import Testing

extension Program {
  /// What `assay baseline` and `assay gate` answer to records that do not serve.
  @Suite struct BaselineCommands {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    private var baselines: [String] { ["--baselines", shop.path("baselines")] }

    /// A record of trials without a device.
    private func record(_ name: String, blockSize: String = "4KiB") throws -> String {
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        """
        io: {storage: {engine: 'null', pattern: random-read, block-size: \(blockSize),
            duration: 20ms}}
        """, name: name)
      let before = Set(shop.records)
      try shop.run(path).checked()
      return try #require(shop.records.first { !before.contains($0) })
    }

    @Test func aRecordGivenTwiceIsAWrongCommandLineEverywhere() throws {
      let one = try record("test")
      for words in [["compare", one, one], ["baseline", "set", "main", one, one] + baselines] {
        let result = try shop.assay(words)
        #expect(result.status == 64 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr.contains("is given twice"))
      }
      let help = try shop.assay(["help", "exit-codes"]).checked().stdout
      #expect(help.contains("64  the command line is wrong: an unknown word, say, or a record"))
      #expect(help.contains("65  a scenario, job file, record or baseline is wrong or unfit\n"))
    }

    @Test func recordsOfOtherScenariosAreNoBaseline() throws {
      let one = try record("test")
      let larger = try record("test", blockSize: "8KiB")
      let other = try record("other")
      for (second, reason) in [
        (larger, "the block size of disk/io is 8KiB here, 4KiB there"),
        (other, "it ran other, the other test"),
      ] {
        let result = try shop.assay(["baseline", "set", "main", one, second] + baselines)
        #expect(result.status == 65, "\(result)")
        #expect(result.stderr.contains("\(second) is of another scenario than \(one): \(reason)"))
      }
      #expect(!shop.exists("baselines"))
    }

    @Test func aGateKnowsWhatCanBeMeant() throws {
      let one = try record("test")
      try shop.assay(["baseline", "set", "main", one] + baselines).checked()
      let gate = ["gate", one, "--baseline", "main", "--confirm", "never"] + baselines
      for (word, said) in [
        ("bogus", "    kernel kernel."), ("cpu.modl", "did you mean cpu.model?"),
        ("moment.loadAverages", "the records tell nothing that is called"),
      ] {
        let result = try shop.assay(gate + ["--despite", "cpu.model", "--despite", word])
        #expect(result.status == 64 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr.contains("--despite \(word): ") && result.stderr.contains(said))
      }
      let meant = ["--despite", "cpu", "--despite", "disclosure.queue-depth"]
      #expect(try shop.assay(gate + meant).status != 64)
    }

    @Test func aFileThatCannotBeReadIsNoDamagedOne() throws {
      let one = try record("test")
      let log = one + "/events.jsonl"
      try FileManager.default.removeItem(atPath: log)
      try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: false)
      for words in [
        ["report", one], ["export", one, "--format", "csv"], ["compare", one],
        ["gate", one, "--baseline", "main"] + baselines,
        ["baseline", "set", "main", one] + baselines, ["qualify", one, "--spec", "none.yaml"],
      ] {
        let result = try shop.assay(words)
        #expect(result.status == 74 && result.stderr.contains("cannot read \(log)"), "\(result)")
      }
      // And the other way round: what can be read and is damaged is no matter of permissions.
      let figures = Workshop.package + "/results/reference/published-storage-tiers/scenario.yaml"
      let imported = try shop.assay(["import", figures, "--results", shop.results]).checked().stdout
      let events = imported.trimmingCharacters(in: .whitespacesAndNewlines) + "/events.jsonl"
      try "damaged\n".write(toFile: events, atomically: true, encoding: .utf8)
      let again = try shop.assay(["import", figures, "--results", shop.results])
      #expect(again.status == 65 && again.stderr.contains("events.jsonl:1"), "\(again)")
    }
  }
}
