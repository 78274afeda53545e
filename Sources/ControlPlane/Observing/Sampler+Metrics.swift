internal import Measure
internal import Simulation

/// What a sample holds, by the names that Kubernetes, etcd and Prometheus have for it.
extension SampleSheet {
  mutating func take(_ cluster: borrowing Cluster, at now: Nanoseconds) {
    beginRow(at: now - cluster.world.observations.begin)
    takeRequests(cluster)
    takeFlowControl(cluster)
    takeServers(cluster)
    takeEtcd(cluster)
    takeObjects(cluster, at: now)
    takeQueues(cluster)
    takeLimits(cluster)
    histograms?.take(cluster)
  }

  private mutating func takeRequests(_ cluster: borrowing Cluster) {
    for outcome in Outcome.allCases where outcome != .pending {
      add(
        .counter, "apiserver_request_total", "Answers of the API servers.",
        ["code": String(outcome.code), "reason": "\(outcome)"],
        Double(cluster.world.observations.answers[Int(outcome.rawValue)]))
    }
    let mutating = cluster.world.observations.mutating.snapshot()
    for quantile in [0.5, 0.99] {
      add(
        .summary, "apiserver_request_duration_seconds", unit: "seconds",
        "Latency of requests that change an object, the wait for a seat included.",
        ["verb": "mutating", "quantile": String(quantile)],
        mutating.quantile(quantile, since: before.mutating).map { Double($0) / 1e9 })
    }
    before.mutating = mutating
    let startup = cluster.world.observations.podStartup.snapshot()
    add(
      .summary, "kubelet_pod_start_total_duration_seconds", unit: "seconds",
      "From the wish for a pod until the API has it as ready.", ["quantile": "0.99"],
      startup.quantile(0.99, since: before.startup).map { Double($0) / 1e9 })
    add(
      .counter, "kubelet_started_pods_total", "Pods that became ready.",
      Double(startup.count))
    before.startup = startup
    add(
      .counter, "rest_client_request_retries_total", "Requests that clients sent again.",
      Double(cluster.clients.retries))
  }

  private mutating func takeFlowControl(_ cluster: borrowing Cluster) {
    let parameters = cluster.world.model.apiServer
    for (number, description) in parameters.flowControl.levels.enumerated() {
      var queued = 0
      var executing = 0
      var refused: UInt64 = 0
      for server in 0..<parameters.servers {
        let level = cluster.apiServers.flowControl.levels(of: server).lowerBound + number
        queued += cluster.apiServers.flowControl.levels[level].waiting
        executing += cluster.apiServers.flowControl.levels[level].executing
        refused += cluster.apiServers.flowControl.levels[level].refused
        refused += cluster.apiServers.flowControl.levels[level].timedOut
      }
      let label: KeyValuePairs = ["priority_level": description.name.rawValue]
      add(
        .gauge, "apiserver_flowcontrol_current_inqueue_requests",
        "Requests that wait for a seat, over all servers.", label, Double(queued))
      add(
        .gauge, "apiserver_flowcontrol_current_executing_requests",
        "Requests that have a seat, over all servers.", label, Double(executing))
      add(
        .counter, "apiserver_flowcontrol_rejected_requests_total",
        "Requests that a level refused, warm-up included.", label, Double(refused))
    }
  }

  private mutating func takeServers(_ cluster: borrowing Cluster) {
    for server in cluster.apiServers.servers.indices {
      let watches = cluster.watches.connected(to: server)
      let label: KeyValuePairs = ["job": "kube-apiserver", "instance": String(server)]
      add(
        .gauge, "process_resident_memory_bytes", unit: "bytes",
        "An estimate of a server's memory.", label,
        Double(cluster.apiServers.memory(of: server, watches: watches, cluster.world).count))
      let state = cluster.apiServers.servers[server]
      add(
        .counter, "process_cpu_seconds_total", unit: "seconds",
        "CPU time of a server, warm-up included.", label,
        (state.spentBefore + state.processors.spent).inSeconds)
      add(
        .gauge, "apiserver_longrunning_requests", "Watches that a server has.", label,
        Double(watches))
    }
    add(
      .counter, "apiserver_watch_events_total",
      "Changes of endpoint slices that were sent, one for each watcher.",
      Double(cluster.world.observations.watchEvents))
  }

  private mutating func takeEtcd(_ cluster: borrowing Cluster) {
    add(
      .counter, "etcd_server_proposals_committed_total", "Writes that the leader applied.",
      Double(cluster.etcd.counters.proposals))
    add(
      .counter, "etcd_server_proposals_failed_total", "Writes that no leader took.",
      Double(cluster.etcd.counters.failedProposals))
    add(
      .counter, "etcd_server_leader_changes_seen_total", "Elections that were won.",
      Double(cluster.etcd.counters.leaderChanges))
    for member in cluster.etcd.members.indices {
      add(
        .gauge, "etcd_server_is_leader", "Whether a member leads.",
        ["instance": String(member)], cluster.etcd.leader == member ? 1 : 0)
    }
    let walSync = cluster.etcd.counters.walSyncs.snapshot()
    add(
      .summary, "etcd_disk_wal_fsync_duration_seconds", unit: "seconds",
      "Syncs of the leader's log.", ["quantile": "0.99"],
      walSync.quantile(0.99, since: before.walSync).map { Double($0) / 1e9 })
    before.walSync = walSync
    add(
      .gauge, "etcd_mvcc_db_total_size_in_bytes", "The file of the database.",
      Double(cluster.etcd.database.file))
  }

  private mutating func takeObjects(_ cluster: borrowing Cluster, at now: Nanoseconds) {
    var registered = 0
    var ready = 0
    var alive = 0
    for node in cluster.world.nodes.indices {
      let state = cluster.world.nodes[node]
      if state.isAlive { alive += 1 }
      guard state.isRegistered else { continue }
      registered += 1
      if state.condition == .ready { ready += 1 }
    }
    add(
      .gauge, "node_collector_zone_size", "Nodes that are registered.", Double(registered))
    add(
      .gauge, "kube_node_status_condition", "Nodes that the API has as ready.",
      ["condition": "Ready", "status": "true"], Double(ready))
    add(
      .gauge, "assay_nodes_alive", "Machines that run and reach the API servers.",
      Double(alive))
    add(
      .gauge, Self.podsWaiting,
      "Pods that are wanted and not ready, those that the API has not yet too.",
      Double(cluster.world.pods(waitingSince: now)))
    let phases = [
      ("Pending", PodPhase.pending), ("Bound", .bound), ("Running", .running),
      ("Ready", .ready), ("Failed", .failed), ("Terminating", .deleting),
    ]
    for (name, phase) in phases {
      add(
        .gauge, "kube_pod_status_phase",
        "Pods by phase; beside those of the API bound, ready and terminating ones.",
        ["phase": name],
        Double(cluster.world.observations.pods.phases[Int(phase.rawValue)]))
    }
  }

  private mutating func takeQueues(_ cluster: borrowing Cluster) {
    for (name, depth) in cluster.workQueueDepths {
      add(
        .gauge, "workqueue_depth", "Keys that wait for a worker of a controller.",
        ["name": name], Double(depth))
    }
    for (name, pods) in cluster.scheduler.queue.depths {
      add(
        .gauge, "scheduler_pending_pods", "Pods that wait for the scheduler.", ["queue": name],
        Double(pods))
    }
    add(
      .gauge, "etcd_server_proposals_pending", "Writes that wait for the leader's log.",
      Double(cluster.etcd.proposals.count))
  }

  /// The column of pods that wait, from which a load above capacity is told.
  static let podsWaiting = "assay_pods_waiting"

  private mutating func takeLimits(_ cluster: borrowing Cluster) {
    for (group, use) in zip(LimitGroup.allCases, cluster.world.limitUses()) {
      add(
        .counter, "rest_client_rate_limiter_duration_seconds_total", unit: "seconds",
        "Waits for clients' own limits.", ["client": group.rawValue],
        use.waits.inSeconds)
    }
  }
}

extension SampleSheet {
  mutating func add(
    _ kind: ClusterSeries.Kind, _ name: String, _ help: String, _ value: Double?
  ) {
    add(kind, name, help, [:], value)
  }
}

extension LatencyDistribution {
  /// The quantile of what has been added since `earlier`; nil if nothing was.
  ///
  /// fio's rule, without the exact extremes. O(buckets).
  func quantile(_ fraction: Double, since earlier: LatencyDistribution) -> UInt64? {
    guard count > earlier.count else { return nil }
    let rank = fraction * Double(count - earlier.count)
    var seen: UInt64 = 0
    var old = earlier.buckets[...]
    for bucket in buckets {
      seen += bucket.count
      if let first = old.first, first.index == bucket.index {
        seen -= first.count
        old.removeFirst()
      }
      if Double(seen) >= rank { return LatencyBuckets.midpoint(bucket.index) }
    }
    return maximum
  }
}
