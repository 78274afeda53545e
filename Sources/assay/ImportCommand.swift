import ArgumentParser
import Fio
import Foundation
import Host
import Ledger
import Measure
import Run
import Scenario

/// `assay import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract:
      "Bring along a fio job file as a scenario; fio's JSON or published figures as a record.",
    discussion: """
      A job file becomes a scenario on stdout; what fio knows and Assay does not is \
      listed on stderr. JSON and JSON+ become a record in the results folder, whose path \
      is printed; so does a table of figures that somebody published, a YAML file that \
      opens with `assay-figures: 1` (results/reference has some, as scenario.yaml).
      """)

  @Argument(
    help: ArgumentHelp(
      "A fio job file, fio's JSON output, or a table of published figures; - is stdin.",
      valueName: "file"))
  var path: String

  @OptionGroup var results: ResultsArguments

  @Option(help: ArgumentHelp("Write the scenario to a file instead of stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let text = try ScenarioArguments.text(of: path)
    if FiguresReader.recognises(text) {
      try importFigures(text)
    } else if Self.looksLikeJSON(text) {
      try importResult(text)
    } else {
      try importJob(text)
    }
  }

  /// fio may print text before its JSON; a job file has a section header before any brace.
  private static func looksLikeJSON(_ text: String) -> Bool {
    guard let brace = text.firstIndex(of: "{") else { return false }
    return text[brace...].contains("\"fio version\"")
  }

  private func importJob(_ text: String) throws {
    let process = ProcessInfo.processInfo
    let file = FioJobFile.parse(
      text: text, path: path, environment: process.environment,
      keywords: .init(
        pageSize: Int(sysconf(Int32(_SC_PAGESIZE))),
        memoryMegabytes: Int(process.physicalMemory >> 20), cpus: process.processorCount),
      includeLoader: { try? String(contentsOfFile: $0, encoding: .utf8) })
    let imported = FioImport.map(file, targetSize: Self.size)
    for note in imported.notes { Output.note(note.description) }
    guard imported.errors.isEmpty else {
      for error in imported.errors { Output.note(error.description) }
      throw ExitStatus.data.exit
    }
    guard let yaml = imported.yaml else {
      throw Output.fail(["\(path) holds no job that could be imported"], .data)
    }
    if json {
      try Output.json(["scenario": yaml])
    } else {
      try Output.write(yaml, to: output)
    }
  }

  /// The size of a device or file that is there already.
  private static func size(_ path: String) -> Int64? {
    if let device = try? BlockDevice(path: path) { return device.capacity.count }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.int64Value
  }

  private func importFigures(_ text: String) throws {
    do {
      let folder = try PublishedRecord.write(
        FiguresReader.read(text: text, file: path), text: text, results: results.folder)
      if json { try Output.json(["record": folder]) } else { Output.result(folder) }
    } catch let error as ScenarioError {
      for diagnostic in error.diagnostics { Output.note(diagnostic.description) }
      throw ExitStatus.data.exit
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }

  private func importResult(_ text: String) throws {
    do {
      let folder = try FioRecord.write(
        FioJSON.read(text, from: path), source: path, results: results.folder,
        version: Assay.version)
      if json { try Output.json(["record": folder]) } else { Output.result(folder) }
    } catch let error as LedgerError {
      throw Output.fail(error)
    } catch {
      throw Output.fail(["\(error)"], .data)
    }
  }
}
