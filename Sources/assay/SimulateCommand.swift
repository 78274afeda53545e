import ArgumentParser
import CLinux
import ControlPlane
import Foundation
import Measure
import Run
import Scenario

/// `assay simulate`.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Simulate trials of a scenario or a record, and look at one closely.",
    discussion: """
      Leaves no record. Without --until-event, --perfetto and --openmetrics all trials that fit \
      are simulated, and the hash of each one's events is printed; those of a record are held \
      against it. The others look at one trial:

        assay simulate SCENARIO --case planned/churn --perfetto trace.json --from 60s
        assay simulate RECORD --trial t0003 --until-event 1200000
        assay simulate RECORD --trial t0003 --openmetrics series.txt

      A trace opens in ui.perfetto.dev or about:tracing; series go into Prometheus by `promtool \
      tsdb create-blocks-from openmetrics`. Where two builds differ, bisect by --until-event: the \
      trace hash is of all events up to there. Ends with 1 where a trial is not as its record has \
      it.
      """)

  @Argument(
    help: ArgumentHelp(
      "A scenario file, - for stdin, or a record's folder.", valueName: "scenario|record"),
    completion: Completing.scenario)
  var path: String

  @OptionGroup var scenario: ScenarioArguments

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp("A case or its beginning.", valueName: "system/workload/point"))
  var key: String?

  @Option(help: ArgumentHelp("Which replication of its case: its block.", valueName: "number"))
  var replication: Int?

  @Option(help: ArgumentHelp("A trial, by the name that plan and record have.", valueName: "t0001"))
  var trial: String?

  @Option(
    name: .customLong("until-event"),
    help: ArgumentHelp("Stop after so many events and show the state.", valueName: "count"))
  var untilEvent: UInt64?

  @OptionGroup var trace: TraceArguments

  @Option(
    name: .customLong("openmetrics"),
    help: ArgumentHelp(
      "Write the series with their histograms, from the time of the record's trial on.",
      valueName: "file"))
  var openMetrics: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if untilEvent != nil && (trace.perfetto != nil || openMetrics != nil) {
      throw ValidationError("--until-event stops before all is there that the files hold.")
    }
    if let replication, replication < 1 {
      throw ValidationError("--replication \(replication): they count from 1.")
    }
  }

  func run() throws {
    cl_install_stop_signals()
    do {
      let found = try TrialReplay.chosen(
        among: try all(), key: key, replication: replication, id: trial)
      if let untilEvent {
        try show(try TrialReplay.one(of: found), until: untilEvent)
      } else if trace.perfetto != nil || openMetrics != nil {
        try write(try TrialReplay.one(of: found))
      } else {
        try replay(found)
      }
    } catch let error as RunError {
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
  }

  /// The trials of what was named: a folder is a record.
  private func all() throws -> [TrialReplay] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return try TrialReplay.all(of: scenario.plan(try scenario.load(path).scenario)) }
    guard scenario.overrides.isEmpty, scenario.seed == nil else {
      throw RunError(
        .usage,
        [
          "a record has its own scenario and seed\n  hint: --set and --seed go with "
            + "\(path)/scenario.yaml"
        ])
    }
    return try TrialReplay.all(in: try RecordReading.read(path))
  }

  // MARK: All that fit

  /// The result as JSON.
  private struct Answer: Encodable {
    var modelVersion = ClusterTrial.modelVersion
    var trials: [ReplayedTrial]
  }

  private func replay(_ found: [TrialReplay]) throws {
    let progress = SimulationProgress(of: found.count)
    var answer = Answer(trials: [])
    let isWhole = ReplayedTrial.simulate(
      found, threads: ExplorationArguments.threads,
      progress: { progress.reached($1, of: $0) && cl_stop_requested() == 0 },
      each: {
        answer.trials.append($0)
        progress.ended($0.trial)
      })
    progress.clear()
    guard isWhole else { throw ExitStatus.interrupted.exit }
    if json {
      try Output.json(answer)
    } else {
      for line in ReplayedTrial.table(answer.trials) { Output.result(line) }
    }
    let others = Set(answer.trials.compactMap(\.otherModelVersion)).sorted().map(String.init)
    if !others.isEmpty {
      Output.note(
        "the record is of model version \(others.joined(separator: ", ")), this is "
          + "\(ClusterTrial.modelVersion): other figures are due")
    }
    if answer.trials.contains(where: { $0.isSame == false }) {
      throw ExitStatus.limitViolated.exit
    }
  }

  // MARK: One alone

  private func show(_ replay: TrialReplay, until event: UInt64) throws {
    let snapshot = replay.simulation.run(untilEvent: event)
    if json {
      try Output.json(snapshot)
    } else {
      Output.result("\(replay.about), seed \(replay.trial.seed)\n\(snapshot.text)")
    }
    guard snapshot.events < event else { return }
    Output.note("the trial has no more than \(snapshot.events) events")
  }

  private func write(_ replay: TrialReplay) throws {
    var written = Written(trial: replay.trial.id, key: replay.trial.key)
    if let file = trace.perfetto { written.perfetto = try trace.write(replay, to: file) }
    if let file = openMetrics {
      let outcome = replay.simulation.run(histograms: true) { _ in cl_stop_requested() == 0 }
      guard cl_stop_requested() == 0 else { throw ExitStatus.interrupted.exit }
      let origin = replay.recorded.flatMap { Output.epoch(of: $0.startedAt) } ?? 0
      try Output.stream(to: file) { write in
        try outcome.series.writeOpenMetrics(origin: origin, write)
      }
      written.traceHash = ClusterOutcome.traceHash(outcome.trace)
      Output.note(
        "\(file): \(outcome.series.columns.count) series and "
          + "\(outcome.series.histograms.count) histograms of \(replay.about), "
          + "\(outcome.series.times.count) samples each")
    }
    if json, ![trace.perfetto, openMetrics].contains("-") { try Output.json(written) }
  }

  /// What was written, as JSON.
  private struct Written: Encodable {
    var trial: String
    var key: CaseKey
    var perfetto: ClusterTrial.TraceExtent?
    var traceHash: String?
  }
}

/// What part of a trial a trace shows, and where it goes.
struct TraceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write a trace for Perfetto: requests, their parts, faults.", valueName: "file"))
  var perfetto: String?

  @Option(
    help: ArgumentHelp(
      "With --perfetto: where it begins; the end of the warm-up.", valueName: "30s"),
    transform: Self.span)
  var from: Nanoseconds?

  @Option(
    help: ArgumentHelp("With --perfetto: where it ends; that of the trial.", valueName: "90s"),
    transform: Self.span)
  var to: Nanoseconds?

  @Option(
    help: ArgumentHelp("With --perfetto: the most requests in it.", valueName: "count"))
  var requests = 100_000

  func validate() throws {
    if perfetto == nil && (from != nil || to != nil) {
      throw ValidationError("--from and --to belong to --perfetto.")
    }
    if let from, let to, to <= from {
      throw ValidationError("--to \(to.text) is not after --from \(from.text).")
    }
    guard 1...1_000_000 ~= requests else {
      throw ValidationError("--requests \(requests): 1 to 1000000, of about 1.5 KB each.")
    }
  }

  func write(_ replay: TrialReplay, to file: String) throws -> ClusterTrial.TraceExtent {
    let load = replay.simulation.load
    let end = load.warmUp + load.duration
    let begin = from ?? load.warmUp
    guard begin < end else {
      throw RunError(
        .usage, ["--from \(begin.text): the trial ends at \(end.text), warm-up included"])
    }
    var extent: ClusterTrial.TraceExtent?
    try Output.stream(to: file) { write in
      extent = try replay.simulation.writeTrace(
        from: begin, to: min(to ?? end, end), limit: requests, write)
    }
    guard let extent else { throw ExitStatus.io.exit }
    Output.note(
      "\(file): \(counted(extent.requests, "request")) of \(replay.about), from \(begin.text) to "
        + extent.endNs.text)
    if let cut = extent.cutAtNs {
      Output.note(
        "\(extent.leftOut) more were left out, the first wished for at "
          + ClusterSnapshot.seconds(cut)
          + "\n  hint: narrow it by --from and --to, or raise --requests (\(requests))")
    }
    return extent
  }

  private static func span(_ text: String) throws -> Nanoseconds {
    do {
      return try QuantityText.duration(text)
    } catch {
      throw ValidationError(error.message + (error.hint.map { "; \($0)" } ?? ""))
    }
  }
}

/// How far simulations are, on one line of a terminal that renews itself.
final class SimulationProgress {
  private let total: Int
  private var done = 0
  private let begun = MonotonicClock.now()

  init(of total: Int) { self.total = total }

  func ended(_ trial: String) { done += 1 }

  /// Always true: it only shows.
  func reached(_ time: Nanoseconds, of replay: TrialReplay) -> Bool {
    guard Output.stderrIsTerminal else { return true }
    let wall = MonotonicClock.now() - begun
    Output.renew(
      "[\(done + 1)/\(total)] \(replay.trial.key), simulated \(Output.clock(time)), "
        + "\(Output.clock(wall)) passed")
    return true
  }

  func clear() { if Output.stderrIsTerminal { Output.renew("") } }
}
