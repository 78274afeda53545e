import Foundation
import Scenario
import Testing

@Suite struct FiguresTests {
  private func read(_ rows: String) throws -> PublishedFigures {
    try FiguresReader.read(
      text: """
        # A table.
        assay-figures: 1
        name: table
        source: {article: An article, date: 2025-10}
        systems:
          local: {disclosure: {tool: fio, block size: 4KiB}}
          dpu: {disclosure: {tool: fio}, source: {article: Another, date: 2024-02-29}}
        rows:
        \(rows)
        """, file: "table.yaml")
  }

  @Test func figuresKeepTheirUnitsBoundsAndSources() throws {
    let table = try read(
      """
        - workload: read
          point: {queue-depth: 32, jobs: 4}
          disclosure: {pattern: random-read}
          metrics:
            local: {iops: 682k/s, bandwidth: 2662MiB/s, create to ping: ">= 1200s"}
            dpu: {latency p99.9: "<=3ms", kernel cpu: 235.2%, errors: 0}
      """)
    #expect(table.systems.map(\.source.text) == ["An article, 2025-10", "Another, 2024-02-29"])
    let row = try #require(table.rows.first)
    #expect(
      row.point == ["queue-depth=32", "jobs=4"] && row.disclosure == ["pattern": "random-read"])
    let figures = row.cells.flatMap(\.figures)
    #expect(figures.map(\.value) == [682e3, 2662 * 1048576, 1200e9, 3e6, 235.2, 0])
    #expect(figures.map(\.unit) == ["1/s", "B/s", "ns", "ns", "%", "1"])
    #expect(figures.map(\.bound) == [nil, nil, .atLeast, .atMost, nil, nil])
    #expect(row.cells.map(\.system) == ["local", "dpu"])
  }

  @Test func aTableIsToldFromAScenario() throws {
    #expect(FiguresReader.recognises("# A table.\n\nassay-figures: 1\n"))
    #expect(!FiguresReader.recognises("# assay-figures: 1\nassay: 1\n"))
  }

  /// Each file of the corpus has its messages beside it; ASSAY_GOLDEN=write writes them anew.
  @Test func everyBadTableIsRefusedWithItsMessages() throws {
    try expectRefusals("Tests/ScenarioTests/Bad/figures") { text, file in
      _ = try FiguresReader.read(text: text, file: file)
    }
  }
}

/// Holds the messages of every file of a corpus against those beside it.
func expectRefusals(
  _ folder: String, _ read: (_ text: String, _ file: String) throws -> Void
) throws {
  let corpus = try files(folder, ".yaml")
  #expect(!corpus.isEmpty)
  for file in corpus {
    let text = try String(contentsOf: file, encoding: .utf8)
    let name = file.lastPathComponent
    let error = #expect(throws: ScenarioError.self, "\(name)") { try read(text, name) }
    let messages = (error?.description ?? "") + "\n"
    let golden = file.deletingPathExtension().appendingPathExtension("txt")
    if ProcessInfo.processInfo.environment["ASSAY_GOLDEN"] == "write" {
      try Data(messages.utf8).write(to: golden)
    }
    #expect(try String(contentsOf: golden, encoding: .utf8) == messages, "\(name)")
  }
}
