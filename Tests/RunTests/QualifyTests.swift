import Foundation
import Ledger
import TestSupport
import Testing

extension Program {
  /// A record against a specification, as the program says it.
  @Suite struct Qualify {
    static let specs = Workshop.package + "/scenarios/specs"
    static let published = Workshop.package + "/results/reference/published-"

    struct Answer: Decodable {
      struct Line: Decodable {
        struct Judgement: Decodable {
          struct Interval: Decodable {
            var lower: Double
            var upper: Double
          }
          var verdict: String
          var value: Double?
          var interval: Interval?
          var n: Int
        }
        var id: String
        var judgement: Judgement
        var marginPercent: Double?
      }
      var verdict: String
      var lines: [Line]
      var caveats: [String]
    }

    private func qualify(
      _ record: String, _ spec: String, _ more: String...
    ) throws -> (Command.Result, Answer) {
      let result = try Workshop().assay(
        [
          "qualify", record, "--spec", spec.contains("/") ? spec : "\(Self.specs)/\(spec).yaml",
          "--json",
        ]
          + more)
      return (result, try JSONDecoder().decode(Answer.self, from: Data(result.stdout.utf8)))
    }

    @Test func thePublishedTableDoesNotPassForLocal() throws {
      let (guarded, unknown) = try qualify(Self.published + "dpu-against-local", "dpu-as-local")
      #expect(guarded.status == 2 && unknown.verdict == "inconclusive")
      #expect(unknown.lines.allSatisfy { $0.judgement.verdict == "inconclusive" })
      let (result, found) = try qualify(
        Self.published + "dpu-against-local", "dpu-as-local", "--decision", "simple")
      #expect(result.status == 1 && found.verdict == "fail")
      #expect(
        found.lines.map(\.id) == [
          "random-read", "random-write", "sequential-read", "sequential-write",
        ])
      #expect(found.lines.map(\.judgement.verdict) == ["fail", "pass", "fail", "pass"])
      let ratios = found.lines.map { (($0.judgement.value ?? 0) * 1000).rounded() }
      #expect(ratios == [751, 997, 711, 994])
      #expect(found.lines.map { $0.marginPercent?.rounded() } == [-21, 5, -25, 5])
      #expect(found.caveats.contains { $0.hasPrefix("PUBLISHED, NO RAW DATA") })
    }

    @Test func publishedDeployTimesAndHostCPUAreTooFewToTell() throws {
      let (times, deploys) = try qualify(Self.published + "deploy-times", "deploy-within-180s")
      #expect(times.status == 2)
      // One deployment that took 1200 s or more shows nothing of 95 % of all.
      #expect(deploys.lines.map(\.judgement.verdict) == Array(repeating: "inconclusive", count: 3))
      let (cpu, load) = try qualify(
        Self.published + "host-cpu", "host-cpu-below-5", "--decision", "simple")
      #expect(cpu.status == 1 && load.lines.map(\.judgement.verdict) == ["fail", "pass"])
    }

    @Test func aDiskIsHeldAgainstEtcdsNeeds() throws {
      let shop = try Workshop()
      var words = [
        "run", Workshop.package + "/scenarios/etcd-disk.yaml", "--results", shop.results,
      ]
      for setting in ["duration=300ms", "ramp=0s"] {
        for workload in ["write-ahead-log", "backend-commit"] {
          words += ["--set", "workloads.\(workload).storage.\(setting)"]
        }
      }
      words += ["--set", "systems.disk.file=\(shop.path("etcd.dat"))"]
      words += ["--set", "systems.disk.size=16MiB"]
      let ran = try shop.assay(words)
      let record = try #require(shop.records.first, "\(ran)")
      let (result, found) = try qualify(record, "etcd-ready-disk")
      #expect(found.lines.map(\.id) == ["log-sync", "backend-commit", "no-errors", "no-errors"])
      // How quick this disk is, is not for a test to know; that both agree on it is.
      #expect(result.status == ran.status, "\(ran.stdout)\n\(result.stdout)")
      for line in found.lines.prefix(2) {
        let interval = try #require(line.judgement.interval)
        let value = try #require(line.judgement.value)
        #expect(line.judgement.n == 6 && interval.lower <= value && value <= interval.upper)
      }
    }

    @Test func everyFormHasVerdictMarginAndSignOff() throws {
      let shop = try Workshop()
      let waivers = try shop.folder.write(
        """
        - {limit: random-read, who: Kim, why: known since May, until: 2027-01-31}
        - {limit: sequential-read, who: Kim, why: known, until: 2026-01-31}
        - {limit: sequential-reed, who: Kim, why: known, until: 2027-01-31}

        """, to: "waivers.yaml")
      for form in ["terminal", "markdown", "html"] {
        let result = try shop.assay([
          "qualify", Self.published + "dpu-against-local", "--spec",
          Self.specs + "/dpu-as-local.yaml",
          "--decision", "simple", "--waivers", waivers, "--day", "2026-11-21", "--format", form,
        ])
        #expect(result.status == 1, "\(form): \(result)")
        for word in [
          "PUBLISHED, NO RAW DATA", "FAIL (WAIVED)", "Kim", "known since May", "EXPIRED", "UNKNOWN",
          "2 PASS, 2 FAIL, 1 of them WAIVED", "Tester", "Reviewer", "-20.9 %", "ILAC-G8",
        ] {
          let plain = result.stdout.replacing("\\", with: "")
          #expect(plain.contains(word), "\(form) lacks \(word): \(result.stdout)")
        }
        #expect(result.stdout.contains("did you mean"))
      }
    }

    @Test func theSameRecordGivesTheSameOCPLines() throws {
      let shop = try Workshop()
      let spec = Self.specs + "/dpu-as-local.yaml"
      var texts: [String] = []
      for name in ["a", "b"] {
        let path = shop.path(name + ".jsonl")
        let result = try shop.assay([
          "qualify", Self.published + "dpu-against-local", "--spec", spec, "--decision", "simple",
          "--ocp", path,
        ])
        #expect(result.status == 1, "\(result)")
        texts.append(try String(contentsOfFile: path, encoding: .utf8))
      }
      #expect(texts[0] == texts[1] && texts[0].contains("\"verdict\":\"random-read-fail\""))
      let end = try #require(texts[0].split(separator: "\n").last)
      #expect(end.contains(#"{"testRunEnd":{"result":"FAIL","status":"COMPLETE"}}"#), "\(end)")
      let exported = try shop.assay([
        "export", Self.published + "dpu-against-local", "--format", "ocptv",
      ])
      #expect(exported.stdout.contains(#""result":"NOT_APPLICABLE","status":"SKIP""#))
    }

    @Test func aNameThatTheRunHasNotIsSaidByLine() throws {
      let shop = try Workshop()
      let spec = Self.specs + "/dpu-as-local.yaml"
      let strange = try shop.assay(["qualify", Self.published + "host-cpu", "--spec", spec])
      #expect(strange.status == 65 && strange.stdout.isEmpty, "\(strange)")
      #expect(
        strange.stderr.contains("dpu-as-local.yaml:13:30: error: the run has no system \"dpu\""))
      #expect(strange.stderr.contains("--as dpu=SYSTEM"), "\(strange)")
      let wrong = try shop.assay(["qualify", shop.path("none"), "--spec", spec, "--as", "dpu"])
      #expect(wrong.status == 64, "\(wrong)")
      let listed = try shop.assay(["list", "specs", "--scenarios", Workshop.package + "/scenarios"])
      #expect(listed.stdout.contains(#/etcd-ready-disk\.yaml +A disk that/#), "\(listed)")
      #expect(try shop.assay(["validate", spec]).status == 0)
    }
  }
}
