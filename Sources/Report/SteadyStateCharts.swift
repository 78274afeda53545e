internal import Ledger
internal import Measure
internal import Statistics

/// The two plots that SNIA's SSS PTS 2.0.2 asks for beside a figure of a steady state.
extension WorkloadFigures {
  /// Rounds until steady, and the measurement window, of every case that has rounds.
  var steadyStates: [Chart] {
    measured.enumerated().flatMap { number, figures -> [Chart] in
      let trials = figures.trials.compactMap(RoundsOfTrial.init)
      guard let last = trials.last else { return [] }
      return [convergence(figures, trials, number), window(figures, last, number)]
        .compactMap(\.self)
    }
  }

  /// IOPS of each round: the steady state convergence plot.
  private func convergence(
    _ figures: CaseFigures, _ trials: [RoundsOfTrial], _ number: Int
  ) -> Chart? {
    let shown = trials.suffix(Self.linesPerChart)
    let series = shown.enumerated().map { index, trial in
      Series(
        trial.id, .path(trial.rounds.enumerated().map { Point(Double($0 + 1), $1) }),
        .number(index))
    }
    var chart = Chart(
      id: id("convergence", number), title: "Steady state of \(label(figures.key))",
      about: "IOPS of each round of \(figures.key) until the rounds agree; the window is grey.",
      x: Axis("round", .linearAroundData, .count, range: 1...2),
      y: Axis("IOPS", .linear, .rate), series: series)
    if trials.count == 1, let trial = trials.first, let verdict = trial.verdict {
      chart.zones = [
        Zone(
          on: .x, from: Double(verdict.firstRound + 1), to: Double(trial.rounds.count),
          meaning: .neutral)
      ]
    }
    return chart
  }

  /// The window with its mean, the bounds around it and the line of best fit.
  private func window(
    _ figures: CaseFigures, _ trial: RoundsOfTrial, _ number: Int
  ) -> Chart? {
    guard let verdict = trial.verdict else { return nil }
    let rounds = trial.rounds.suffix(trial.window).enumerated().map {
      Point(Double(verdict.firstRound + 1 + $0), $1)
    }
    guard let first = rounds.first, let last = rounds.last else { return nil }
    let reach = Double(trial.window - 1)
    let fit = [
      Point(first.x, verdict.fit.value(at: 0)), Point(last.x, verdict.fit.value(at: reach)),
    ]
    func percent(_ share: Double) -> String { Quantity.short(share * 100, 1) + " %" }
    let half = trial.range.value / 2
    var chart = Chart(
      id: id("window", number),
      title: "Measurement window of \(trial.id): "
        + (verdict.isReached ? "steady" : "not steady"),
      about: "The last \(trial.window) rounds of \(figures.key): range "
        + "\(percent(verdict.rangeFraction.value)) of the mean (at most "
        + "\(percent(trial.range.value))), best fit "
        + "\(percent(verdict.slopeFraction.value)) over the window (at most "
        + "\(percent(trial.slope.value))).",
      x: Axis(
        "round; range \(percent(verdict.rangeFraction.value)), slope "
          + "\(percent(verdict.slopeFraction.value))", .linearAroundData, .count),
      y: Axis("IOPS", .linearAroundData, .rate),
      series: [
        Series("IOPS of the round", .path(rounds), .number(0)),
        Series("best fit", .line(fit), Series.Style(colour: 1, dash: 1)),
      ])
    chart.names = .legend
    chart.limits = [
      LimitLine(on: .y, at: verdict.windowMean, label: "mean", isBinding: false),
      LimitLine(
        on: .y, at: verdict.windowMean * (1 + half), label: "\(percent(1 + half)) of the mean"),
      LimitLine(
        on: .y, at: verdict.windowMean * (1 - half), label: "\(percent(1 - half)) of the mean"),
    ]
    return chart
  }
}

/// The rounds of a trial with the rule by which they were judged, as its engine wrote them down.
struct RoundsOfTrial {
  var id: String
  /// I/Os per second of each round.
  var rounds: [Double]
  var window: Int
  var range: Fraction
  var slope: Fraction
  /// The rule applied to the last rounds; nil for fewer rounds than the window.
  var verdict: SteadyState.Verdict?

  /// Reads `roundsPerSecond` and `workload.steadyState` of a trial's detail; nil without.
  init?(_ trial: ReportInput.Trial) {
    let detail = trial.record.detail
    guard case .array(let values)? = detail["roundsPerSecond"],
      let rule = detail["workload"]?["steadyState"], let window = rule["window"]?.number,
      let range = rule["range"]?.number, let slope = rule["slope"]?.number, window >= 2
    else { return nil }
    id = trial.record.id
    rounds = values.compactMap(\.number)
    self.window = Int(window)
    self.range = Fraction(range)
    self.slope = Fraction(slope)
    verdict = SteadyState.evaluate(
      values: rounds, window: self.window, range: self.range, slope: self.slope)
    guard rounds.count > 1 else { return nil }
  }
}
