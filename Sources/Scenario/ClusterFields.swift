internal import ControlPlane
internal import Measure

typealias ClusterField = Field<ClusterModel>

/// The tables of a `cluster:`'s keys: everything that is known of them is here.
enum ClusterFields {
  /// The keys that stand together under one.
  struct Group: Sendable {
    var name: String
    var doc: String
    var fields: [ClusterField]
    var members: [Member] { fields.map { $0.member(ClusterModel()) } }
  }

  static let groups = [
    Group(name: "etcd", doc: "etcd: its members, their disks and timers", fields: etcd),
    Group(name: "api-servers", doc: "the API servers", fields: apiServers),
    Group(
      name: "flow-control", doc: "API Priority and Fairness of the API servers",
      fields: FlowControlFields.all),
    Group(name: "watch-cache", doc: "the API servers' watch caches", fields: watchCache),
    Group(name: "kubelets", doc: "the kubelets, and where nodes stand", fields: kubelets),
    Group(
      name: "eviction", doc: "when kubelets evict pods because machines run out of something",
      fields: eviction),
    Group(
      name: "provisioning", doc: "how machines are made nodes", fields: ProvisioningFields.all),
    Group(name: "controllers", doc: "kube-controller-manager", fields: controllers),
    Group(name: "scheduler", doc: "kube-scheduler", fields: scheduler),
  ]

  /// The settings that are not those of the model's release, as `etcd.members` and text.
  static func settings(of model: ClusterModel) -> [(key: String, text: String)] {
    let standard = ClusterModel(profile: model.profile)
    let parts = ScalingFields.parts.map { ($0.name, $0) }
    let grouped = groups.flatMap { group in
      group.fields.map { ("\(group.name).\($0.name)", $0) }
    }
    return (grouped + parts).compactMap { key, field in
      guard let value = field.render(model), value != field.render(standard) else { return nil }
      return (key, value.text)
    }
  }

  /// The value of a key, `etcd.members`, as the model has it.
  static func value(of key: String, in model: ClusterModel) -> Value? {
    for group in groups {
      for field in group.fields where "\(group.name).\(field.name)" == key {
        return field.render(model)
      }
    }
    return nil
  }

  private static let etcd: [ClusterField] = [
    .integer("members", \.etcd.members, 1...9, "voting members; an odd number"),
    .duration("heartbeat-interval", \.etcd.heartbeatInterval, least: 1_000_000, "one tick"),
    .duration(
      "election-timeout", \.etcd.electionTimeout, least: 1_000_000,
      "without a leader for so long, a member stands for election"),
    .flag("pre-vote", \.etcd.preVote, "asks before it stands for election; on in 3.5"),
    .latency("wal-sync", \.etcd.walSync, "one write and fdatasync of the write-ahead log"),
    .latency(
      "wal-overwrite", \.etcd.walOverwrite,
      "the same to a page of the log written before; as wal-sync where it is not given"),
    entriesPerWrite,
    .duration("round-trip", \.etcd.roundTrip, least: 0, "from one member to another and back"),
    .duration("cycle-cost", \.etcd.cycleCost, least: 0, "a turn of the raft loop, sync apart"),
    .duration("entry-cost", \.etcd.entryCost, least: 0, "what each entry adds to it"),
    .duration("put-cpu", \.etcd.putCPU, least: 0, "CPU of a put on the member that takes it"),
    .share(
      "put-cpu-before-proposal", \.etcd.putCPUBeforeProposal, 0...1,
      "how much of put-cpu is spent before the entry is proposed"),
    .duration("read-cpu", \.etcd.readCPU, least: 0, "CPU of a read of one object"),
    .duration(
      "proposal-cpu", \.etcd.proposalCPU, least: 0, "CPU of raft's own goroutine for a put"),
    .duration(
      "request-cpu", \.etcd.requestCPU, least: 0, "CPU of taking in a request, besides"),
    .duration(
      "socket-read-cpu", \.etcd.socketReadCPU, least: 0,
      "CPU of reading a client's connection, however much waits there"),
    .duration(
      "socket-write-cpu", \.etcd.socketWriteCPU, least: 0,
      "CPU of writing it, however much is written"),
    .duration(
      "message-cpu", \.etcd.messageCPU, least: 0,
      "CPU of a raft message on who sends it, and on who gets it"),
    .duration(
      "sync-cpu", \.etcd.syncCPU, least: 0, "CPU of the kernel's own threads for a sync"),
    .duration(
      "sync-hold-cpu", \.etcd.syncHoldCPU, least: 0,
      "CPU of a member while the disk holds up a sync"),
    .duration(
      "sync-return-cpu", \.etcd.syncReturnCPU, least: 0, "CPU that it needs to go on after that"),
    .duration("wake-up", \.etcd.wakeUp, least: 0, "what an idle CPU takes to begin"),
    .duration(
      "process-wake-cpu", \.etcd.processWakeCPU, least: 0,
      "CPU that a member needs to go on after it slept"),
    .duration(
      "rest-cpu", \.etcd.restCPU, least: 0, "CPU that it burns looking for work before it sleeps"),
    .integer("cpus", \.etcd.cpus, 1...1024, "CPUs of each member's machine"),
    .duration("apply-cost", \.etcd.applyCost, least: 0, "the apply loop's time for an entry"),
    .duration(
      "backend-interval", \.etcd.backendInterval, least: 1_000_000,
      "how often the backend commits (--backend-batch-interval)"),
    .integer(
      "backend-limit", \.etcd.backendLimit, 1...1_000_000_000,
      "operations after which it commits at once (--backend-batch-limit)"),
    .latency("backend-commit", \.etcd.backendCommit, "one commit of the backend"),
    .duration(
      "backend-commit-per-operation", \.etcd.backendCommitPerOperation, least: 0,
      "what each operation adds to it"),
    .size("quota", \.etcd.quota, least: 1 << 20, "--quota-backend-bytes"),
    .duration(
      "compaction-interval", \.etcd.compactionInterval, least: 1_000_000_000,
      "how often the API server compacts"),
    .integer(
      "maximum-lag", \.etcd.maximumLag, 1...1_000_000_000,
      "entries committed and not applied beyond which proposals are refused"),
  ]

  /// Without a bound there is nothing to write.
  private static let entriesPerWrite = ClusterField(
    name: "entries-per-write", kind: .integer(1...1_000_000),
    doc: "entries that one write of the log takes at most; etcd has no such bound",
    apply: { value, model in
      if let most = value.integer { model.etcd.entriesPerWrite = most }
    },
    render: { model in
      model.etcd.entriesPerWrite == Int.max ? nil : .integer(model.etcd.entriesPerWrite)
    })

  private static let apiServers: [ClusterField] = [
    .integer("count", \.apiServer.servers, 1...32, "how many there are"),
    .integer("cpus", \.apiServer.cpus, 1...1024, "CPUs of each"),
    .integer(
      "max-inflight", \.apiServer.maxInflight, 1...1_000_000, "--max-requests-inflight"),
    .integer(
      "max-mutating-inflight", \.apiServer.maxMutatingInflight, 1...1_000_000,
      "--max-mutating-requests-inflight"),
    .duration("round-trip", \.apiServer.roundTrip, least: 0, "from a client and back"),
    .duration("write-cpu", \.apiServer.writeCPU, least: 0, "CPU of a write"),
    .duration("lease-cpu", \.apiServer.leaseCPU, least: 0, "CPU of a lease's renewal"),
    .duration("read-cpu", \.apiServer.readCPU, least: 0, "CPU of a read of one object"),
    .duration(
      "list-cpu-per-object", \.apiServer.listCPUPerObject, least: 0,
      "CPU that each object of a list adds"),
    .duration(
      "etcd-list-cpu-per-object", \.apiServer.etcdListCPUPerObject, least: 0,
      "what it adds to that where the list is from etcd"),
    .duration("send-cpu", \.apiServer.sendCPU, least: 0, "CPU to send an event to one watcher"),
    .latency(
      "watch-latency", \.apiServer.watchLatency, "from etcd's commit until an informer has it"),
    .flag(
      "fan-out-per-watcher", \.apiServer.hasFanOutPerWatcher,
      "simulates each watcher's send by itself: exact, and slower"),
  ]

  private static let watchCache: [ClusterField] = [
    .flag(
      "dynamic", \.apiServer.watchCache.isDynamic,
      "whether caches grow and shrink with what comes (since 1.19)"),
    .integer(
      "least-events", \.apiServer.watchCache.leastEvents, 4...10_000_000,
      "events that a cache holds at least; where it is not dynamic, its size"),
    .integer(
      "most-events", \.apiServer.watchCache.mostEvents, 4...10_000_000,
      "events that a cache holds at most"),
    .flag(
      "relists-from-etcd", \.apiServer.watchCache.relistsFromEtcd,
      "whether informers that lost their place list from etcd (client-go before 0.18)"),
  ]

  private static let kubelets: [ClusterField] = [
    .integer("max-pods", \.nodes.maximumPods, 1...10_000, "maxPods of each node"),
    .integer(
      "pods-per-core", \.nodes.podsPerCore, 0...10_000,
      "podsPerCore: the lesser of it and max-pods holds; 0 is no such limit"),
    .duration(
      "standby-interval", \.nodes.standbyInterval, least: 1_000_000_000,
      "how often a watchdog looks whether nodes that stand by must step in"),
    .integer("nodes-per-rack", \.nodes.nodesPerRack, 1...100_000, "nodes that fail as one"),
    .integer("zones", \.nodes.zones, 1...255, "zones that racks are dealt out to"),
    .duration(
      "lease-interval", \.nodes.leaseInterval, least: 1_000_000,
      "how often a lease is renewed: a quarter of nodeLeaseDurationSeconds"),
    .duration(
      "status-interval", \.nodes.statusInterval, least: 1_000_000,
      "how often status without news is reported (nodeStatusReportFrequency)"),
    .perSecond("qps", \.nodes.qps, "kubeAPIQPS"),
    .integer("burst", \.nodes.burst, 1...1_000_000, "kubeAPIBurst"),
    .perSecond("event-qps", \.nodes.eventQPS, "eventRecordQPS"),
    .integer("event-burst", \.nodes.eventBurst, 1...1_000_000, "eventBurst"),
    .integer(
      "events-per-start", \.nodes.eventsPerStart, 0...100, "events recorded while a pod starts"),
    .flag("serialize-image-pulls", \.nodes.serializeImagePulls, "one image at a time"),
    .perSecond("registry-qps", \.nodes.registryPullQPS, "registryPullQPS"),
    .integer("registry-burst", \.nodes.registryBurst, 1...1_000_000, "registryBurst"),
    .bytesPerSecond(
      "registry-link", \.nodes.registryBytesPerSecond, "what the registry's link carries"),
    .bytesPerSecond("unpack", \.nodes.unpackBytesPerSecond, "what a node unpacks of images"),
    .latency("pod-start", \.nodes.podStart, "from the news of a pod until its containers run"),
    .latency("pod-stop", \.nodes.podStop, "from the order to end a pod until it has ended"),
  ]

  private static let eviction: [ClusterField] = [
    .size(
      "hard-memory", \.nodes.eviction.hardMemory, least: 0,
      "memory.available of --eviction-hard; 0 is none"),
    .share(
      "hard-disk", \.nodes.eviction.hardDisk, 0...1,
      "nodefs.available of --eviction-hard; 0 is none"),
    .size(
      "soft-memory", \.nodes.eviction.softMemory, least: 0,
      "memory.available of --eviction-soft; 0 is none"),
    .share(
      "soft-disk", \.nodes.eviction.softDisk, 0...1,
      "nodefs.available of --eviction-soft; 0 is none"),
    .duration(
      "soft-grace", \.nodes.eviction.softGrace, least: 0,
      "--eviction-soft-grace-period of both"),
    .duration(
      "pod-grace", \.nodes.eviction.podGrace, least: 0, "--eviction-max-pod-grace-period"),
    .duration(
      "pressure-transition", \.nodes.eviction.transition, least: 0,
      "--eviction-pressure-transition-period"),
  ]

  private static let controllers: [ClusterField] = [
    .perSecond("qps", \.controllers.qps, "--kube-api-qps"),
    .integer("burst", \.controllers.burst, 1...1_000_000, "--kube-api-burst"),
    .duration(
      "node-monitor-period", \.controllers.nodeMonitorPeriod, least: 1_000_000,
      "--node-monitor-period"),
    .duration(
      "node-monitor-grace-period", \.controllers.nodeMonitorGracePeriod, least: 1_000_000,
      "--node-monitor-grace-period"),
    .perSecond("eviction-rate", \.controllers.evictionRate, "--node-eviction-rate"),
    .perSecond(
      "secondary-eviction-rate", \.controllers.secondaryEvictionRate, allowsZero: true,
      "--secondary-node-eviction-rate"),
    .share(
      "unhealthy-zone-threshold", \.controllers.unhealthyZoneThreshold, 0...1,
      "--unhealthy-zone-threshold"),
    .integer(
      "large-cluster-threshold", \.controllers.largeClusterThreshold, 0...1_000_000,
      "--large-cluster-size-threshold"),
    .duration(
      "not-ready-toleration", \.controllers.notReadyToleration, least: 0,
      "how long pods tolerate a node that is not ready"),
    .duration(
      "unreachable-toleration", \.controllers.unreachableToleration, least: 0,
      "how long pods tolerate an unreachable node"),
  ]

  private static let scheduler: [ClusterField] = [
    .perSecond("qps", \.controllers.schedulerQPS, "--kube-api-qps"),
    .integer("burst", \.controllers.schedulerBurst, 1...1_000_000, "--kube-api-burst"),
    .duration("cost", \.controllers.schedulingCost, least: 0, "time for a pod, nodes apart"),
    .duration(
      "cost-per-node", \.controllers.schedulingCostPerNode, least: 0,
      "what each node that is filtered and scored adds"),
    .flag(
      "packs", \.controllers.packs,
      "fills nodes (MostAllocated) rather than spreading (LeastAllocated)"),
    .flag(
      "preempts", \.controllers.preempts,
      "whether pods of lower priority go for those that fit nowhere"),
  ]
}
