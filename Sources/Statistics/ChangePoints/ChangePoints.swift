public import Measure

/// A place in a series from which on its values are of another level.
public struct ChangePoint: Hashable, Codable, Sendable {
  /// A method that may see a change.
  public enum Voter: String, Hashable, Codable, Sendable, CaseIterable {
    /// E-divisive means: the largest energy distance, tested by Student's t.
    case energy
    /// Optimal partitioning by distances from the medians.
    case medians
    /// The test of Mann and Whitney between the neighbours on either side.
    case ranks
  }

  /// The first place of the new level, from 0.
  public var place: Int
  /// The median from the change before this one, or from the start.
  public var before: Double
  /// The median until the next change, or to the end.
  public var after: Double
  /// after / before - 1; nil if the median before is not above zero.
  public var relativeChange: Fraction?
  /// The chance of a t this large at any place near, in a correlated series without a change.
  public var p: Double
  /// The methods that saw it, two or three.
  public var voters: [Voter]
}

/// The search for places where a history of results changed its level.
///
/// A change is reported if two of three methods see it, which errs less than each of them does
/// (R13 of the project's research: voting raises F1 by 11 % in Mozilla's alerts).
public enum ChangePoints {
  /// How a series is searched.
  public struct Options: Hashable, Codable, Sendable {
    /// The chance to report anything in a whole series without a change.
    public var level: Fraction
    /// The fewest values between two changes, and before the first and after the last.
    public var leastSegment: Int
    /// How many values are looked at together; a longer series is searched in such windows.
    public var window: Int
    /// Changes of the median by less than this part of it are not reported.
    public var leastChange: Fraction

    /// Sets the options; traps unless 2 <= leastSegment, 4 leastSegment <= window and the level is
    /// within 0 and 1.
    public init(
      level: Fraction = .percent(1), leastSegment: Int = 5, window: Int = 200,
      leastChange: Fraction = Fraction(0)
    ) {
      precondition(leastSegment >= 2 && window >= 4 * leastSegment, "a window has segments")
      precondition(level.value > 0 && level.value < 1, "a level is within 0 and 1")
      self.level = level
      self.leastSegment = leastSegment
      self.window = window
      self.leastChange = leastChange
    }
  }

  /// The changes in a series, in order.
  ///
  /// Neighbours may be correlated as those of an autoregression of first order are; the level holds
  /// nearly for these too. A slow drift shows as a stair of changes. Empty for fewer values than
  /// two segments have, or if one is not finite. Deterministic. O(n window), once more for each
  /// change in a window.
  public static func find(
    _ values: [Double], options: Options = Options()
  ) -> [ChangePoint] {
    guard values.count >= 2 * options.leastSegment, values.allSatisfy(\.isFinite) else {
      return []
    }
    var search = Search(values, options)
    var points = search.votedPlaces()
    // The least of the changes that are too small goes first: its neighbours then see it whole.
    while true {
      let changes = described(values, points, options)
      let small = changes.indices.filter {
        (changes[$0].relativeChange?.value.magnitude ?? .infinity) < options.leastChange.value
      }
      guard
        let least = small.min(by: {
          (changes[$0].relativeChange?.value.magnitude ?? 0)
            < (changes[$1].relativeChange?.value.magnitude ?? 0)
        })
      else { return changes }
      points.remove(at: least)
    }
  }

  private static func described(
    _ values: [Double], _ points: [Search.Candidate], _ options: Options
  ) -> [ChangePoint] {
    let edges = [0] + points.map(\.place) + [values.count]
    let medians = zip(edges, edges.dropFirst()).map { Median.of(Array(values[$0..<$1])) ?? 0 }
    return points.enumerated().map { index, point in
      let (before, after) = (medians[index], medians[index + 1])
      return ChangePoint(
        place: point.place, before: before, after: after,
        relativeChange: before > 0 ? Fraction(after / before - 1) : nil, p: point.p,
        voters: ChangePoint.Voter.allCases.filter(point.voters.contains))
    }
  }
}
