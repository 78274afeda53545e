import Foundation
import Judgement
import Ledger
import Measure
import Report
import Run
import Scenario
import Statistics

/// What a record comes to: the worst of what its trials and limits say.
struct RunVerdict {
  /// Every limit's judgement.
  let judgement: RunJudgement
  /// Confidence of the intervals.
  let confidence: Fraction
  /// The program's exit code.
  let status: ExitStatus

  init(_ record: RunRecord) {
    // An imported record has no plan of ours, and so no limits.
    let plan = Plan(recordedIn: record)
    confidence = plan?.confidence ?? .percent(95)
    judgement = LimitJudge.judge(
      limits: plan?.limits ?? [], record: record, confidence: confidence)
    status = Self.status(judgement)
  }

  private static func status(_ judgement: RunJudgement) -> ExitStatus {
    // A failed trial outranks limits: what was not measured cannot be judged.
    if !judgement.failed.isEmpty { return .failed }
    switch judgement.verdict {
    case .fail: return .limitViolated
    case .invalid: return .invalid
    case .inconclusive: return .inconclusive
    case .pass, .notJudged: return judgement.invalid.isEmpty ? .success : .invalid
    }
  }

  /// What a report of the record shows: the limits, and its systems against the first of them.
  func reportInput(_ record: RunRecord) throws(LedgerError) -> ReportInput {
    var input = try ReportInput(record)
    input.judgement = judgement
    let arms = ComparisonArm.systems(of: record)
    if arms.count > 1 {
      // Systems of one record share their machine: nothing is refused.
      input.comparison = try? ComparisonJudge.compare(
        arms, rules: ComparisonRules(confidence: confidence))
    }
    return input
  }

  /// A line for each limit, and a word for the whole.
  var text: String { VerdictLines(judgement).text }
}

/// The result of a run as JSON: the record, and per case and metric what came out.
struct RunResult: Encodable {
  /// The record's folder.
  let record: String
  /// Where the numbers come from.
  let evidence: RunHeader.Evidence
  /// Whether the plan was done to its end.
  let complete: Bool
  /// The whole in a word.
  let verdict: String
  /// The exit code that `run` ends with.
  let exitCode: Int32
  /// Every limit.
  let limits: [LimitJudgement]
  /// Every case.
  let cases: [Case]
  /// What was noticed, by trial.
  let findings: [Noticed]

  /// One case.
  struct Case: Encodable {
    let name: String
    let system: String
    let workload: String
    let point: [String]
    let trials: Int
    let metrics: [String: Estimate]
    let disclosure: [String: String]
  }

  /// One metric of one case.
  struct Estimate: Encodable {
    let value: Double
    let unit: String
    /// Set where the value is a bound.
    let bound: MetricValue.Bound?
    /// Lower end, upper end and level; absent with too few trials.
    let interval: Interval?
    let n: Int
  }

  struct Interval: Encodable {
    let lower: Double
    let upper: Double
    let level: Double
  }

  /// One finding.
  struct Noticed: Encodable {
    let trial: String
    let finding: Finding
  }

  init(_ record: RunRecord, _ verdict: RunVerdict) {
    self.record = record.folder
    evidence = record.header.evidence
    complete = record.isComplete
    self.verdict = verdict.judgement.verdict.rawValue
    exitCode = verdict.status.rawValue
    limits = verdict.judgement.limits
    let estimates = Dictionary(
      grouping: CaseEstimate.all(of: record.trials, confidence: verdict.confidence), by: \.key)
    cases = RunSummary(of: record).cases.map { summary in
      Case(
        name: summary.key.description, system: summary.key.system,
        workload: summary.key.workload, point: summary.key.point, trials: summary.trials.count,
        metrics: Dictionary(
          (estimates[summary.key] ?? []).map { ($0.metric, Estimate($0)) },
          uniquingKeysWith: { first, _ in first }),
        disclosure: summary.disclosure)
    }
    findings =
      record.findings.map { Noticed(trial: "", finding: $0) }
      + record.trials.flatMap { trial in
        trial.findings.map { Noticed(trial: trial.id, finding: $0) }
      }
  }

  /// The JSON itself.
  func text() throws -> String { try Output.jsonText(self) }
}

extension RunResult.Estimate {
  init(_ estimate: CaseEstimate) {
    value = estimate.value
    unit = estimate.unit
    bound = estimate.bound
    n = estimate.n
    interval = estimate.interval.map {
      RunResult.Interval(lower: $0.lower, upper: $0.upper, level: $0.level.value)
    }
  }
}
