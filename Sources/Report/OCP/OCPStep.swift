internal import Judgement
internal import Ledger
internal import Measure
internal import Scenario
internal import Statistics

/// One case as a step: what was noticed, measured and diagnosed.
struct OCPStep {
  let key: CaseKey
  let trials: [TrialRecord]
  let judgements: [OCPOutput.Diagnosed]
  let hardware: String?

  private var valid: [TrialRecord] { trials.filter { $0.status == .valid } }

  func write(_ identifier: String, to writer: inout OCPWriter) throws {
    if let first = trials.first { writer.timestamp = first.startedAt }
    try writer.step(identifier, "testStepStart", ["name": .string(key.description)])
    for trial in trials {
      writer.timestamp = trial.startedAt
      for finding in trial.findings {
        try writer.step(identifier, "log", OCPOutput.log(finding, of: trial.id))
        guard let symptom = Self.fault(finding) else { continue }
        try writer.step(
          identifier, "error",
          [
            "symptom": .string(symptom), "message": .string("\(trial.id): \(finding.message)"),
            "softwareInfoIds": .array(["0"]),
          ])
      }
    }
    for estimate in CaseEstimate.all(of: valid, confidence: .percent(95)) {
      try writer.step(identifier, "measurement", measurement(estimate))
    }
    for line in judgements where isOwnMeasurement(line.judgement) {
      guard let value = line.judgement.value else { continue }
      try writer.step(
        identifier, "measurement",
        about([
          "name": .string(line.judgement.limit), "value": .number(value),
          "unit": .string(line.judgement.unit),
          "validators": .array([Self.validator(line)]),
        ]))
    }
    var number = 0
    for metric in seriesMetrics {
      try writeSeries(of: metric, "\(identifier)-\(number)", in: identifier, to: &writer)
      number += 1
    }
    for line in judgements {
      // What does not fail the whole is no diagnosis, or a run would pass with a failing one.
      if line.judgement.severity == .warn, line.judgement.verdict == .fail {
        let text = "\(line.name) (severity warn): \(line.judgement.reason)"
        try writer.step(
          identifier, "log", ["severity": "WARNING", "message": .string(text)])
        continue
      }
      try writer.step(identifier, "diagnosis", Self.diagnosis(line, hardware: hardware))
    }
    try writer.step(identifier, "testStepEnd", ["status": .string(status)])
  }

  private var status: String {
    if trials.isEmpty { return "SKIP" }
    let isFaulty = trials.contains { $0.findings.contains { Self.fault($0) != nil } }
    return isFaulty ? "ERROR" : "COMPLETE"
  }

  /// The symptom of a fault of ours: never blame the device for what the tool could not do.
  private static func fault(_ finding: Finding) -> String? {
    let faults: [FindingCode] = [.trialNotRun, .noMaximum]
    return faults.contains { $0.rawValue == finding.code } ? finding.code : nil
  }

  // MARK: Measurements

  /// Whether a judgement is of a number that no metric of the case is: a ratio, a share of trials.
  private func isOwnMeasurement(_ judgement: LimitJudgement) -> Bool {
    judgement.comparedWith != nil || judgement.share != nil
  }

  private func measurement(_ estimate: CaseEstimate) -> JSONValue {
    let validators = judgements.filter {
      $0.judgement.metric == estimate.metric && !isOwnMeasurement($0.judgement)
    }
    var metadata: [String: JSONValue] = ["trials": .integer(Int64(estimate.n))]
    if let interval = estimate.interval {
      metadata["lower"] = .number(interval.lower)
      metadata["upper"] = .number(interval.upper)
      metadata["level"] = .number(interval.level.value)
    }
    metadata["bound"] = estimate.bound.map { .string($0.rawValue) }
    var members: [String: JSONValue] = [
      "name": .string(estimate.metric), "value": .number(estimate.value),
      "unit": .string(estimate.unit), "metadata": .object(metadata),
    ]
    if !validators.isEmpty { members["validators"] = .array(validators.map(Self.validator)) }
    return about(members)
  }

  /// The members with the part that they are about.
  private func about(_ members: [String: JSONValue]) -> JSONValue {
    var members = members
    members["hardwareInfoId"] = hardware.map { .string($0) }
    return .object(members)
  }

  private static func validator(_ line: OCPOutput.Diagnosed) -> JSONValue {
    let type =
      switch line.judgement.comparison {
      case .atLeast: "GREATER_THAN_OR_EQUAL"
      case .atMost: "LESS_THAN_OR_EQUAL"
      case .above: "GREATER_THAN"
      case .below: "LESS_THAN"
      case .equal: "EQUAL"
      }
    return [
      "name": .string(line.name), "type": .string(type), "value": .number(line.judgement.bound),
    ]
  }

  /// What a limit is about, or without limits the headline; a single trial is no series.
  private var seriesMetrics: [String] {
    guard valid.count > 1 else { return [] }
    let asked = judgements.isEmpty ? MetricCatalogue.headline : judgements.map(\.judgement.metric)
    var seen: Set<String> = []
    return asked.filter { metric in
      seen.insert(metric).inserted && valid.contains { $0.metrics[metric] != nil }
    }
  }

  private func writeSeries(
    of metric: String, _ series: String, in step: String, to writer: inout OCPWriter
  ) throws {
    let values = valid.compactMap { trial in trial.metrics[metric].map { (trial, $0) } }
    guard let unit = values.first?.1.unit else { return }
    try writer.step(
      step, "measurementSeriesStart",
      about([
        "name": .string("\(metric) of each trial"), "unit": .string(unit),
        "measurementSeriesId": .string(series),
      ]))
    for (index, (trial, value)) in values.enumerated() {
      try writer.step(
        step, "measurementSeriesElement",
        [
          "measurementSeriesId": .string(series), "index": .integer(Int64(index)),
          "value": .number(value.value), "timestamp": .string(trial.startedAt),
          "metadata": ["trial": .string(trial.id), "block": .integer(Int64(trial.block))],
        ])
    }
    try writer.step(
      step, "measurementSeriesEnd",
      [
        "measurementSeriesId": .string(series), "totalCount": .integer(Int64(values.count)),
      ])
  }

  // MARK: Diagnoses

  static func diagnosis(_ line: OCPOutput.Diagnosed, hardware: String?) -> JSONValue {
    let type =
      switch line.judgement.verdict {
      case .pass: "PASS"
      case .fail: "FAIL"
      case .inconclusive, .notRun: "UNKNOWN"
      }
    let name = line.name.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    var message = line.judgement.reason
    if let waiver = line.waiver {
      message += "; waived by \(waiver.who) until \(waiver.until): \(waiver.why)"
    }
    var members: [String: JSONValue] = [
      "verdict": .string("\(name)-\(line.judgement.verdict.rawValue)"), "type": .string(type),
      "message": .string(message),
    ]
    members["hardwareInfoId"] = hardware.map { .string($0) }
    return .object(members)
  }
}
