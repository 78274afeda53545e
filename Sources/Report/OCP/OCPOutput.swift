internal import Foundation
public import Judgement
public import Ledger
internal import Measure
internal import Scenario

/// A record as JSON Lines of OCP Test & Validation 2.0, the format that fleets read.
///
/// One step a case: its medians with validators, the values of its trials as series, one diagnosis
/// a limit. Timestamps are the record's, so that the same record gives the same bytes. Errors are
/// of Assay alone; what the device did is a diagnosis (ocp-diag-core, json_spec/output).
public struct OCPOutput: Sendable {
  /// The record.
  public var record: RunRecord
  /// What it was held against; nil for the scenario's own limits.
  public var qualification: Qualification?
  /// What became of the limits, in their order.
  public var judgements: [LimitJudgement]

  /// Takes a record and what became of its scenario's limits.
  public init(_ record: RunRecord, _ judgement: RunJudgement) {
    self.record = record
    judgements = judgement.limits
    result = Result(judgement)
  }

  /// Takes a record and its qualification.
  public init(_ record: RunRecord, _ qualification: Qualification) {
    self.record = record
    self.qualification = qualification
    judgements = qualification.lines.map(\.judgement)
    // OCP knows no waivers, and its PASS says that nothing is amiss.
    let isWaived = qualification.lines.contains { $0.waiver != nil }
    result =
      qualification.verdict == .pass && isWaived ? .fail : Result(qualification.verdict)
  }

  /// How a run ends: only these pairs of status and result are legal.
  enum Result {
    case pass, fail
    /// Assay could not tell for a fault, or for numbers that may not be used.
    case error
    /// Too few trials, or nothing to judge: neither status COMPLETE's PASS nor its FAIL would be
    /// true, and no fault is there for ERROR.
    case skip

    init(_ verdict: Qualification.Verdict) {
      switch verdict {
      case .pass: self = .pass
      case .fail: self = .fail
      case .inconclusive: self = .skip
      case .invalid, .failed: self = .error
      }
    }

    init(_ judgement: RunJudgement) {
      switch judgement.verdict {
      case .fail: self = .fail
      case _ where !judgement.failed.isEmpty || !judgement.invalid.isEmpty: self = .error
      case .pass: self = .pass
      case .invalid: self = .error
      case .inconclusive, .notJudged: self = .skip
      }
    }

    var json: JSONValue {
      switch self {
      case .pass: ["status": "COMPLETE", "result": "PASS"]
      case .fail: ["status": "COMPLETE", "result": "FAIL"]
      case .error: ["status": "ERROR", "result": "NOT_APPLICABLE"]
      case .skip: ["status": "SKIP", "result": "NOT_APPLICABLE"]
      }
    }
  }

  private let result: Result

  /// The lines, each ending in a new line.
  ///
  /// Throws where a number has no JSON form. O(trials x metrics + limits).
  public func render() throws -> String {
    var writer = OCPWriter(timestamp: record.header.startedAt)
    try writer.write(["schemaVersion": ["major": 2, "minor": 0]])
    let device = OCPDevice(record)
    try writer.run("testRunStart", start(device))
    for finding in record.findings { try writer.run("log", Self.log(finding)) }
    let keys = LimitJudge.cases(of: record)
    for (number, key) in keys.enumerated() {
      let step = OCPStep(
        key: key, trials: record.trials.filter { $0.key == key && $0.block > 0 },
        judgements: diagnosed.filter { $0.judgement.key == key },
        hardware: device.identifier(of: key))
      try step.write(String(number), to: &writer)
    }
    // Limits that are about no case of the run are steps that were skipped.
    for (number, line) in diagnosed.filter({ $0.judgement.key == nil }).enumerated() {
      let identifier = String(keys.count + number)
      try writer.step(identifier, "testStepStart", ["name": .string(line.name)])
      try writer.step(identifier, "diagnosis", OCPStep.diagnosis(line, hardware: nil))
      try writer.step(identifier, "testStepEnd", ["status": "SKIP"])
    }
    try writer.run("testRunEnd", result.json)
    return writer.text
  }

  /// A judgement under the name that its diagnosis goes by.
  struct Diagnosed {
    var name: String
    var judgement: LimitJudgement
    var waiver: Waiver?
  }

  private var diagnosed: [Diagnosed] {
    guard let qualification else {
      return judgements.map { Diagnosed(name: $0.limit, judgement: $0) }
    }
    return qualification.lines.map {
      Diagnosed(name: $0.id, judgement: $0.judgement, waiver: $0.waiver)
    }
  }

  private func start(_ device: OCPDevice) -> JSONValue {
    let header = record.header
    var parameters: [String: JSONValue] = [
      "record": .string(header.id), "evidence": .string(header.evidence.rawValue),
      "seed": .string(String(header.seed)),
    ]
    var command = "assay export \(header.id) --format ocptv"
    if let qualification {
      command = "assay qualify \(header.id) --spec \(qualification.specification.name).yaml"
      parameters["decision"] = .string(qualification.decision.rawValue)
      parameters["confidence"] = .string(qualification.confidence.text)
      parameters["specificationSHA256"] = .string(qualification.specification.sha256)
      for (role, system) in qualification.roles {
        parameters["as \(role)"] = .string(system)
        command += " --as \(role)=\(system)"
      }
    }
    if let reason = header.notHardware { parameters["notHardware"] = .string(reason) }
    return [
      "name": .string(qualification?.specification.name ?? header.name),
      "version": .string(qualification?.specification.version ?? header.version),
      "commandLine": .string(command), "parameters": .object(parameters), "dutInfo": device.json,
    ]
  }

  static func log(_ finding: Finding, of trial: String? = nil) -> JSONValue {
    let severity =
      switch finding.severity {
      case .note: "INFO"
      case .warning: "WARNING"
      case .error: "ERROR"
      }
    return [
      "severity": .string(severity),
      "message": .string((trial.map { "\($0): " } ?? "") + "\(finding.message) [\(finding.code)]"),
    ]
  }
}

/// Numbers lines without gaps.
struct OCPWriter {
  /// The moment of what is written next.
  var timestamp: String
  private(set) var text = ""
  private var sequence: Int64 = 0

  init(timestamp: String) { self.timestamp = timestamp }

  mutating func write(_ members: [String: JSONValue]) throws {
    var members = members
    members["sequenceNumber"] = .integer(sequence)
    members["timestamp"] = .string(timestamp)
    sequence += 1
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    text += String(decoding: try encoder.encode(JSONValue.object(members)), as: UTF8.self) + "\n"
  }

  mutating func run(_ name: String, _ value: JSONValue) throws {
    try write(["testRunArtifact": .object([name: value])])
  }

  mutating func step(_ identifier: String, _ name: String, _ value: JSONValue) throws {
    try write(["testStepArtifact": .object(["testStepId": .string(identifier), name: value])])
  }
}
