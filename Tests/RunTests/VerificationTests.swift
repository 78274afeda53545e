import Foundation
import Ledger
import TestSupport
import Testing
import Verify

extension Program {
  /// `assay verify`: what was changed is named, also where the manifest was made to agree.
  @Suite(Requires.tool("python3")) struct Verification {
    private let shop: Workshop
    private let folder: String

    /// A record with reads, writes, syncs, a sweep and rounds.
    init() throws {
      shop = try Workshop()
      let path = try shop.scenario(
        "{file: \(shop.path("data")), size: 4MiB}",
        "io: {storage: {pattern: random-mix, read-share: 70%, duration: 60ms, direct: false}, "
          + "sweep: {queue-depth: [1, 4]}}",
        "rounds: {storage: {pattern: random-write, fsync: 8, direct: false, "
          + "steady-state: {round: 20ms, max-rounds: 5}}}",
        more: "design: {blocks: 2}\nlimits: [errors = 0, iops of disk >= 1/s]")
      try shop.run(path, "--set", "workloads.io.storage.queue-depth=2", "--seed", "3")
      folder = try #require(shop.records.first)
    }

    private func verify(_ more: String...) throws -> (status: Int32, RecordVerification) {
      let result = try shop.assay(["verify", folder, "--json"] + more)
      let found = try JSONDecoder().decode(
        [RecordVerification].self, from: Data(result.stdout.utf8))
      return (result.status, try #require(found.first))
    }

    private func url(_ name: String) -> URL { URL(fileURLWithPath: folder + "/" + name) }

    private func edit(_ name: String, _ change: (inout String) throws -> Void) throws {
      var text = try String(contentsOf: url(name), encoding: .utf8)
      let before = text
      try change(&text)
      #expect(text != before, "nothing was changed")
      try Data(text.utf8).write(to: url(name))
    }

    /// Hashes everything anew, as somebody would who wants a change not to be seen.
    private func reseal() throws {
      let program = """
        import hashlib, json, os, sys
        os.chdir(sys.argv[1])
        names = [os.path.join(d, f)[2:] for d, _, files in os.walk(".") for f in files]
        names.remove("manifest.json")
        hashes = {n: hashlib.sha256(open(n, "rb").read()).hexdigest() for n in names}
        json.dump({"format": "assay-manifest-1", "sha256": hashes}, open("manifest.json", "w"))
        """
      try Command.run(["python3", "-c", program, folder]).checked()
    }

    /// The checks that failed, each with its faults.
    private func faults() throws -> [RecordVerification.Name: [RecordVerification.Fault]] {
      let (status, found) = try verify()
      #expect(status == (found.isSound ? 0 : 65))
      return Dictionary(
        uniqueKeysWithValues: found.checks.filter { $0.status == .failed }
          .map { ($0.name, $0.faults) })
    }

    @Test func aRecordAsItWasWrittenIsSound() throws {
      let (status, found) = try verify()
      #expect(status == 0)
      for check in found.checks { #expect(check.status == .ok, "\(check)") }
      #expect(found.checks.map(\.name) == RecordVerification.Name.allCases)
      try reseal()
      #expect(try verify().0 == 0)
    }

    @Test func aFlippedBitOfAnyFileIsNamed() throws {
      for name in [
        "environment.json", "events.jsonl", "plan.json", "report.html", "scenario.yaml",
        "summary.json", "histograms/t0001.json", "series/t0001.csv",
      ] {
        let whole = try Data(contentsOf: url(name))
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        try flipped.write(to: url(name))
        let manifest = try faults()[.manifest] ?? []
        #expect(manifest.map(\.place) == [name] && manifest.map(\.message) == ["was changed"])
        try whole.write(to: url(name))
      }
      try Data("x".utf8).write(to: url("histograms/more.json"))
      try FileManager.default.removeItem(at: url("series/t0002.csv"))
      let found = try faults()
      #expect(
        found[.manifest]?.map { "\($0.place) \($0.message)" }
          == ["histograms/more.json was added", "series/t0002.csv is missing"])
      #expect(found[.histograms]?.map(\.place) == ["histograms/more.json"])
    }

    /// What is changed in an event, and the check that must see it though the manifest agrees.
    static let alterations: [(RecordVerification.Name, String, String)] = [
      (.metrics, #"("latency p99":\{"unit":"ns","value":)\d+"#, "$112345"),
      (.metrics, #"("iops":\{"unit":"1/s","value":)"#, "$19"),
      (.metrics, #""errors":\{"unit":"1","value":0\},"#, ""),
      (.metrics, #"("elapsed":)"#, "$19"),
      (.metrics, #"("processNs":)"#, "$19"),
      (.histograms, #"("read":\{"bytes":\d+,"ios":)"#, "$19"),
      (.series, #"("read":\{"bytes":)"#, "$19"),
      (.summary, #""status":"valid""#, #""status":"invalid""#),
      (.report, #""queue depth":"1""#, #""queue depth":"8""#),
      (.plan, #"("trial":\{"block":)1"#, "${1}2"),
      (.plan, #""point":\["queue-depth=1"\]"#, #""point":["queue-depth=4"]"#),
      (.plan, #""id":"t0001""#, #""id":"t0099""#),
      (.report, #""name":"test""#, #""name":"best""#),
      (.schema, #""findings":"#, #""found":1,"findings":"#),
      (.schema, #""tookNs":"#, #""tookNs": "#),
      (.events, #""sequence":4"#, #""sequence":5"#),
      (.events, #""event":"run-finished""#, #""event":"run-resumed""#),
    ]

    @Test(arguments: alterations.indices)
    func anAlteredEventIsFoundBehindANewManifest(_ index: Int) throws {
      let (name, pattern, replacement) = Self.alterations[index]
      try edit("events.jsonl") { text in
        let expression = try NSRegularExpression(pattern: pattern)
        let first = try #require(
          expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)),
          "\(pattern)")
        let place = try #require(Range(first.range, in: text))
        text.replaceSubrange(
          place,
          with: expression.replacementString(
            for: first, in: text, offset: 0,
            template: replacement.replacingOccurrences(of: "${1}", with: "$1")))
      }
      try reseal()
      let found = try faults()
      #expect(found[.manifest] == nil)
      #expect(found[name]?.isEmpty == false, "\(found)")
    }

    @Test func alteredFilesAreFoundBehindANewManifest() throws {
      let replace = { (name: String, old: String, new: String) in
        try edit(name) { $0 = $0.replacingOccurrences(of: old, with: new) }
      }
      for (check, name, old, new) in [
        (RecordVerification.Name.plan, "scenario.yaml", "70%", "60%"),
        (.plan, "plan.json", "\"queueDepth\" : 4", "\"queueDepth\" : 5"),
        (.formats, "plan.json", "assay-plan-2", "assay-plan-9"),
        (.formats, "summary.json", "assay-summary-1", "assay-summary-9"),
        (.summary, "summary.json", "\"complete\" : true", "\"complete\" : false"),
        (.report, "report.html", "<title>", "<title>Better "),
        (.histograms, "histograms/t0001.json", "\"count\":", "\"count\":1"),
        (.formats, "histograms/t0001.json", "assay-histograms-1", "assay-histograms-9"),
        (.series, "series/t0001.csv", "\n0,", "\n0,1"),
        (.schema, "series/t0001.csv", "second", "minute"),
        (.schema, "histograms/t0001.json", "}", "]"),
      ] {
        let whole = try Data(contentsOf: url(name))
        try replace(name, old, new)
        try reseal()
        let found = try faults()
        #expect(found[.manifest] == nil)
        #expect(found[check]?.isEmpty == false, "\(name) \(new): \(found)")
        if check != .plan { #expect(found[check]?.first?.place.contains(name) == true) }
        try whole.write(to: url(name))
      }
    }

    @Test func whatCannotBeReadStopsNothing() throws {
      try edit("events.jsonl") { text in
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let first = try #require(lines.firstIndex { $0.contains("trial-finished") })
        lines[first] = String(lines[first].prefix(lines[first].count / 2))
        text = lines.joined(separator: "\n")
      }
      try edit("series/t0002.csv") { $0 = String($0.prefix(20)) }
      try edit("histograms/t0003.json") { $0 = String($0.prefix($0.count / 3)) }
      try FileManager.default.removeItem(at: url("summary.json"))
      let found = try faults()
      #expect(found[.manifest]?.count == 4)
      #expect(
        found[.schema]?.map { $0.place.prefix { $0 != ":" } }
          == ["events.jsonl", "series/t0002.csv", "histograms/t0003.json"], "\(found)")
      #expect(found[.plan]?.contains { $0.message.contains("t0001 never ran") } == true)
    }

    @Test func aNewerRecordIsComparedAsFarAsItCanBe() throws {
      try edit("events.jsonl") {
        $0 = $0.replacingOccurrences(of: "\"version\":\"", with: "\"version\":\"9")
      }
      try reseal()
      let (status, found) = try verify()
      #expect(status == 0, "\(found)")
      let left = found.checks.filter { $0.status == .notCompared }.map(\.name)
      #expect(left == [.metrics, .summary, .report])
      try edit("events.jsonl") {
        $0 = $0.replacingOccurrences(of: "assay-record-1", with: "assay-record-2")
      }
      #expect(try faults()[.formats]?.first?.message.contains("assay-record-2") == true)
    }

    @Test func aRecordCutShortIsSoundAsFarAsItGoes() throws {
      try edit("events.jsonl") { text in
        text = text.split(separator: "\n").prefix(4).joined(separator: "\n") + "\n{\"at\":"
      }
      for name in ["manifest.json", "summary.json", "report.html"] {
        try FileManager.default.removeItem(at: url(name))
      }
      let (status, found) = try verify()
      #expect(status == 0, "\(found)")
      #expect(found.checks.first?.status == .notCompared)
    }

    /// Prints what is wrong with the files of a record by the schema, a line a fault.
    private static let validate = """
      import glob, json, sys, jsonschema
      schema = json.load(sys.stdin)
      jsonschema.Draft7Validator.check_schema(schema)
      folder, seen = sys.argv[1], 0
      def check(definition, place, value):
        global seen
        seen += 1
        part = {**schema, "anyOf": [{"$ref": "#/definitions/" + definition}]}
        for error in jsonschema.Draft7Validator(part).iter_errors(value):
          for leaf in error.context or [error]: print(place, leaf.message[:200])
      for number, line in enumerate(open(folder + "/events.jsonl"), 1):
        check("event", f"events.jsonl:{number}", json.loads(line))
      for name in ["plan", "summary", "environment", "manifest"]:
        check(name, name + ".json", json.load(open(f"{folder}/{name}.json")))
      for path in glob.glob(folder + "/histograms/*.json"):
        check("histograms", path, json.load(open(path)))
      print("checked", seen)
      """

    @Test(Requires.python("jsonschema")) func theSchemaDescribesARecordToTheKey() throws {
      let schema = try shop.assay(["schema", "--record"]).checked().stdout
      let validate = {
        try Command.run(["python3", "-c", Self.validate, folder], input: schema).checked().stdout
      }
      let lines = try String(contentsOf: url("events.jsonl"), encoding: .utf8)
        .split(separator: "\n").count
      #expect(try validate() == "checked \(lines + 4 + 6)\n")
      for (name, old, new) in [
        ("events.jsonl", "\"tookNs\":", "\"tookMs\":"),
        ("events.jsonl", ",\"trialID\":\"t0001\"", ""),
        ("events.jsonl", "\"unit\":\"ns\"", "\"unit\":\"ms\""),
        ("plan.json", "\"abba\"", "\"baab\""), ("summary.json", "\"median\"", "\"mean\""),
        ("environment.json", "\"mustMatch\"", "\"must\""),
        ("environment.json", "\"not-applicable\"", "\"none\""),
        ("manifest.json", "assay-manifest-1", "x"),
        ("histograms/t0001.json", "\"count\":", "\"count\":-"),
      ] {
        let whole = try Data(contentsOf: url(name))
        try edit(name) { $0 = $0.replacingOccurrences(of: old, with: new) }
        let told = try validate()
        #expect(told.contains(name) && !told.hasPrefix("checked"), "\(name) \(new): \(told)")
        try whole.write(to: url(name))
      }
    }

    @Test func whatOthersMeasuredIsCheckedAsFarAsItGoes() throws {
      let fixtures = Workshop.package + "/Tests/FioTests/Fixtures/"
      let results = shop.path("imported")
      for name in try FileManager.default.contentsOfDirectory(atPath: fixtures)
      where name.contains(".json") {
        try shop.assay(["import", fixtures + name, "--results", results]).checked()
      }
      let records = try FileManager.default.contentsOfDirectory(atPath: results)
      #expect(!records.isEmpty)
      try shop.assay(["verify"] + records.map { results + "/" + $0 }).checked()
    }

    @Test func whatIsNoRecordIsSaid() throws {
      let result = try shop.assay(["verify", shop.path("nowhere")])
      #expect(result.status == 65)
      #expect(result.stdout.contains("FAILED") && result.stdout.contains("events.jsonl"))
    }
  }
}
