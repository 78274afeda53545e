import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// Readiness and everything that explains: doctor, explain, manual, completions, help.
  @Suite struct Help {
    private func json(_ result: Command.Result) throws -> Any {
      try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    }

    @Test func doctorLooksAndEndsWithSuccess() throws {
      let shop = try Workshop()
      let text = try shop.assay(["doctor", "--quick"]).checked().stdout
      #expect(text.contains("cpu-governor") && text.contains("sysctl vm.swappiness"))
      #expect(!text.contains("noise-gaps"))
      let answer = try shop.assay(["doctor", "--area", "memory", "--area", "pci", "--json"])
      let object = try #require(try json(answer.checked()) as? [String: Any])
      let checks = try #require(object["checks"] as? [[String: Any]])
      #expect(Set(checks.compactMap { $0["area"] as? String }) == ["memory", "pci"])
      let wrong = try shop.assay(["doctor", "--area", "memroy"])
      #expect(wrong.status == 64 && wrong.stderr.contains("Did you mean 'memory'?"))
    }

    @Test func strictDoctorEndsWithOneOnAWarningOnly() throws {
      let shop = try Workshop()
      // A limit of files below what is asked is advice; no ring is a warning, and seccomp's.
      let result = try shop.assay(["doctor", "--quick", "--strict", "--json"])
      let object = try #require(try json(result) as? [String: Any])
      let checks = try #require(object["checks"] as? [[String: Any]])
      let warns = checks.contains { $0["state"] as? String == "warning" }
      #expect(result.status == (warns ? 1 : 0))
    }

    @Test(Requires.root) func aRunOnAHostThatIsNotReadySaysSoInItsRecord() throws {
      let shop = try Workshop()
      let path = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}")
      let file = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
      try shop.folder.write("hpet\n", to: "source")
      // In a mount namespace of its own the kernel's file reads as if it had given up its counter.
      let script = "mount --bind '\(shop.path("source"))' \(file) && exec \"$@\""
      try Command.run(
        ["unshare", "-m", "sh", "-c", script, "sh", Workshop.assay, "run", path, "--results"]
          + [shop.results]
      ).checked()
      let record = try shop.record()
      let finding = try #require(record.findings.first { $0.code == "host-not-ready" })
      #expect(finding.severity == .warning && finding.message.contains("clock-source"))
      #expect(record.environment["readiness"]?["checks"] != nil)
      #expect(record.environment["after"]?["facts"] != nil)
    }

    @Test func everythingListedIsExplained() throws {
      let shop = try Workshop()
      let listed = try shop.assay(["explain", "--list", "--json"]).checked()
      let topics = try #require(try json(listed) as? [[String: Any]])
      let kinds = Set(topics.compactMap { $0["kind"] as? String })
      #expect(kinds == ["finding", "check", "metric", "exit-code", "grammar"])
      for words in [["late-ios"], ["cpu-governor"], ["read latency", "p99.9"], ["3"], ["limits"]] {
        let text = try shop.assay(["explain"] + words).checked().stdout
        #expect(text.hasPrefix(words.joined(separator: " ") + "\n"), "\(text)")
      }
    }

    @Test func theSampleThatAPercentileNeedsIsThatOfTheOrderStatistic() throws {
      // n >= ln 0.05 / ln p: 29 for p90, 299 for p99, 2995 for p99.9 (results of the research).
      for (statistic, least) in [("p90", "29"), ("p99", "299"), ("p99.9", "2995")] {
        let text = try Workshop().assay(["explain", "latency", statistic]).checked().stdout
        let words = text.split(whereSeparator: \.isWhitespace)
        #expect(words.joined(separator: " ").contains("fewer than \(least) of them"), "\(text)")
      }
    }

    @Test(arguments: [
      (["explain", "late-io"], "late-ios"), (["explain", "latency", "p99x"], "latency p99"),
      (["rum"], "run"), (["help", "expalin"], "explain"), (["help", "bogus"], "--help"),
      (["explain"], "--list"),
    ])
    func aMisspeltWordEndsWith64AndTheNearest(words: [String], nearest: String) throws {
      let result = try Workshop().assay(words)
      #expect(result.status == 64 && result.stderr.contains(nearest), "\(result.stderr)")
      #expect(result.stdout.isEmpty)
    }

    @Test func theManualPageHasEveryCommandAndExitCode() throws {
      let shop = try Workshop()
      let page = try shop.assay(["manual"]).checked().stdout
      let help = try shop.assay(["--help"]).checked().stdout
      // Commands stand in the help behind two spaces, below a heading.
      let names = help.matches(of: /\n {2}([a-z][a-z-]+) {3,}/).map { String($0.1) }
      #expect(names.count > 8)
      for name in names {
        let written = name.replacing("-", with: "\\-")
        // A command of several has a section for each of them.
        let isThere = ["\n", " "].contains { page.contains("\n.SS assay \(written)\($0)") }
        #expect(isThere, "\(name)")
      }
      #expect(page.contains("\n.B 130\n"))
      #expect(try shop.assay(["manual"]).checked().stdout == page)
    }

    @Test(Requires.tool("mandoc")) func theManualPageHasNothingForTheLinter() throws {
      let shop = try Workshop()
      let path = shop.path("assay.1")
      try shop.assay(["manual", "--output", path]).checked()
      let lint = try Command.run(["mandoc", "-T", "lint", "-W", "style", path])
      #expect(lint.stdout.isEmpty && lint.status == 0, "\(lint.stdout)")
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsParse(shell: String) throws {
      let shop = try Workshop()
      let script = try shop.assay(["completions", shell]).checked().stdout
      #expect(script.contains("doctor") && script.contains("late-ios"))
      guard Command.path(of: shell) != nil else { return }
      try shop.folder.write(script, to: "script")
      try Command.run([shell, "-n", shop.path("script")]).checked()
    }

    @Test func bashCompletesCommandsScenariosAndRecords() throws {
      let shop = try Workshop()
      try shop.folder.write("", to: "a.yaml")
      try shop.folder.write("", to: "b.txt")
      try shop.folder.write("", to: "results/runs/first/events.jsonl")
      let script = try shop.assay(["completions", "bash"]).checked().stdout
      try shop.folder.write(script, to: "script")
      func complete(_ words: String...) throws -> [String] {
        let line = words.joined(separator: " ")
        let program = """
          source ./script; COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
          COMP_CWORD=\(words.count - 1); COMP_LINE='\(line)'; COMP_POINT=\(line.count)
          _assay assay '\(words.last ?? "")' ''
          printf '%s\\n' "${COMPREPLY[@]}"
          """
        let folder = URL(fileURLWithPath: Workshop.assay).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try Command.run(
          ["bash", "-c", program], environment: ["PATH": "\(folder):\(path)"],
          folder: shop.folder.path
        ).stdout.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      }
      #expect(try complete("assay", "doc") == ["doctor"])
      let files = try complete("assay", "plan", "")
      #expect(files.contains("a.yaml") && !files.contains("b.txt"), "\(files)")
      #expect(try complete("assay", "report", "res").contains("results/runs/first"))
    }
  }
}
