internal import Calibration
internal import ControlPlane
internal import Host
internal import Measure
internal import Simulation
internal import Statistics

extension EtcdModel {
  /// A model that is not fitted yet: the disks of a calibration, as its probes saw them.
  init(_ calibration: EtcdCalibration) {
    calibrationSHA256 = calibration.contentSHA256
    etcdVersion = calibration.etcd.version
    fittedPoints = []
    residual = 0
    clientCPU = .zero
    clientTurnCPU = .zero
    parameters = EtcdParameters()
    parameters.placement = .oneMachine
    parameters.cpus = calibration.points.flatMap(\.used).first?.processors.cores ?? 2
    parameters.cpuSpread = 0.8
    parameters.syncCPU = Self.kernelCPU(calibration)
    // Loopback: what a message takes is CPU.
    parameters.roundTrip = .microseconds(20)
    places = calibration.places.indices.map { place in
      let used = calibration.points.filter { $0.place == place }.flatMap(\.used)
      let backend = Self.backendCommit(calibration, place)
      var (append, overwrite) = (LatencyDistribution(), LatencyDistribution())
      for one in used {
        append.merge(one.syncBefore.append)
        append.merge(one.syncAfter.append)
        overwrite.merge(one.syncBefore.overwrite)
        overwrite.merge(one.syncAfter.overwrite)
      }
      return Place(
        path: calibration.places[place].path, fileSystem: calibration.places[place].type,
        append: .measured(append), overwrite: .measured(overwrite),
        backendCommit: .constant(backend.fixed), backendCommitPerOperation: backend.each)
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

  /// The line through the mean commits of the backend under puts of 1 and of 64 clients, over how
  /// many operations each held.
  private static func backendCommit(
    _ calibration: EtcdCalibration, _ place: Int
  ) -> (fixed: Nanoseconds, each: Nanoseconds) {
    let ends = [1, 64].compactMap { clients -> (operations: Double, time: Double)? in
      let used = calibration.points.first {
        $0.place == place && $0.members == 1 && $0.load.operation == .put
          && $0.load.clients == clients && EtcdFit.takes($0, of: calibration)
      }?.used.compactMap(\.members.first)
      let operations = used?.compactMap { member in
        member.backendCommit.count > 0
          ? Double(member.applied) / Double(member.backendCommit.count) : nil
      }
      guard let operations = Median.of(operations ?? []),
        let time = Median.of(used?.compactMap(\.backendCommit.mean) ?? [])
      else { return nil }
      return (operations, time)
    }
    guard let few = ends.first, let many = ends.last, many.operations > few.operations else {
      return (Nanoseconds(Int64(ends.first?.time ?? 1_000_000)), .zero)
    }
    let each = max(0, (many.time - few.time) / (many.operations - few.operations))
    let fixed = max(0, few.time - each * few.operations)
    return (Nanoseconds(Int64(fixed)), Nanoseconds(Int64(each)))
  }
}
