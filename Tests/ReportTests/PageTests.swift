import Foundation
import Measure
import Testing

@testable import Ledger
@testable import Report

@Suite struct PageTests {
  @Test func fetchesNothing() throws {
    let page = try PageReport().render(SampleRun.input())
    PageChecks.expectNothingFetched(page)
    try PageChecks.expectPolicy(page)
    PageChecks.expectNoEmptyChart(page)
  }

  @Test func escapesWhatOthersWrote() throws {
    let evil = "</pre><script>alert(1)</script>\"'&{{name}}{{{style}}}"
    var input = SampleRun.input(systems: ["<b>local</b>"], depths: [1, 2])
    input.header.name = evil
    input.header.about = evil
    input.scenario = evil
    input.findings = [Finding(code: .noIO, severity: .error, message: evil)]
    input.findings[0].code = evil
    input.trials[0].record.disclosure["medium"] = evil
    input.environmentBefore = .object([evil: .string(evil)])
    input.hashes = [evil: evil]
    let page = try PageReport().render(input)
    #expect(page.ranges(of: "<script").count == 1 && !page.contains("<b>local"))
    #expect(page.contains("&lt;script&gt;"))
    let markdown = MarkdownReport().render(input)
    #expect(!markdown.contains(" <script"))
  }

  @Test func nestsItsElements() throws {
    var input = SampleRun.input()
    input.environmentBefore = .object(["kernel": .string("6.1"), "load": .number(0.5)])
    input.environmentAfter = .object(["kernel": .string("6.1"), "load": .number(1.5)])
    input.hashes = ["plan.json": "00ff"]
    let page = try PageReport().render(input)
    PageChecks.expectNested(page)
  }

  @Test func givesTheSameBytesAgain() throws {
    let first = try PageReport().render(SampleRun.input())
    #expect(try PageReport().render(SampleRun.input()) == first)
  }

  @Test func showsWhatChangedDuringTheRun() throws {
    var input = SampleRun.input()
    input.environmentBefore = .object(["cpu": .object(["governor": .string("performance")])])
    input.environmentAfter = .object(["cpu": .object(["governor": .string("powersave")])])
    let page = try PageReport().render(input)
    #expect(page.contains("Changed during the run"))
    #expect(page.contains("<td>performance</td><td>powersave</td>"))
  }

  /// Facts as `Host.Environment` writes them; those that always differ are no change.
  @Test func takesFactsByTheirKey() throws {
    func environment(_ governor: String, _ uptime: String) -> JSONValue {
      func fact(_ key: String, _ value: String, _ kind: String) -> JSONValue {
        .object(["key": .string(key), "value": .string(value), "class": .string(kind)])
      }
      return .object([
        "facts": .array([
          fact("cpu.governor", governor, "mustMatch"),
          fact("moment.uptime", uptime, "informational"),
        ])
      ])
    }
    var input = SampleRun.input()
    input.environmentBefore = environment("performance", "7 s")
    input.environmentAfter = environment("powersave", "99 s")
    let page = try PageReport().render(input)
    #expect(page.contains("<td>performance</td><td>powersave</td>"))
    #expect(page.contains("<dt>uptime</dt><dd>7 s</dd>") && !page.contains("99 s"))
  }

  /// A hundred cases of five trials, an hour of seconds each.
  @Test func staysBelowAMegabyteForAHundredCases() throws {
    let depths = Array(1...50)
    var input = SampleRun.input(depths: depths, blocks: 5, seconds: 60, ios: 3_000)
    for index in input.trials.indices {
      let minute = input.trials[index].series
      input.trials[index].series = (0..<60).flatMap { part in
        minute.map { row in
          var row = row
          row.second += part * 60
          return row
        }
      }
    }
    let clock = ContinuousClock()
    var page = ""
    let report = try PageReport()
    let took = clock.measure { page = report.render(input) }
    #expect(CaseFigures.all(of: input).count == 100)
    #expect(page.utf8.count < 1_000_000, "\(page.utf8.count) bytes")
    // The release build is held to well under 1 s; this bound is for the unoptimised one.
    #expect(took < .seconds(30), "\(took)")
    print("page of 100 cases: \(page.utf8.count) bytes in \(took)")
  }

  @Test func rendersARunWithoutTrials() throws {
    let header = RunHeader(
      id: "r", name: "empty", about: "", startedAt: "", version: "0", seed: 1)
    var input = ReportInput(header: header, scenario: "")
    input.isComplete = false
    #expect(try PageReport().render(input).contains("did not finish its plan"))
    #expect(TerminalReport().render(input).contains("did not finish its plan"))
    #expect(!MarkdownReport().render(input).isEmpty)
  }
}

@Suite struct TextTests {
  @Test func alignsColumnsAndSpeaksAsciiUnlessAsked() {
    let input = SampleRun.input()
    let text = TerminalReport().render(input)
    #expect(text.utf8.allSatisfy { $0 < 128 })
    let rows = text.split(separator: "\n").filter { $0.contains("random-read/") }
    #expect(rows.count == 4 && Set(rows.map(\.count)).count == 1)
    let unicode = TerminalReport(unicode: true).render(input)
    #expect(unicode.contains("µs"))
    #expect(!unicode.contains("\u{1B}"))
    #expect(TerminalReport(colour: true).render(input).contains("\u{1B}[1m"))
  }

  @Test func tellsFindingsOnceWithAllTheirTrials() {
    var input = SampleRun.input(systems: ["local"], depths: [1], blocks: 3)
    for index in 0..<3 {
      input.trials[index].record.findings = [
        Finding(code: .lateIOs, severity: .warning, message: "3 I/Os were late.")
      ]
    }
    input.findings = [Finding(code: .stoppedEarly, severity: .error, message: "It broke.")]
    let lines = TerminalReport().render(input).split(separator: "\n").suffix(2)
    #expect(
      Array(lines) == [
        "error: run: It broke. [stopped-early]",
        "warning: local/random-read (t0001, t0002, t0003): 3 I/Os were late. [late-ios]",
      ])
  }

  @Test func keepsMarkdownWithinItsBudget() {
    let input = SampleRun.input(depths: Array(1...60), blocks: 1, seconds: 1, ios: 100)
    let text = MarkdownReport(most: 4_000).render(input)
    #expect(text.utf8.count <= 4_000)
    #expect(text.contains("more rows are in the record's report.html"))
  }

  @Test func quotesFieldsOfCSV() throws {
    var input = SampleRun.input(systems: ["a,\"b\""], depths: [1])
    input.trials[0].record.metrics["iops"] = .init(12_345.5, "1/s")
    let lines = CSVReport.render(input).split(separator: "\r\n")
    #expect(lines.count == 2)
    #expect(lines[1].hasPrefix("\"a,\"\"b\"\"\",random-read,,,3,3,"))
    let columns = lines[0].split(separator: ",").count
    #expect(
      lines[1].replacing("a,", with: "").split(
        separator: ",", omittingEmptySubsequences: false
      ).count == columns)
  }
}
