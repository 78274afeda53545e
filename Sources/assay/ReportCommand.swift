import ArgumentParser
import Fio
import Foundation
import Ledger
import Report
import Scenario
import Storage

/// `assay report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Render a record.",
    discussion: """
      Ends with 0 whatever the verdict is; the code that `run` ended with stands in the \
      JSON, as exitCode.
      """)

  @Argument(
    help: ArgumentHelp("The record's folder.", valueName: "record"), completion: Completing.record)
  var record: String

  @Option(help: "terminal, markdown, html, csv, json or openmetrics.")
  var format = ReportFormat.terminal

  @Option(help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the result as JSON; the same as --format json.")
  var json = false

  func run() throws {
    let record = try RecordReading.read(record)
    let text = try (json ? .json : format)
      .render(record, columns: Output.columns(to: output))
    try Output.write(text, to: output)
  }
}

/// `assay export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Give a record to other tools.")

  @Argument(
    help: ArgumentHelp("The record's folder.", valueName: "record"), completion: Completing.record)
  var record: String

  @Option(
    help: """
      fio-json, fio-json+, ocptv (OCP Test & Validation), junit (the limits), openmetrics, csv, \
      markdown, html or json.
      """)
  var format: ExportFormat

  @Option(help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"))
  var output: String?

  func run() throws {
    let record = try RecordReading.read(record)
    let text: String
    switch format {
    case .fioJSON: text = try fio(record, bins: false)
    case .fioJSONPlus: text = try fio(record, bins: true)
    case .ocptv: text = try OCPOutput(record, RunVerdict(record).judgement).render()
    case .junit:
      text = LimitsJUnit.render(record.header, record.trials, RunVerdict(record).judgement)
    case .csv: text = try ReportFormat.csv.render(record)
    case .markdown: text = try ReportFormat.markdown.render(record)
    case .html: text = try ReportFormat.html.render(record)
    case .json: text = try ReportFormat.json.render(record)
    case .openmetrics: text = try ReportFormat.openmetrics.render(record)
    }
    try Output.write(text, to: output)
  }

  private func fio(_ record: RunRecord, bins: Bool) throws -> String {
    let data = FileManager.default.contents(atPath: record.folder + "/plan.json") ?? Data()
    // An imported record has no plan of ours: its job options are in its trials.
    let plan = try? JSONDecoder().decode(Plan.self, from: data)
    let trials = Dictionary(
      (plan?.trials ?? []).compactMap { trial in
        trial.work.storage.map { (trial.id, ($0.workload, $0.target)) }
      }, uniquingKeysWith: { $1 })
    do {
      return try FioJSON.write(record, bins: bins) { trials[$0.id] }
    } catch {
      throw Output.fail(error)
    }
  }
}

/// Forms of `assay report`.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case terminal, markdown, html, csv, json, openmetrics

  /// Renders a record; a terminal's text within `columns`, where they are told.
  func render(_ record: RunRecord, columns: Int? = nil) throws -> String {
    let verdict = RunVerdict(record)
    do {
      var input: ReportInput { get throws { try verdict.reportInput(record) } }
      switch self {
      case .json: return try RunResult(record, verdict).text()
      case .terminal:
        let report = TerminalReport(
          unicode: Output.wantsUnicode, colour: Output.wantsColour, width: columns)
        return report.render(try input) + "\n" + verdict.text
      case .markdown: return MarkdownReport().render(try input)
      case .html: return try PageReport().render(try input)
      case .csv: return CSVReport.render(try input)
      case .openmetrics: return OpenMetricsReport.render(try input)
      }
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}

/// Forms of `assay export`.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
  case fioJSON = "fio-json"
  case fioJSONPlus = "fio-json+"
  case ocptv, junit, openmetrics, csv, markdown, html, json
}

/// Reads records for commands.
enum RecordReading {
  static func read(
    _ path: String, details: RunRecord.Details = .included
  ) throws -> RunRecord {
    do {
      let record = try RunRecord.read(path, details: details)
      if let changed = try record.integrity(), !changed.isEmpty {
        let more = changed.count > 6 ? ", and \(changed.count - 6) more" : ""
        throw LedgerError(
          .damaged,
          "\(path) is not as it was sealed: " + changed.prefix(6).joined(separator: ", ") + more,
          hint: "take the record from a copy; `assay verify \(path)` lists all that is wrong")
      }
      if !record.isComplete {
        Output.note("\(path): the run was cut short; `assay run --resume \(path)` goes on")
      }
      return record
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}
