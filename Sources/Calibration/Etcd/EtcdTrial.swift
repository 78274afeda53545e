internal import Foundation
internal import Host
internal import Measure

/// One measurement of one point, from an empty folder to an empty folder.
struct EtcdTrial: Sendable {
  let program: EtcdProgram
  let settings: EtcdCalibrationSettings
  let point: EtcdPoint
  let seed: UInt64
  /// What an open loop offers, requests a second.
  let rate: Double?

  /// How long answers are waited for after the window.
  private static let patience = Nanoseconds.seconds(20)

  /// What is noted at either end of the window.
  private struct Moment: Sendable {
    let processors: ProcessorShares.Mark
    let metrics: [EtcdMetrics]
  }

  private struct Observation: Sendable {
    var outcome = LoadGenerator.Outcome()
    var moments: [Moment] = []
  }

  /// Measures; `sequence` and `retries` of the result are the caller's.
  ///
  /// Throws ``CalibrationError``.
  func run() async throws -> EtcdRepetition {
    try StopRequest.check()
    let lifeline = try Lifeline(in: settings.places[point.place], prefix: "assay-etcd")
    defer { lifeline.cut() }
    let before = try SyncProbe.measure(in: lifeline.folder, for: settings.syncSpan)
    var cluster = try await EtcdCluster.start(
      program, EtcdClusterSettings(members: point.members), in: lifeline.folder,
      basePort: settings.basePort)
    defer { cluster.stop() }
    let leader = try await cluster.leader()
    let observation: Observation
    do {
      let ports = Array(
        repeating: cluster.members[leader].clientPort, count: point.load.connections)
      observation = try await observe(ports, cluster, leader)
    } catch {
      throw await cluster.explained(error, during: point.load.text)
    }
    cluster.stop()
    let after = try SyncProbe.measure(in: lifeline.folder, for: settings.syncSpan)
    return repetition(observation, leader, before, after)
  }

  private enum Part: Sendable {
    case load(LoadGenerator.Outcome)
    case moments([Moment])
  }

  private func observe(
    _ ports: [Int], _ cluster: EtcdCluster, _ leader: Int
  ) async throws -> Observation {
    let generator = LoadGenerator(ports: ports, load: point.load, seed: seed)
    try await burden(cluster, leader)
    try await generator.fill()
    let start = MonotonicClock.now() + settings.warmUp
    let window = start..<(start + settings.window)
    return try await withThrowingTaskGroup(of: Part.self) { group in
      group.addTask {
        .load(try await generator.run(window, rate: rate.map { Rate(perSecond: $0) }))
      }
      group.addTask {
        let first = try await moment(window.lowerBound, cluster, leader)
        return .moments([first, try await moment(window.upperBound, cluster, leader)])
      }
      group.addTask { try await watch(cluster, until: window.upperBound + Self.patience) }
      defer { group.cancelAll() }
      var observation = Observation()
      for _ in 0..<2 {
        switch try await group.next() {
        case .load(let outcome): observation.outcome = outcome
        case .moments(let moments): observation.moments = moments
        case nil: break
        }
      }
      return observation
    }
  }

  /// Gives every member as much to hold as one in use has.
  ///
  /// Go collects garbage when the heap has grown to twice what is in use. A fresh etcd uses 7 MB
  /// and would spend a quarter of its CPU on that under reads. Entries stay in its memory until
  /// the next snapshot (etcdserver/server.go, `DefaultSnapshotCount`).
  private func burden(_ cluster: EtcdCluster, _ leader: Int) async throws {
    let ports = cluster.members.map(\.clientPort)
    let value = Data(count: 1 << 20)
    try await EtcdClient.with(ports: ports) { client in
      for _ in 0..<Self.burdenEntries {
        _ = try await client.put("/assay/burden", value, member: leader, within: 30)
      }
    }
  }

  /// Entries of 1 MiB, the largest that etcd takes being 1.5.
  private static let burdenEntries = 48

  /// Ends the trial where a member ends, the user asks for it, or nothing is answered any more.
  private func watch(_ cluster: EtcdCluster, until deadline: Nanoseconds) async throws -> Part {
    while MonotonicClock.now() < deadline {
      try StopRequest.check()
      try cluster.checkAlive()
      try await Task.sleep(for: .milliseconds(50))
    }
    throw CalibrationError(
      .failed, "\(point.load.text): no answer within \(Int(Self.patience.inSeconds)) s",
      hint: "`assay doctor` and `iostat -x` tell whether the disk hangs")
  }

  private func moment(
    _ time: Nanoseconds, _ cluster: EtcdCluster, _ leader: Int
  ) async throws -> Moment {
    let left = time - MonotonicClock.now()
    try await Task.sleep(for: .nanoseconds(max(left.count, 0)))
    let processors = try ProcessorShares.Mark(subject: cluster.cpuTime)
    var metrics: [EtcdMetrics] = []
    for member in [cluster.members[leader]] + others(cluster, leader) {
      metrics.append(try await EtcdMetrics.read(port: member.clientPort, within: 30))
    }
    return Moment(processors: processors, metrics: metrics)
  }

  private func others(_ cluster: EtcdCluster, _ leader: Int) -> [EtcdCluster.Member] {
    cluster.members.indices.filter { $0 != leader }.map { cluster.members[$0] }
  }

  private func repetition(
    _ observation: Observation, _ leader: Int, _ before: SyncProbe, _ after: SyncProbe
  ) -> EtcdRepetition {
    let (first, last) = (observation.moments[0], observation.moments[1])
    let members = zip(first.metrics, last.metrics).map { EtcdMemberFigures(from: $0, to: $1) }
    let shares = ProcessorShares(from: first.processors, to: last.processors)
    let isNoisy = shares.disturbance > settings.noiseLimit
    let outcome = observation.outcome
    let isOpen = point.load.loop == .open
    let writes = members.first?.logSync.count ?? 0
    return EtcdRepetition(
      sequence: 0, retries: 0, isNoisy: isNoisy, isUsed: !isNoisy || settings.despiteNoise,
      window: settings.window, offeredRate: rate,
      rate: Double(outcome.latency.count) / settings.window.inSeconds,
      latency: outcome.latency, serviceLatency: isOpen ? outcome.service : nil,
      failed: outcome.failed, unfinished: outcome.unfinished,
      batch: point.load.operation == .put && writes > 0
        ? Double(members[0].committed) / Double(writes) : nil,
      members: members, processors: shares, syncBefore: before, syncAfter: after)
  }
}
