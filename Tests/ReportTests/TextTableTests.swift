import Judgement
import Testing

@testable import Report

/// Tables keep to the width of a terminal and lose nothing by it.
@Suite struct TextTableTests {
  private static let headers = ["case", "metric", "before", "after", "ratio", "verdict"]
  private static let rows = [
    ["local/random-read/queue-depth=32", "latency p99.9", "1.03 ms", "980 us", "0.951", "same"],
    ["local/random-read/queue-depth=128", "iops", "812k", "633k", "0.780", "worse"],
    ["a-very-long-name-without-any-space/w", "", "12.0", "-", "-", "not comparable"],
  ]

  private func lines(_ width: Int?, words: Int = 2) -> [String] {
    TerminalText(unicode: true, colour: false, width: width)
      .table(Self.headers, Self.rows, words: words)
  }

  /// All but spaces, in order of the letters: whatever the layout, the same.
  private func letters(_ lines: [String]) -> String {
    String(lines.joined().filter { $0 != " " }.sorted())
  }

  @Test func withoutABoundOrWithRoomARowIsALine() {
    let whole = lines(nil)
    #expect(whole.count == 4)
    let widest = whole.map(\.count).max() ?? 0
    #expect(lines(widest) == whole && lines(500) == whole)
    #expect(lines(widest - 1) != whole)
  }

  @Test(arguments: Array(32...95))
  func anyWidthIsKeptAndNoNumberBroken(_ width: Int) {
    let found = lines(width)
    #expect(found.allSatisfy { $0.count <= width }, "\(found)")
    for number in Self.rows.flatMap({ $0.dropFirst(2) }) {
      #expect(found.contains { $0.contains(number) }, "\(number) in \(found)")
    }
    // Words are broken, not cut.
    let names = found.map { $0.prefix { $0 != " " } }.joined()
    #expect(names.contains("local/random-read/queue-depth=32"))
  }

  @Test func wordsBreakBeforeNumbersMove() {
    let found = lines(70)
    #expect(letters(found) == letters(lines(nil)), "nothing is repeated, nothing lost")
    #expect(found.count > 4)
    // Numbers stand on a row's first line.
    #expect(found[1].hasSuffix("same") && found[1].contains("0.951"))
  }

  @Test func numbersThatAreTooWideStandInSeveralTables() {
    let found = lines(40)
    let heads = found.filter { $0.hasPrefix("case") }
    #expect(heads.count == 3, "\(found)")
    #expect(heads.joined().contains("before") && heads.joined().contains("verdict"))
    #expect(found.count { $0.contains("812k") } == 1)
  }

  @Test func wordsAloneKeepToTheWidthToo() {
    for width in [60, 46] {
      #expect(lines(width, words: 6).allSatisfy { $0.count <= width })
    }
    #expect(letters(lines(46, words: 6)) == letters(lines(nil, words: 6)))
  }

  @Test func coloursSpanTheLinesOfTheirRow() {
    let found = TerminalText(unicode: true, colour: true, width: 60)
      .table(Self.headers, Self.rows, words: 2, tints: [.plain, .red, .plain])
    let red = found.filter { $0.hasPrefix("\u{1B}[31m") }
    #expect(red.count > 1 && red[0].contains("812k"), "\(found)")
  }

  @Test func textsBreakAfterMarksAndAtSpaces() {
    let broken = TextTable.broken
    #expect(broken("short", 5) == ["short"])
    #expect(broken("one two three", 7) == ["one two", "three"])
    #expect(broken("disk/read/queue-depth=32", 10) == ["disk/read/", "queue-", "depth=32"])
    #expect(broken("abcdefghij", 4) == ["abcd", "efgh", "ij"])
    #expect(broken("abcd efgh", 4) == ["abcd", "efgh"])
    #expect(broken("", 4) == [""])
  }

  @Test(arguments: [40, 60, 80]) func reportsKeepTheirTablesWithinTheWidth(_ width: Int) throws {
    let input = SampleRun.input(systems: ["local", "dpu"], depths: [1, 32], blocks: 3)
    let report = TerminalReport(unicode: true, width: width).render(input)
    let table = report.split(separator: "\n").filter { $0.contains(#/^[^!:]*  +\S/#) }
    #expect(table.count > 8)
    #expect(table.dropFirst().allSatisfy { $0.count <= width }, "\(report)")
    #expect(TerminalReport(unicode: true).render(input) != report)
    let comparison = try ComparisonTextTests.comparison()
    let text = ComparisonTerminal(unicode: true, width: width).render(comparison)
    let heads = text.split(separator: "\n").filter { $0.hasPrefix("case") }
    #expect(heads.allSatisfy { $0.count <= width }, "\(text)")
    #expect(heads.contains { $0.contains("detects") })
  }
}
