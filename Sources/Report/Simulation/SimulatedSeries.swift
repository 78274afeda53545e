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

extension SimulatedSeries.Column {
  /// The name without the instance, and the instance that it is of: several make one chart.
  var family: (name: String, instance: String?) {
    guard let label = name.firstMatch(of: #/,?instance="([^"]*)"/#) else { return (name, nil) }
    let rest = name.replacing(label.output.0, with: "").replacing("{}", with: "")
    return (rest.replacing("{,", with: "{"), String(label.output.1))
  }
}

extension WorkloadFigures {
  /// What one line over simulated time is of.
  private struct Traced {
    var figures: CaseFigures
    var instance: String?
    var name: String
    var style: Series.Style
  }

  /// A chart for each quantity that changes, over simulated time: medians of trials and their span;
  /// instances of a server are lines of one chart.
  func simulatedSeries(_ group: [CaseFigures], _ number: Int) -> [Chart] {
    let all = group.map { figures in figures.valid.compactMap { SimulatedSeries($0.record) } }
    let families = all.joined().flatMap { $0.columns.map(\.family) }
    return families.map(\.name).uniqued().enumerated().flatMap { place, name -> [Chart] in
      let instances = families.filter { $0.name == name }.map(\.instance).uniqued()
      let traced = traced(instances, group)
      let perCase = traced.count > Self.linesPerChart && group.count > 1
      let charts =
        perCase
        ? group.map { figures in traced.filter { $0.figures.key == figures.key } } : [traced]
      return charts.enumerated().compactMap { part, lines in
        simulatedChart(
          of: name, lines, Dictionary(zip(group.map(\.key), all)) { first, _ in first },
          "\(number)-\(place)" + (perCase ? "-\(part)" : ""))
      }
    }
  }

  /// The lines of a chart: a case by its style, its instances by dashes, or by colour where the
  /// case is the only one.
  private func traced(_ instances: [String?], _ group: [CaseFigures]) -> [Traced] {
    group.flatMap { figures in
      instances.enumerated().map { place, instance in
        var line = Traced(
          figures: figures, instance: instance, name: label(figures.key),
          style: style(figures.key, in: group))
        guard instances.count > 1, let instance else { return line }
        line.name = (group.count > 1 ? line.name + " · " : "") + "instance \(instance)"
        if group.count > 1, instances.count * group.count <= Self.linesPerChart {
          line.style.dash = place
        } else {
          line.style = Series.Style(colour: place, marker: place)
        }
        return line
      }
    }
  }

  private func simulatedChart(
    of name: String, _ traced: [Traced], _ all: [CaseKey: [SimulatedSeries]], _ place: String
  ) -> Chart? {
    var bands: [Series] = []
    var lines: [Series] = []
    var unit = ""
    for line in traced {
      let trials = all[line.figures.key] ?? []
      let columns = trials.compactMap { trial in
        trial.columns.first { $0.family == (name, line.instance) }
      }
      guard let first = columns.first, let times = trials.first?.times else { continue }
      unit = first.unit
      let samples = times.indices.map { sample in
        columns.compactMap { $0.values.indices.contains(sample) ? $0.values[sample] : nil }
          .filter(\.isFinite).sorted()
      }
      let points = zip(times, samples).map { Point($0, Median.of($1) ?? .nan) }
      lines.append(
        Series(line.name, .line(Downsample.envelope(points, most: pointsPerLine)), line.style))
      // Bands of many lines hide each other.
      guard columns.count > 1, line.instance == nil else { continue }
      let spans = zip(times, samples).compactMap { time, values in
        values.first.map { Span(time, low: $0, high: values[values.count - 1]) }
      }
      bands.append(Series(line.name, .band(thinned(spans)), line.style))
    }
    let values = lines.flatMap { $0.mark.points ?? [] }.map(\.y).filter(\.isFinite)
    guard let least = values.min(), let most = values.max(), least < most else { return nil }
    let kind = Quantity.Kind(unit: unit)
    let isOfOne = Set(traced.map(\.figures.key)).count == 1 && points.count * systems.count > 1
    return Chart(
      id: id("series-\(place)", 0),
      title: name + (isOfOne ? ", " + (traced.first.map { label($0.figures.key) } ?? "") : ""),
      about: "\(name) of \(self.name) over simulated time: at each sample the median "
        + "of all valid trials of a case" + (bands.isEmpty ? "." : "; bands span the trials."),
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
