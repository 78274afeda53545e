import ArgumentParser
import Foundation
import Judgement
import Ledger
import Measure
import Report

/// `assay trend`.
struct TrendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trend", abstract: "The history of every case, and where it changed its level.",
    subcommands: [Show.self, Acknowledge.self], defaultSubcommand: Show.self)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case terminal, markdown, html, csv
  }

  /// What to do with a folder that was given where none is due; nil where it is no folder.
  static func hint(onFolder path: String) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return nil }
    guard isRecord(path) else { return "name the folder of records with --results \(path)" }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
    return "the history is that of the folder it is in, --results \(parent); "
      + "`assay report \(path)` shows this record alone"
  }

  private static func isRecord(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/events.jsonl")
  }

  /// `assay trend show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the history of the records of a folder.",
      discussion: """
        A point is the median over the valid trials of a record that ended. Histories are split \
        where the kind of machine or the disclosure is another one; a change is what two of \
        three methods see, among the newest \(TrendJudge.searched) values of a stretch. Ends \
        with 0 whatever is found: a trend needs runs after the change, so `assay gate` is what \
        stops a merge.
        """)

    @OptionGroup var results: ResultsArguments

    @Option(
      name: .customLong("case"),
      help: ArgumentHelp("Only this case, or those below it: dpu/random-read.", valueName: "case"))
    var cases: [String] = []

    @Option(
      name: .customLong("metric"),
      help: ArgumentHelp("A metric, instead of the headline ones; repeatable.", valueName: "metric")
    )
    var metrics: [String] = []

    @Option(
      help: ArgumentHelp("Only records from this day on: 2026-11-21.", valueName: "date"))
    var since: String?

    @Option(help: "terminal, markdown, html or csv.")
    var format = Format.terminal

    @Option(help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"))
    var output: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
      for metric in metrics where MetricCatalogue.definition(of: metric) == nil {
        let near = MetricCatalogue.nearest(metric).map { "; did you mean '\($0)'?" } ?? ""
        throw ValidationError("There is no metric '\(metric)'\(near)")
      }
      if let since, !Output.isDay(since.prefix { $0 != "T" }) {
        throw ValidationError("'\(since)' is not a date; give it as 2026-11-21.")
      }
    }

    func run() async throws {
      let names = metrics.isEmpty ? MetricCatalogue.headline : metrics
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: results.folder, isDirectory: &isFolder),
        isFolder.boolValue
      else {
        throw Output.fail(
          ["there is no folder \(results.folder)\n  hint: name it with --results FOLDER"], .data)
      }
      if TrendCommand.isRecord(results.folder),
        let hint = TrendCommand.hint(onFolder: results.folder)
      {
        throw Output.fail(["\(results.folder) is one record\n  hint: \(hint)"], .data)
      }
      let found = await RecordSketch.all(in: results.folder, metrics: Set(names))
      for fault in found.faults { Output.note("left out: \(fault)") }
      let records = found.records.filter { since == nil || $0.startedAt >= since ?? "" }
      let acknowledged: [Acknowledgement]
      do {
        acknowledged = try Acknowledgement.all(in: results.folder)
      } catch {
        throw Output.fail([error.description], error.kind == .io ? .io : .data)
      }
      let trend = await TrendJudge.judge(
        records, metrics: names, acknowledged: acknowledged
      ) { key in
        cases.isEmpty || cases.contains { key.description == $0 || isBelow(key, $0) }
      }
      if json { return try Output.json(trend) }
      try Output.write(try render(trend), to: output)
    }

    private func isBelow(_ key: CaseKey, _ name: String) -> Bool {
      key.description.hasPrefix(name.hasSuffix("/") ? name : name + "/")
    }

    private func render(_ trend: Trend) throws -> String {
      switch format {
      case .terminal: TrendText.terminal(trend, unicode: Output.wantsUnicode)
      case .markdown: TrendText.markdown(trend)
      case .html:
        try TrendPage().render(trend, results: results.folder, version: Assay.version)
      case .csv: TrendText.csv(trend)
      }
    }
  }

  /// `assay trend acknowledge`.
  struct Acknowledge: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "acknowledge", abstract: "Note that a change was looked at, and why it is.",
      discussion: """
        From that record on a new level begins, which is not compared with the old one. It must be \
        one that the history shows: a run that was cut short is none. Kept in \
        RESULTS/acknowledged.jsonl.
        """)

    @Argument(help: ArgumentHelp("The first record of the new level.", valueName: "record"))
    var record: String

    @OptionGroup var results: ResultsArguments

    @Option(
      name: .customLong("case"),
      help: ArgumentHelp("The case; every one unless told otherwise.", valueName: "case"))
    var ofCase: String?

    @Option(
      help: ArgumentHelp("The metric; every one unless told otherwise.", valueName: "metric"))
    var metric: String?

    @Option(help: "Why the level is as it is.")
    var reason: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
      if reason.allSatisfy(\.isWhitespace) {
        throw ValidationError("--reason is empty; say what changed the level.")
      }
    }

    func run() throws {
      let id = URL(fileURLWithPath: record).lastPathComponent
      let folder = results.folder + "/" + id
      do {
        let found = try RunRecord.read(folder, details: .omitted)
        // Without an end or a summary it is no point of a history: nothing would begin there.
        guard found.isComplete, FileManager.default.fileExists(atPath: folder + "/summary.json")
        else {
          throw LedgerError(
            .unfit, "\(folder) was cut short: no history shows it",
            hint: "end it with `assay run --resume \(folder)`, or name the first complete record "
              + "of the new level")
        }
        if let ofCase, !found.trials.contains(where: { $0.key.description == ofCase }) {
          let names = Set(found.trials.map(\.key.description)).sorted()
          let near = NearestWord.of(ofCase, in: names) ?? names.first ?? ""
          throw Output.fail(
            ["\(folder) has no case \(ofCase)\n  hint: did you mean \(near)?"], .usage)
        }
        if let metric, !found.trials.contains(where: { $0.metrics[metric] != nil }) {
          throw Output.fail(
            ["\(folder) has no metric \(metric)\n  hint: `assay list metrics` has them all"],
            .usage)
        }
        let acknowledgement = Acknowledgement(
          record: id, case: ofCase, metric: metric, reason: reason, by: NSUserName(),
          at: WallClock.now())
        try acknowledgement.append(in: results.folder)
        if json { return try Output.json(acknowledgement) }
        Output.note("noted in \(results.folder)/\(Acknowledgement.fileName)")
      } catch let error as LedgerError {
        throw Output.fail(error)
      }
    }
  }
}
