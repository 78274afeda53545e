internal import Foundation
internal import Measure

/// The simulator's etcd held against a real one, point by point.
public struct EtcdTable: Codable, Sendable {
  /// One load on one cluster.
  public struct Row: Codable, Sendable {
    /// The folder whose file system held the data.
    public var place: String
    /// Members of the cluster.
    public var members: Int
    /// The load, as `put, 64 clients`.
    public var load: String
    /// Whether the model was fitted to it; it does not count then.
    public var isFitted: Bool
    /// How many measurements the real values are medians of.
    public var repetitions: Int
    /// The largest rate of those over the least.
    public var rateSpread: Double
    /// Answers a second.
    public var rate: Compared
    /// Latency, ms.
    public var mean: Compared
    /// The median of the latency, ms.
    public var p50: Compared
    /// The 99th percentile of the latency, ms.
    public var p99: Compared
    /// Puts a write of the leader's log; nil of reads.
    public var batch: Compared?
    /// The names of the quantities that are out of their bars.
    public var outOfBars: [String]
    /// The names of those that would be, were the machine's own repetitions not as far apart: the
    /// simulated value is among theirs.
    public var undecided: [String]

    /// Whether all that has a bar is within it.
    public var holds: Bool { outOfBars.isEmpty && undecided.isEmpty }

    var verdict: String {
      if isFitted { return "-" }
      if !outOfBars.isEmpty { return "NO: " + outOfBars.joined(separator: ", ") }
      return undecided.isEmpty ? "yes" : "? " + undecided.joined(separator: ", ")
    }
  }

  /// The bars: rate, mean and batch have to be within, p99 is shown with its own.
  public enum Bars {
    /// Of the rate.
    public static let rate = Bar.within(.percent(15))
    /// Of the mean latency.
    public static let mean = Bar.within(.percent(20))
    /// Of the batch.
    public static let batch = Bar.within(.percent(15))
    /// Of the 99th percentile.
    public static let p99 = Bar.factor(1.5)
  }

  /// The points that were measured.
  public var rows: [Row]
  /// The points without a measurement that may be used.
  public var unmeasured: [String]
  /// The losses of leaders.
  public var elections: [ElectionRow]
  /// `contentSha256` of the frozen model.
  public var modelSHA256: String
  /// `contentSha256` of the calibration.
  public var calibrationSHA256: String
  /// Whether the model was fitted to this calibration, or to another.
  public var isOwnCalibration: Bool

  enum CodingKeys: String, CodingKey {
    case rows, unmeasured, elections
    case modelSHA256 = "modelSha256"
    case calibrationSHA256 = "calibrationSha256"
    case isOwnCalibration
  }

  /// Rows that the model was not fitted to.
  public var predicted: [Row] { rows.filter { !$0.isFitted } }

  /// Whether every predicted row and every election is within its bars; nil where none is out, but
  /// the machine's own repetitions differ too much to tell of some.
  public var holds: Bool? {
    let isOut = predicted.contains { !$0.outOfBars.isEmpty } || !elections.allSatisfy(\.holds)
    if isOut || predicted.isEmpty { return false }
    return predicted.allSatisfy(\.holds) ? true : nil
  }

  /// The table for people.
  public var text: String {
    var lines: [String] = []
    var place: [String] = []
    var table = TextTable(Self.head)
    for row in rows {
      let here = [row.place, counted(row.members, "member")]
      if here != place {
        if !place.isEmpty { lines += [place.joined(separator: ", ")] + table.lines + [""] }
        (place, table) = (here, TextTable(Self.head))
      }
      table.add(Self.cells(row))
    }
    if !place.isEmpty { lines += [place.joined(separator: ", ")] + table.lines + [""] }
    lines += electionLines + summary
    return lines.joined(separator: "\n") + "\n"
  }

  private static let head = [
    "load", "", "rate/s", "model", "err", "mean ms", "model", "err", "p50", "model", "p99", "model",
    "batch", "model", "err", "spread", "held",
  ]

  private static func cells(_ row: Row) -> [String] {
    let number = { (value: Double?, digits: Int) in
      value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
    return [
      row.load, row.isFitted ? "fitted" : "",
      number(row.rate.real, 0), number(row.rate.simulated, 0), row.rate.errorText,
      number(row.mean.real, 2), number(row.mean.simulated, 2), row.mean.errorText,
      number(row.p50.real, 2), number(row.p50.simulated, 2),
      number(row.p99.real, 1), number(row.p99.simulated, 1),
      number(row.batch?.real, 1), number(row.batch?.simulated, 1), row.batch?.errorText ?? "-",
      number(row.rateSpread, 2),
      row.verdict,
    ]
  }

  private var electionLines: [String] {
    guard !elections.isEmpty else { return [] }
    var table = TextTable([
      "leader stopped", "real", "min s", "median", "mean", "max", "model", "min", "median", "mean",
      "max", "KS p", "held",
    ])
    for row in elections { table.add(row.cells) }
    return table.lines + [""]
  }

  private var summary: [String] {
    let held = predicted.count { $0.holds }
    let error = { (values: [Compared]) in
      Compared.meanError(values).map { String(format: "%.1f %%", $0 * 100) } ?? "-"
    }
    var lines = [
      "\(held) of \(predicted.count) predicted points within rate \(Bars.rate.text), mean "
        + "\(Bars.mean.text), batch \(Bars.batch.text); "
        + "\(predicted.count { !$0.outOfBars.isEmpty }) out, of the rest the machine's own "
        + "repetitions differ too much to tell; \(rows.count - predicted.count) fitted points do "
        + "not count",
      "mean error without sign (MAPE) of predicted points: rate "
        + "\(error(predicted.map(\.rate))), mean \(error(predicted.map(\.mean))), batch "
        + "\(error(predicted.compactMap(\.batch))), p50 \(error(predicted.map(\.p50))), p99 "
        + "\(error(predicted.map(\.p99))); p99 within \(Bars.p99.text) at "
        + "\(predicted.count { Self.tailHolds($0) }) of \(predicted.count)",
      "elections: \(elections.count { $0.holds }) of \(elections.count) kinds of cluster with "
        + "outages as the model's (Kolmogorov-Smirnov, p of at least "
        + String(format: "%.4f)", ElectionRow.leastP),
    ]
    if !unmeasured.isEmpty {
      lines.append("not measured, for noise: " + unmeasured.joined(separator: "; "))
    }
    lines += [
      "calibration \(calibrationSHA256)" + (isOwnCalibration ? "" : ", not the one fitted to"),
      "model \(modelSHA256)",
      holds.map { $0 ? "held" : "NOT held" } ?? "held as far as the measurement can tell",
    ]
    return lines
  }

  private static func tailHolds(_ row: Row) -> Bool {
    Bars.p99.holds(simulated: row.p99.simulated, real: row.p99.real)
  }
}

/// Outages of one kind of cluster: those of a real one, and the model's.
public struct ElectionRow: Codable, Sendable {
  /// The least p value with which both may be of one distribution.
  ///
  /// Of eight kinds of clusters all pass 95 of 100 times if the model is right (Bonferroni).
  public static let leastP = 0.05 / 8

  /// Outages, s.
  public struct Outages: Codable, Sendable {
    /// How many there are.
    public var count: Int
    /// The least, the median, the mean and the largest.
    public var least: Double
    /// The median.
    public var median: Double
    /// The mean.
    public var mean: Double
    /// The largest.
    public var largest: Double
  }

  /// The cluster, as `3 members, 100/1000 ms, pre-vote`.
  public var cluster: String
  /// As measured.
  public var real: Outages
  /// As simulated.
  public var simulated: Outages
  /// Of the test of Kolmogorov and Smirnov.
  public var p: Double
  /// Whether they may be of one distribution.
  public var holds: Bool

  var cells: [String] {
    let number = { (value: Double) in String(format: "%.2f", value) }
    let outages = { (some: Outages) in
      ["\(some.count)"] + [some.least, some.median, some.mean, some.largest].map(number)
    }
    return [cluster] + outages(real) + outages(simulated)
      + [String(format: "%.3f", p), holds ? "yes" : "NO"]
  }
}
