import ArgumentParser
import CLinux
import Foundation
import Judgement
import Ledger
import Measure
import Report
import Run
import Scenario

/// `assay gate`.
struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Hold a run against its baseline; the exit code is the answer.",
    discussion: """
      Fails where a case lost more than the tolerance, with at most 5 % of false alarms over all \
      cases and metrics together (--confidence). A failure is confirmed by fresh data of the \
      failing cases where this is the machine of the run: it stands only if they fail too.

        assay gate results/runs/TODAY --baseline main --junit gate.xml --github-summary

      Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 invalid, 4 failed trials, 5 not comparable.
      """)

  enum Confirm: String, CaseIterable, ExpressibleByArgument { case auto, never }
  enum OnInconclusive: String, CaseIterable, ExpressibleByArgument { case report, pass, fail }

  @Argument(help: ArgumentHelp("The record's folder.", valueName: "record"))
  var record: String

  @Option(help: ArgumentHelp("The baseline's name.", valueName: "name"))
  var baseline: String

  @OptionGroup var baselines: BaselinesArguments
  @OptionGroup var rules: ComparisonArguments
  @OptionGroup var results: ResultsArguments

  @Option(help: "Run a failure's cases again to confirm it: auto (where possible) or never.")
  var confirm = Confirm.auto

  @Option(
    name: .customLong("on-inconclusive"),
    help: "The exit code of an inconclusive gate: report (2), pass (0) or fail (1).")
  var onInconclusive = OnInconclusive.report

  @Option(
    name: .customLong("allow-destroy"),
    help: ArgumentHelp(
      "For the confirmation: a device's serial, WWID or backing file whose content may be lost.",
      valueName: "identity"))
  var allowDestroy: [String] = []

  @Option(help: ArgumentHelp("Write JUnit XML, a test case a row.", valueName: "file"))
  var junit: String?

  @Option(
    name: .customLong("github-summary"), defaultAsFlag: "", parsing: .next,
    help: ArgumentHelp(
      "Append Markdown to a file; by itself to $GITHUB_STEP_SUMMARY.", valueName: "file"))
  var githubSummary: String?

  @Flag(help: "Print the judgement as JSON.")
  var json = false

  func run() throws {
    cl_install_stop_signals()
    let summary = try summaryPath()
    let record = try RecordReading.read(record, details: .omitted)
    let session = try GateSession(record, baselines.store, baseline, try gateRules(record))
    var judgement = session.judge(record)
    if judgement.verdict == .fail {
      judgement = confirm == .auto ? try session.confirm(judgement, options) : judgement
    }
    // The answer first: a file that cannot be written must not cost it.
    if json {
      try Output.json(judgement)
    } else {
      for line in GateText(judgement).lines { Output.result(line) }
    }
    if let junit { try Output.write(GateJUnit.render(judgement), to: junit) }
    if let summary { try append(GateMarkdown().render(judgement), to: summary) }
    let status = status(of: judgement)
    if status != .success { throw status.exit }
  }

  private var options: RunOptions {
    RunOptions(results: results.folder, allowDestroy: allowDestroy, version: Assay.version)
  }

  private func gateRules(_ record: RunRecord) throws -> ComparisonRules {
    var asked = try rules.rules()
    guard asked.confidence.value > 0.5 else {
      throw Output.fail(["--confidence \(rules.confidence): a gate needs more than 50%"], .usage)
    }
    if rules.metric.isEmpty { asked.metrics = .ofLimits(Plan(recordedIn: record)?.limits ?? []) }
    return asked
  }

  private func status(of judgement: GateJudgement) -> ExitStatus {
    switch judgement.verdict {
    case .pass: .success
    case .fail: .limitViolated
    case .inconclusive:
      switch onInconclusive {
      case .report: .inconclusive
      case .pass: .success
      case .fail: .limitViolated
      }
    case .invalid: .invalid
    case .failed: .failed
    case .notComparable: .refused
    }
  }

  private func summaryPath() throws -> String? {
    guard let path = githubSummary else { return nil }
    if !path.isEmpty { return path }
    guard let step = ProcessInfo.processInfo.environment["GITHUB_STEP_SUMMARY"], !step.isEmpty
    else {
      throw Output.fail(
        ["--github-summary: $GITHUB_STEP_SUMMARY is not set; name a file"], .usage)
    }
    return step
  }

  /// Adds to what other steps wrote.
  private func append(_ text: String, to path: String) throws {
    let before = FileManager.default.contents(atPath: path) ?? Data()
    let room = GateMarkdown.summaryLimit - before.count - 1
    guard text.utf8.count < room else {
      return Output.note(
        "\(path) holds \(before.count) B already: with \(text.utf8.count) more GitHub would drop "
          + "it, so nothing was added")
    }
    try Output.write(String(decoding: before, as: UTF8.self) + text, to: path)
  }
}

/// One gate: a baseline, the rules, and the confirmation of a failure.
struct GateSession {
  private let record: RunRecord
  private let choice: BaselineChoice
  private let source: String
  private let rules: ComparisonRules

  /// Reads the baseline of the record's kind of machine.
  init(
    _ record: RunRecord, _ store: BaselineStore, _ name: String, _ rules: ComparisonRules
  ) throws {
    self.record = record
    self.rules = rules
    do {
      let found = try store.read(name)
      try ComparisonArguments.check(
        rules, record.facts + found.flatMap(\.facts),
        CaseSamples.all(of: record) + found.flatMap(\.cases))
      guard let choice = BaselineChoice(of: found, for: record.facts, rules: rules) else {
        throw ExitStatus.data.exit
      }
      self.choice = choice
      source = store.path(name: name, fingerprint: choice.baseline.fingerprint)
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }

  /// Judges a record, or some cases of it.
  func judge(_ record: RunRecord, cases: Set<CaseKey>? = nil) -> GateJudgement {
    let judgement = GateJudge.judge(
      ComparisonArm(record: record, label: "the run"), against: choice.baseline, source: source,
      rules: rules, cases: cases)
    return choice.refusal.map(judgement.refused) ?? judgement
  }

  /// Runs the failing cases again; the failure stands only if the fresh data fail too.
  func confirm(_ first: GateJudgement, _ options: RunOptions) throws -> GateJudgement {
    let progress = TerminalProgress()
    do {
      let plan = try GateConfirmation.plan(
        first.failingCases, of: record, allowDestroy: options.allowDestroy,
        version: options.version)
      Output.note("confirming \(counted(first.failingCases.count, "case")) with fresh data")
      let end = try RunController.start(
        plan, scenario: record.scenario + "# confirmation of \(record.header.id)\n",
        options: options, progress: progress)
      progress.clear()
      let fresh = try FinishedRun(end).record
      return first.confirmed(by: judge(fresh, cases: first.failingCases), record: fresh.folder)
    } catch let error as RunError {
      progress.clear()
      return first.unconfirmed(because: error.description)
    }
  }
}
