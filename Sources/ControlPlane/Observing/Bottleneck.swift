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
  /// What waits for it is these parts of a latency.
  public var parts: [LatencyPart]
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

  /// The resource that the latencies around a percentile wait for longest; nil if none has
  /// ``leastShare`` of them.
  public init?(_ breakdown: LatencyBreakdown, of latency: String, among resources: [ResourceUse]) {
    var best: (ResourceUse, Double)?
    for resource in resources {
      let share = resource.parts.reduce(0) { $0 + breakdown.share(of: $1).value }
      if share > best?.1 ?? 0 { best = (resource, share) }
    }
    guard let (resource, share) = best, Fraction(share) >= Self.leastShare else { return nil }
    self.resource = resource
    self.share = Fraction(share)
    self.latency = latency
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
        parts: [.scheduler])
    ]
  }

  private func limits(_ span: Double) -> [ResourceUse] {
    let parts: [LatencyPart] = [.clientLimit, .schedulerLimit, .kubeletLimit]
    return zip(zip(LimitGroup.allCases, parts), world.limitUses()).map { pair, use in
      ResourceUse(
        name: "\(pair.0.rawValue)'s client limit", limit: Rate(perSecond: use.rate).text,
        // Tokens that are reserved and have not come are not used yet.
        used: Fraction(
          use.rate > 0 ? min(1, Double(use.taken) / (use.rate * span / 1e9)) : 0),
        parts: [pair.1])
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
      parts: [.flowControl])
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
        parts: [.etcdQueue, .etcdLog]),
      ResourceUse(
        name: "etcd's apply loop and backend", limit: "one at a time",
        used: Fraction((Double(applied.count) + commits) / span), parts: [.etcdApply]),
    ]
  }
}
