internal import ControlPlane
internal import Measure

typealias SimulationField = Field<ClusterLoad>

/// The table of `simulation:` keys: everything that is known of them is here.
enum SimulationFields {
  static let all: [SimulationField] = [
    .duration("duration", \.duration, least: 1_000_000_000, "time that is simulated and measured"),
    .duration(
      "warm-up", \.warmUp, least: 0, "time that is simulated before; nothing of it is measured"),
    .duration(
      "sampling", \.sampling, least: 1_000_000, "how far apart samples of the time series are"),
    .integer("pods", \.pods, 0...10_000_000, "pods that run from the start, in deployments alike"),
    .integer(
      "pods-per-deployment", \.podsPerDeployment, 1...1_000_000,
      "how many of these pods each of their deployments has"),
    .perSecond(
      "pod-churn", \.podChurn, allowsZero: true,
      "pods per second that are deleted, for their replica sets to make anew"),
    .integer(
      "api-clients", \.closedLoop.clients, 0...100_000,
      "clients of the API servers that send one request after the other"),
    .word("api-clients-do", \.closedLoop.act, "what each of them does"),
    .integer(
      "etcd-clients", \.etcdLoad.clients, 0...100_000,
      "clients of etcd itself that send one request after the other"),
    .perSecond(
      "etcd-rate", \.etcdLoad.rate, allowsZero: true,
      "requests to etcd itself that come by themselves, whatever became of those before"),
    .word("etcd-clients-do", \.etcdLoad.act, "what requests to etcd itself do"),
    .size("etcd-value-size", \.etcdLoad.valueSize, least: 1, "bytes that each of them writes"),
    SimulationField(
      name: "deployments", kind: .map(noun: "deployment", .record(DeploymentGrammar.members)),
      doc: "further deployments, by name",
      apply: { value, load in
        load.workloads = value.pairs.compactMap { DeploymentGrammar.deployment($0.value) }
        load.rollouts = value.pairs.enumerated().flatMap {
          DeploymentGrammar.rollouts($1.value, of: $0)
        }
      },
      render: { load in
        guard !load.workloads.isEmpty else { return nil }
        return .integer(load.workloads.reduce(0) { $0 + $1.replicas })
      }),
    .integer(
      "add-nodes", \.addedNodes, 0...50_000,
      "nodes that are added from the end of the warm-up on, as provisioning says"),
    SimulationField(
      name: "add-to-pool", kind: .name, doc: "the pool that they belong to; the last one without",
      apply: { value, load in load.addedPool = value.word },
      render: { $0.addedPool.map(Value.word) }),
    SimulationField(
      name: "faults", kind: FaultGrammar.kind, doc: "what goes wrong, and when",
      apply: { value, load in load.faults = value.items.compactMap(FaultGrammar.fault) },
      render: { load in
        load.faults.isEmpty ? nil : .list(load.faults.map(FaultGrammar.value))
      }),
    SimulationField(
      name: "traffic", kind: .record(TrafficGrammar.members),
      doc: "the users' traffic, which autoscaled deployments follow",
      apply: { value, load in load.traffic = TrafficGrammar.curve(value) },
      render: { TrafficGrammar.value(of: $0.traffic) }),
    SimulationField(
      name: "event-budget", kind: .integer(1...Int.max),
      doc: "the most events that a trial may take; one that needs more is a failed trial",
      apply: { value, load in
        if let budget = value.integer { load.eventBudget = UInt64(budget) }
      },
      render: { .integer(Int(clamping: $0.eventBudget)) }),
  ]

  static let members: [Member] = all.map { $0.member(ClusterLoad()) }

  /// A load from checked values.
  static func load(_ values: Value) -> ClusterLoad {
    var load = ClusterLoad()
    for field in all {
      if let value = values[field.name] { field.apply(value, &load) }
    }
    return load
  }
}
