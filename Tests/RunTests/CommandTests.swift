import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// The commands around a run: what they print, and that `--json` is JSON.
  @Suite struct Commands {
    private func json(_ result: Command.Result) throws -> Any {
      try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    }

    @Test func shippedScenariosAreValid() throws {
      let shop = try Workshop()
      let folder = Workshop.package + "/scenarios"
      let paths = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".yaml") }.map { folder + "/" + $0 }
      // Those of the user's own devices and peers want them named first (ScenarioTests does).
      let ready = paths.filter { path in
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.contains(": \"\"") == false
      }
      #expect(ready.count >= 2)
      let result = try shop.assay(["validate", "--json"] + ready).checked()
      let rows = try #require(try json(result) as? [[String: Any]])
      #expect(rows.count == ready.count && rows.allSatisfy { $0["valid"] as? Bool == true })
      let listed = try shop.assay(["list", "scenarios", "--scenarios", folder, "--json"]).checked()
      let list = try #require(try json(listed) as? [[String: String]])
      #expect(Set(list.compactMap { $0["name"] }) == Set(paths))
      #expect(list.allSatisfy { $0["about"]?.isEmpty == false })
    }

    @Test func aPlanThatWouldBeRefusedStillShowsItsTarget() throws {
      let shop = try Workshop()
      let file = try shop.folder.write(String(repeating: "x", count: 1 << 20), to: "data")
      let path = try shop.scenario(
        "{file: \(file), size: 1MiB}",
        "io: {storage: {pattern: random-write, total-bytes: 1MiB}}")
      let result = try shop.assay(["plan", path])
      #expect(result.status == 5)
      #expect(result.stdout.contains("system disk: \(file), 1MiB, written to"), "\(result.stdout)")
      #expect(result.stdout.contains("random-write 4KiB"), "\(result.stdout)")
    }

    @Test func aPlanSaysWhatWouldHappenAndDoesNothing() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 16MiB}",
        "io: {storage: {pattern: random-write, total-bytes: 4MiB}}")
      let text = try shop.assay(["plan", path]).checked().stdout
      #expect(text.contains("system disk: \(shop.path("data")), 16MiB, written to"), "\(text)")
      #expect(text.contains("t0001") && text.contains("engine io_uring"), "\(text)")
      let plan = try #require(
        try json(try shop.assay(["plan", path, "--json"]).checked()) as? [String: Any])
      #expect(plan["problems"] as? [String] == [])
      #expect(!shop.exists("data") && shop.records.isEmpty)
    }

    @Test func aRecordIsListedRenderedAndExported() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: io_uring_nop, pattern: random-read, duration: 100ms}}")
      try shop.run(path).checked()
      let folder = try shop.record().folder
      let runs = try shop.assay(["list", "runs", "--results", shop.results, "--json"]).checked()
      let rows = try #require(try json(runs) as? [[String: String]])
      #expect(rows.first?["name"] == folder && rows.first?["about"]?.contains("complete") == true)

      let answer = try Answer(try shop.assay(["report", folder, "--json"]).checked())
      #expect(answer.record == folder && answer.complete)
      for (format, mark) in [
        ("csv", "ring"), ("markdown", "| "), ("html", "</html>"), ("json", "\"cases\""),
        ("fio-json", "\"fio version\""), ("fio-json+", "\"bins\""),
        ("junit", "<testsuites "),
      ] {
        let text = try shop.assay(["export", folder, "--format", format]).checked().stdout
        #expect(text.contains(mark), "\(format): \(text.prefix(200))")
      }
      // Rendering is a pure function of the record.
      let stored = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
      #expect(try shop.assay(["report", folder, "--format", "html"]).checked().stdout == stored)
    }

    @Test func referenceOutputIsWhole() throws {
      let shop = try Workshop()
      let schema = try #require(try json(try shop.assay(["schema"]).checked()) as? [String: Any])
      #expect((schema["$schema"] as? String)?.contains("draft-07") == true)
      for kind in ["metrics", "engines"] {
        let rows = try json(try shop.assay(["list", kind, "--json"]).checked())
        #expect((rows as? [[String: String]])?.isEmpty == false)
      }
      for words in [["help", "exit-codes"], ["exit-codes"]] {
        let text = try shop.assay(words).checked().stdout
        for code in [0, 1, 2, 3, 4, 5, 64, 65, 69, 74, 130] {
          #expect(text.contains(" \(code)  "), "\(code) in \(text)")
        }
      }
    }

    @Test func fioResultsBecomeARecord() throws {
      let shop = try Workshop()
      for name in ["sample_fio_3.33.json", "sample_fio_3.33_jsonplus.json"] {
        let file = Workshop.package + "/Tests/FioTests/Fixtures/" + name
        let result = try shop.assay(["import", file, "--results", shop.results, "--json"])
          .checked()
        let folder = try #require((try json(result) as? [String: String])?["record"])
        #expect(try shop.assay(["report", folder]).checked().stdout.contains("fio"))
      }
    }

    @Test func aScenarioMayComeFromStandardInput() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let result = try shop.assay(["run", "-", "--results", shop.results], input: text).checked()
      #expect(result.stdout.contains("Record: "))
    }
  }
}
