internal import ControlPlane
internal import Measure

/// Finds simulated loads that their clusters cannot take, or that would not end.
struct SimulationRules {
  /// Of the workload: `workloads.churn`.
  let path: String
  /// Swept keys.
  let axes: [String]
  /// Keys whose value could not be read; `*` where it could be any.
  let broken: Set<String>

  typealias Problem = TargetRules.Problem

  /// A year: simulated times are kept in 64 bits of nanoseconds, and nobody waits for more.
  private static let longest = Nanoseconds.seconds(366 * 24 * 3600)

  func problems(
    of workload: ScenarioWorkload, on systems: [ScenarioSystem]
  ) -> [TargetRules.Problem] {
    var found: [Problem] = []
    var seen: Set<String> = []
    for load in workload.points.compactMap(\.workload.simulation) {
      var problems = [length(load), etcdClients(load)].compactMap(\.self)
      problems += deployments(load) + late(load)
      for system in systems {
        guard case .cluster(let model) = system.target else { continue }
        problems +=
          [
            room(load, model, system.name), budget(load, model, system.name),
          ].compactMap(\.self) + pools(load, model, system.name)
          + targets(load, model, system.name)
      }
      found += problems.filter { seen.insert($0.path).inserted }
    }
    return found
  }

  private func length(_ load: ClusterLoad) -> Problem? {
    guard !isOpen("duration", "warm-up"),
      load.duration > Self.longest || load.warmUp > Self.longest
    else { return nil }
    let key = load.duration > Self.longest ? "duration" : "warm-up"
    return Problem(
      path: place(key), message: "\(key) is more than a year", hint: "use a shorter \(key)")
  }

  private func etcdClients(_ load: ClusterLoad) -> Problem? {
    guard !isOpen("etcd-clients", "etcd-rate"), load.etcdLoad.clients > 0,
      load.etcdLoad.rate.perSecond > 0
    else { return nil }
    return Problem(
      path: place("etcd-rate"), message: "etcd-clients and etcd-rate are two kinds of load",
      hint: "take etcd-clients for a closed loop, etcd-rate for an open one")
  }

  private func deployments(_ load: ClusterLoad) -> [Problem] {
    let found = load.workloads.lazy.compactMap { $0.autoscaler?.fault ?? $0.traffic?.fault }
    let withoutTraffic = load.workloads.contains { $0.autoscaler != nil && $0.traffic == nil }
    let fault =
      found.first
      ?? (withoutTraffic ? "an autoscaled deployment needs requests, its usual traffic" : nil)
    return fault.map { [Problem(path: place("deployments"), message: $0)] } ?? []
  }

  /// What begins when the trial is over never happens.
  private func late(_ load: ClusterLoad) -> [Problem] {
    guard !isOpen("duration") else { return [] }
    return load.faults.filter { $0.at >= load.duration }.prefix(1).map { fault in
      Problem(
        path: place("faults"),
        message: "\(fault.kind.rawValue) begins at \(fault.at.text), and the trial ends at "
          + load.duration.text,
        hint: "let it begin earlier, or simulate longer", severity: .warning)
    }
  }

  /// Racks, zones, members and servers that a fault names and that are not there.
  private func targets(
    _ load: ClusterLoad, _ model: ClusterModel, _ system: String
  ) -> [Problem] {
    let racks = (model.nodes.count + model.nodes.nodesPerRack - 1) / model.nodes.nodesPerRack
    return load.faults.lazy.compactMap { fault -> Problem? in
      let (noun, count): (String, Int)
      switch fault.kind {
      case .rackLost: (noun, count) = ("rack", racks)
      case .zonePartitioned: (noun, count) = ("zone", model.nodes.zones)
      case .slowDisk, .memberKilled, .memberPartitioned:
        (noun, count) = ("member of etcd", model.etcd.members)
      case .apiServerRestarted: (noun, count) = ("API server", model.apiServer.servers)
      case .nodesLost, .leaderKilled, .controllerManagerDown, .imageServerSlow, .nodesFailing:
        return nil
      }
      guard let target = fault.target, target >= count else { return nil }
      return Problem(
        path: place("faults"),
        message: "\(fault.kind.rawValue): \"\(system)\" has no \(noun) \(target)",
        hint: "they count from 0 to \(count - 1)")
    }.prefix(1).map(\.self)
  }

  private func room(_ load: ClusterLoad, _ model: ClusterModel, _ system: String) -> Problem? {
    guard !isOpen("pods", "deployments") else { return nil }
    let pods = load.deployments.reduce(0) { $0 + $1.replicas }
    let nodes = model.nodes
    let room = nodes.pools.reduce(0) { $0 + ($1.nodes - $1.standby) * nodes.podCapacity(of: $1) }
    guard pods > room else { return nil }
    return Problem(
      path: place("pods"),
      message:
        "\(pods) pods are more than the \(room) that \(counted(model.nodes.count, "node")) of "
        + "\"\(system)\" take, \(model.nodes.maximumPods) each",
      hint: "use fewer pods, more nodes, or a larger kubelets.max-pods")
  }

  private func pools(
    _ load: ClusterLoad, _ model: ClusterModel, _ system: String
  ) -> [Problem] {
    let names = model.nodes.pools.map(\.name)
    return load.workloads.compactMap(\.pool).filter { !names.contains($0) }.prefix(1).map { name in
      Problem(
        path: place("deployments"), message: "\"\(system)\" has no pool \"\(name)\"",
        hint: NearestWord.of(name, in: names).map { "did you mean \"\($0)\"?" }
          ?? "its pools are \(names.joined(separator: ", "))")
    }
  }

  /// A load whose leases alone need more events than it may take would only fail after a long time.
  private func budget(_ load: ClusterLoad, _ model: ClusterModel, _ system: String) -> Problem? {
    guard !isOpen("event-budget", "duration", "warm-up", "pod-churn") else { return nil }
    let seconds = (load.warmUp + load.duration).inSeconds
    let leases = Double(model.nodes.count) / model.nodes.leaseInterval.inSeconds
    let least = seconds * (leases + load.podChurn.perSecond) * Self.leastEvents
    guard least > Double(load.eventBudget) else { return nil }
    return Problem(
      path: place("event-budget"),
      message: "on \"\(system)\" a trial takes more than \(Self.rounded(least)) events, and its "
        + "budget is \(load.eventBudget)",
      hint: "simulate a shorter time or fewer nodes, or raise event-budget")
  }

  /// Of any stored request: submitted, arrived, served, proposed, logged, answered, replied.
  private static let leastEvents = 7.0

  /// The leading digit alone, rounded down: a bound needs no more.
  private static func rounded(_ value: Double) -> String {
    var digits = Int(min(value, 9e17))
    var zeros = 0
    while digits >= 10 { (digits, zeros) = (digits / 10, zeros + 1) }
    return String(digits) + String(repeating: "0", count: zeros)
  }

  private func place(_ key: String) -> String {
    axes.contains(key) ? "\(path).sweep.\(key)" : "\(path).simulation.\(key)"
  }

  private func isOpen(_ keys: String...) -> Bool { !broken.isDisjoint(with: ["*"] + keys) }
}
