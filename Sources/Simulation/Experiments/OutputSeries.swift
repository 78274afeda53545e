public import Measure

/// A metric of one run at equal distances of simulated time.
///
/// Values are those of the instants, or means over the spans that end there.
public struct OutputSeries: Hashable, Codable, Sendable {
  /// The simulated time from one value to the next.
  public var spacing: Nanoseconds
  /// The values in order of time, in the metric's unit.
  public var values: [Double]

  /// States a series; traps unless the spacing is above zero.
  public init(spacing: Nanoseconds, values: [Double]) {
    precondition(spacing.count > 0, "values of a series lie some time apart")
    self.spacing = spacing
    self.values = values
  }

  /// The mean of several runs, place by place, as far as the shortest of them goes.
  ///
  /// What Welch's plot shows (Law, Simulation Modeling and Analysis, 5th ed. 2015, section 9.5.1):
  /// the scatter of single runs is gone, their common course is left. nil for no runs. Traps
  /// unless all have the same spacing. O(values).
  public static func mean(of runs: [OutputSeries]) -> OutputSeries? {
    guard let first = runs.first else { return nil }
    precondition(runs.allSatisfy { $0.spacing == first.spacing }, "runs have one spacing")
    let length = runs.map(\.values.count).min() ?? 0
    let values = (0..<length).map { place in
      runs.reduce(0) { $0 + $1.values[place] } / Double(runs.count)
    }
    return OutputSeries(spacing: first.spacing, values: values)
  }
}
