import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  @Suite struct Compare {
    /// What `assay compare --json` prints, as far as the tests look at it.
    private struct Answer: Decodable {
      struct Arm: Decodable { var label: String }
      struct Row: Decodable {
        var metric: String
        var method: String
        var pairs: Int?
        var ratio: Double?
        var verdict: String
        var reason: String
      }
      var format: String
      var arms: [Arm]
      var rows: [Row]
      var caveats: [Finding]
    }

    /// A run of two systems on loop devices, of which the first may do twice as much.
    private func record(
      _ shop: Workshop, _ devices: [LoopDevice], order: String = "abba", name: String = "two"
    ) throws -> String {
      let systems = zip(["local", "dpu"], devices)
        .map { "  \($0): {device: \($1.path)}" }.joined(separator: "\n")
      let path = try shop.folder.write(
        """
        assay: 1
        name: \(name)
        systems:
        \(systems)
        workloads:
          read: {storage: {pattern: random-read, queue-depth: 4, duration: 30ms}}
        design: {order: \(order), blocks: 6}

        """, to: "\(name).yaml")
      let before = Set(shop.records)
      try shop.run(path).checked()
      return try #require(shop.records.first { !before.contains($0) })
    }

    private func answer(_ shop: Workshop, _ words: String...) throws -> Answer {
      let result = try shop.assay(["compare"] + words + ["--json"]).checked()
      return try JSONDecoder().decode(Answer.self, from: Data(result.stdout.utf8))
    }

    @Test(Requires.loopDevices) func systemsOfARunAreComparedInPairs() throws {
      let shop = try Workshop()
      let devices = [try LoopDevice(bytes: 8 << 20), try LoopDevice(bytes: 8 << 20)]
      let record = try record(shop, devices)
      let found = try answer(shop, record)
      #expect(found.format == "assay-comparison-1")
      #expect(found.arms.map(\.label) == ["local", "dpu"])
      #expect(found.rows.contains { $0.metric == "iops" } && found.rows.count >= 3)
      #expect(found.rows.allSatisfy { $0.method == "paired" && $0.pairs == 6 })
      #expect(found.caveats.contains { $0.code == "not-hardware" })

      let turned = try answer(shop, record, "--reference", "dpu")
      #expect(turned.arms.map(\.label) == ["dpu", "local"])
      for (there, back) in zip(found.rows, turned.rows) {
        #expect(((there.ratio ?? 0) * (back.ratio ?? 0) - 1).magnitude < 1e-9)
      }
      let one = try answer(shop, record, "--metric", "latency-p99", "--tolerance", "99%")
      #expect(one.rows.map(\.metric) == ["latency p99"])

      let path = shop.path("page.html")
      try shop.assay(["compare", record, "--format", "html", "--output", path]).checked()
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("</html>"))
      let table = try shop.assay(["compare", record]).checked().stdout
      #expect(table.contains("dpu against local: ") && table.contains("detects"))
    }

    @Test(Requires.loopDevices) func whatRanApartIsComparedSoAndSaysSo() throws {
      let shop = try Workshop()
      let devices = [try LoopDevice(bytes: 8 << 20), try LoopDevice(bytes: 8 << 20)]
      let first = try record(shop, devices, order: "sequential")
      let sequential = try answer(shop, first)
      #expect(sequential.rows.allSatisfy { $0.method == "unpaired" })
      #expect(sequential.caveats.contains { $0.code == "order-sequential" })
      // And so for people, in every form; in turn there is nothing to warn of.
      let warned = "drift cannot be told"
      for form in ["terminal", "markdown", "html"] {
        let text = try shop.assay(["compare", first, "--format", form]).checked().stdout
        #expect(text.contains(warned), "\(form): \(text)")
      }
      let second = try record(shop, devices)
      #expect(try !shop.assay(["compare", second]).checked().stdout.contains(warned))
      let sessions = try answer(shop, first, second)
      #expect(sessions.caveats.contains { $0.code == "other-session" })
      #expect(sessions.arms.map(\.label).allSatisfy { $0.hasPrefix("two-") })
      let mixed = try answer(shop, first + ":local", second + ":dpu", "--metric", "iops")
      #expect(mixed.rows.count == 1 && mixed.arms.map(\.label) == ["local", "dpu"])
    }

    @Test(Requires.loopDevices) func anotherMachineIsRefusedUnlessItIsMeant() throws {
      let shop = try Workshop()
      let devices = [try LoopDevice(bytes: 8 << 20), try LoopDevice(bytes: 8 << 20)]
      let first = try record(shop, devices)
      let second = try record(shop, devices)
      // The same record from a machine with other memory, sealed there.
      let environment = second + "/environment.json"
      let text = try String(contentsOfFile: environment, encoding: .utf8)
      let memory = try #require(text.firstMatch(of: /[0-9]+ GiB/))
      try text.replacing(memory.0, with: "7777 GiB")
        .write(toFile: environment, atomically: true, encoding: .utf8)
      let tampered = try shop.assay(["compare", first, second])
      #expect(tampered.status == 65 && tampered.stderr.contains("not as it was sealed"))
      try RunFolder.reopen(second).seal()

      let refused = try shop.assay(["compare", first, second])
      #expect(refused.status == 5, "\(refused)")
      #expect(
        refused.stdout.isEmpty && refused.stderr.contains("memory.total: \(memory.0) in two-"))
      #expect(refused.stderr.contains("--despite memory.total"))
      let meant = try answer(shop, first, second, "--despite", "memory.total")
      #expect(meant.caveats.contains { $0.code == "compared-despite" })
    }

    @Test func wrongWordsAreNamedWithWhatWasMeant() throws {
      let shop = try Workshop()
      let figures = Workshop.package + "/results/reference/published-dpu-against-local"
      for (words, said) in [
        ([figures, "--metric", "latncy"], "did you mean \"latency\"?"),
        ([figures, "--tolerance", "5"], "write 5%"),
        ([figures, "--tolerance", "100%"], "between 0% and 100%"),
        ([figures, "--reference", "dpx"], "did you mean dpu?"),
        ([figures + ":dpu"], "one system (dpu) has nothing to be compared with"),
        ([figures, figures], "given twice"),
        ([figures, "--despite", "bogus"], " disclosure.block-size disclosure."),
        ([figures, "--despite", "disclosure.blok-size"], "did you mean disclosure.block-size?"),
        ([figures + ":dpx", figures + ":local"], "did you mean dpu?"),
      ] {
        let result = try shop.assay(["compare"] + words)
        #expect(result.status == 64 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr.contains(said), "\(result)")
      }
      let nowhere = try shop.assay(["compare", figures, shop.path("nowhere")])
      #expect(nowhere.status == 65 && nowhere.stderr.contains("nowhere"), "\(nowhere)")
    }

    @Test func publishedFiguresAreRatiosWithoutAVerdict() throws {
      let shop = try Workshop()
      let found = try answer(
        shop, Workshop.package + "/results/reference/published-dpu-against-local")
      let reasons = found.rows.filter { $0.metric == "iops" }.map(\.reason)
      #expect(
        reasons.contains("0.751 of local: 24.9 % lower; single published figures, no interval"))
      #expect(found.rows.allSatisfy { $0.verdict == "no-interval" })
    }
  }
}
