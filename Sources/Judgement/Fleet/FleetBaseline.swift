public import Ledger
internal import Measure
internal import Statistics

/// Makes a baseline of a fleet: what its machines have in common, and which are not like them.
public enum FleetBaseline {
  /// Fewer machines say nothing of a fleet.
  static let fewestMachines = 5
  /// Modified z-scores beyond this make an outlier (Iglewicz & Hoaglin, How to Detect and Handle
  /// Outliers, 1993, section 3.3).
  public static let farthest = 3.5

  /// Fills in centre and spread of every case and metric, and leaves outliers out.
  ///
  /// A machine counts once, with the median of its trials. One that lies farther than ``farthest``
  /// from the others in a headline metric of any case is named with its distance, and its sessions
  /// and samples are taken out; the centre is then that of the rest. Throws `LedgerError` with
  /// fewer than ``fewestMachines`` machines, and where the outliers leave too few to know a spread.
  /// O(cases x metrics x trials log trials).
  public static func complete(_ baseline: Baseline) throws(LedgerError) -> Baseline {
    var machines: [String] = []
    for session in baseline.sessions where !machines.contains(session.machine) {
      machines.append(session.machine)
    }
    guard machines.count >= fewestMachines else {
      throw LedgerError(
        .unfit,
        "\(machines.count) machine\(machines.count == 1 ? " is" : "s are") no fleet: "
          + machines.joined(separator: ", "),
        hint: "give records of at least \(fewestMachines) machines; of one machine make a "
          + "baseline with `assay baseline set`")
    }
    let outliers = outliers(of: baseline, machines)
    let odd = Set(outliers.map(\.machine))
    let kept = machines.filter { !odd.contains($0) }
    guard kept.count >= Replicates.fewestSessions else {
      throw LedgerError(
        .unfit,
        "\(odd.count) of \(machines.count) machines are unlike the others: "
          + outliers.map(\.sentence).joined(separator: "; "),
        hint: "this is no fleet of one kind: make one baseline a kind")
    }
    var fleet = baseline
    fleet.sessions.removeAll { odd.contains($0.machine) }
    let sessions = Set(fleet.sessions.map(\.id))
    for index in fleet.cases.indices {
      fleet.cases[index].samples.removeAll { !sessions.contains($0.session) }
    }
    fleet.cases.removeAll { $0.samples.isEmpty }
    fleet.fleet = .init(machines: kept, spreads: spreads(of: fleet), outliers: outliers)
    return fleet
  }

  /// A metric's medians by machine.
  private static func medians(
    _ samples: CaseSamples, _ metric: String, _ baseline: Baseline
  ) -> [(machine: String, value: Double)] {
    let machines = Dictionary(
      baseline.sessions.map { ($0.id, $0.machine) }, uniquingKeysWith: { $1 })
    var groups: [String: [Double]] = [:]
    for sample in samples.samples {
      guard let value = sample.metrics[metric]?.value, value.isFinite,
        let machine = machines[sample.session]
      else { continue }
      groups[machine, default: []].append(value)
    }
    return groups.sorted { $0.key < $1.key }.compactMap { name, values in
      Median.of(values).map { (name, $0) }
    }
  }

  private static func outliers(of baseline: Baseline, _ machines: [String]) -> [Baseline.Outlier] {
    var worst: [String: Baseline.Outlier] = [:]
    for samples in baseline.cases {
      for metric in MetricCatalogue.headline {
        let found = medians(samples, metric, baseline)
        guard found.count >= fewestMachines, let spread = Spread(found.map(\.value)) else {
          continue
        }
        for (machine, value) in found {
          let distance = spread.distance(of: value)
          guard distance > farthest else { continue }
          let known = worst[machine].map { $0.distance ?? .infinity } ?? 0
          guard distance > known else { continue }
          worst[machine] = Baseline.Outlier(
            machine: machine, key: samples.key, metric: metric, value: value,
            centre: spread.centre, unit: samples.unit(of: metric),
            distance: distance.isFinite ? distance : nil)
        }
      }
    }
    return machines.compactMap { worst[$0] }
  }

  private static func spreads(of baseline: Baseline) -> [Baseline.Spread] {
    baseline.cases.flatMap { samples in
      MetricChoice.ordered(Set(samples.samples.flatMap(\.metrics.keys))).compactMap { metric in
        let found = medians(samples, metric, baseline)
        return Spread(found.map(\.value)).map {
          Baseline.Spread(
            key: samples.key, metric: metric, unit: samples.unit(of: metric), centre: $0.centre,
            deviation: $0.deviation, machines: found.count)
        }
      }
    }
  }

  /// Median and median absolute deviation.
  private struct Spread {
    var centre: Double
    var deviation: Double

    init?(_ values: [Double]) {
      guard let centre = Median.of(values),
        let deviation = Median.of(values.map { ($0 - centre).magnitude })
      else { return nil }
      self.centre = centre
      self.deviation = deviation
    }

    /// The modified z-score: 0.6745 deviations from the centre by the median absolute deviation,
    /// which estimates 0.6745 standard deviations of a normal distribution.
    ///
    /// Machines that agree to the digit do so because a histogram rounds (its buckets are up to
    /// 1.6 % wide): a deviation below 1 % of the centre is taken as that.
    func distance(of value: Double) -> Double {
      let off = (value - centre).magnitude
      return off == 0 ? 0 : 0.6745 * off / max(deviation, 0.01 * centre.magnitude)
    }
  }
}

extension CaseSamples {
  /// The unit of a metric's values.
  fileprivate func unit(of metric: String) -> String {
    samples.lazy.compactMap { $0.metrics[metric]?.unit }.first ?? "1"
  }
}

extension Baseline.Outlier {
  /// `node7: iops of disk/read is 61k/s, of the fleet 98k/s (modified z 12.1)`.
  public var sentence: String {
    let unit = MetricUnit(rawValue: unit) ?? .count
    let texts = MetricText.texts([value, centre], unit, isRatio: false, apartFrom: centre)
    let far = distance.map { "modified z \(significant($0, 3))" } ?? "all others agree"
    return "\(machine): \(metric) of \(key) is \(texts[0]), of the fleet \(texts[1]) (\(far))"
  }
}
