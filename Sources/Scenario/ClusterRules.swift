internal import ControlPlane
internal import Measure

/// Finds keys of a cluster that contradict each other or what its parts would refuse.
struct ClusterRules {
  /// Of the cluster: `systems.today.cluster`.
  let path: String
  /// The values that the file gives.
  let given: Value

  private typealias Problem = TargetRules.Problem

  func problems(of model: ClusterModel) -> [TargetRules.Problem] {
    contradictions() + timers(model) + laws() + members(model) + provisioning(model)
      + renewals(model) + faults(model)
  }

  private func contradictions() -> [Problem] {
    var problems: [Problem] = []
    if given["nodes"] != nil, given["pools"] != nil {
      problems.append(
        Problem(
          path: "\(path).nodes", message: "nodes and pools both say what nodes there are",
          hint: "give nodes: 500 where all are alike, pools where they are not"))
    }
    if given["preset"] != nil, given["kubernetes"] != nil {
      problems.append(
        Problem(
          path: "\(path).kubernetes", message: "a preset says which release of Kubernetes it is of",
          hint: "leave kubernetes out, or the preset"))
    }
    return problems
  }

  /// etcd refuses to start with less (server/embed/config.go `Validate`).
  private func timers(_ model: ClusterModel) -> [Problem] {
    let etcd = model.etcd
    guard etcd.electionTimeout.count / 5 < etcd.heartbeatInterval.count else { return [] }
    let key = given["etcd"]?["election-timeout"] != nil ? "election-timeout" : "heartbeat-interval"
    return [
      Problem(
        path: "\(path).etcd.\(key)",
        message: "election-timeout \(etcd.electionTimeout.text) is less than five times "
          + "heartbeat-interval \(etcd.heartbeatInterval.text), which etcd refuses",
        hint: "etcd's documentation asks for ten times the round trip, and five heartbeats or more")
    ]
  }

  private func laws() -> [Problem] {
    ClusterFields.groups.flatMap { group in
      group.fields.compactMap { field in
        guard case .anyOf = field.kind, let value = given[group.name]?[field.name],
          let problem = LatencyGrammar.problem(of: value)
        else { return nil }
        return Problem(
          path: "\(path).\(group.name).\(field.name)", message: problem.message, hint: problem.hint)
      }
    }
  }

  /// What the parts say of themselves, at the first key given of those that it can come from.
  private func faults(_ model: ClusterModel) -> [Problem] {
    let found: [(fault: String?, keys: [String])] = [
      (model.apiServer.fault, ["flow-control", "watch-cache", "api-servers"]),
      (model.nodes.fault, ["pools", "kubelets"]),
      (model.provisioning.fault, ["provisioning"]),
      (model.autoscaling.fault, ["cluster-autoscaler"]), (model.addOns.fault, ["add-ons"]),
    ]
    return found.compactMap { fault, keys in
      guard let fault else { return nil }
      let key = keys.first { given[$0] != nil }
      return Problem(path: key.map { "\(path).\($0)" } ?? path, message: fault)
    }
  }

  /// Phases that no machine goes through: without a way to provision there are none.
  private func provisioning(_ model: ClusterModel) -> [Problem] {
    guard model.provisioning.path == .none else { return [] }
    let delays = ClusterFields.groups.filter { $0.name == "provisioning" }.flatMap(\.fields).filter
    {
      if case .anyOf = $0.kind { true } else { false }
    }
    return delays.filter { given["provisioning"]?[$0.name] != nil }.prefix(1).map { field in
      Problem(
        path: "\(path).provisioning.\(field.name)",
        message: "\(field.name) has no machine that goes through it: by is none",
        hint: "say by: ironic or by: dpu beside it")
    }
  }

  /// The node-lifecycle controller must hear of a node within its grace period.
  private func renewals(_ model: ClusterModel) -> [Problem] {
    let (lease, grace) = (model.nodes.leaseInterval, model.controllers.nodeMonitorGracePeriod)
    guard lease >= grace else { return [] }
    let isLease = given["kubelets"]?["lease-interval"] != nil
    return [
      Problem(
        path: isLease
          ? "\(path).kubelets.lease-interval" : "\(path).controllers.node-monitor-grace-period",
        message: "leases are renewed every \(lease.text), and after \(grace.text) without one a "
          + "node counts as lost: all of them would",
        hint: "Kubernetes renews four times in a grace period (10s, 40s)", severity: .warning)
    ]
  }

  private func members(_ model: ClusterModel) -> [Problem] {
    let members = model.etcd.members
    guard members % 2 == 0 else { return [] }
    return [
      Problem(
        path: "\(path).etcd.members",
        message: "\(members) members survive no more failures than \(members - 1), and write to "
          + "one more",
        hint: "etcd's documentation asks for an odd number", severity: .warning)
    ]
  }
}
