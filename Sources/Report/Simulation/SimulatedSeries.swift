internal import Ledger
internal import Measure
internal import Statistics

/// The time series of simulated trials, as their records have them.
struct SimulatedSeries: Sendable {
  /// One quantity over time.
  struct Column: Sendable {
    /// What it is: `ready nodes`.
    var name: String
    /// Its unit as in records.
    var unit: String
    /// One value a sample.
    var values: [Double]
  }

  /// When samples were taken, seconds of measured time.
  var times: [Double]
  /// The quantities.
  var columns: [Column]

  /// Reads the series of a trial; nil where it has none.
  init?(_ record: TrialRecord) {
    guard let series = record.detail["observations"]?["series"],
      case .array(let times)? = series["timesNs"], case .array(let columns)? = series["columns"]
    else { return nil }
    self.times = times.map { ($0.number ?? .nan) / 1e9 }
    self.columns = columns.compactMap { column in
      guard let name = column["name"]?.text, let unit = column["unit"]?.text,
        case .array(let values)? = column["values"], values.count == times.count
      else { return nil }
      return Column(name: name, unit: unit, values: values.map { $0.number ?? .nan })
    }
  }
}

extension WorkloadFigures {
  /// A chart for each quantity that changes, over simulated time: medians of trials and their span.
  func simulatedSeries(_ group: [CaseFigures], _ number: Int) -> [Chart] {
    let all = group.map { figures in figures.valid.compactMap { SimulatedSeries($0.record) } }
    let names = all.joined().flatMap { $0.columns.map(\.name) }.uniqued()
    return names.enumerated().compactMap { place, name in
      simulatedChart(of: name, group, all, "\(number)-\(place)")
    }
  }

  private func simulatedChart(
    of name: String, _ group: [CaseFigures], _ all: [[SimulatedSeries]], _ place: String
  ) -> Chart? {
    var bands: [Series] = []
    var lines: [Series] = []
    var unit = ""
    for (figures, trials) in zip(group, all) {
      let columns = trials.compactMap { trial in trial.columns.first { $0.name == name } }
      guard let first = columns.first, let times = trials.first?.times else { continue }
      unit = first.unit
      let samples = times.indices.map { sample in
        columns.compactMap { $0.values.indices.contains(sample) ? $0.values[sample] : nil }
          .filter(\.isFinite).sorted()
      }
      let style = style(figures.key, in: group)
      let points = zip(times, samples).map { Point($0, Median.of($1) ?? .nan) }
      lines.append(
        Series(label(figures.key), .line(Downsample.envelope(points, most: pointsPerLine)), style))
      guard columns.count > 1 else { continue }
      let spans = zip(times, samples).compactMap { time, values in
        values.first.map { Span(time, low: $0, high: values[values.count - 1]) }
      }
      bands.append(Series(label(figures.key), .band(thinned(spans)), style))
    }
    let values = lines.flatMap { $0.mark.points ?? [] }.map(\.y).filter(\.isFinite)
    guard let least = values.min(), let most = values.max(), least < most else { return nil }
    let kind = Quantity.Kind(unit: unit)
    return Chart(
      id: id("series-\(place)", 0), title: name,
      about: "\(name) of \(self.name) over simulated time: at each sample the median "
        + "of all valid trials of a case; bands span the trials.",
      x: Axis("simulated time after the warm-up", .linear, .elapsed),
      y: Axis(name, kind == .time ? .log10 : .linear, kind), series: bands + lines)
  }

  /// So many spans as a line has points: two edges take twice the room.
  private func thinned(_ spans: [Span]) -> [Span] {
    let step = max(1, spans.count / max(pointsPerLine / 2, 1))
    return stride(from: 0, to: spans.count, by: step).map { start in
      let part = spans[start..<min(start + step, spans.count)]
      let low = part.map(\.low).min() ?? .nan
      return Span(part[start].x, low: low, high: part.map(\.high).max() ?? .nan)
    }
  }
}
