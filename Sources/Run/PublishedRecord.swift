internal import Foundation
public import Ledger
internal import Measure
public import Scenario

/// Keeps published figures as a record like any other, so that the same code compares and judges.
public enum PublishedRecord {
  /// Writes a sealed record `published-<name>`; gives its folder.
  ///
  /// A function of the file: the same text gives the same bytes, dates are those of publication.
  /// One trial a row and system, without histograms or series. A record of the same text is left
  /// as it is. Throws ``LedgerError`` where one of another text is in the way, or writing fails.
  public static func write(
    _ figures: PublishedFigures, text: String, results: String
  ) throws(LedgerError) -> String {
    let id = "published-\(figures.name)"
    let path = (results as NSString).appendingPathComponent(id)
    if FileManager.default.fileExists(atPath: path) {
      if try RunRecord.read(path).scenario == text, try RunRecord.read(path).isComplete {
        return path
      }
      throw LedgerError(
        .io, "\(path) is there already, with other content",
        hint: "remove it, or choose another folder with --results FOLDER")
    }
    let folder = try RunFolder.create(in: results, id: id)
    try folder.write(text: text, to: "scenario.yaml")
    try folder.write([String: String](), to: "plan.json")
    let published = moment(figures.source.date)
    try folder.append(.runStarted) { event in
      event.at = published
      event.run = RunHeader(
        id: id, name: figures.name, about: figures.about, startedAt: published,
        version: "none: published", seed: 0, evidence: .published)
    }
    try folder.append(.finding) { event in
      event.at = published
      event.finding = Finding(
        code: .published, severity: .warning,
        message: "published, no raw data: \(sources(figures)); one number a case, what the source "
          + "does not disclose is not known")
    }
    for trial in trials(figures) {
      try folder.append(.trialFinished) { event in
        event.at = trial.startedAt
        event.trial = trial
      }
    }
    try folder.append(.runFinished) { $0.at = published }
    try folder.write(RunSummary(of: RunRecord.read(folder.path)), to: "summary.json")
    try folder.seal()
    return folder.path
  }

  /// The start of a day, or of the first day of a month.
  private static func moment(_ date: String) -> String {
    date + (date.count == 7 ? "-01" : "") + "T00:00:00.000Z"
  }

  private static func sources(_ figures: PublishedFigures) -> String {
    var all = [figures.source.text]
    for system in figures.systems where !all.contains(system.source.text) {
      all.append(system.source.text)
    }
    return all.joined(separator: "; ")
  }

  private static func trials(_ figures: PublishedFigures) -> [TrialRecord] {
    var trials: [TrialRecord] = []
    for row in figures.rows {
      for cell in row.cells {
        guard let system = figures.systems.first(where: { $0.name == cell.system }) else {
          continue
        }
        let number = String(trials.count + 1)
        var trial = TrialRecord(
          id: "t" + String(repeating: "0", count: max(0, 4 - number.count)) + number,
          key: CaseKey(system: cell.system, workload: row.workload, point: row.point), block: 1)
        trial.startedAt = moment(system.source.date)
        trial.disclosure = system.disclosure.merging(row.disclosure) { _, own in own }
        trial.disclosure["source"] = system.source.text
        for figure in cell.figures {
          trial.metrics[figure.metric] = MetricValue(
            figure.value, figure.unit, bound: bound(figure.bound))
        }
        trials.append(trial)
      }
    }
    return trials
  }

  private static func bound(_ comparison: Limit.Comparison?) -> MetricValue.Bound? {
    switch comparison {
    case .atLeast, .above: .atLeast
    case .atMost, .below: .atMost
    case .equal, nil: nil
    }
  }
}
