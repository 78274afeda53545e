import Measure

extension ChangePoints {
  /// The votes on one series.
  struct Search {
    /// A place that at least one method names.
    struct Candidate {
      var place: Int
      var voters: Set<ChangePoint.Voter>
      var z = 0.0
      var p = 1.0
    }

    /// Places this near are one change: two methods seldom agree to the place.
    static let reach = 3

    private let values: [Double]
    private let options: Options
    private let windows: [Range<Int>]
    /// Each window has its part of the level.
    private let level: Double
    /// The values less the shifts known so far: what the noise is judged by.
    private var levelled: [Double]

    init(_ values: [Double], _ options: Options) {
      self.values = values
      levelled = values
      self.options = options
      windows = Self.windows(count: values.count, length: options.window)
      level = options.level.value / Double(windows.count)
    }

    /// Windows that overlap by half, so that each change is well within one.
    private static func windows(count: Int, length: Int) -> [Range<Int>] {
      guard count > length else { return [0..<count] }
      let starts = stride(from: 0, to: count - length, by: length / 2)
      return starts.map { $0..<($0 + length) } + [(count - length)..<count]
    }

    /// The places that two methods see, in order.
    ///
    /// Many shifts look like correlated noise, in which others hide: with those found taken out it
    /// is searched once more.
    mutating func votedPlaces() -> [Candidate] {
      let first = vote()
      guard !first.isEmpty else { return [] }
      levelled = residuals(of: values[...], splitAt: first.map(\.place))
      return vote()
    }

    /// One round of votes.
    ///
    /// An error of energy, or of medians and ranks together, is what two voters need; so half of
    /// the level is energy's and half is medians'.
    private func vote() -> [Candidate] {
      var named: [Candidate] = []
      for window in windows {
        let part = values[window]
        let noise = SeriesNoise(levelled[window])
        let least = options.leastSegment
        let energy = EnergySplit.places(in: part, least: least, p: level / 2, noise: noise)
        named += energy.map { Candidate(place: $0, voters: [.energy]) }
        let penalty = MedianSegments.penalty(
          residuals: residuals(of: part, splitAt: energy), least: least, p: level / 2, noise: noise)
        named += MedianSegments.places(in: part, least: least, penalty: penalty).map {
          Candidate(place: window.lowerBound + $0, voters: [.medians])
        }
      }
      let candidates = judged(merged(named.sorted { $0.place < $1.place }))
      return judged(candidates.filter { $0.voters.count >= 2 })
    }

    /// What the values lie above the medians of their segments.
    private func residuals(of part: ArraySlice<Double>, splitAt places: [Int]) -> [Double] {
      zip([part.startIndex] + places, places + [part.endIndex]).flatMap { start, end in
        let segment = Array(part[start..<end])
        let median = Median.of(segment) ?? 0
        return segment.map { $0 - median }
      }
    }

    /// One candidate for each group of near places: the one between whose neighbours t is largest.
    private func merged(_ named: [Candidate]) -> [Candidate] {
      var groups: [[Candidate]] = []
      for candidate in named {
        if let last = groups.last?.last, candidate.place - last.place <= Self.reach {
          groups[groups.count - 1].append(candidate)
        } else {
          groups.append([candidate])
        }
      }
      return groups.indices.compactMap { index in
        let start = index == 0 ? 0 : groups[index - 1][0].place
        let end = index + 1 < groups.count ? groups[index + 1][0].place : values.count
        let voters = groups[index].reduce(into: Set()) { $0.formUnion($1.voters) }
        let places = Set(groups[index].map(\.place)).sorted()
        let strengths = places.map { z(at: $0, from: start, to: end).magnitude }
        guard let most = strengths.max(), let best = strengths.firstIndex(of: most) else {
          return nil
        }
        return Candidate(place: places[best], voters: voters)
      }
    }

    /// The candidates with their p between their neighbours, and with the vote of the ranks.
    private func judged(_ candidates: [Candidate]) -> [Candidate] {
      candidates.indices.map { index in
        var candidate = candidates[index]
        let start = index == 0 ? 0 : candidates[index - 1].place
        let end = index + 1 < candidates.count ? candidates[index + 1].place : values.count
        let (before, after) = neighbours(of: candidate.place, from: start, to: end)
        let around = values[before.startIndex..<after.endIndex]
        let window = window(around: candidate.place)
        let inflation = SeriesNoise(levelled[window]).inflation.squareRoot()
        let selection = SelectedSplit(
          count: max(window.count, around.count),
          least: options.leastSegment)
        candidate.p = selection.p(SelectedSplit.z(before, after) / inflation)
        if let test = MannWhitney.test(Array(before), Array(after)) {
          let z = SelectedSplit.z(tail: test.pTwoSided / 2) / inflation
          if selection.p(z) <= level { candidate.voters.insert(.ranks) }
        }
        return candidate
      }
    }

    private func z(at place: Int, from start: Int, to end: Int) -> Double {
      let (before, after) = neighbours(of: place, from: start, to: end)
      return SelectedSplit.z(before, after)
    }

    /// The values on either side of a place, up to a quarter of a window and the next candidates.
    private func neighbours(
      of place: Int, from start: Int, to end: Int
    ) -> (ArraySlice<Double>, ArraySlice<Double>) {
      let reach = options.window / 4
      return (
        values[max(start, place - reach)..<place], values[place..<min(end, place + reach)]
      )
    }

    /// The window in whose middle a place is, nearer the ends as far as the series goes.
    private func window(around place: Int) -> Range<Int> {
      let start = min(max(0, place - options.window / 2), max(0, values.count - options.window))
      return start..<min(values.count, start + options.window)
    }
  }
}
