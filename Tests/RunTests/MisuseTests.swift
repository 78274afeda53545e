import Foundation
import TestSupport
import Testing

extension Program {
  /// What the commands that judge and keep records answer where they are used wrongly.
  @Suite struct Misuse {
    private let shop: Workshop
    private let record: String

    init() throws {
      shop = try Workshop()
      let path = try shop.folder.write(
        """
        assay: 1
        name: two
        systems:
          local: {none: {size: 1GiB}}
          dpu: {none: {size: 1GiB}}
        workloads:
          io: {storage: {engine: 'null', pattern: random-read, duration: 20ms}}
        design: {blocks: 2}

        """, to: "two.yaml")
      try shop.run(path).checked()
      record = try #require(shop.records.first)
    }

    /// The program with its streams as a shell would set them up.
    private func shell(_ words: String) throws -> Command.Result {
      try Command.run(["bash", "-c", words, Workshop.assay, record, shop.folder.path("two.yaml")])
    }

    @Test(arguments: ["compare \"$1\"", "explain --list", "verify \"$1\""])
    func aReaderThatGoesAwayIsNoError(_ words: String) throws {
      let result = try shell("(\"$0\" \(words); echo \"ended with $?\" >&2) | head -1")
      #expect(result.stderr == "ended with 0\n", "\(result)")
    }

    @Test(arguments: [">&-", ">/dev/full"])
    func aStdoutThatTakesNothingIsSaid(_ closed: String) throws {
      let result = try shell("\"$0\" compare \"$1\" \(closed)")
      #expect(result.status == 74, "\(result)")
      #expect(result.stderr.hasPrefix("assay: cannot write to stdout: "), "\(result)")
      #expect(result.stderr.count { $0 == "\n" } == 1)
    }

    @Test(arguments: [(">&-", 74), ("2>&-", 0), ("<&-", 0), (">&- 2>&- <&-", 74)])
    func aClosedStreamNeverEndsUpInTheRecord(_ closed: String, _ status: Int32) throws {
      let results = shop.path("closed")
      let result = try shell("\"$0\" run \"$2\" --results '\(results)' \(closed)")
      #expect(result.status == status, "\(result)")
      let names = try FileManager.default.contentsOfDirectory(atPath: results)
      try shop.assay(["verify"] + names.map { results + "/" + $0 }).checked()
    }

    @Test(arguments: ["=local", "fast=", "=", "fast", "fast=local=dpu"])
    func aRoleNeedsBothItsSides(_ role: String) throws {
      let result = try shop.assay(["qualify", record, "--spec", "none.yaml", "--as", role])
      #expect(result.status == 64, "\(result)")
      #expect(result.stderr.contains("--as takes ROLE=SYSTEM, not \"\(role)\""))
    }

    @Test func aRoleHasOnePlayer() throws {
      let result = try shop.assay([
        "qualify", record, "--spec", "none.yaml", "--as", "fast=local", "--as", "fast=dpu",
      ])
      #expect(result.status == 64 && result.stderr.contains("given twice"), "\(result)")
    }

    @Test func aDayIsOneOfTheCalendar() throws {
      let results = shop.results
      for words in [
        ["qualify", record, "--spec", "none.yaml", "--day", "2026-02-31"],
        ["trend", "--results", results, "--since", "2026-13-45"],
        ["trend", "--results", results, "--since", "2026-13-45T00:00:00Z"],
      ] {
        let result = try shop.assay(words)
        #expect(result.status == 64 && result.stderr.contains(words[4].prefix(10)), "\(result)")
      }
      try shop.assay(["trend", "--results", results, "--since", "2024-02-29"]).checked()
    }

    @Test func aTrendIsOfAFolder() throws {
      let result = try shop.assay(["trend", "--results", shop.folder.path("two.yaml")])
      #expect(result.status == 65 && result.stderr.contains("there is no folder"), "\(result)")
    }

    @Test func anAcknowledgementSaysWhy() throws {
      let result = try shop.assay([
        "trend", "acknowledge", record, "--results", shop.results, "--reason", " ",
      ])
      #expect(result.status == 64 && result.stderr.contains("--reason is empty"), "\(result)")
      #expect(!FileManager.default.fileExists(atPath: shop.results + "/acknowledged.jsonl"))
    }

    @Test func aFileOfAnotherKindIsSaidOnce() throws {
      let spec = Workshop.package + "/scenarios/specs/dpu-as-local.yaml"
      for (words, wrong, hint) in [
        (["run", spec], "this is a specification, and a scenario is due", "assay qualify"),
        (
          ["qualify", record, "--spec", shop.folder.path("two.yaml")],
          "this is a scenario, and a specification is due", "assay run"
        ),
      ] {
        let result = try shop.assay(words)
        #expect(result.status == 65, "\(result)")
        #expect(result.stderr.contains(wrong) && result.stderr.contains(hint), "\(result)")
        #expect(result.stderr.components(separatedBy: "error:").count == 2, "\(result)")
      }
    }

    @Test func aLimitThatCannotBeReadDoesNotBlameItsRoles() throws {
      let spec = try shop.folder.write(
        """
        assay-spec: 1
        name: spec
        version: 1
        source: a test
        limits:
          - {id: ratio, limit: iops of fast >= 50% of slow for io}
          - {id: point, limit: iops of fast when workload = io >= 1/s}

        """, to: "spec.yaml")
      let result = try shop.assay([
        "qualify", record, "--spec", spec, "--as", "fast=local", "--as", "slow=dpu",
      ])
      #expect(result.status == 65 && !result.stderr.contains("names \"slow\""), "\(result)")
      let text = try String(contentsOfFile: spec, encoding: .utf8)
      let other = try shop.folder.write(
        text.replacingOccurrences(of: " for io}", with: " when workload = io}")
          .replacingOccurrences(of: " when workload = io >=", with: " >="), to: "other.yaml")
      let told = try shop.assay([
        "qualify", record, "--spec", other, "--as", "fast=local", "--as", "slow=dpu",
      ])
      #expect(told.status == 65 && told.stderr.contains("METRIC for io"), "\(told)")
    }

    @Test func aBaselineThatWasChangedIsNamed() throws {
      let folder = shop.path("baselines")
      let more = ["--baselines", folder]
      try shop.assay(["baseline", "set", "main", record] + more).checked()
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder + "/main").first)
      let path = folder + "/main/" + name
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      let print = String(name.prefix(12))
      for text in [
        "", String(whole.prefix(whole.count / 2)),
        whole.replacingOccurrences(of: "\"\(print)\"", with: "\"0123456789ab\""),
      ] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        for words in [
          ["gate", record, "--baseline", "main"], ["baseline", "list"],
          ["baseline", "show", "main"],
        ] {
          let result = try shop.assay(words + more)
          #expect(result.status == 65 && result.stdout.isEmpty, "\(result)")
          #expect(result.stderr.contains(path) && result.stderr.contains("assay baseline set"))
        }
      }
      try FileManager.default.removeItem(atPath: path)
      try whole.write(
        toFile: folder + "/main/0123456789ab.json", atomically: true, encoding: .utf8)
      let moved = try shop.assay(["gate", record, "--baseline", "main"] + more)
      #expect(moved.status == 65 && moved.stderr.contains("0123456789ab"), "\(moved)")
    }

    @Test func aFileThatCannotBeWrittenDoesNotCostTheAnswer() throws {
      let folder = shop.path("baselines")
      try shop.assay(["baseline", "set", "main", record, "--baselines", folder]).checked()
      let result = try shop.assay([
        "gate", record, "--baseline", "main", "--baselines", folder, "--confirm", "never",
        "--junit", shop.path("nowhere") + "/gate.xml",
      ])
      #expect(result.status == 74 && result.stdout.contains("against baseline main"), "\(result)")
      #expect(result.stderr.contains("No such file or directory"))
    }

    @Test(Requires.root, Requires.tool("setpriv")) func aRecordThatMayNotBeReadIsNoDamagedOne()
      throws
    {
      let path = record + "/events.jsonl"
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
      let result = try Command.run(nobody + [Workshop.assay, "compare", record])
      #expect(result.status == 74 && result.stderr.contains("Permission denied"), "\(result)")
      #expect(result.stderr.contains("check the file's permissions"), "\(result)")
      for other in [shop.path("nowhere"), path] {
        let told = try shop.assay(["compare", other])
        #expect(told.status == 65 && told.stderr.contains("a record is a folder"), "\(told)")
      }
    }

    @Test func whatIsInTheWayIsSaidInWords() throws {
      for path in [shop.results, shop.folder.path("two.yaml") + "/x"] {
        let result = try shop.assay(["compare", record, "--output", path])
        #expect(result.status == 74 && !result.stderr.contains("NSCocoa"), "\(result)")
        #expect(!result.stderr.contains("could not be completed"), "\(result)")
      }
    }
  }
}
