public import Ledger
public import Measure
internal import Statistics

/// Finds where the history of results changed its level.
///
/// A history is split where the kind of machine or the disclosure is another one, and where a
/// change was acknowledged; what is left is searched by ``Statistics/ChangePoints``.
public enum TrendJudge {
  /// A change is looked for among so many of the newest values of a segment.
  ///
  /// Older ones have had their day, and the search would take as long as reading the records.
  public static let searched = 2000

  /// Judges records in order of their start.
  ///
  /// `metrics` in the order in which they are shown; `wants` chooses cases. O(points) and the
  /// search, on every processor.
  public static func judge(
    _ records: [RecordSketch], metrics: [String], acknowledged: [Acknowledgement] = [],
    wants: (CaseKey) -> Bool = { _ in true }
  ) async -> Trend {
    var cases: [CaseHistory] = []
    var places: [SeriesName: Int] = [:]
    var used = 0
    for record in records {
      let wanted = record.cases.filter { wants($0.key) }
      if !wanted.isEmpty { used += 1 }
      for found in wanted {
        let name = SeriesName(scenario: record.scenario, key: found.key)
        let place = places[name] ?? cases.count
        if place == cases.count {
          places[name] = place
          cases.append(CaseHistory(name: name))
        }
        cases[place].append(record, found)
      }
    }
    let byRecord = Dictionary(grouping: acknowledged, by: \.record)
    let series = await withTaskGroup(of: (Int, Trend.Series?).self) { group in
      var found = [Trend.Series?](repeating: nil, count: cases.count * metrics.count)
      for (place, history) in cases.enumerated() {
        for (index, metric) in metrics.enumerated() {
          group.addTask {
            let series = History(history, metric, byRecord)?.series()
            return (place * metrics.count + index, series)
          }
        }
      }
      for await (place, series) in group { found[place] = series }
      return found.compactMap(\.self)
    }
    return Trend(records: used, series: series)
  }

  private struct SeriesName: Hashable {
    var scenario: String
    var key: CaseKey
  }

  /// A case in all records that have it.
  private struct CaseHistory {
    let name: SeriesName
    private(set) var samples: [Sample] = []
    /// Each once, in order of their first record.
    private(set) var conditions: [Conditions] = []
    private var known: [Conditions: Int] = [:]

    init(name: SeriesName) { self.name = name }

    mutating func append(_ record: RecordSketch, _ found: RecordSketch.Case) {
      let new = Conditions(
        fingerprint: record.fingerprint, evidence: record.evidence,
        notHardware: record.notHardware, disclosure: found.disclosure)
      // Most samples are of the last one's conditions: no look-up for these.
      var place = samples.last?.conditions
      if place.map({ conditions[$0] }) != new { place = known[new] }
      if place == nil {
        known[new] = conditions.count
        conditions.append(new)
      }
      samples.append(
        Sample(
          record: record.id, startedAt: record.startedAt, conditions: place ?? conditions.count - 1,
          trials: found.trials, medians: found.medians))
    }
  }

  /// A case in a record.
  private struct Sample {
    var record: String
    var startedAt: String
    /// The place among the history's.
    var conditions: Int
    var trials: Int
    var medians: [String: MetricValue]
  }

  /// What must be the same for two values to be compared.
  private struct Conditions: Hashable {
    var fingerprint: String?
    var evidence: RunHeader.Evidence
    var notHardware: String?
    var disclosure: [String: String]

    /// In what it differs from what came before, in a sentence.
    func difference(from other: Conditions) -> String {
      var parts: [String] = []
      if fingerprint != other.fingerprint {
        parts.append("machine \(other.fingerprint ?? "unknown") -> \(fingerprint ?? "unknown")")
      }
      if evidence != other.evidence {
        parts.append("\(other.evidence.rawValue) -> \(evidence.rawValue)")
      }
      if notHardware != other.notHardware {
        parts.append("\(other.notHardware ?? "hardware") -> \(notHardware ?? "hardware")")
      }
      for name in Set(disclosure.keys).union(other.disclosure.keys).sorted()
      where disclosure[name] != other.disclosure[name] {
        parts.append(
          "\(name) \(other.disclosure[name] ?? "not told") -> \(disclosure[name] ?? "not told")")
      }
      return parts.joined(separator: "; ")
    }
  }

  /// One metric of one case as it is put together.
  private struct History {
    let name: SeriesName
    let definition: MetricDefinition
    var unit = ""
    var points: [Trend.Point] = []
    var segments: [Trend.Segment] = []
    /// Values by segment, and where they stand among the points.
    var values: [[Double]] = []
    var places: [[Int]] = []
    /// Segments that an acknowledgement began, with the segment before.
    var begun: [Int: (acknowledgement: Acknowledgement, previous: Int)] = [:]

    init?(
      _ history: CaseHistory, _ metric: String, _ acknowledged: [String: [Acknowledgement]]
    ) {
      guard let definition = MetricCatalogue.definition(of: metric) else { return nil }
      name = history.name
      self.definition = definition
      /// The segment that goes on under the conditions of each place.
      var open = [Int?](repeating: nil, count: history.conditions.count)
      var last: Conditions?
      for sample in history.samples {
        guard let value = sample.medians[metric], value.value.isFinite else { continue }
        unit = value.unit
        let conditions = history.conditions[sample.conditions]
        let known = open[sample.conditions]
        let acknowledgement = acknowledged[sample.record]?.first {
          $0.isAbout(history.name.key, metric)
        }
        let segment: Int
        if let known, acknowledgement == nil {
          segment = known
        } else {
          segment = segments.count
          if let known, let acknowledgement { begun[segment] = (acknowledgement, known) }
          let reason = acknowledgement.map { "acknowledged: \($0.reason)" }
          segments.append(
            Trend.Segment(
              fingerprint: conditions.fingerprint,
              reason: known != nil
                ? reason : last.map { conditions.difference(from: $0) },
              count: 0))
          values.append([])
          places.append([])
        }
        open[sample.conditions] = segment
        last = conditions
        segments[segment].count += 1
        values[segment].append(value.value)
        places[segment].append(points.count)
        points.append(
          Trend.Point(
            record: sample.record, startedAt: sample.startedAt, value: value.value,
            trials: sample.trials, segment: segment))
      }
      if points.isEmpty { return nil }
    }

    func series() -> Trend.Series {
      let found = values.map(Self.changePoints)
      var changes: [(place: Int, change: Trend.Change)] = []
      for segment in segments.indices {
        if let start = begun[segment], let place = places[segment].first,
          let before = places[start.previous].last
        {
          let old = values[start.previous].dropFirst(found[start.previous].last?.place ?? 0)
          let new = values[segment].prefix(found[segment].first?.place ?? values[segment].count)
          if let from = Median.of(Array(old)), let to = Median.of(Array(new)) {
            changes.append(
              (place, change(segment, before, place, from, to, [], start.acknowledgement)))
          }
        }
        for point in found[segment] {
          let place = places[segment][point.place]
          let before = places[segment][point.place - 1]
          changes.append(
            (place, change(segment, before, place, point.before, point.after, point.voters, nil)))
        }
      }
      return Trend.Series(
        scenario: name.scenario, key: name.key, metric: definition.name, unit: unit,
        direction: definition.direction, points: points, segments: segments,
        changes: changes.sorted { $0.place < $1.place }.map(\.change))
    }

    private static func changePoints(in values: [Double]) -> [ChangePoint] {
      let left = max(values.count - TrendJudge.searched, 0)
      return ChangePoints.find(Array(values.dropFirst(left))).map { point in
        var point = point
        point.place += left
        return point
      }
    }

    private func change(
      _ segment: Int, _ before: Int, _ after: Int, _ from: Double, _ to: Double,
      _ voters: [ChangePoint.Voter], _ acknowledged: Acknowledgement?
    ) -> Trend.Change {
      Trend.Change(
        segment: segment, before: points[before].record, after: points[after].record,
        startedAt: points[after].startedAt, from: from, to: to,
        relative: from > 0 ? Fraction(to / from - 1) : nil,
        isBetter: definition.direction == .higher ? to > from : to < from, voters: voters,
        acknowledged: acknowledged)
    }
  }
}
