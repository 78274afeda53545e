import Foundation
import Ledger
import Report
import Testing

@Test func visual() throws {
  let out = ProcessInfo.processInfo.environment["OUT"] ?? "/tmp/report-shots"
  try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
  let input =
    if let folder = ProcessInfo.processInfo.environment["RECORD"] {
      try ReportInput(RunRecord.read(folder))
    } else { SampleRun.input() }
  try PageReport().render(input).write(
    toFile: out + "/page.html", atomically: true, encoding: .utf8)
  print(TerminalReport(unicode: true).render(input))
  print(MarkdownReport().render(input))
  print(CSVReport.render(input))
}
