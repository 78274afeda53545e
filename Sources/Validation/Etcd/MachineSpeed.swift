internal import Calibration
internal import ControlPlane
internal import Host
internal import Measure
internal import Simulation
internal import Statistics

/// How fast the machine was at each measurement, beside how fast it usually was.
///
/// A virtual machine's speed changes by half with what its host does beside it, which no counter in
/// the guest shows. The calibration's probes right before and after each measurement do: writes to
/// places written before, on disk and in memory alike. On the reference calibration the rate of a
/// point's repetitions goes with the inverse of their time (slopes -1.1 and -1.0 of the logarithms,
/// r = -0.7 and -0.6). Times and rates are brought to the usual speed of the same place before they
/// are compared; the model has no part in it.
struct MachineSpeed: Sendable {
  /// The median of the probes of a place, ns.
  private let usual: [Double]

  init(_ calibration: EtcdCalibration) {
    usual = calibration.places.indices.map { place in
      let all = calibration.points.filter { $0.place == place }.flatMap(\.used)
      return Median.of(all.map(Self.probe)) ?? 1
    }
  }

  /// 1 at the usual speed, 0.8 where all took a quarter longer.
  func speed(_ repetition: EtcdRepetition, at place: Int) -> Double {
    let probe = Self.probe(repetition)
    return probe > 0 ? usual[place] / probe : 1
  }

  private static func probe(_ repetition: EtcdRepetition) -> Double {
    (repetition.syncBefore.overwrite.mean + repetition.syncAfter.overwrite.mean) / 2
  }
}

extension EtcdModel {
  /// A model that is not fitted yet: the disks of a calibration, as its probes saw them.
  init(_ calibration: EtcdCalibration, _ speeds: MachineSpeed) {
    calibrationSHA256 = calibration.contentSHA256
    etcdVersion = calibration.etcd.version
    fittedPoints = []
    residual = 0
    clientCPU = .zero
    clientTurnCPU = .zero
    arrivalCPU = .zero
    parameters = EtcdParameters()
    parameters.placement = .oneMachine
    parameters.cpus = calibration.points.flatMap(\.used).first?.processors.cores ?? 2
    parameters.cpuSpread = 0.8
    parameters.syncCPU = Self.kernelCPU(calibration)
    // Loopback: what a message takes is CPU.
    parameters.roundTrip = .microseconds(20)
    places = calibration.places.indices.map { place in
      let used = calibration.points.filter { $0.place == place }.flatMap(\.used)
      var (append, overwrite) = (LatencyDistribution(), LatencyDistribution())
      for one in used {
        append.merge(one.syncBefore.append)
        append.merge(one.syncAfter.append)
        overwrite.merge(one.syncBefore.overwrite)
        overwrite.merge(one.syncAfter.overwrite)
      }
      return Place(
        path: calibration.places[place].path, fileSystem: calibration.places[place].type,
        append: .fitted(to: append), overwrite: .fitted(to: overwrite),
        backendCommit: .constant(Self.backendCommit(calibration, place)))
    }
  }

  /// CPU of the kernel's own threads for a write of the log, as measured beside.
  ///
  /// What they used more on the slowest disk than on the fastest, for each write, over the loads
  /// that are fitted.
  private static func kernelCPU(_ calibration: EtcdCalibration) -> Nanoseconds {
    let puts = calibration.points.filter {
      $0.members == 1 && $0.load.operation == .put && EtcdFit.takes($0, of: calibration)
    }
    let differences = Set(puts.compactMap(\.load.clients)).sorted().compactMap { clients in
      let used = puts.filter { $0.load.clients == clients }.map { point in
        Median.of(point.used.filter { $0.rate > 0 }.map { $0.processors.kernel / $0.rate }) ?? 0
      }
      let batch = puts.filter { $0.load.clients == clients }.compactMap { point in
        Median.of(point.used.compactMap(\.batch))
      }.max()
      guard let most = used.max(), let least = used.min(), let batch else { return Double?.none }
      return (most - least) * batch
    }
    return Nanoseconds(Int64((Median.of(differences) ?? 0) * 1e9))
  }

  /// The mean commit of the backend under puts of one client, which hold few operations.
  private static func backendCommit(
    _ calibration: EtcdCalibration, _ place: Int
  ) -> Nanoseconds {
    let one = calibration.points.filter {
      $0.place == place && $0.members == 1 && $0.load.operation == .put && $0.load.clients == 1
    }
    let means = one.flatMap(\.used).compactMap { $0.members.first?.backendCommit.mean }
    return Nanoseconds(Int64(Median.of(means) ?? 1_000_000))
  }
}

extension LatencyLaw {
  /// A body with a tail through the quantiles of a histogram, or the histogram itself where such a
  /// pair does not come near.
  static func fitted(to histogram: LatencyDistribution) -> LatencyLaw {
    let fractions = [0.05, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]
    let quantiles = fractions.map { fraction in
      (
        fraction: Fraction(fraction),
        time: Nanoseconds(Int64(histogram.quantile(fraction) ?? 0))
      )
    }
    guard let fit = try? MixtureFit(quantiles: quantiles) else { return .measured(histogram) }
    return .mixture(
      p50: quantile(0.5, of: fit.body), p99: quantile(0.99, of: fit.body),
      tailP50: quantile(0.5, of: fit.tail), tailP99: quantile(0.99, of: fit.tail),
      tailShare: fit.tailWeight)
  }

  private static func quantile(_ fraction: Double, of part: Lognormal) -> Nanoseconds {
    Distribution.known(try .lognormal(part)).quantile(Fraction(fraction))
  }
}
