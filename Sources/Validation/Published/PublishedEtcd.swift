internal import ControlPlane
internal import Measure

/// Published figures of etcd alone.
enum PublishedEtcd {
  static func cases(_ model: EtcdModel) -> [PublishedCase] {
    let google = GoogleMachines(model)
    return [
      google.case(
        "V1", "1 client, leader", told: "disk chosen to meet the rate", .put, clients: 1,
        [.rate(583).fitted, .middle("mean", 1.6)]),
      google.case(
        "V2", "1000 clients, leader", .put, clients: 1000,
        [.rate(44_341), .middle("mean", 22)]),
      google.case(
        "V4", "1 client, linearizable reads", .linearizableRead, clients: 1,
        [.rate(1353), .middle("mean", 0.7)]),
      google.case(
        "V4", "1 client, serializable reads", told: "network chosen to meet the rate",
        .serializableRead, clients: 1, [.rate(2909).fitted, .middle("mean", 0.3)]),
      google.case(
        "V5", "1000 clients, linearizable reads", .linearizableRead, clients: 1000,
        [.rate(141_578).but(client), .middle("mean", 5.5).but(client)]),
      google.case(
        "V5", "1000 clients, serializable reads", .serializableRead, clients: 1000,
        [.rate(185_758).but(client), .middle("mean", 2.2).but(client)]),
      ant(model), azure(model),
    ]
  }

  /// By Little's law 1000 clients at those rates wait for 7.1 and 5.4 ms: the rest of the time is
  /// the load generator's own, of which the model has none.
  private static let client =
    "rate times mean is 779 and 409 of 1000 clients: the load generator was the bottleneck"

  /// 200 000 writes a minute.
  private static func ant(_ model: EtcdModel) -> PublishedCase {
    PublishedCase(
      id: "V24", scenario: "etcd of a cluster of 7000 to 10 000 nodes",
      source: "Ant Group, over 200 000 writes a minute",
      parameters: "3 members on local NVMe disks, 8 CPUs each (defaults), Poisson at 3333/s",
      quantities: [
        .init(name: "writes served", unit: "1/s", claim: .atLeast(3333 * 0.98)),
        .init(name: "p99 of a write", unit: "ms", claim: .atMost(100)),
      ]
    ) { seed in
      var trial = EtcdTrial(parameters: model.onMachinesOfTheirOwn(3, cpus: 8))
      trial.arrival = .poisson(Rate(perSecond: 3333))
      (trial.duration, trial.seed) = (.seconds(5), seed)
      let outcome = trial.run()
      let p99 = Double(outcome.latency.quantile(0.99) ?? 0) / 1e6
      return [outcome.throughput.perSecond, p99]
    }
  }

  /// A disk of 5000 IOPS, of which a log that waits 2 ms for each write gets a tenth.
  private static func azure(_ model: EtcdModel) -> PublishedCase {
    PublishedCase(
      id: "V27", scenario: "etcd on a network disk, 2500 nodes",
      source: "OpenAI, Scaling Kubernetes to 2500 nodes (2018)",
      parameters: "2 ms a write and 5000 IOPS (Azure P30), 64 clients that always wait",
      quantities: [
        .init(name: "part of the IOPS used", unit: "%", claim: .near(10, .within(.percent(25))))
      ]
    ) { seed in
      var parameters = model.onMachinesOfTheirOwn(3, cpus: 8)
      parameters.walSync = .constant(.milliseconds(2))
      var trial = EtcdTrial(parameters: parameters)
      trial.arrival = .closed(clients: 64)
      (trial.duration, trial.seed) = (.seconds(5), seed)
      return [Double(trial.run().walSync.count) / 5 / 5000 * 100]
    }
  }
}

extension EtcdModel {
  /// The fitted etcd where each member has a machine with so many CPUs, which never sleep.
  func onMachinesOfTheirOwn(_ members: Int, cpus: Int) -> EtcdParameters {
    var parameters = parameters
    let deployed = EtcdParameters()
    parameters.members = members
    parameters.placement = .machineEach
    parameters.cpus = cpus
    parameters.wakeUp = .zero
    parameters.processWakeCPU = .zero
    parameters.restCPU = .zero
    parameters.walSync = deployed.walSync
    parameters.walOverwrite = nil
    parameters.backendCommit = deployed.backendCommit
    parameters.roundTrip = deployed.roundTrip
    return parameters
  }
}

/// etcd 3.2 on three machines of 8 CPUs each with SSDs at Google, as etcd's own figures are of.
///
/// Neither network nor disk is published: the network is chosen to meet the rate of serializable
/// reads of one client, then the disk to meet the rate of puts of one client; the rest follows.
struct GoogleMachines: Sendable {
  private let parameters: EtcdParameters
  private let network: Nanoseconds

  init(_ model: EtcdModel) {
    var parameters = model.onMachinesOfTheirOwn(3, cpus: 8)
    network = Self.search(upTo: 1000) { span in
      let rate = Self.outcome(parameters, .serializableRead, 1, span, seed: 1).throughput
      return rate.perSecond > 2909
    }
    parameters.roundTrip = network
    let network = network
    let disk = Self.search(upTo: 3000) { span in
      var slower = parameters
      slower.walSync = Self.disk(span)
      return Self.outcome(slower, .put, 1, network, seed: 1).throughput.perSecond > 583
    }
    parameters.walSync = Self.disk(disk)
    self.parameters = parameters
  }

  /// A lognormal disk; its tail is that of the near idle disk measured for the notes (p99/p50 1.6).
  private static func disk(_ median: Nanoseconds) -> LatencyLaw {
    .lognormal(p50: median, p99: Nanoseconds(median.count * 8 / 5))
  }

  /// The longest span, in whole microseconds below a bound, that is too short, plus one.
  private static func search(
    upTo bound: Int64, _ isTooShort: (Nanoseconds) -> Bool
  ) -> Nanoseconds {
    var (low, high): (Int64, Int64) = (1, bound)
    while high - low > 1 {
      let middle = (low + high) / 2
      if isTooShort(.microseconds(middle)) { low = middle } else { high = middle }
    }
    return .microseconds(high)
  }

  private static func outcome(
    _ parameters: EtcdParameters, _ operation: EtcdTrial.Operation, _ clients: Int,
    _ network: Nanoseconds, seed: UInt64
  ) -> EtcdOutcome {
    var trial = EtcdTrial(parameters: parameters)
    trial.operation = operation
    trial.arrival = .closed(clients: clients)
    // Reads went to all three members, puts to the leader.
    trial.toLeader = operation == .put
    // The figures are of 1 and 100 connections.
    trial.connections = 100
    trial.clientRoundTrip = network
    trial.warmUp = .milliseconds(200)
    trial.duration = clients > 1 ? .seconds(1) : .seconds(2)
    trial.seed = seed
    return trial.run()
  }

  func `case`(
    _ id: String, _ scenario: String, told: String? = nil, _ operation: EtcdTrial.Operation,
    clients: Int, _ quantities: [PublishedCase.Quantity]
  ) -> PublishedCase {
    let (parameters, network) = (parameters, network)
    return PublishedCase(
      id: id, scenario: "etcd 3.2, 3 machines of 8 CPUs, 256 B: \(scenario)",
      source: "etcd.io, op-guide/performance",
      parameters: told ?? "network and disk as for V4 and V1", quantities: quantities
    ) { seed in
      let outcome = Self.outcome(parameters, operation, clients, network, seed: seed)
      return [outcome.throughput.perSecond, outcome.latency.mean / 1e6]
    }
  }
}
