internal import Simulation

/// How much waits where, as snapshots and series have it.
extension Cluster {
  /// Keys that wait for a controller's workers, by the names of `workqueue_depth`.
  var workQueueDepths: [(name: String, depth: Int)] {
    [
      ("deployment", controllers.deployments.queue.depth),
      ("replicaset", controllers.replicaSets.queue.depth),
      ("endpoint_slice", controllers.endpointSlices.queue.depth),
      ("endpoint", controllers.endpoints.queue.depth),
      ("garbage_collector_attempt_to_delete", controllers.collector.depth),
    ]
  }

  /// Everything that waits for something limited; empty queues are left out.
  ///
  /// O(servers x levels).
  var occupiedQueues: [(name: String, depth: Int)] {
    var queues: [(String, Int)] = workQueueDepths.map { ("work queue \($0.name)", $0.depth) }
    queues += scheduler.queue.depths.map { ("scheduler, \($0.name)", $0.depth) }
    queues.append(("etcd's log, leader", Int(etcd.proposals.count)))
    let levels = world.model.apiServer.flowControl.levels
    for server in apiServers.servers.indices {
      queues.append(
        ("CPUs of API server \(server)", apiServers.servers[server].processors.waiting))
      let first = apiServers.flowControl.levels(of: server).lowerBound
      for (number, level) in levels.enumerated() {
        let depth = apiServers.flowControl.levels[first + number].waiting
        queues.append(("seats of \(level.name.rawValue), API server \(server)", depth))
      }
    }
    queues.append(("image pulls over the registry's link", kubelets.pulls.link.count))
    return queues.filter { $0.1 > 0 }.map { (name: $0.0, depth: $0.1) }
  }
}

extension SchedulingQueue {
  /// Pods that wait, by the names of `scheduler_pending_pods`.
  var depths: [(name: String, depth: Int)] {
    [
      ("active", waiting), ("backoff", backingOffCount), ("unschedulable", unschedulable),
    ]
  }
}
