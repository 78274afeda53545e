internal import Judgement
internal import Ledger
internal import Measure

/// The results as OpenMetrics text, for Prometheus and what reads its form.
///
/// Gauges in base units, one family a metric; statistics of a distribution share a family. States
/// are gauges of 0 and 1, since Prometheus' older parser knows no state sets (OpenMetrics 1.0,
/// section 4.6.2, with the types of the Prometheus text format 0.0.4).
public enum OpenMetricsReport {
  /// The whole exposition, ending in `# EOF`.
  ///
  /// O(values log values).
  public static func render(_ input: ReportInput) -> String {
    let record = [("record", input.header.id)]
    var families = FamilyList()
    families.add(
      "assay_run_info", help: "What was run; always 1.", unit: nil,
      record + [
        ("scenario", input.header.name), ("version", input.header.version),
        ("evidence", input.header.evidence.rawValue),
        ("not_hardware", input.header.notHardware ?? ""),
      ], 1)
    let estimates = CaseEstimate.all(of: input.trials.map(\.record), confidence: .percent(95))
    for estimate in estimates {
      guard let family = Family(metric: estimate.metric, unit: estimate.unit) else { continue }
      var labels = record + self.labels(estimate.key)
      if let statistic = family.statistic { labels.append(("statistic", statistic)) }
      families.add(
        family.name, help: family.help, unit: family.unit, labels, estimate.value * family.factor)
    }
    for figures in CaseFigures.all(of: input) {
      let labels = record + self.labels(figures.key)
      families.add(
        "assay_valid_trials", help: "Trials whose numbers count.", unit: nil, labels,
        Double(figures.valid.count))
      families.add(
        "assay_case_comparable", help: "Whether everything is disclosed that a number needs.",
        unit: nil, labels, figures.isComparable ? 1 : 0)
    }
    if let judgement = input.judgement {
      for state in RunJudgement.Verdict.allCases {
        families.add(
          "assay_run_verdict", help: "The verdict of the run: 1 for the one it is.", unit: nil,
          record + [("verdict", state.rawValue)], judgement.verdict == state ? 1 : 0)
      }
      for limit in judgement.limits {
        for state in LimitJudgement.Verdict.allCases {
          families.add(
            "assay_limit_verdict", help: "The verdict of a limit: 1 for the one it is.", unit: nil,
            record + (limit.key.map(self.labels) ?? [])
              + [("limit", limit.limit), ("verdict", state.rawValue)],
            limit.verdict == state ? 1 : 0)
        }
      }
    }
    return families.text + "# EOF\n"
  }

  private static func labels(_ key: CaseKey) -> [(String, String)] {
    [
      ("system", key.system), ("workload", key.workload),
      ("point", key.point.joined(separator: ",")),
    ]
  }

  /// The family of a metric of the catalogue.
  private struct Family {
    var name: String
    var help: String
    var unit: String?
    var factor: Double
    var statistic: String?

    init?(metric: String, unit: String) {
      guard let definition = MetricCatalogue.definition(of: metric),
        let kind = MetricUnit(rawValue: unit)
      else { return nil }
      var words = metric.split(separator: " ").map(String.init)
      if let last = words.last, MetricCatalogue.statistic(last) != nil { statistic = last }
      if statistic != nil { words.removeLast() }
      (self.unit, factor) =
        switch kind {
        case .perSecond: ("per_second", 1)
        case .bytesPerSecond: ("bytes_per_second", 1)
        case .nanoseconds: ("seconds", 1e-9)
        case .percent: ("ratio", 0.01)
        case .count: (nil, 1)
        }
      name = (["assay"] + words + (self.unit.map { [$0] } ?? [])).joined(separator: "_")
      help = "Median over valid trials: \(definition.about)."
    }
  }
}

/// Samples by family, families in order of their first sample.
private struct FamilyList {
  private var order: [String] = []
  private var heads: [String: String] = [:]
  private var samples: [String: [String]] = [:]

  mutating func add(
    _ name: String, help: String, unit: String?, _ labels: [(String, String)], _ value: Double
  ) {
    guard value.isFinite else { return }
    if heads[name] == nil {
      order.append(name)
      heads[name] =
        "# TYPE \(name) gauge\n" + (unit.map { "# UNIT \(name) \($0)\n" } ?? "")
        + "# HELP \(name) \(Self.escaped(help))\n"
    }
    let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    samples[name, default: []].append("\(name){\(pairs)} \(value)\n")
  }

  var text: String {
    order.map { (heads[$0] ?? "") + (samples[$0] ?? []).joined() }.joined()
  }

  /// Backslash, quote and line feed as the format has them.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
