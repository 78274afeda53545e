public import Measure
internal import RealModule
internal import Statistics

/// How often a judge finds a loss in experiments whose truth is known.
///
/// Under no loss, or the largest one that is tolerated, that is its false-alarm rate; under a
/// larger one its power. Measured by running the judge itself on simulated trials.
public struct OperatingCharacteristic: Codable, Sendable {
  /// Which judge was asked, of trials in which order.
  public var design: Design
  /// The truth.
  public var experiment: SimulatedExperiment
  /// The loss that does not matter.
  public var tolerance: Fraction
  /// One minus the chance of a false alarm.
  public var confidence: Fraction
  /// What the share of experiments with a loss found is promised to be; nil where it is shown as a
  /// warning.
  public var promise: Promise?
  /// How many experiments were simulated.
  public var rounds: Int
  /// In how many a loss was found.
  public var found: Int
  /// In how many the trials could not tell.
  public var undecided: Int

  /// Which judge is asked, of trials in which order.
  public enum Design: Hashable, Codable, Sendable {
    /// `gate`: a run against a baseline of so many sessions.
    case gate(sessions: Int)
    /// `compare` of two systems run A B, B A, ...
    case interleaved
    /// `compare` of two systems run one after the other.
    case sequential
  }

  /// What the share of experiments with a loss found is promised to be.
  public enum Promise: Hashable, Codable, Sendable {
    /// A false-alarm rate.
    case atMost(Fraction)
    /// A power.
    case atLeast(Fraction)
  }

  /// The share of experiments in which a loss was found.
  public var rate: Fraction { Fraction(rounds == 0 ? 0 : Double(found) / Double(rounds)) }

  /// Three standard errors of the rate: what chance alone does to so many experiments.
  public var chance: Fraction {
    let share =
      switch promise {
      case .atMost(let bound), .atLeast(let bound): bound.value
      case nil: rate.value
      }
    return Fraction(3 * (share * (1 - share) / Double(max(rounds, 1))).squareRoot())
  }

  /// Whether the promise is kept, but for chance; true where there is none.
  public var isKept: Bool {
    switch promise {
    case .atMost(let bound): rate.value <= bound.value + chance.value
    case .atLeast(let bound): rate.value >= bound.value - chance.value
    case nil: true
    }
  }

  /// Asks the judge about so many experiments; the same seed and stream, the same answer.
  ///
  /// O(rounds x trials²).
  mutating func measure(rounds: Int, seed: UInt64, stream: UInt64) {
    var random = SeededRandom(seed: seed, stream: stream)
    for _ in 0..<rounds {
      switch lossFound(&random) {
      case true: found += 1
      case false: break
      case nil: undecided += 1
      }
    }
    self.rounds += rounds
  }

  /// Whether one experiment shows a loss, or a difference where none is tolerated; nil where its
  /// trials cannot tell.
  private func lossFound(_ random: inout SeededRandom) -> Bool? {
    let rules = ComparisonRules(
      confidence: confidence, tolerance: tolerance, metrics: .named(["iops"]))
    switch design {
    case .gate(let sessions):
      let (baseline, run) = experiment.baselineAndRun(sessions: sessions, &random)
      switch GateJudge.judge(run, against: baseline, source: "", rules: rules).verdict {
      case .fail: return true
      case .pass: return false
      default: return nil
      }
    case .interleaved, .sequential:
      let arms = experiment.systems(isInterleaved: design == .interleaved, &random)
      switch try? ComparisonJudge.compare(arms, rules: rules).rows.first?.verdict {
      case .better, .worse: return true
      case .same: return false
      default: return nil
      }
    }
  }
}

extension OperatingCharacteristic {
  /// The table that `assay selftest` prints.
  ///
  /// Of ten trials a side: what a gate raises without a loss and at the tolerance's edge, what it
  /// finds of a loss of 10 % at CV 5 % and at `hostVariation`, by which the host's own trials
  /// scatter, what sessions that differ make of it, and what order does under a drift of 5 %.
  /// O(rounds x trials²).
  public static func table(
    rounds: Int, seed: UInt64, hostVariation: Fraction
  ) -> [OperatingCharacteristic] {
    let tenth = SimulatedExperiment(
      trials: 10, variation: .percent(5), change: .percent(-10))
    var still = tenth
    still.change = Fraction(0)
    var drifting = still
    drifting.drift = .percent(5)
    var tolerated = drifting
    tolerated.change = .percent(-5)
    var sessions = tolerated
    sessions.sessionVariation = .percent(2)
    var host = tenth
    host.variation = hostVariation
    var steady = drifting
    steady.variation = .percent(1)
    let alarms = Promise.atMost(.percent(5))
    var rows = [
      row(.gate(sessions: 1), drifting, alarms), row(.gate(sessions: 1), tolerated, alarms),
      row(.gate(sessions: 1), tenth, .atLeast(power(of: tenth))),
      row(.gate(sessions: 1), host, .atLeast(power(of: host))),
      row(.gate(sessions: 8), sessions, alarms), row(.gate(sessions: 1), sessions, nil),
      row(.interleaved, steady, alarms, tolerance: Fraction(0)),
      row(.sequential, steady, nil, tolerance: Fraction(0)),
    ]
    for index in rows.indices {
      rows[index].measure(rounds: rounds, seed: seed, stream: UInt64(index))
    }
    return rows
  }

  private static func row(
    _ design: Design, _ experiment: SimulatedExperiment, _ promise: Promise?,
    tolerance: Fraction = .percent(5)
  ) -> OperatingCharacteristic {
    OperatingCharacteristic(
      design: design, experiment: experiment, tolerance: tolerance, confidence: .percent(95),
      promise: promise, rounds: 0, found: 0, undecided: 0)
  }

  /// The power that a gate of one row is stated to have against the loss of an experiment.
  ///
  /// That of Student's test of two samples of logarithms against the tolerance of 5 %, at the
  /// one-sided level that the rank test really has with so many trials, at most 5 %: a noncentral
  /// t, which is the normal probability averaged over the deviation that chance estimates
  /// (Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2, 1995, chapter 31).
  /// Of ten trials ranks use 94 %: less than the 3/pi of many. That share is found by simulation,
  /// and OperatingCharacteristicTests hold the power to scipy's. Zero where no loss can be found.
  static func power(of experiment: SimulatedExperiment) -> Fraction {
    let ranks = (0..<experiment.trials).map(Double.init)
    guard let interval = HodgesLehmann.shift(from: ranks, to: ranks, confidence: .percent(90))
    else { return Fraction(0) }
    let degrees = Double(2 * experiment.trials - 2)
    let bound = StudentT.quantile((1 + interval.level.value) / 2, degrees: degrees)
    let loss = Double.log(0.95) - .log(1 + experiment.change.value)
    let error = max(experiment.variation.value, 1e-9) * (2 / Double(experiment.trials)).squareRoot()
    let shift = loss / error * 0.94.squareRoot()
    var (sum, weights) = (0.0, 0.0)
    // The deviation as a part of the true one, whose density need not be normed.
    for step in 1...1000 {
      let deviation = Double(step) / 250
      let weight = Double.exp(
        (degrees - 1) * .log(deviation) - degrees * (deviation * deviation - 1) / 2)
      sum += weight * Normal.cdf(shift - bound * deviation)
      weights += weight
    }
    return Fraction(sum / weights)
  }
}
