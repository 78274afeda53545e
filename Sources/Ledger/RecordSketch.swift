internal import Foundation
public import Measure

/// What a history needs of a record: medians and the kind of machine, without its events.
///
/// Read from `summary.json` and `environment.json` alone, so that ten thousand records are read
/// while somebody waits. Hashes are not checked; `assay verify` does that.
public struct RecordSketch: Codable, Hashable, Sendable {
  /// Name of the record's folder.
  public var id: String
  /// The scenario's name.
  public var scenario: String
  /// When the run started, UTC.
  public var startedAt: String
  /// Where its numbers come from.
  public var evidence: RunHeader.Evidence
  /// Why its figures are not hardware figures; else nil.
  public var notHardware: String?
  /// The kind of machine, see ``Baseline/fingerprint(of:)``; nil where the record does not tell.
  public var fingerprint: String?
  /// Its cases with at least one of the metrics asked for.
  public var cases: [Case]

  /// One case of a record.
  public struct Case: Codable, Hashable, Sendable {
    /// The case.
    public var key: CaseKey
    /// How many valid trials it has.
    public var trials: Int
    /// What must stand beside the numbers.
    public var disclosure: [String: String]
    /// Median over the valid trials, by metric.
    public var medians: [String: MetricValue]

    /// States what a case came to.
    public init(
      key: CaseKey, trials: Int, disclosure: [String: String], medians: [String: MetricValue]
    ) {
      self.key = key
      self.trials = trials
      self.disclosure = disclosure
      self.medians = medians
    }
  }

  /// States what a record came to.
  public init(
    id: String, scenario: String, startedAt: String, evidence: RunHeader.Evidence = .measured,
    notHardware: String? = nil, fingerprint: String?, cases: [Case]
  ) {
    self.id = id
    self.scenario = scenario
    self.startedAt = startedAt
    self.evidence = evidence
    self.notHardware = notHardware
    self.fingerprint = fingerprint
    self.cases = cases
  }

  /// Reads the records of a folder that ended, in order of their start.
  ///
  /// `metrics` are those that are read. A record that is damaged is named in `faults` with what is
  /// wrong; one that was cut short is left out. O(bytes), on every processor.
  public static func all(
    in results: String, metrics: Set<String>
  ) async -> (records: [RecordSketch], faults: [LedgerError]) {
    // Names begin with the time: what is read together is alike, and then sorted already.
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: results)) ?? []).sorted()
    // Parts large enough that a task costs nothing, small enough that no processor waits.
    let part = 64
    return await withTaskGroup { group in
      for start in stride(from: 0, to: names.count, by: part) {
        let share = names[start..<min(start + part, names.count)]
        group.addTask { read(share, in: results, metrics: metrics) }
      }
      var records: [RecordSketch] = []
      var faults: [LedgerError] = []
      for await found in group {
        records += found.records
        faults += found.faults
      }
      return (
        records.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) },
        faults.sorted { $0.message < $1.message }
      )
    }
  }

  private static func read(
    _ names: ArraySlice<String>, in results: String, metrics: Set<String>
  ) -> (records: [RecordSketch], faults: [LedgerError]) {
    var records: [RecordSketch] = []
    var faults: [LedgerError] = []
    var disclosures = Disclosures()
    for name in names {
      do throws(LedgerError) {
        let sketch = try read(results + "/" + name, metrics: metrics, &disclosures)
        if let sketch { records.append(sketch) }
      } catch {
        faults.append(error)
      }
    }
    return (records, faults)
  }

  /// Reads one record; nil where there is none, or its run did not end.
  private static func read(
    _ folder: String, metrics: Set<String>, _ disclosures: inout Disclosures
  ) throws(LedgerError) -> RecordSketch? {
    let path = folder + "/summary.json"
    guard let summary = FileManager.default.contents(atPath: path) else { return nil }
    var sketch = RecordSketch(id: "", scenario: "", startedAt: "", fingerprint: nil, cases: [])
    var isComplete = false
    try LedgerJSON.read(summary, at: path) { reader throws(JSONReader.Fault) in
      try reader.object { reader, name throws(JSONReader.Fault) in
        switch name {
        case "cases":
          try reader.array { reader throws(JSONReader.Fault) in
            let found = try Case(&reader, metrics: metrics, &disclosures)
            if !found.medians.isEmpty { sketch.cases.append(found) }
          }
        case "complete": isComplete = try reader.value() == .bool(true)
        case "run": try sketch.readHeader(&reader)
        default: try reader.leap()
        }
      }
      try reader.end()
    }
    guard isComplete else { return nil }
    let environment = folder + "/environment.json"
    if let data = FileManager.default.contents(atPath: environment) {
      let facts = try LedgerJSON.read(data, at: environment) { reader throws(JSONReader.Fault) in
        try EnvironmentFact.before(&reader)
      }
      sketch.fingerprint = Baseline.fingerprint(of: facts)
    }
    return sketch
  }

  private mutating func readHeader(_ reader: inout JSONReader) throws(JSONReader.Fault) {
    let place = reader.offset
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "id": id = try reader.string()
      case "name": scenario = try reader.string()
      case "startedAt": startedAt = try reader.string()
      case "notHardware": notHardware = try reader.string()
      case "evidence":
        guard let kind = RunHeader.Evidence(rawValue: try reader.string()) else {
          throw JSONReader.Fault(offset: place, message: "an evidence that is not known")
        }
        evidence = kind
      default: try reader.leap()
      }
    }
    if id.isEmpty || startedAt.isEmpty {
      throw JSONReader.Fault(offset: place, message: "a run without its id or start")
    }
  }
}

extension RecordSketch.Case {
  fileprivate init(
    _ reader: inout JSONReader, metrics: Set<String>, _ disclosures: inout Disclosures
  ) throws(JSONReader.Fault) {
    let place = reader.offset
    var key: CaseKey?
    var found = Self(
      key: CaseKey(system: "", workload: ""), trials: 0, disclosure: [:], medians: [:])
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "key": key = try CaseKey(&reader)
      case "trials":
        try reader.array { reader throws(JSONReader.Fault) in
          found.trials += 1
          try reader.leap()
        }
      case "disclosure": found.disclosure = try disclosures.read(&reader)
      case "metrics":
        try reader.object { reader, name throws(JSONReader.Fault) in
          if metrics.contains(name) {
            found.medians[name] = try Self.median(&reader)
          } else {
            try reader.leap()
          }
        }
      default: try reader.leap()
      }
    }
    guard let key else {
      throw JSONReader.Fault(offset: place, message: "a case without its key")
    }
    found.key = key
    self = found
  }

  private static func median(_ reader: inout JSONReader) throws(JSONReader.Fault) -> MetricValue {
    let place = reader.offset
    var median: Double?
    var unit: String?
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "median": median = try reader.number()
      case "unit": unit = try reader.string()
      default: try reader.leap()
      }
    }
    guard let median, let unit else {
      throw JSONReader.Fault(offset: place, message: "a metric without its median or unit")
    }
    return MetricValue(median, unit)
  }
}

/// The disclosures read so far: those of a history are few, and each is in thousands of records.
private struct Disclosures {
  private var byText: [[UInt8]: [String: String]] = [:]

  mutating func read(
    _ reader: inout JSONReader
  ) throws(JSONReader.Fault) -> [String: String] {
    var ahead = reader
    let text = Array(try ahead.leap())
    if let known = byText[text] {
      reader = ahead
      return known
    }
    var disclosure: [String: String] = [:]
    try reader.object { reader, name throws(JSONReader.Fault) in
      disclosure[name] = try reader.string()
    }
    byText[text] = disclosure
    return disclosure
  }
}

extension CaseKey {
  init(_ reader: inout JSONReader) throws(JSONReader.Fault) {
    var key = CaseKey(system: "", workload: "")
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "system": key.system = try reader.string()
      case "workload": key.workload = try reader.string()
      case "point":
        try reader.array { reader throws(JSONReader.Fault) in
          key.point.append(try reader.string())
        }
      default: try reader.leap()
      }
    }
    self = key
  }
}

extension EnvironmentFact {
  /// The facts that must match, of the machine before the run.
  fileprivate static func before(
    _ reader: inout JSONReader
  ) throws(JSONReader.Fault) -> [EnvironmentFact] {
    var facts: [EnvironmentFact] = []
    try reader.object { reader, name throws(JSONReader.Fault) in
      switch name {
      case "before":
        try reader.object { reader, name throws(JSONReader.Fault) in
          switch name {
          case "facts":
            try reader.array { reader throws(JSONReader.Fault) in
              if let fact = try mustMatch(&reader) { facts.append(fact) }
            }
          default: try reader.leap()
          }
        }
      default: try reader.leap()
      }
    }
    try reader.end()
    return facts
  }

  private static func mustMatch(
    _ reader: inout JSONReader
  ) throws(JSONReader.Fault) -> EnvironmentFact? {
    var fact = EnvironmentFact(key: "", value: "", class: .mustMatch)
    try reader.object { reader, name throws(JSONReader.Fault) in
      // Keys are sorted, so the class comes first: of most facts no more is decoded.
      switch (name, fact.class) {
      case ("class", _): fact.class = Class(rawValue: try reader.string()) ?? .informational
      case ("key", .mustMatch): fact.key = try reader.string()
      case ("value", .mustMatch): fact.value = try reader.string()
      default: try reader.leap()
      }
    }
    return fact.class == .mustMatch ? fact : nil
  }
}
