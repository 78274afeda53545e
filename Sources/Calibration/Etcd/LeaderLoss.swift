internal import Foundation
internal import Host
internal import Measure
internal import Synchronization

/// Takes its leader from a fresh cluster and measures until a survivor takes a put.
struct LeaderLoss: Sendable {
  let program: EtcdProgram
  let settings: EtcdCalibrationSettings
  let cluster: EtcdClusterSettings
  let seed: UInt64

  /// Longer than many rounds of an election.
  private static let patience = Nanoseconds.seconds(90)

  private struct Answer: Sendable {
    var time: Nanoseconds
    var term: UInt64
  }

  private final class First: Sendable {
    let answer = Mutex<Answer?>(nil)
  }

  private struct Observation: Sendable {
    var answer: Answer
    var lost: Nanoseconds
    var term: UInt64
    var probes: Int
    var shares: ProcessorShares
  }

  /// Loses a leader once.
  ///
  /// Throws ``CalibrationError``.
  func run() async throws -> ElectionTrial {
    try StopRequest.check()
    let lifeline = try Lifeline(in: settings.places[0], prefix: "assay-etcd")
    defer { lifeline.cut() }
    var running = try await EtcdCluster.start(
      program, cluster, in: lifeline.folder, basePort: settings.basePort)
    defer { running.stop() }
    let leader = try await running.leader()
    let survivors = running.members.indices.filter { $0 != leader }
    let ports = survivors.map { running.members[$0].clientPort }
    let fixed = running
    let seen: Observation
    do {
      seen = try await EtcdClient.with(ports: ports) { client in
        try await observe(client, fixed, leader)
      }
    } catch {
      throw await running.explained(error, during: "loss of the leader, \(cluster.text)")
    }
    let isNoisy = seen.shares.disturbance > ElectionTrial.noiseLimit
    return ElectionTrial(
      outage: seen.answer.time - seen.lost, terms: Int(seen.answer.term - seen.term),
      probes: seen.probes, isNoisy: isNoisy, isUsed: !isNoisy || settings.despiteNoise,
      processors: seen.shares)
  }

  private func observe(
    _ client: EtcdClient, _ running: EtcdCluster, _ leader: Int
  ) async throws -> Observation {
    let key = "/registry/leases/kube-system/kube-scheduler"
    let value = Data(repeating: 0x61, count: 256)
    var term: UInt64 = 0
    // Through every survivor, so that connections are there.
    for survivor in 0..<(running.members.count - 1) {
      term = try await client.put(key, value, member: survivor, within: 10)
    }
    // At any moment between two heartbeats.
    var random = SeededRandom(seed: seed)
    let wait = Double(cluster.heartbeat.count) * (1 + 2 * random.unit())
    try await Task.sleep(for: .nanoseconds(Int64(wait)))
    let begin = try ProcessorShares.Mark(subject: running.cpuTime)
    let lost = MonotonicClock.now()
    running.signal(leader, settings.elections.loss == .stop ? SIGSTOP : SIGKILL)
    let (answer, probes) = try await firstAnswer(client, key, value, since: lost)
    let shares = ProcessorShares(
      from: begin, to: try ProcessorShares.Mark(subject: running.cpuTime))
    return Observation(answer: answer, lost: lost, term: term, probes: probes, shares: shares)
  }

  /// Tries a put every few milliseconds, each at the next survivor, until one is answered.
  ///
  /// Earlier ones are left waiting: on a slow disk an answer takes longer than the interval.
  private func firstAnswer(
    _ client: EtcdClient, _ key: String, _ value: Data, since lost: Nanoseconds
  ) async throws -> (Answer, probes: Int) {
    let first = First()
    let probes = try await withThrowingDiscardingTaskGroup { group in
      var probes = 0
      while first.answer.withLock({ $0 == nil }) {
        try StopRequest.check()
        guard MonotonicClock.now() - lost < Self.patience else { break }
        let number = probes
        group.addTask {
          let seconds = Int64(Self.patience.inSeconds)
          guard
            let term = try? await client.put(key, value, member: number, within: seconds)
          else { return }
          let answer = Answer(time: MonotonicClock.now(), term: term)
          first.answer.withLock { if $0 == nil { $0 = answer } }
        }
        probes += 1
        let next = lost + settings.elections.probeInterval * Int64(probes)
        try await Task.sleep(for: .nanoseconds(max((next - MonotonicClock.now()).count, 0)))
      }
      group.cancelAll()
      return probes
    }
    guard let answer = first.answer.withLock({ $0 }) else {
      throw CalibrationError(
        .failed,
        "\(counted(cluster.members, "member")), \(cluster.text): no put was answered "
          + "within \(Int(Self.patience.inSeconds)) s of the loss of the leader")
    }
    return (answer, probes)
  }
}
