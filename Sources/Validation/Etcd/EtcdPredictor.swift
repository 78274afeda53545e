public import Calibration
public import ControlPlane
public import Measure
internal import Simulation
internal import Statistics

/// What a fitted model says of the points of a calibration.
struct EtcdPredictor: Sendable {
  let model: EtcdModel
  /// How long each point runs before it is looked at.
  var warmUp = Nanoseconds.milliseconds(500)
  /// How long each point is simulated after its warm-up.
  var duration = Nanoseconds.seconds(3)
  /// Losses of the leader of each kind of cluster.
  var elections = 300

  /// The etcd of a place with so many members.
  func parameters(place: Int, members: Int) -> EtcdParameters {
    model.parameters(members: members, on: model.places[place])
  }

  /// A point as a trial; `rate` is what an open loop offers.
  func trial(_ point: EtcdPoint, rate: Double?) -> EtcdTrial {
    var trial = EtcdTrial(parameters: parameters(place: point.place, members: point.members))
    trial.operation =
      switch point.load.operation {
      case .put: .put
      case .linearizableRead: .linearizableRead
      case .serializableRead: .serializableRead
      }
    trial.arrival =
      point.load.clients.map { .closed(clients: $0) } ?? .poisson(Rate(perSecond: rate ?? 1))
    trial.valueSize = point.load.valueSize
    trial.clientCPU = model.clientCPU
    trial.clientTurnCPU = model.clientTurnCPU
    trial.connections = point.load.connections
    trial.warmUp = warmUp
    trial.duration = duration
    return trial
  }

  func outcome(_ point: EtcdPoint) -> EtcdOutcome {
    trial(point, rate: Median.of(point.used.compactMap(\.offeredRate))).run()
  }

  /// The outages of a kind of cluster, s, one for each seed.
  func outages(_ series: ElectionSeries) -> [Double] {
    var parameters = parameters(place: series.place, members: series.cluster.members)
    parameters.heartbeatInterval = series.cluster.heartbeat
    parameters.electionTimeout = series.cluster.electionTimeout
    parameters.preVote = series.cluster.preVote
    var trial = EtcdTrial(parameters: parameters)
    // As often as a calibration tries.
    trial.arrival = .poisson(Rate(perSecond: 50))
    trial.clientCPU = model.clientCPU
    trial.clientTurnCPU = model.clientTurnCPU
    trial.leaderStops = true
    // Many rounds of an election.
    trial.duration = .seconds(20)
    return (0..<elections).compactMap { number in
      var one = trial
      one.seed = UInt64(number) + 1
      // The leader is lost at any moment between two heartbeats.
      let phase = series.cluster.heartbeat.count * Int64(number) / Int64(elections)
      one.warmUp = series.cluster.heartbeat * 2 + Nanoseconds(phase)
      return one.run().outage?.inSeconds
    }
  }
}

extension EtcdModel {
  /// The parameters of a cluster of so many members on a disk, all on one machine.
  public func parameters(members: Int, on place: Place) -> EtcdParameters {
    var parameters = parameters
    parameters.members = members
    parameters.walSync = place.append
    parameters.walOverwrite = place.overwrite
    parameters.backendCommit = place.backendCommit
    parameters.backendCommitPerOperation = place.backendCommitPerOperation
    return parameters
  }
}

extension EtcdTable {
  /// Simulates every point and every kind of election of a calibration, several at once.
  ///
  /// The same model and calibration give the same table. Throws ``CalibrationError`` where the
  /// model has no disk for one of the calibration's places.
  public init(
    _ calibration: EtcdCalibration, _ model: EtcdModel, duration: Nanoseconds = .seconds(3),
    elections count: Int = 300, atOnce: Int
  ) async throws {
    guard calibration.places.count <= model.places.count else {
      throw CalibrationError(
        .data,
        "the calibration has \(counted(calibration.places.count, "place")), the model disks for "
          + "\(model.places.count)", hint: "fit again with `assay simulator fit`")
    }
    let predictor = EtcdPredictor(model: model, duration: duration, elections: count)
    let points = Self.inOrder(calibration.points)
    let runs = Replications(seed: 1, atOnce: atOnce)
    let rows = try await runs.run(0..<points.count) { run in
      Self.row(points[run.number], calibration, predictor)
    }
    let series = calibration.elections
    let outages = try await runs.run(0..<series.count) { run in
      ElectionRow(series[run.number], predictor.outages(series[run.number]))
    }
    self.rows = rows.compactMap(\.self)
    unmeasured = zip(points, rows).compactMap { point, row in
      row == nil ? Self.name(point, calibration) : nil
    }
    self.elections = outages.compactMap(\.self)
    modelSHA256 = model.contentSHA256
    calibrationSHA256 = calibration.contentSHA256
    isOwnCalibration = model.calibrationSHA256 == calibration.contentSHA256
  }

  /// By place and members, puts before reads, few clients before many.
  static func inOrder(_ points: [EtcdPoint]) -> [EtcdPoint] {
    let kinds = EtcdLoad.Operation.allCases
    let key = { (point: EtcdPoint) in
      [
        point.place, point.members, kinds.firstIndex(of: point.load.operation) ?? 0,
        point.load.clients == nil ? 1 : 0, point.load.clients ?? 0,
        Int((point.load.capacityFraction?.value ?? 0) * 1000), Int(point.load.valueSize.count),
      ]
    }
    return points.sorted { key($0).lexicographicallyPrecedes(key($1)) }
  }

  static func name(_ point: EtcdPoint, _ calibration: EtcdCalibration) -> String {
    "\(calibration.settings.places[point.place]), \(counted(point.members, "member")), "
      + point.load.text
  }

  private static func row(
    _ point: EtcdPoint, _ calibration: EtcdCalibration, _ predictor: EtcdPredictor
  ) -> Row? {
    guard let real = RealPoint(point) else { return nil }
    let simulated = predictor.outcome(point)
    let quantile = { (fraction: Double) in
      Double(simulated.latency.quantile(fraction) ?? 0) / 1e6
    }
    let rate = Compared(real.rate, simulated.throughput.perSecond)
    let mean = Compared(real.mean, simulated.latency.mean / 1e6)
    let batch = real.batch.map { Compared($0, simulated.batch) }
    var judged = [("rate", real.rate, rate, Bars.rate), ("mean", real.mean, mean, Bars.mean)]
    if let spread = real.batch, let batch { judged.append(("batch", spread, batch, Bars.batch)) }
    let out = judged.filter { !$0.3.holds(simulated: $0.2.simulated, real: $0.2.real) }
    return Row(
      place: calibration.settings.places[point.place], members: point.members,
      load: point.load.text, isFitted: EtcdFit.takes(point, of: calibration),
      repetitions: point.used.count, rateSpread: real.rate.largest / real.rate.least,
      rate: rate, mean: mean, p50: Compared(real.p50, quantile(0.5)),
      p99: Compared(real.p99, quantile(0.99)), batch: batch,
      outOfBars: out.filter { !$0.1.contains($0.2.simulated) }.map(\.0),
      undecided: out.filter { $0.1.contains($0.2.simulated) }.map(\.0))
  }
}

extension Compared {
  init(_ real: RealPoint.Spread, _ simulated: Double) {
    self.init(real: real.median, simulated: simulated)
  }
}

extension ElectionRow {
  /// nil where either side has none.
  init?(_ series: ElectionSeries, _ simulated: [Double]) {
    let used = series.trials.filter { $0.processors.disturbance <= ElectionTrial.noiseLimit }
      .map(\.outage.inSeconds)
    guard let test = KolmogorovSmirnov(used, simulated) else { return nil }
    cluster =
      "\(counted(series.cluster.members, "member")), "
      + "\(series.cluster.heartbeat.count / 1_000_000)/"
      + "\(series.cluster.electionTimeout.count / 1_000_000) ms"
      + (series.cluster.preVote ? ", pre-vote" : "")
    real = Outages(used)
    self.simulated = Outages(simulated)
    p = test.p
    holds = test.p >= Self.leastP
  }
}

extension ElectionRow.Outages {
  init(_ values: [Double]) {
    count = values.count
    least = values.min() ?? 0
    largest = values.max() ?? 0
    median = Median.of(values) ?? 0
    mean = values.reduce(0, +) / Double(max(values.count, 1))
  }
}
