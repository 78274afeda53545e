import Measure
import Simulation

@testable import ControlPlane

/// A cluster whose pods and workloads a test looks at while it runs.
struct WorkloadRig: ~Copyable {
  var api: APIServerRig

  init(_ model: ClusterModel, _ load: ClusterLoad = ClusterLoad(), seed: UInt64 = 1) {
    api = APIServerRig(model, load, seed: seed)
  }

  /// Runs until `isDone`, asked after each `step`; when that was, or nil by `end`.
  mutating func run(
    until end: Nanoseconds, step: Nanoseconds = .milliseconds(10),
    _ isDone: (borrowing World) -> Bool
  ) -> Nanoseconds? {
    while api.loop.now < end {
      api.run(until: api.loop.now + step)
      if isDone(api.cluster.world) { return api.loop.now }
    }
    return nil
  }

  /// Asks for something of workload `number` as an administrator.
  mutating func ask(_ verb: Verb, workload number: Int, argument: Int = 0) {
    let client = api.addClient(.admin)
    var request = Request(verb, .deployment, client: client, object: UInt32(number))
    request.argument = UInt32(argument)
    api.submit(request)
  }

  /// Deletes the pods that `isMeant`.
  mutating func deletePods(where isMeant: (Pod) -> Bool) {
    let client = api.addClient(.admin)
    for pod in 0..<UInt32(api.cluster.world.pods.peak)
    where isMeant(api.cluster.world.pods[pod]) {
      var request = Request(.delete, .pod, client: client, object: pod)
      request.serial = api.cluster.world.pods[pod].serial
      api.submit(request)
    }
  }

  /// Pods that the table has in a phase.
  func pods(where isMeant: (Pod) -> Bool) -> Int {
    (0..<UInt32(api.cluster.world.pods.peak)).count { isMeant(api.cluster.world.pods[$0]) }
  }

  /// What does not add up of pods, workloads and nodes; nil if all does.
  func imbalance() -> String? {
    var phases = [Int64](repeating: 0, count: PodPhase.allCases.count)
    var active = [Int32](repeating: 0, count: api.cluster.world.workloads.count)
    var ready = active
    var onNode = [Int32](repeating: 0, count: api.cluster.world.nodes.count)
    var cpu = onNode
    for number in 0..<UInt32(api.cluster.world.pods.peak) {
      let pod = api.cluster.world.pods[number]
      phases[Int(pod.phase.rawValue)] += 1
      if pod.phase.isActive { active[Int(pod.workload)] += 1 }
      if pod.phase == .ready { ready[Int(pod.workload)] += 1 }
      if pod.isCounted, pod.phase != .gone {
        onNode[Int(pod.node)] += 1
        cpu[Int(pod.node)] += pod.cpu
      }
    }
    var sum: Int64 = 0
    for phase in PodPhase.allCases where phase != .wished {
      let counted = api.cluster.world.census.count(phase)
      sum += counted
      if phase != .gone, counted != phases[Int(phase.rawValue)] {
        return "\(phase): \(counted) counted, \(phases[Int(phase.rawValue)]) there"
      }
    }
    if sum != api.cluster.world.census.created { return "created is not the sum of all phases" }
    for number in api.cluster.world.workloads.indices {
      let workload = api.cluster.world.workloads[number]
      if workload.pods != active[number] || workload.ready != ready[number] {
        return "workload \(number): \(workload.pods) pods, \(workload.ready) ready counted; "
          + "\(active[number]), \(ready[number]) there"
      }
    }
    for number in api.cluster.world.nodes.indices {
      let node = api.cluster.world.nodes[number]
      if node.pods != onNode[number] || node.cpuAsked != cpu[number] {
        return "node \(number): \(node.pods) pods counted, \(onNode[number]) there"
      }
    }
    return nil
  }

  /// A model of so many nodes whose heartbeats are off.
  static func quiet(nodes: Int) -> ClusterModel { APIServerRig.quiet(nodes: nodes, servers: 3) }

  /// One workload that is there from the start, or is made then.
  static func load(_ replicas: Int, isThere: Bool = true) -> ClusterLoad {
    var load = ClusterLoad()
    var workload = ClusterLoad.Deployment(replicas: replicas)
    workload.isThere = isThere
    load.workloads = [workload]
    return load
  }
}
