internal import Foundation
internal import Host
internal import Measure
internal import Statistics

/// Measures a real etcd on this machine.
///
/// Every point is measured on a cluster of its own, freshly started on an empty folder, and the
/// points take turns in an order drawn from the seed, once a repetition.
public struct EtcdCalibrator: Sendable {
  private let program: EtcdProgram
  private let settings: EtcdCalibrationSettings
  private let version: String
  private let tell: @Sendable (String) -> Void

  /// Makes a calibrator.
  ///
  /// - Parameters:
  ///   - program: the etcd.
  ///   - settings: what to measure.
  ///   - version: Assay's own, for the file.
  ///   - tell: is told of progress, a line at a time.
  /// - Throws: ``CalibrationError`` of kind `usage` where a setting is out of range.
  public init(
    _ program: EtcdProgram, _ settings: EtcdCalibrationSettings, version: String,
    tell: @escaping @Sendable (String) -> Void
  ) throws(CalibrationError) {
    (self.program, self.settings) = (program, settings)
    (self.version, self.tell) = (version, tell)
    try settings.check()
  }

  /// Measures everything; takes minutes to an hour.
  ///
  /// Leaves neither process nor data behind, however it ends; `startedAt` is the time now, in UTC
  /// by RFC 3339. Throws ``CalibrationError``.
  public func run(startedAt: String) async throws -> EtcdCalibration {
    let begun = MonotonicClock.now()
    var calibration = EtcdCalibration(
      startedAt: startedAt, etcd: program,
      machine: Environment.capture(toolVersion: version).facts, places: try places(),
      settings: settings)
    calibration.points = settings.points
    var random = SeededRandom(seed: settings.seed)
    var sequence = 0
    for repetition in 1...settings.repetitions {
      // What the open loops offer is known when the closed ones have been measured.
      for loop in [EtcdLoad.Loop.closed, .open] {
        let turn = calibration.points.indices.filter { calibration.points[$0].load.loop == loop }
        for index in turn.shuffled(using: &random) {
          sequence += 1
          let capacity = calibration.capacity(of: calibration.points[index])
          let result = try await measured(calibration.points[index], sequence, capacity)
          calibration.points[index].repetitions.append(result)
          say(calibration.points[index], result, repetition)
        }
      }
    }
    calibration.elections = try await elections(&random)
    calibration.elapsed = MonotonicClock.now() - begun
    return calibration
  }

  /// The file systems, with room for what etcd allocates at once and what a window writes.
  private func places() throws(CalibrationError) -> [FileSystemFacts] {
    let lost = settings.elections.trials > 0 ? settings.elections.members : []
    let count = (settings.members + lost).max() ?? 1
    let need = ByteCount.mebibytes(512 * Int64(count))
    var places: [FileSystemFacts] = []
    for path in settings.places {
      do throws(HostError) {
        places.append(try FileSystemFacts(path: path))
      } catch {
        throw CalibrationError(.io, error.description)
      }
      guard places[places.count - 1].free >= need else {
        throw CalibrationError(
          .io, "\(path): \(counted(count, "member")) may fill \(need.text), and less is free",
          hint: "free some, or name another folder with --data")
      }
    }
    return places
  }

  private func say(_ point: EtcdPoint, _ result: EtcdRepetition, _ repetition: Int) {
    let quantile = { (fraction: Double) in
      String(format: "%.2f", Double(result.latency.quantile(fraction) ?? 0) / 1e6)
    }
    tell(
      "[\(repetition)/\(settings.repetitions)] \(settings.places[point.place]), "
        + "\(counted(point.members, "member")), \(point.load.text): "
        + String(format: "%.0f/s", result.rate) + ", p50 \(quantile(0.5)) ms, p99 "
        + "\(quantile(0.99)) ms, others used "
        + String(format: "%.2f cores", result.processors.disturbance)
        + (result.isNoisy ? ", noisy" : ""))
  }

  /// Measures a point, again where it was noisy.
  private func measured(
    _ point: EtcdPoint, _ sequence: Int, _ capacity: Double?
  ) async throws -> EtcdRepetition {
    let rate = point.load.capacityFraction.map { $0.value * (capacity ?? 0) }
    var retries = 0
    while true {
      var result = try await EtcdTrial(
        program: program, settings: settings, point: point,
        seed: settings.seed &+ UInt64(sequence) &* 0x9E37_79B9, rate: rate
      ).run()
      result.sequence = sequence
      result.retries = retries
      if !result.isNoisy || settings.despiteNoise || retries == settings.retries { return result }
      retries += 1
    }
  }

  private func elections(_ random: inout SeededRandom) async throws -> [ElectionSeries] {
    let elections = settings.elections
    guard elections.trials > 0 else { return [] }
    var series = elections.clusters.map {
      ElectionSeries(place: 0, cluster: $0, loss: elections.loss)
    }
    for number in 1...elections.trials {
      for index in series.indices.shuffled(using: &random) {
        let cluster = series[index].cluster
        var retries = 0
        var trial: ElectionTrial
        repeat {
          trial = try await LeaderLoss(
            program: program, settings: settings, cluster: cluster, seed: random.next()
          ).run()
          retries += 1
        } while trial.isNoisy && !settings.despiteNoise && retries <= settings.retries
        series[index].trials.append(trial)
        tell(
          "[\(number)/\(elections.trials)] leader of \(counted(cluster.members, "member")), "
            + "\(cluster.text), lost: no put for "
            + String(format: "%.2f s, ", trial.outage.inSeconds)
            + "\(counted(trial.terms, "term"))" + (trial.isNoisy ? ", noisy" : ""))
      }
    }
    return series
  }
}

extension EtcdClusterSettings {
  /// In few words: `500/2500 ms, pre-vote`.
  var text: String {
    "\(heartbeat.count / 1_000_000)/\(electionTimeout.count / 1_000_000) ms"
      + (preVote ? ", pre-vote" : "")
  }
}

extension EtcdCalibration {
  /// The largest median rate of closed loops of puts of the same size on the same cluster.
  func capacity(of point: EtcdPoint) -> Double? {
    points.filter { other in
      other.load.loop == .closed && other.load.operation == .put && other.place == point.place
        && other.members == point.members && other.load.valueSize == point.load.valueSize
    }.compactMap { other in
      let best = other.used.isEmpty ? other.repetitions : other.used
      return best.isEmpty ? nil : Median.of(best.map(\.rate))
    }.max()
  }
}

extension EtcdCalibrationSettings {
  /// Every point, still to be measured.
  var points: [EtcdPoint] {
    let loads =
      valueSizes.flatMap { size in
        clients.map {
          EtcdLoad.closed(.put, clients: $0, value: size, connections: connections)
        }
          + (clients.isEmpty
            ? [] : openLoops.map { .open(at: $0, value: size, connections: connections) })
      }
      + readers.flatMap { count in
        [EtcdLoad.Operation.linearizableRead, .serializableRead].map {
          EtcdLoad.closed(
            $0, clients: count, value: valueSizes.first ?? ByteCount(256), connections: connections)
        }
      }
    return places.indices.flatMap { place in
      members.flatMap { members in
        loads.map { EtcdPoint(place: place, members: members, load: $0) }
      }
    }
  }

  /// Looks whether all settings are in range.
  func check() throws(CalibrationError) {
    func require(_ isGood: Bool, _ problem: String) throws(CalibrationError) {
      if !isGood { throw CalibrationError(.usage, problem) }
    }
    try require(!places.isEmpty, "no folder to measure in")
    for count in members + elections.members {
      try require((1...9).contains(count), "\(counted(count, "member")): a cluster has 1 to 9")
    }
    try require(
      elections.trials == 0 || elections.members.allSatisfy { $0 >= 3 },
      "elections are of 3 members or more: fewer do not outlive their leader")
    for count in clients + readers {
      try require((1...4096).contains(count), "\(counted(count, "client")): 1 to 4096 are possible")
    }
    for size in valueSizes {
      try require(
        (64...65536).contains(size.count), "a value of \(size.text): 64B to 64KiB are possible")
    }
    for fraction in openLoops {
      try require(
        fraction.value > 0 && fraction.value <= 2,
        "an open loop at \(fraction.value * 100) % of capacity: above 0 % to 200 % are possible")
    }
    try require(
      (1...3600).contains(window.inSeconds), "a window of \(window.text): 1s to 1h are possible")
    try require(
      (1...1000).contains(repetitions), "\(repetitions) repetitions: 1 to 1000 are possible")
    try require((0...100).contains(retries), "\(retries) retries: 0 to 100 are possible")
    try require(
      (0...1000).contains(elections.trials), "\(elections.trials) elections: 0 to 1000 are possible"
    )
    try require(
      basePort == 0 || (1024...65000).contains(basePort), "port \(basePort): 1024 to 65000, or 0")
  }
}
