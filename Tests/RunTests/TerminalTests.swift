import Foundation
import TestSupport
import Testing

extension Program {
  /// What the program writes to a terminal, and to what is none.
  @Suite(Requires.tool("script")) struct Terminals {
    private let shop: Workshop
    private let figures = Workshop.package + "/results/reference/published-dpu-against-local"

    init() throws { shop = try Workshop() }

    /// Lines of `assay compare` on a terminal of so many columns, made by script(1).
    private func lines(columns: Int, prefix: String = "", suffix: String = "") throws -> [String] {
      let words = "\(prefix) '\(Workshop.assay)' compare '\(figures)' \(suffix)"
      return try Command.run(
        ["script", "-qec", "stty cols \(columns) rows 50; \(words)", "/dev/null"],
        environment: ["TERM": "dumb", "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8"]
      ).checked().stdout.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The widest line of the tables; sentences and who is compared are no tables.
    private func widest(_ lines: [String]) -> Int {
      lines.filter { line in
        line.contains("  ") && !["reference ", "subject ", "  "].contains { line.hasPrefix($0) }
      }.map(\.count).max() ?? 0
    }

    @Test func tablesKeepToTheTerminal() throws {
      let plain = try shop.assay(["compare", figures]).checked().stdout
        .components(separatedBy: "\n")
      #expect(widest(plain) > 80)
      for columns in [40, 80] {
        let found = try lines(columns: columns)
        #expect(found.contains { $0.hasPrefix("case") }, "\(found)")
        #expect(widest(found) <= columns, "\(found)")
        // COLUMNS goes first, and what goes to a file or a pipe is as wide as it is.
        #expect(try widest(lines(columns: 200, prefix: "COLUMNS=\(columns)")) <= columns)
        #expect(try widest(lines(columns: columns, suffix: "| cat")) == widest(plain))
      }
      let file = shop.path("comparison.txt")
      _ = try lines(columns: 40, suffix: "--output '\(file)'")
      let written = try String(contentsOfFile: file, encoding: .utf8)
      #expect(widest(written.components(separatedBy: "\n")) == widest(plain))
    }
  }
}
