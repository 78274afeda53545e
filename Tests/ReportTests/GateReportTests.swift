import Foundation
import Ledger
import Measure
import TestSupport
import Testing

@testable import Judgement
@testable import Report

@Suite struct GateReportTests {
  /// A judgement of many rows; a few of them fail, last in the baseline's order.
  private func judgement(rows count: Int, name: String = "read") -> GateJudgement {
    let rows = (0..<count).map { index in
      let isLost = index >= count - 3
      return GateRow(
        key: CaseKey(system: "disk", workload: "\(name)-\(index)"), metric: "iops", unit: "1/s",
        direction: .higher, baseline: .init(median: 1000, n: 10), replicate: .trial,
        run: .init(median: isLost ? 700 : 1000, n: 10), ratio: isLost ? 0.7 : 1, bound: 0.95,
        verdict: isLost ? .fail : .pass, reason: "for the reason | of row <\(index)>")
    }
    return GateJudgement(
      verdict: .fail,
      arms: [
        .init(label: "b", source: "b.json", id: "b", startedAt: "", evidence: .measured),
        .init(
          label: "r", source: "results/run", id: "run", startedAt: "2026-11-21T06:00:00.000Z",
          evidence: .measured),
      ],
      baseline: .init(name: "main", kind: .record, fingerprint: "0123456789ab", sessions: 1),
      tolerance: .percent(5), confidence: .percent(95), rows: rows, invalid: [], failed: [],
      isComplete: true, caveats: [], differences: [])
  }

  @Test func aSummaryKeepsToItsBudgetAndTellsWhatItCut() throws {
    let text = GateMarkdown().render(judgement(rows: 20_000))
    #expect(text.utf8.count <= 200_000 && text.utf8.count > 150_000)
    #expect(text.contains("more rows are in `assay gate --json`"))
    // What failed comes first, and so is never cut.
    let table = text.split(separator: "\n").filter { $0.hasPrefix("| ") }
    #expect(
      table.dropFirst().prefix(4).map { $0.hasPrefix("| FAIL |") } == [true, true, true, false])
    #expect(!GateMarkdown().render(judgement(rows: 10)).contains("more rows"))
    #expect(GateMarkdown(most: 3_000).render(judgement(rows: 20_000)).utf8.count <= 3_000)
  }

  @Test func aTerminalGetsTenLinesAtMost() {
    let lines = GateText(judgement(rows: 20_000)).lines
    #expect(lines.count <= 10 && lines[0].hasPrefix("FAIL against baseline main (1 session)"))
    #expect(lines[1].contains("FAIL") && lines[1].contains("disk/read-19997"))
  }

  /// Control characters, quotes and markup in names, read back by a parser.
  @Test func junitIsWellFormedWhateverStandsInIt() throws {
    let name = "a\u{1}\u{8}<&\"'>]]>\u{1F}\nb\u{FFFE}é😀"
    let folder = try TemporaryFolder()
    let path = try folder.write(GateJUnit.render(judgement(rows: 4, name: name)), to: "g.xml")
    let program = """
      import sys, json, xml.etree.ElementTree as tree
      suite = tree.parse(sys.argv[1]).getroot()[0]
      print(json.dumps([suite.get("tests"), suite.get("failures"),
        suite.findall("testcase")[0].get("classname")]))
      """
    let read = try Command.run(["python3", "-c", program, path]).checked().stdout
    let found = try JSONDecoder().decode([String].self, from: Data(read.utf8))
    #expect(found == ["4", "3", "disk/a<&\"'>]]>\nbé😀-0"])
  }

  @Test func whatTheRowsDoNotTellIsAnError() throws {
    var judged = judgement(rows: 0)
    (judged.verdict, judged.reason) = (.notComparable, "another machine")
    let xml = GateJUnit.render(judged)
    #expect(xml.contains("errors=\"1\"") && xml.contains("message=\"another machine\""))
  }
}
