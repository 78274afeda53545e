import Foundation
import Judgement
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// `assay trend` over records in files: real ones, and many small ones of the real form.
  @Suite struct TrendCommand {
    private let shop: Workshop

    init() throws {
      shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 20ms}}",
        more: "design: {blocks: 3}")
      try shop.run(path).checked()
    }

    /// Copies the one record: its summary with another id and start, its medians by a factor.
    private func multiply(_ count: Int, _ factor: (Int) -> Double) throws {
      let folder = try #require(shop.records.first)
      let environment = try Data(contentsOf: URL(fileURLWithPath: folder + "/environment.json"))
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/summary.json"))
      let real = try JSONDecoder().decode(RunSummary.self, from: data)
      try FileManager.default.removeItem(atPath: folder)
      var random = SeededRandom(seed: 2)
      for number in 0..<count {
        var summary = real
        summary.run.id = "r\(100_000 + number)"
        summary.run.startedAt = WallClock.text(unixSeconds: 1_700_000_000 + Int64(number) * 3600)
        for place in summary.cases.indices {
          for name in summary.cases[place].metrics.keys {
            let noise = 1 + Double(random.below(1000)) / 50_000
            summary.cases[place].metrics[name]?.median *= factor(number) * noise
          }
        }
        let path = shop.results + "/" + summary.run.id
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try RecordFiles.bytes(of: summary, pretty: true)
          .write(to: URL(fileURLWithPath: path + "/summary.json"))
        try environment.write(to: URL(fileURLWithPath: path + "/environment.json"))
      }
    }

    private func trend(_ more: String...) throws -> Command.Result {
      try shop.assay(["trend", "--results", shop.results] + more)
    }

    private func answer(_ more: String...) throws -> Trend {
      let result = try shop.assay(["trend", "--json", "--results", shop.results] + more).checked()
      return try JSONDecoder().decode(Trend.self, from: Data(result.stdout.utf8))
    }

    @Test func aRealRecordIsAPointOfItsSummary() throws {
      let trend = try answer("--metric", "iops", "--metric", "latency p99")
      let summary = RunSummary(of: try shop.record())
      #expect(trend.records == 1 && trend.series.map(\.metric) == ["iops", "latency p99"])
      for series in trend.series {
        #expect(series.points.map(\.value) == [summary.cases[0].metrics[series.metric]?.median])
        #expect(series.points.first?.trials == 3)
        #expect(
          series.segments.map(\.fingerprint)
            == [Baseline.fingerprint(of: try shop.record().facts)])
      }
    }

    @Test func aShiftIsToldInEveryFormAndAcknowledged() throws {
      try multiply(60) { $0 < 40 ? 1 : 0.7 }
      let series = try #require(try answer("--metric", "iops").series.first)
      #expect(series.changes.map(\.after) == ["r100040"])
      let text = try trend("--metric", "iops").checked().stdout
      #expect(text.contains("WORSE") && text.contains("since r100040"), "\(text)")
      #expect(text.contains("1 worse"))
      #expect(try trend("--metric", "iops", "--format", "markdown").stdout.contains("| WORSE |"))
      let csv = try trend("--metric", "iops", "--format", "csv").stdout
      #expect(csv.split(whereSeparator: \.isNewline).count == 61 && csv.contains(",worse"))
      let page = try trend("--format", "html").checked().stdout
      #expect(page.contains("WORSE -") && page.contains("<svg") && !page.contains("http://"))
      // The record of the copies has no events to look a case up in: the real one's come along.
      try FileManager.default.createDirectory(
        atPath: shop.results, withIntermediateDirectories: true)
      let line = Acknowledgement(
        record: "r100040", case: series.key.description, metric: "iops", reason: "new firmware",
        by: "me", at: WallClock.now())
      try line.append(in: shop.results)
      let known = try trend("--metric", "iops").checked().stdout
      #expect(known.contains("acknowledged") && known.contains("new firmware (me"), "\(known)")
      #expect(known.contains("0 worse"))
      let later = try answer("--metric", "iops", "--since", "2023-11-17")
      #expect(later.series.first?.changes.isEmpty == true)
      #expect((later.series.first?.points.count ?? 0) < 20)
    }

    @Test func acknowledgingIsKeptBesideTheRecords() throws {
      let record = try shop.record()
      let words = ["trend", "acknowledge", record.folder, "--results", shop.results]
      try shop.assay(words + ["--reason", "a \"new\" disk"]).checked()
      try shop.assay(words + ["--reason", "b", "--case", "disk/ring", "--metric", "iops"]).checked()
      let found = try Acknowledgement.all(in: shop.results)
      #expect(found.map(\.reason) == ["a \"new\" disk", "b"])
      #expect(found.map(\.metric) == [nil, "iops"] && found.allSatisfy { !$0.by.isEmpty })
      #expect(found.allSatisfy { $0.record == record.header.id })
      let wrong = try shop.assay(words + ["--reason", "c", "--case", "disk/rink"])
      #expect(wrong.status == 64 && wrong.stderr.contains("disk/ring"), "\(wrong)")
      #expect(try shop.assay(words).status == 64)
      #expect(try shop.assay(["trend", "--metric", "iop"]).stderr.contains("iops"))
    }

    @Test func aRecordThatNoHistoryShowsIsNotAcknowledged() throws {
      let record = try #require(shop.records.first)
      let words = ["trend", "acknowledge", record, "--results", shop.results, "--reason", "new"]
      let log = try String(contentsOfFile: record + "/events.jsonl", encoding: .utf8)
      let lines = log.split(separator: "\n")
      let begun = lines.filter { !$0.contains("\"run-finished\"") }
      #expect(begun.count == lines.count - 1)
      func refused(_ name: String) throws {
        let result = try shop.assay(words)
        #expect(result.status == 65, "\(name): \(result)")
        #expect(result.stderr.contains("was cut short"), "\(name): \(result)")
        #expect(result.stderr.contains("--resume \(record)"), "\(name): \(result)")
      }
      try shop.folder.write(
        begun.joined(separator: "\n") + "\n",
        to: String(record.dropFirst(shop.folder.path.count + 1)) + "/events.jsonl")
      try FileManager.default.removeItem(atPath: record + "/manifest.json")
      try refused("without its end")
      #expect(try Acknowledgement.all(in: shop.results).isEmpty)
      try shop.assay(["run", "--resume", record]).checked()
      for name in ["summary", "manifest"] {
        try FileManager.default.removeItem(atPath: "\(record)/\(name).json")
      }
      try refused("without its summary")
      try shop.assay(["run", "--resume", record]).checked()
      try shop.assay(words).checked()
    }

    @Test func aFolderThatIsOneRecordIsToldWithWhatToDo() throws {
      let record = try #require(shop.records.first)
      let one = try shop.assay(["trend", "--results", record])
      #expect(one.status == 65 && one.stdout.isEmpty, "\(one)")
      let bare = try shop.assay(["trend", record])
      #expect(bare.status == 64, "\(bare)")
      for text in ["--results \(shop.results);", "`assay report \(record)`"] {
        #expect(one.stderr.contains(text) && bare.stderr.contains(text), "\(one) \(bare)")
      }
      let all = try shop.assay(["trend", shop.results])
      #expect(all.status == 64 && all.stderr.contains("--results \(shop.results)"), "\(all)")
      let word = try shop.assay(["trend", "acknowlege"])
      #expect(word.status == 64 && word.stderr.contains("did you mean acknowledge?"), "\(word)")
    }

    @Test func damagedRecordsAreNamedAndLeftOut() throws {
      try multiply(4) { _ in 1 }
      try shop.folder.write("{\"cases\": [", to: "results/r100001/summary.json")
      try shop.folder.write("{\"before\": {\"facts\": [{]", to: "results/r100002/environment.json")
      try shop.folder.write("{\"complete\": false}", to: "results/r100003/summary.json")
      let result = try trend("--metric", "iops").checked()
      for name in ["r100001/summary.json: byte ", "r100002/environment.json: byte "] {
        #expect(result.stderr.contains(name), "\(result)")
      }
      #expect(result.stdout.contains("1 record"), "\(result)")
      try shop.folder.write("{\"record\":\n", to: "results/acknowledged.jsonl")
      #expect(try trend().status == 65)
    }

    @Test(Requires.release, Requires.variable("ASSAY_LONG_TESTS"))
    func tenThousandRecordsTakeLessThanTwoSeconds() throws {
      try multiply(10_000) { $0 < 6000 ? 1 : 0.9 }
      _ = try answer("--metric", "iops")
      let start = MonotonicClock.now()
      let text = try trend().checked().stdout
      let seconds = (MonotonicClock.now() - start).inSeconds
      #expect(seconds < 2, "\(seconds) s")
      #expect(text.contains("r106000"))
    }
  }
}
