import Foundation
import Measure
import Scenario
import TestSupport
import Testing

@testable import Judgement
@testable import Ledger
@testable import Report

@Suite struct JUnitTests {
  /// What python's parser finds: counts of the suite and of both, and each case's outcome.
  private struct Read: Decodable {
    var counts: [[String: String]]
    var cases: [[String?]]
  }

  private func read(_ xml: String) throws -> Read {
    let folder = try TemporaryFolder()
    let program = """
      import sys, json, xml.etree.ElementTree as tree
      suites = tree.parse(sys.argv[1]).getroot()
      suite = suites.find("testsuite")
      names = ["tests", "failures", "errors", "skipped"]
      cases = []
      for case in suite.findall("testcase"):
          problems = [one for one in case if one.tag != "properties"]
          assert len(problems) <= 1
          one = problems[0] if problems else None
          cases.append([case.get("classname"), case.get("name"), one.tag if problems else None,
              one.get("message") if problems else None])
      print(json.dumps({"counts": [{name: one.get(name) for name in names}
          for one in (suites, suite)], "cases": cases}))
      """
    let path = try folder.write(xml, to: "limits.xml")
    let text = try Command.run(["python3", "-c", program, path]).checked().stdout
    return try JSONDecoder().decode(Read.self, from: Data(text.utf8))
  }

  private func limit(
    _ verdict: LimitJudgement.Verdict, _ severity: Limit.Severity = .fail
  ) -> LimitJudgement {
    LimitJudgement(
      limit: "latency p99 <= 1ms when \"x\" < 3", key: CaseKey(system: "disk", workload: "read"),
      metric: "latency p99", verdict: verdict, value: 900_000, interval: nil, bound: 1e6,
      unit: "ns", share: nil, comparison: .atMost, comparedWith: nil, n: 5,
      reason: "the reason of \(verdict.rawValue) & \(severity.rawValue)", severity: severity)
  }

  @Test func everyVerdictHasItsOutcome() throws {
    var input = SampleRun.input(systems: ["disk"], depths: [1], blocks: 3, seconds: 1, ios: 100)
    input.trials[1].record.findings = [
      Finding(code: .ioErrors, severity: .error, message: "3 I/Os failed."),
      Finding(code: .lateIOs, severity: .note, message: "One was late."),
    ]
    let all = LimitJudgement.Verdict.allCases.flatMap { verdict in
      Limit.Severity.allCases.map { limit(verdict, $0) }
    }
    let judgement = RunJudgement(
      verdict: .fail, limits: all, invalid: ["t0002"], failed: [], isComplete: false)
    let xml = LimitsJUnit.render(input.header, input.trials.map(\.record), judgement)
    let found = try read(xml)
    // Severity fail: pass, fail, inconclusive, not run; then the same to be warned of.
    #expect(
      found.cases.map { $0[2] } == [
        nil, nil, "failure", "skipped", "skipped", "skipped", "error", "skipped", "error", "error",
      ])
    let counts = ["tests": "10", "failures": "1", "errors": "3", "skipped": "4"]
    #expect(found.counts == [counts, counts])
    #expect(found.cases[0][1] == "latency p99 <= 1ms when \"x\" < 3")
    #expect(found.cases[2][3] == "the reason of fail & fail")
    #expect(found.cases[8][3] == "3 I/Os failed.")
    #expect(xml == LimitsJUnit.render(input.header, input.trials.map(\.record), judgement))
  }

  @Test func aRunWithoutLimitsHasNoTests() throws {
    let header = SampleRun.input(systems: ["a"], depths: [1], blocks: 1, seconds: 1, ios: 9).header
    let judgement = RunJudgement(
      verdict: .notJudged, limits: [], invalid: [], failed: [], isComplete: true)
    let xml = LimitsJUnit.render(header, [], judgement)
    #expect(try read(xml).counts[1]["tests"] == "0")
    #expect(xml.contains("name=\"verdict\" value=\"not-judged\""))
  }
}
