import ArgumentParser
import Foundation
import Judgement
import Ledger
import Measure

/// `assay baseline`.
struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Keep records that later runs are held against.",
    discussion: """
      A baseline is one file a kind of machine, to be committed beside the scenario. Three records \
      or more of different times make the spread from session to session known, so that \
      `assay gate` does not take it for a regression.

        assay baseline set main results/runs/MONDAY results/runs/TUESDAY results/runs/FRIDAY
        assay gate results/runs/TODAY --baseline main
      """,
    subcommands: [
      BaselineSetCommand.self, BaselineGenerateCommand.self, BaselineListCommand.self,
      BaselineShowCommand.self,
    ])
}

/// Where baselines are kept.
struct BaselinesArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder that baselines are kept in.",
      discussion: "Default: $ASSAY_BASELINES, or results/baselines.", valueName: "folder"))
  var baselines: String?

  var store: BaselineStore {
    BaselineStore(
      baselines ?? ProcessInfo.processInfo.environment["ASSAY_BASELINES"] ?? "results/baselines")
  }
}

/// A baseline that is to be made.
struct BaselineMakingArguments: ParsableArguments {
  @Argument(help: "The baseline's name.")
  var name: String

  @Argument(help: ArgumentHelp("Records of one kind of machine.", valueName: "record"))
  var records: [String]

  @OptionGroup var baselines: BaselinesArguments

  @Flag(help: "Replace the baseline of this name and kind of machine.")
  var replace = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  /// Makes it of the records and keeps it.
  func make(_ kind: Baseline.Kind) throws {
    do {
      var baseline = try Baseline.of(
        try records.map { try RunRecord.read($0, details: .omitted) }, name: name, kind: kind)
      if kind == .fleet { baseline = try FleetBaseline.complete(baseline) }
      let row = BaselineListCommand.Row(
        baseline, try baselines.store.write(baseline, replace: replace))
      if json { return try Output.json(row) }
      Output.result(row.text)
      for outlier in baseline.fleet?.outliers ?? [] {
        Output.result("left out: \(outlier.sentence)")
      }
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}

/// `assay baseline set`.
struct BaselineSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Make a baseline of records; several are several sessions.")

  @OptionGroup var made: BaselineMakingArguments

  func run() throws { try made.make(.record) }
}

/// `assay baseline generate`.
struct BaselineGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Make a baseline of a fleet of at least five machines.",
    discussion: """
      Each machine counts once. One that lies farther than 3.5 modified z-scores from the others \
      in a headline metric is named and left out.
      """)

  @OptionGroup var made: BaselineMakingArguments

  func run() throws { try made.make(.fleet) }
}

/// `assay baseline list`.
struct BaselineListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all baselines.")

  @OptionGroup var baselines: BaselinesArguments

  @Flag(help: "Print the result as JSON.")
  var json = false

  /// What is shown of a baseline.
  struct Row: Encodable {
    let name: String
    let kind: Baseline.Kind
    let fingerprint: String
    let path: String
    let sessions: Int
    let machines: [String]
    let cases: Int
    let outliers: [Baseline.Outlier]

    init(_ baseline: Baseline, _ path: String) {
      name = baseline.name
      kind = baseline.kind
      fingerprint = baseline.fingerprint
      self.path = path
      sessions = baseline.sessions.count
      machines = Set(baseline.sessions.map(\.machine)).sorted()
      cases = baseline.cases.count
      outliers = baseline.fleet?.outliers ?? []
    }

    /// One line.
    var text: String {
      let of = kind == .fleet ? "fleet of \(counted(machines.count, "machine")), " : ""
      return "\(name)  \(fingerprint)  \(of)\(counted(sessions, "session")), "
        + "\(counted(cases, "case"))  \(path)"
    }
  }

  func run() throws {
    let store = baselines.store
    let (found, faults) = store.all()
    let rows = found.map { Row($0, store.path(name: $0.name, fingerprint: $0.fingerprint)) }
    if json {
      try Output.json(rows)
    } else {
      if rows.isEmpty && faults.isEmpty { Output.note("there are none in \(store.folder)") }
      for row in rows { Output.result(row.text) }
    }
    if !faults.isEmpty {
      throw Output.fail(
        faults.map(\.description), faults.allSatisfy { $0.kind == .io } ? .io : .data)
    }
  }
}

/// `assay baseline show`.
struct BaselineShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a baseline was made from and what it holds.")

  @Argument(help: "The baseline's name.")
  var name: String

  @OptionGroup var baselines: BaselinesArguments

  @Flag(help: "Print the whole files as JSON.")
  var json = false

  func run() throws {
    do {
      let found = try baselines.store.read(name)
      if json { return try Output.json(found) }
      for baseline in found {
        Output.result(
          BaselineListCommand.Row(
            baseline, baselines.store.path(name: name, fingerprint: baseline.fingerprint)
          ).text)
        for session in baseline.sessions {
          Output.result(
            "  session \(session.id), \(session.startedAt), \(session.machine), "
              + "\(session.evidence.rawValue)" + (session.notHardware.map { ", \($0)" } ?? ""))
        }
        for samples in baseline.cases {
          Output.result("  case \(samples.key): \(counted(samples.samples.count, "trial"))")
        }
        for outlier in baseline.fleet?.outliers ?? [] {
          Output.result("  left out: \(outlier.sentence)")
        }
      }
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}
