public import Measure
internal import Simulation

/// How much a limited part of the control plane was used.
public struct ResourceUse: Hashable, Codable, Sendable {
  /// What it is, as a sentence names it: "kube-controller-manager's client limit".
  public var name: String
  /// How much of it there is: "20/s", "3 x 8 CPUs".
  public var limit: String
  /// How much of that was used; of several alike the busiest.
  public var used: Fraction
  /// What waits for it is these parts of a pod's start-up.
  public var parts: [LatencyPart]
  /// What waits for it is these parts of a request; nil where they are the same.
  public var requestParts: [LatencyPart]?
}

/// What pods or requests wait for most.
public struct Bottleneck: Hashable, Codable, Sendable {
  /// The resource.
  public var resource: ResourceUse
  /// Its share of the latency.
  public var share: Fraction
  /// Of which latency: "pod startup p99".
  public var latency: String

  /// It as a sentence.
  public var text: String {
    "\(resource.name) (\(resource.limit)), used \(Self.percent(resource.used)); "
      + "\(Self.percent(share)) of \(latency) is waiting for it"
  }

  /// The least share of a latency that makes its resource the bottleneck.
  public static let leastShare = Fraction.percent(20)

  /// The resource that pods around a percentile of their start-up wait for longest, or requests;
  /// nil if none has ``leastShare`` of it.
  public init?(
    _ breakdown: LatencyBreakdown, of latency: String, ofRequests: Bool = false,
    among resources: [ResourceUse]
  ) {
    func share(_ parts: [LatencyPart]) -> Double {
      parts.reduce(0) { $0 + breakdown.share(of: $1).value }
    }
    // Requests that wait for a CPU hold their seats meanwhile: who waits for a seat waits for it.
    let isHeldByCPU =
      share([.serverQueue])
      > share([.serverCPU, .etcdQueue, .etcdSync, .etcdQuorum, .etcdApply])
    self.init(
      of: latency,
      resources.map { resource in
        var parts = ofRequests ? resource.requestParts ?? resource.parts : resource.parts
        if isHeldByCPU {
          if parts.contains(.serverQueue) {
            parts.append(.flowControl)
          } else {
            parts.removeAll { $0 == .flowControl }
          }
        }
        return (resource, share(parts))
      })
  }

  /// The resource with the largest share of a latency; nil if none has ``leastShare``.
  init?(of latency: String, _ shares: [(resource: ResourceUse, share: Double)]) {
    guard let best = shares.max(by: { $0.share < $1.share }),
      Fraction(best.share) >= Self.leastShare
    else { return nil }
    resource = best.resource
    share = Fraction(best.share)
    self.latency = latency
  }

  /// Bytes per second as links have them: `1250 MB/s`.
  static func rate(_ bytesPerSecond: Int64) -> String {
    "\(significant(Double(bytesPerSecond) / 1e6, 4)) MB/s"
  }

  private static func percent(_ fraction: Fraction) -> String {
    "\(Int((fraction.value * 100).rounded())) %"
  }
}

/// Books of the measured time, as they stood when it began.
struct UseStart {
  var serverCPU: [Nanoseconds] = []
  var scheduler = Nanoseconds.zero
}

extension Cluster {
  /// What is measured is measured from now on.
  mutating func beginMeasuring(at now: Nanoseconds) {
    world.observations.begin(at: now)
    world.restartLimits()
    // What etcd counts of itself, too, is of the measured time only.
    etcd.counters = EtcdCounters()
    useStart = UseStart(
      serverCPU: apiServers.servers.indices.map { serverCPU($0) }, scheduler: scheduler.busy)
  }

  private func serverCPU(_ server: Int) -> Nanoseconds {
    apiServers.servers[server].spentBefore + apiServers.servers[server].processors.spent
  }

  /// How much of what is limited was used in the measured time.
  func resourceUses(at now: Nanoseconds) -> [ResourceUse] {
    let span = Double((now - world.observations.begin).count)
    guard span > 0 else { return [] }
    return limits(span) + [levels(span), servers(span)] + etcdUses(span) + [
      ResourceUse(
        name: "kube-scheduler", limit: "one pod at a time",
        used: Fraction(Double((scheduler.busy - useStart.scheduler).count) / span),
        parts: [.scheduler]),
      scheduler.cache.use,
      kubelets.pulls.use(at: now),
    ]
  }

  /// The limits of clients; of a request's wait no one knows the client, so that it counts for the
  /// group that waited longest.
  private func limits(_ span: Double) -> [ResourceUse] {
    let uses = world.limitUses()
    let longest = uses.map(\.waits).max() ?? .zero
    return zip(LimitGroup.allCases, uses).map { group, use in
      // Tokens that are reserved and have not come are not used yet.
      let used = use.rate > 0 ? min(1, Double(use.taken) / (use.rate * span / 1e9)) : 0
      let parts: [LatencyPart] =
        switch group {
        // Its workers hold what they have not asked for yet while they wait for the limit.
        case .controllerManager:
          used > 0.8 && use.waits > .zero ? [.clientLimit, .controller] : [.clientLimit]
        case .scheduler: [.schedulerLimit]
        case .kubelet: [.kubeletLimit]
        case .other: []
        }
      return ResourceUse(
        name: "\(group.rawValue)'s client limit", limit: Rate(perSecond: use.rate).text,
        used: Fraction(used), parts: parts,
        requestParts: use.waits == longest ? [.clientLimit] : [])
    }
  }

  /// The priority level for which requests waited longest in all.
  private func levels(_ span: Double) -> ResourceUse {
    let parameters = world.model.apiServer
    let names = parameters.flowControl.levels.map(\.name.rawValue)
    var busiest = 0
    for level in names.indices
    where world.observations.levels[level].waits > world.observations.levels[busiest].waits {
      busiest = level
    }
    let seats = apiServers.flowControl.levels[busiest].nominal * parameters.servers
    let used = Double(world.observations.levels[busiest].seatTime) / (span * Double(max(1, seats)))
    return ResourceUse(
      name: "priority level \(names[busiest])", limit: "\(seats) seats", used: Fraction(used),
      parts: isRefusing ? [.flowControl, .earlierAttempts] : [.flowControl])
  }

  /// Whether what fails and is sent again was mostly refused for want of a seat.
  private var isRefusing: Bool {
    let answers = Outcome.allCases.filter(\.isTransient).map { outcome in
      (outcome, world.observations.answers[Int(outcome.rawValue)])
    }
    let refused = answers.filter { $0.0 == .tooManyRequests }.reduce(0) { $0 + $1.1 }
    return 2 * refused > answers.reduce(0) { $0 + $1.1 }
  }

  private func servers(_ span: Double) -> ResourceUse {
    let parameters = world.model.apiServer
    var most = 0.0
    for (server, start) in useStart.serverCPU.enumerated() {
      most = max(most, Double((serverCPU(server) - start).count))
    }
    return ResourceUse(
      name: "the API servers' CPUs", limit: "\(parameters.servers) x \(parameters.cpus)",
      used: Fraction(most / (span * Double(parameters.cpus))), parts: [.serverQueue])
  }

  private func etcdUses(_ span: Double) -> [ResourceUse] {
    let applied = etcd.parameters.applyCost * Int64(etcd.counters.proposals)
    let commits = Double(etcd.counters.backendCommits.sum)
    return [
      ResourceUse(
        name: "etcd's log", limit: "one write at a time",
        used: Fraction(Double(etcd.counters.writing.count) / span),
        parts: [.etcdQueue, .etcdSync, .etcdQuorum]),
      ResourceUse(
        name: "etcd's apply loop and backend", limit: "one at a time",
        used: Fraction((Double(applied.count) + commits) / span), parts: [.etcdApply]),
    ]
  }
}

extension ImagePulls {
  /// What holds pulls of images up most, with all of their time.
  func use(at now: Nanoseconds) -> ResourceUse {
    let registry = parameters.registryBytesPerSecond
    let node = min(parameters.linkBytesPerSecond, registry)
    // Where one pull can have all of the registry's link, it is that link in any case.
    let own = node < registry ? spent.transfer : 0
    let shared = spent.shared + spent.transfer - own
    let causes: [(Int64, String, String, Fraction)] = [
      (shared, "the registry's link", Bottleneck.rate(registry), link.used(at: now)),
      (own, "a node's link", Bottleneck.rate(node), .percent(100)),
      (
        spent.unpacking, "unpacking images on a node",
        Bottleneck.rate(parameters.unpackBytesPerSecond),
        .percent(100)
      ),
      (
        spent.refused, "a kubelet's registryPullQPS", parameters.registryPullQPS.text,
        .percent(100)
      ),
    ]
    // Who waits for others of its node waits for what these wait for.
    let cause = causes.reduce(causes[0]) { $1.0 > $0.0 ? $1 : $0 }
    return ResourceUse(name: cause.1, limit: cause.2, used: cause.3, parts: [.imagePull])
  }
}

extension Provisioning {
  /// What machines wait for most from the wish for them until their nodes are ready, of what they
  /// share or what is theirs to choose; nil where nothing has ``Bottleneck/leastShare``.
  func bottleneck(at now: Nanoseconds) -> Bottleneck? {
    let all = Double(spent.indices.reduce(0) { $0 + spent[$1] })
    guard all > 0 else { return nil }
    func total(_ phase: ProvisioningPhase) -> Int64 { spent[Int(phase.rawValue)] }
    func shared(_ phase: ProvisioningPhase) -> Int64 { waited[Int(phase.rawValue)] }
    let agents = min(parameters.downloadBytesPerSecond, parameters.imageServerBytesPerSecond)
    let full = Fraction.percent(100)
    let causes: [(Int64, String, String, Fraction)] = [
      (total(.queue), "deployments at once", String(parameters.concurrency), full),
      (
        shared(.networkBoot), "the boot server", "\(parameters.bootServerConcurrency) at once", full
      ),
      (
        shared(.download), "the image server's link",
        Bottleneck.rate(parameters.imageServerBytesPerSecond), imageServerUse(at: now)
      ),
      (
        total(.download) - shared(.download), "an agent's download",
        Bottleneck.rate(agents), full
      ),
      (total(.write), "an agent's disk", Bottleneck.rate(parameters.diskBytesPerSecond), full),
      (
        shared(.clone), "the storage back-end", "\(parameters.cloneConcurrency) clones at once",
        full
      ),
    ]
    return Bottleneck(
      of: "machines' time to ready nodes",
      causes.map { time, name, limit, used in
        (
          ResourceUse(name: name, limit: limit, used: used, parts: []),
          Double(time) / all
        )
      })
  }
}
