internal import Ledger
internal import Measure

/// The results as rows of text: what terminal and Markdown both show.
struct ResultRows {
  /// Above the columns, with the words for what the cases count; empty where no row has a value.
  var headers: [String]
  /// How many columns from the left are words.
  static let words = 2

  /// One row a line of figures.
  var rows: [[String]]

  /// Lays out the figures of all cases; the name of a case stands on its first line only.
  init(_ cases: [CaseFigures], ascii: Bool) {
    let none = ascii ? "-" : "–"
    func text(_ spread: CaseFigures.Spread?) -> String {
      spread?.text(ascii: ascii) ?? none
    }
    // What the table has no column for stands below it; a row of dashes would say nothing.
    let rows = cases.filter { $0.hasColumns || $0.otherMetrics.isEmpty }.flatMap { figures in
      figures.lines.enumerated().map { index, line in
        let latencies = LatencyColumn.allCases.map { line.text(of: $0, ascii: ascii) ?? none }
        let isFirst = index == 0
        let name = isFirst ? figures.name : ""
        let direction = isFirst && figures.lines.count > 1 ? "all" : line.direction
        let trials = isFirst ? Self.trials(figures) : ""
        // No value is not zero errors: an engine that does not count them shows a dash.
        let errors =
          figures.errors.map { Quantity($0.values.reduce(0, +), .count).text(ascii: ascii) } ?? none
        return [name, direction, trials, text(line.iops), text(line.bandwidth)] + latencies
          + [isFirst ? text(figures.cpuPerIO) : "", isFirst ? errors : ""]
      }
    }
    let counted = CountedEvents(cases)
    let names = [
      "case", "", "n", counted.rate, "bandwidth", "mean", "p50", "p99", "p99.9", "max",
      counted.cost, "errors",
    ]
    let used = names.indices.map { column in
      column <= Self.words || rows.contains { !["", none].contains($0[column]) }
    }
    headers = zip(names, used).map { $1 ? $0 : "" }
    self.rows = rows.map { row in zip(row, used).map { $1 ? $0 : "" } }
  }

  /// Metrics of the cases that the table has no column for, a line each; of a simulation what was
  /// counted, in one line.
  static func others(_ cases: [CaseFigures], ascii: Bool) -> [String] {
    cases.flatMap { figures -> [String] in
      if figures.isOfRequests {
        // Latencies have their lines above.
        let single = Set(MetricCatalogue.entries.filter { !$0.takesStatistic }.map(\.name))
        let texts = figures.otherMetrics.filter { single.contains($0.name) }.map {
          "\($0.name) \($0.spread.text(ascii: ascii))"
        }
        return ["\(figures.key): " + texts.joined(separator: ", ")]
      }
      guard !figures.hasColumns else { return [] }
      return figures.otherMetrics.map { name, spread in
        "\(figures.key): \(name) \(spread.text(ascii: ascii)) (n \(spread.values.count))"
      }
    }
  }

  /// `5`, or `4/5` where trials were excluded; nothing for a search of the maximum.
  static func trials(_ figures: CaseFigures) -> String {
    if figures.findsMaximum { return "" }
    let valid = figures.valid.count
    return valid == figures.trials.count ? "\(valid)" : "\(valid)/\(figures.trials.count)"
  }
}

extension CaseFigures {
  /// The case, with what it is for where it is no replicate.
  var name: String { key.description + (findsMaximum ? " (finds the maximum)" : "") }
}

/// A finding with what it is about.
struct PlacedFinding: Hashable {
  /// The run, or the trial's name.
  var place: String
  var finding: Finding

  /// All findings: errors first, then warnings, then notes, each in executed order.
  ///
  /// The same finding of several trials of a case is told once with all its trials; of notes the
  /// code is enough to be the same, with the first one's words.
  static func all(of input: ReportInput) -> [PlacedFinding] {
    struct Same: Hashable {
      var key: String
      var code: String
      var severity: Finding.Severity
      /// Nil for notes: their numbers differ from trial to trial, and what they mean does not.
      var message: String?
    }
    var result = input.findings.map { PlacedFinding(place: "run", finding: $0) }
    var order: [Same] = []
    var trials: [Same: [(id: String, finding: Finding)]] = [:]
    for trial in input.trials {
      for finding in trial.record.findings {
        let same = Same(
          key: trial.record.key.description, code: finding.code, severity: finding.severity,
          message: finding.severity == .note ? nil : finding.message)
        if trials[same] == nil { order.append(same) }
        trials[same, default: []].append((trial.record.id, finding))
      }
    }
    result += order.compactMap { same in
      guard let all = trials[same], var finding = all.first?.finding else { return nil }
      if all.contains(where: { $0.finding.message != finding.message }) {
        finding.message += " (the first of \(all.count) alike)"
      }
      return PlacedFinding(
        place: same.key + " (" + all.map(\.id).joined(separator: ", ") + ")", finding: finding)
    }
    return [Finding.Severity.error, .warning, .note].flatMap { severity in
      result.filter { $0.finding.severity == severity }
    }
  }
}

/// What must be said about a whole run before its figures.
enum RunCaveats {
  /// Sentences, the gravest first; empty for a clean run.
  static func all(of input: ReportInput, _ cases: [CaseFigures]) -> [String] {
    var caveats: [String] = []
    if input.header.evidence == .published {
      let sources = Set(input.trials.compactMap { $0.record.disclosure["source"] }).sorted()
      caveats.append(
        "PUBLISHED, NO RAW DATA: somebody else's figures, one number a case, without histograms, "
          + "repetition or spread. Source: \(sources.joined(separator: "; ")).")
    }
    if let reason = input.header.notHardware {
      caveats.append("Not hardware figures: \(reason). Never to stand beside hardware unmarked.")
    }
    if !input.isComplete {
      caveats.append("The run did not finish its plan: figures are of the trials that did.")
    }
    let excluded = input.trials.filter { $0.record.status != .valid }.count
    if excluded > 0 {
      caveats.append(
        "\(excluded) of \(input.trials.count) trials are invalid or failed and count for nothing.")
    }
    for change in input.openChanges { caveats.append("Not undone on the machine: \(change)") }
    let undisclosed = cases.filter { !$0.isComparable }.count
    if undisclosed > 0 {
      caveats.append(
        "\(undisclosed) of \(cases.count) cases lack required disclosure: not comparable.")
    }
    return caveats
  }
}
