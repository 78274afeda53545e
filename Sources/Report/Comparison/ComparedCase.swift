internal import Judgement
internal import Ledger
internal import Measure

/// One case of the reference with its counterparts in the other arms, and their trials.
struct ComparedCase {
  /// The reference's case.
  var key: CaseKey
  /// What the page calls it.
  var label: String
  /// The arms that have it, the reference first.
  var sides: [Side]
  /// Its rows in the comparison's order.
  var rows: [ComparisonRow]
  /// Points of a curve between two nines.
  var perNine: Int
  private var number: Int
  private var tolerance: Double

  /// One arm's trials of the case.
  struct Side {
    /// The arm's place in the comparison.
    var arm: Int
    /// What the arm is called.
    var label: String
    /// Its valid trials in executed order; empty where only figures were published.
    var trials: [ReportInput.Trial]
    /// The record from which they come.
    var session: String
  }

  /// The cases of a comparison in order of their first row.
  ///
  /// `inputs` holds the record of each arm, nil where there is none. O(rows x trials).
  static func all(of comparison: Comparison, inputs: [ReportInput?]) -> [ComparedCase] {
    let labels = CaseLabels(comparison)
    let keys = comparison.rows.map(\.referenceKey).uniqued()
    // A page of a hundred cases has no room for fine curves.
    let perNine = keys.count > 24 ? 8 : PercentileCurve.pointsPerNine
    return keys.enumerated().map { number, key in
      let rows = comparison.rows.filter { $0.referenceKey == key }
      let others = rows.reduce(into: [(Int, CaseKey)]()) { found, row in
        if !found.contains(where: { $0 == (row.arm, row.key) }) { found.append((row.arm, row.key)) }
      }
      return ComparedCase(
        key: key, label: labels.label(key),
        sides: ([(0, key)] + others).map { arm, key in
          side(comparison, inputs, arm: arm, key: key)
        }, rows: rows, perNine: perNine, number: number + 1, tolerance: comparison.tolerance.value)
    }
  }

  private static func side(
    _ comparison: Comparison, _ inputs: [ReportInput?], arm: Int, key: CaseKey
  ) -> Side {
    let input = inputs.indices.contains(arm) ? inputs[arm] : nil
    let trials = (input?.trials ?? []).filter {
      $0.record.key == key && $0.record.block > 0 && $0.record.status == .valid
    }
    let label = comparison.arms.indices.contains(arm) ? comparison.arms[arm].label : key.system
    return Side(arm: arm, label: label, trials: trials, session: input?.header.id ?? "")
  }

  /// Whether no row of the case shows a difference or leaves one open.
  var isSame: Bool { rows.allSatisfy { $0.verdict == .same } }

  private func method(of side: Side) -> ComparisonRow.Method {
    rows.first { $0.arm == side.arm }?.method ?? .unpaired
  }
}

// MARK: - Charts

extension ComparedCase {
  /// The charts that the arms' trials allow; none where there are only published figures.
  var charts: [Chart] {
    guard sides.filter({ !$0.trials.isEmpty }).count > 1 else { return [] }
    let directions = (CaseFigures.directions + ["sync"]).filter { direction in
      sides.allSatisfy { side in !latencies(side, direction).isEmpty }
    }
    return directions.flatMap { direction in
      [shift(direction, alone: directions.count == 1), curves(direction, directions.count == 1)]
        .compactMap(\.self)
    } + [trialsInOrder].compactMap(\.self)
  }

  private func latencies(_ side: Side, _ direction: String) -> [QuantileShift.Trial] {
    side.trials.compactMap { trial in
      guard let latency = trial.distributions[direction + " latency"], latency.count > 0 else {
        return nil
      }
      return (trial.record.block, latency)
    }
  }

  private func name(_ direction: String, alone: Bool) -> String {
    alone && direction != "sync" ? "Latency" : direction.capitalised + " latency"
  }

  private static func style(_ side: Side) -> Series.Style {
    Series.Style(colour: side.arm, dash: side.arm, marker: side.arm)
  }

  private func shift(_ direction: String, alone: Bool) -> Chart? {
    let reference = latencies(sides[0], direction)
    let shifts = sides.dropFirst().compactMap { side -> (Side, QuantileShift)? in
      QuantileShift(
        reference: reference, subject: latencies(side, direction), method: method(of: side),
        perNine: perNine
      ).map { (side, $0) }
    }
    guard !shifts.isEmpty else { return nil }
    // Differences of several hundred per cent are read as factors.
    let isFar = shifts.contains { $0.1.farthest > 4 }
    func shown(_ ratio: Double) -> Double { isFar ? ratio : (ratio - 1) * 100 }
    var series: [Series] = []
    for (side, shift) in shifts where !shift.band.isEmpty {
      let spans = shift.band.map { Span($0.x, low: shown($0.low), high: shown($0.high)) }
      series.append(Series(side.label, .band(spans), Self.style(side)))
    }
    for (side, shift) in shifts {
      let points = shift.line.map { Point($0.x, shown($0.y)) }
      series.append(Series(side.label, .line(points), Self.style(side)))
    }
    let what = name(direction, alone: alone)
    let bands = shifts.filter { !$0.1.band.isEmpty }.map { side, shift in
      let pairs = method(of: side) == .paired ? "blocks" : "pairs of trials"
      return "The band of \(side.label) spans \(shift.pairs) \(pairs)."
    }
    var chart = Chart(
      id: "shift-\(number)-\(direction)",
      title: "\(what) of \(shifts.map(\.0.label).joined(separator: ", ")) against "
        + "\(sides[0].label) by percentile",
      about: "How much longer than \(sides[0].label)'s the latencies are at each percentile. "
        + bands.joined(separator: " "),
      x: Axis("percentile of I/Os", .percentile, .count),
      y: Axis(
        isFar
          ? "factor of \(sides[0].label)" : "difference from \(sides[0].label); above 0: longer",
        isFar ? .log10 : .linearAroundData, isFar ? .ratio : .percent,
        range: isFar ? 1...1 : 0...0),
      series: series)
    chart.limits = [LimitLine(on: .y, at: shown(1), label: "", isBinding: false)]
    chart.zones = [
      Zone(on: .y, from: shown(1 - tolerance), to: shown(1 + tolerance), meaning: .neutral)
    ]
    return chart
  }

  private func curves(_ direction: String, _ alone: Bool) -> Chart? {
    var bands: [Series] = []
    var lines: [Series] = []
    for side in sides {
      let trials = latencies(side, direction).map(\.latency)
      let merged = trials.reduce(into: LatencyDistribution()) { $0.merge($1) }
      let points = PercentileCurve.points(of: merged, perNine: perNine)
      guard points.count > 1 else { continue }
      lines.append(Series(side.label, .line(points), Self.style(side)))
      let band = PercentileCurve.band(of: trials, perNine: perNine)
      if !band.isEmpty { bands.append(Series(side.label, .band(band), Self.style(side))) }
    }
    guard lines.count > 1 else { return nil }
    let what = name(direction, alone: alone)
    return Chart(
      id: "percentiles-\(number)-\(direction)", title: "\(what) by percentile",
      about: "\(what) of \(label) at each percentile, all valid trials of an arm together; "
        + "bands span the trials' own curves.",
      x: Axis("percentile of I/Os", .percentile, .count), y: Axis(what.lowercased(), .log10, .time),
      series: bands + lines)
  }

  /// The first metric of the case trial by trial, with each arm's drift.
  private var trialsInOrder: Chart? {
    guard let row = rows.first(where: { $0.subject.n > 1 }) else { return nil }
    let ofOneRun = Set(sides.map(\.session)).count == 1
    let order = sides.flatMap(\.trials).map(\.record).sorted {
      ($0.startedAt, $0.id) < ($1.startedAt, $1.id)
    }
    var markers: [Series] = []
    var lines: [Series] = []
    for side in sides {
      let points = side.trials.enumerated().compactMap { place, trial -> Point? in
        guard let value = trial.record.metric(row.metric)?.value, value.isFinite else { return nil }
        let joint = order.firstIndex { $0.id == trial.record.id } ?? place
        return Point(Double((ofOneRun ? joint : place) + 1), value)
      }
      guard !points.isEmpty else { continue }
      markers.append(Series(side.label, .scatter(points), Self.style(side)))
      if let drift = DriftLine.through(points) {
        var style = Self.style(side)
        style.isThin = true
        lines.append(Series(side.label, .line(drift), style))
      }
    }
    guard markers.count > 1 else { return nil }
    var chart = Chart(
      id: "trials-\(number)", title: "\(row.metric) of each trial in executed order",
      about: "One marker a valid trial of \(label); lines are the drift over the trials.",
      x: Axis(
        ofOneRun ? "trial of this case" : "trial of this case within its own run",
        .linearAroundData, .count),
      y: Axis(row.metric, .linearAroundData, Quantity.Kind(unit: row.unit)),
      series: lines + markers)
    chart.names = .legend
    return chart
  }
}
