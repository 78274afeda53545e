import ArgumentParser
import Foundation
import Host
import Measure
import Network
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

  @Option(
    name: .customLong("allow-destroy"),
    help: ArgumentHelp("As for run.", valueName: "identity"))
  var allowDestroy: [String] = []

  @Flag(help: "Print the plan as JSON.")
  var json = false

  /// The plan with what the machine says to it.
  struct Answer: Encodable {
    var plan: Plan
    var engines: [String: [String]]
    var problems: [String]
  }

  func run() throws {
    let plan = scenario.plan(try scenario.load(path).scenario)
    let (systems, refusal) = Preflight.survey(plan, allowDestroy: allowDestroy)
    var answer = Answer(plan: plan, engines: [:], problems: refusal?.messages ?? [])
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
    for (engine, granted) in answer.engines.sorted(by: { $0.key < $1.key }) {
      let list = granted.isEmpty ? "nothing to grant" : granted.joined(separator: ", ")
      lines.append("engine \(engine): \(list)")
    }
    lines.append("")
    let width = plan.trials.map { $0.key.description.count }.max() ?? 0
    for trial in plan.trials {
      let name = trial.key.description
      let padding = String(repeating: " ", count: width - name.count)
      let kind = trial.kind == .measure ? "" : "find the maximum: "
      lines.append("\(trial.id)  \(name)\(padding)  \(kind)\(Self.settings(trial.work))")
    }
    lines.append("")
    lines += Self.estimate(plan.estimate)
    return lines.joined(separator: "\n")
  }

  private static func description(of system: ExaminedSystem) -> String {
    switch system {
    case .storage(let storage):
      let target = storage.target.path ?? "no device"
      let written = storage.isWritten ? "written to" : "read only"
      return "\(target), \(storage.facts.sizeBytes.text), \(written)"
    case .unconnected(_, let address):
      return "\(address.text), by the \(address.initiator.rawValue) initiator; connected by a run"
    case .fabric(_, let peer): return "verbs to \(peer.address):\(peer.port)"
    }
  }

  /// Pattern and block size first: a workload's name need not tell them.
  private static func settings(_ work: Work) -> String {
    switch work {
    case .storage(let work): settings(work.workload)
    case .verbs(let work):
      ScenarioWriter.settings(of: work.workload).map { "\($0.key) \($0.text)" }
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

  private static func estimate(_ estimate: TrialEstimate) -> [String] {
    var time = "takes at least \(Output.clock(estimate.knownNs))"
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
            text: text, file: path, overrides: scenario.overrides
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
