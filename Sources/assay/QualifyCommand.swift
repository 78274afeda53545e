import ArgumentParser
import Foundation
import Judgement
import Ledger
import Measure
import Report
import Scenario

/// `assay qualify`.
struct QualifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qualify",
    abstract: "Hold a record against a specification: PASS, FAIL or INCONCLUSIVE a limit.",
    discussion: """
      A specification names systems by their role; --as says which system of the record plays \
      it. `assay list specs` shows those that are shipped. A waived failure stays a failure on \
      its line, but does not fail the whole until its day is past.

      Ends with 0 if everything holds, 1 if something fails, 2 if something cannot be told or \
      was not run, 3 and 4 if trials that count are invalid or failed.
      """)

  @Argument(help: ArgumentHelp("The record's folder.", valueName: "record"))
  var record: String

  @Option(help: ArgumentHelp("The specification.", valueName: "file"))
  var spec: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Which system plays a role of the specification.", valueName: "role=system"))
  var roles: [String] = []

  @Option(help: ArgumentHelp("Known failures that somebody answers for.", valueName: "file"))
  var waivers: String?

  @Option(
    help: "guard (by the whole interval) or simple; default: the specification's, or guard.",
    transform: {
      guard let rule = DecisionRule(rawValue: $0) else {
        throw ValidationError("it is guard or simple")
      }
      return rule
    })
  var decision: DecisionRule?

  @Option(help: ArgumentHelp("The day for waivers; default: today, UTC.", valueName: "date"))
  var day: String?

  @Option(help: "terminal, markdown, html or json.")
  var format = Format.terminal

  @Option(help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the result as OCP Test & Validation 2.0 (JSON Lines) too.",
      discussion: "OCP knows no waivers: a waived failure ends as COMPLETE, FAIL there.",
      valueName: "file"))
  var ocp: String?

  @Flag(help: "Print the result as JSON; the same as --format json.")
  var json = false

  enum Format: String, CaseIterable, ExpressibleByArgument { case terminal, markdown, html, json }

  func validate() throws {
    var played: Set<String> = []
    for role in roles {
      let parts = role.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts.contains("") else {
        throw ValidationError("--as takes ROLE=SYSTEM, not \"\(role)\".")
      }
      guard played.insert(parts[0]).inserted else {
        throw ValidationError("--as \(role): the role \(parts[0]) is given twice.")
      }
    }
    if let day, !Output.isDay(day) {
      throw ValidationError("--day takes a day such as 2027-01-31, not \"\(day)\".")
    }
  }

  func run() throws {
    let record = try RecordReading.read(record)
    let text = try ScenarioArguments.text(of: spec)
    let roles = Dictionary(
      roles.map { role in
        let parts = role.split(separator: "=").map(String.init)
        return (parts[0], parts[1])
      }, uniquingKeysWith: { $1 })
    let qualification: Qualification
    do {
      let specification = try SpecificationReader.read(
        text: text, file: spec, names: .init(cases: LimitJudge.cases(of: record), roles: roles))
      let waived = try waivers.map { path in
        try SpecificationReader.readWaivers(text: ScenarioArguments.text(of: path), file: path)
      }
      let stated = specification.decision.flatMap(DecisionRule.init(rawValue:))
      qualification = Qualifier.qualify(
        record, by: specification,
        .init(
          decision: decision ?? stated ?? .guard, waivers: waived ?? [], roles: roles,
          day: day ?? String(WallClock.now().prefix(10)), sha256: Manifest.digest(of: text)))
    } catch let error as ScenarioError {
      for diagnostic in error.diagnostics { Output.note(diagnostic.description) }
      throw ExitStatus.data.exit
    }
    if let ocp { try Output.write(OCPOutput(record, qualification).render(), to: ocp) }
    try write(qualification)
    let status = Self.status(qualification.verdict)
    if status != .success { throw status.exit }
  }

  private func write(_ qualification: Qualification) throws {
    switch json ? .json : format {
    case .terminal:
      try Output.write(
        QualificationText.terminal(
          qualification, unicode: Output.wantsUnicode, width: Output.columns(to: output)),
        to: output)
    case .markdown: try Output.write(QualificationText.markdown(qualification), to: output)
    case .html:
      try Output.write(
        QualificationPage().render(qualification, version: Assay.version), to: output)
    case .json: try Output.write(Output.jsonText(qualification), to: output)
    }
  }

  private static func status(_ verdict: Qualification.Verdict) -> ExitStatus {
    switch verdict {
    case .pass: .success
    case .fail: .limitViolated
    case .inconclusive: .inconclusive
    case .invalid: .invalid
    case .failed: .failed
    }
  }
}
