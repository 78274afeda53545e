import ArgumentParser
import CLinux
import Ledger
import Measure
import Report
import Run
import Scenario

/// `assay run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a scenario; leave a record, a report and a verdict.",
    discussion: """
      Writing to a device needs --allow-destroy with its serial number, WWID or \
      backing file; `assay plan` says which. What is mounted, held or in use is refused \
      whatever is allowed. A stopped or killed run goes on with --resume RECORD; finished \
      trials stay as they are.
      """)

  @Argument(
    help: ArgumentHelp("The scenario file; - is stdin.", valueName: "scenario"),
    completion: Completing.scenario)
  var path: String?

  @OptionGroup var scenario: ScenarioArguments
  @OptionGroup var results: ResultsArguments

  @Option(
    name: .customLong("allow-destroy"),
    help: ArgumentHelp(
      "A device's serial, WWID or backing file: its content may be lost.",
      valueName: "identity"))
  var allowDestroy: [String] = []

  @Option(
    help: ArgumentHelp("Go on with a record that was cut short.", valueName: "record"),
    completion: Completing.record)
  var resume: String?

  @OptionGroup var looks: LookArguments

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if (path == nil) == (resume == nil) {
      throw ValidationError("Give a scenario file, or --resume with a record.")
    }
    if resume != nil && (!scenario.overrides.isEmpty || scenario.seed != nil) {
      throw ValidationError("A resumed run keeps its plan: --set and --seed belong to a new one.")
    }
    if resume != nil && looks.untilDecided {
      throw ValidationError("A resumed run keeps its plan, its looks and its budget.")
    }
  }

  func run() throws {
    cl_install_stop_signals()
    let options = RunOptions(
      results: results.folder, allowDestroy: allowDestroy, version: Assay.version)
    let progress = TerminalProgress()
    let end: RunEnd
    do {
      if let resume {
        end = try RunController.resume(resume, options: options, progress: progress)
      } else {
        let loaded = try scenario.load(path ?? "-")
        end = try RunController.start(
          looks.plan(loaded.scenario, scenario), scenario: recorded(loaded.text), options: options,
          progress: progress)
      }
    } catch let error as RunError {
      progress.clear()
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
    progress.clear()
    try conclude(end)
  }

  /// The scenario as given, with the overrides as a comment, so that the record tells all.
  private func recorded(_ text: String) -> String {
    var added = scenario.overrides.map { "# --set \($0)\n" }
    if looks.untilDecided { added.append("# --until-decided\n") }
    guard !added.isEmpty else { return text }
    return text + (text.hasSuffix("\n") ? "" : "\n") + added.joined()
  }

  private func conclude(_ end: RunEnd) throws {
    let finished = try FinishedRun(end)
    let verdict = finished.verdict
    if json {
      try Output.json(RunResult(finished.record, verdict))
    } else {
      Output.result(
        TerminalReport(
          unicode: Output.wantsUnicode, colour: Output.wantsColour, width: Output.columns()
        ).render(finished.input))
      Output.result(verdict.text)
      Output.result("Record: \(finished.record.folder)")
      Output.result("Report: \(finished.record.folder)/\(Manifest.reportName)")
    }
    if verdict.status != .success { throw verdict.status.exit }
  }
}
