import ArgumentParser
import ControlPlane
import Deploy
import Foundation
import Host
import Measure
import Networking
import Run
import Scenario
import Storage

/// `assay plan`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract:
      "Show what a run would do: order, time, bytes written, kernel features. Runs nothing.",
    discussion: "Ends with the code that `run` would refuse with (5 or 69), and says why.")

  @Argument(
    help: ArgumentHelp("The scenario file; - is stdin.", valueName: "scenario"),
    completion: Completing.scenario)
  var path: String

  @OptionGroup var scenario: ScenarioArguments
  @OptionGroup var looks: LookArguments

  @Option(
    name: .customLong("allow-destroy"),
    help: ArgumentHelp("As for run.", valueName: "identity"))
  var allowDestroy: [String] = []

  @Flag(help: "Print the plan as JSON.")
  var json = false

  /// The plan with what the machine says to it.
  struct Answer: Encodable {
    var plan: Plan
    /// What each planned look adds; nil without looks.
    var looks: [Look]?
    var engines: [String: [String]]
    var problems: [String]
  }

  /// One planned look.
  struct Look: Encodable {
    var number: Int
    var firstBlock: Int
    var lastBlock: Int
    /// The names of its trials, in order.
    var trials: [String]
    var estimate: TrialEstimate

    static func all(of plan: Plan) -> [Look]? {
      plan.looks.map { looks in
        (1...looks.count).map { number in
          let blocks = looks.blocks(of: number)
          return Look(
            number: number, firstBlock: blocks.lowerBound, lastBlock: blocks.upperBound,
            trials: plan.trials(of: number).map(\.id), estimate: plan.estimate(of: number))
        }
      }
    }
  }

  func run() throws {
    let plan = try planned()
    let (systems, refusal) = Preflight.survey(plan, allowDestroy: allowDestroy)
    var answer = Answer(
      plan: plan, looks: Look.all(of: plan), engines: [:], problems: refusal?.messages ?? [])
    let status = refusal.map { ExitStatus($0.kind) } ?? .unavailable
    var asked: Set<String> = []
    for trial in plan.trials {
      guard let workload = trial.work.storage?.workload else { continue }
      let engine = Self.engine(of: workload)
      guard asked.insert(engine).inserted else { continue }
      do {
        answer.engines[engine] = try EngineProbe.granted(to: workload)
      } catch {
        answer.problems.append("\(error)")
      }
    }
    if json { try Output.json(answer) } else { Output.result(text(answer, systems)) }
    if !answer.problems.isEmpty {
      throw Output.fail(answer.problems, status)
    }
  }

  private func planned() throws -> Plan {
    let read = try scenario.load(path).scenario
    do {
      return try looks.plan(read, scenario)
    } catch let error as RunError {
      throw Output.fail(error.messages, ExitStatus(error.kind))
    }
  }

  /// The engine with what changes its grants.
  private static func engine(of workload: StorageWorkload) -> String {
    var words = [workload.engine.rawValue]
    if workload.polled { words.append("polled") }
    if workload.submissionThread { words.append("submission-thread") }
    return words.joined(separator: " ")
  }

  private func text(_ answer: Answer, _ systems: [ExaminedSystem]) -> String {
    let plan = answer.plan
    var lines = [plan.about.isEmpty ? plan.name : "\(plan.name): \(plan.about)", ""]
    lines += systems.map { "system \($0.name): \(Self.description(of: $0))" }
    let blocks = counted(plan.design.blocks, "block")
    lines.append("order \(plan.design.order.rawValue), \(blocks), seed \(plan.seed)")
    if let looks = plan.looks { lines.append(Self.rule(looks)) }
    for (engine, granted) in answer.engines.sorted(by: { $0.key < $1.key }) {
      let list = granted.isEmpty ? "nothing to grant" : granted.joined(separator: ", ")
      lines.append("engine \(engine): \(list)")
    }
    lines += [""] + Self.list(answer) + Self.operations(plan) + [""]
    lines += Self.estimate(plan.estimate, hasLooks: answer.looks != nil)
    return lines.joined(separator: "\n")
  }

  /// What is called while I/O runs: each workload's operation once.
  private static func operations(_ plan: Plan) -> [String] {
    var seen: Set<String> = []
    let lines = plan.trials.compactMap { trial -> String? in
      guard let operation = trial.work.storage?.operation,
        seen.insert(trial.key.workload).inserted
      else { return nil }
      return "operation of \(trial.key.workload), at \(operation.atNs.text) of each trial: "
        + "\(operation.text); limit \(operation.withinNs.text)"
    }
    return lines.isEmpty ? [] : [""] + lines
  }

  /// A line a trial, those of a look under its head.
  private static func list(_ answer: Answer) -> [String] {
    let width = answer.plan.trials.map { $0.key.description.count }.max() ?? 0
    let heads = Dictionary(
      (answer.looks ?? []).compactMap { look in look.trials.first.map { ($0, look) } },
      uniquingKeysWith: { first, _ in first })
    return answer.plan.trials.flatMap { trial in
      let name = trial.key.description
      let padding = String(repeating: " ", count: width - name.count)
      let kind = trial.kind == .measure ? "" : "find the maximum: "
      let line = "\(trial.id)  \(name)\(padding)  \(kind)\(Self.settings(trial.work))"
      return (heads[trial.id].map { [head($0)] } ?? []) + [line]
    }
  }

  /// How often the limits are judged, and at which confidence.
  private static func rule(_ looks: Plan.Looks) -> String {
    let nominal = Fraction((looks.nominal.value * 10_000).rounded() / 10_000)
    let each = "each of \(counted(looks.blocksEach, "block")), judged at \(nominal.text)"
    let budget = looks.budget.map { ", begun while \(Output.clock($0)) hold them" } ?? ""
    return "looks \(looks.count) at most, \(each) so that all together keep "
      + "\(looks.overall.text)\(budget)"
  }

  private static func head(_ look: Look) -> String {
    "look \(look.number), blocks \(look.firstBlock) to \(look.lastBlock): "
      + "\(counted(look.trials.count, "trial")), at least \(Output.clock(look.estimate.knownNs))"
  }

  private static func description(of system: ExaminedSystem) -> String {
    switch system {
    case .storage(let storage):
      let target = storage.target.path ?? "no device"
      let written = storage.isWritten ? "written to" : "read only"
      return "\(target), \(storage.facts.sizeBytes.text), \(written)"
    case .unconnected(_, let address):
      return "\(address.text), by the \(address.initiator.rawValue) initiator; connected by a run"
    case .unmade(_, let place): return "\(place.text); made by a run"
    case .simulated(_, let model):
      let settings = ScenarioWriter.settings(of: model).map { "\($0.key) \($0.text)" }
      let parts =
        [
          "simulated cluster of \(counted(model.nodes.count, "node"))",
          "Kubernetes \(model.profile.rawValue)",
        ] + settings
      return parts.joined(separator: ", ")
    case .fabric(let system):
      return "verbs to \(system.peer.address):\(system.peer.port) by \(system.device.name)"
    }
  }

  /// Pattern and block size first: a workload's name need not tell them.
  private static func settings(_ work: Work) -> String {
    switch work {
    case .storage(let work): settings(work.workload)
    case .verbs(let work):
      ScenarioWriter.settings(of: work.workload).map { "\($0.key) \($0.text)" }
        .joined(separator: ", ")
    case .simulation(let work):
      ScenarioWriter.settings(of: work.load).map { "\($0.key) \($0.text)" }
        .joined(separator: ", ")
    }
  }

  private static func settings(_ workload: StorageWorkload) -> String {
    let settings = ScenarioWriter.settings(of: workload)
    let size = settings.first { $0.key == "block-size" }?.text ?? workload.readBlock.largest.text
    let others = settings.filter { $0.key != "pattern" && $0.key != "block-size" }
    return (["\(workload.pattern.rawValue) \(size)"] + others.map { "\($0.key) \($0.text)" })
      .joined(separator: ", ")
  }

  private static func estimate(_ estimate: TrialEstimate, hasLooks: Bool) -> [String] {
    var time =
      (hasLooks ? "with all looks " : "") + "takes at least \(Output.clock(estimate.knownNs))"
    if estimate.atMostNs > estimate.knownNs {
      time += ", at most \(Output.clock(estimate.atMostNs))"
    }
    if !estimate.unknownTime.isEmpty {
      time += ", and on top: " + estimate.unknownTime.joined(separator: "; ")
    }
    let bounded = estimate.writesAtMost.count > 0
    let writes =
      switch (bounded, estimate.unknownWrites.joined(separator: "; ")) {
      case (false, ""): "writes nothing"
      case (true, ""): "writes at most \(estimate.writesAtMost.text)"
      case (false, let unknown): "writes without a known bound: " + unknown
      case (true, let unknown):
        "writes at most \(estimate.writesAtMost.text), and without a known bound: " + unknown
      }
    return [time, writes]
  }
}

/// `assay validate`.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check scenarios and specifications; every error of every file at once.")

  @Argument(
    help: ArgumentHelp("Scenarios or specifications; - is stdin.", valueName: "file"),
    completion: Completing.scenario)
  var paths: [String]

  @OptionGroup var scenario: ScenarioArguments

  @Flag(help: "Print the result as JSON.")
  var json = false

  struct Answer: Encodable {
    var file: String
    var valid: Bool
    var diagnostics: [String]
  }

  func run() throws {
    var answers: [Answer] = []
    for path in paths {
      let text = try ScenarioArguments.text(of: path)
      do {
        var warnings: [Diagnostic] = []
        if SpecificationReader.recognises(text) {
          _ = try SpecificationReader.read(text: text, file: path)
        } else {
          warnings = try ScenarioReader.read(
            text: text, file: path, overrides: scenario.overrides, records: StoredLatencies.find
          ).warnings
        }
        answers.append(
          Answer(file: path, valid: true, diagnostics: warnings.map(\.description)))
      } catch {
        answers.append(
          Answer(file: path, valid: false, diagnostics: error.diagnostics.map(\.description)))
      }
    }
    if json { try Output.json(answers) }
    for answer in answers {
      for diagnostic in answer.diagnostics { Output.note(diagnostic) }
      if answer.valid && !json { Output.result("\(answer.file): valid") }
    }
    if answers.contains(where: { !$0.valid }) { throw ExitStatus.data.exit }
  }
}
