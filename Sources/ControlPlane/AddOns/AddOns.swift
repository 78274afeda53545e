internal import Measure
internal import Simulation

/// CoreDNS, Prometheus, Fluent Bit and Calico as load on the API servers.
///
/// What they watch, `Watches` holds. Here is what they ask for beside that: Prometheus scrapes
/// nodes by way of the API servers' proxy, Fluent Bit asks for the metadata of each new pod on its
/// node. CoreDNS answers from its cache or its informers, so that lookups cost no request.
struct AddOns: ~Copyable {
  private enum Kind {
    /// The next target of Prometheus is due.
    static let scrape: UInt8 = 0
    /// All Fluent Bits have looked for new files once.
    static let refresh: UInt8 = 1
    /// The Fluent Bit of the node asks for pod `index`.
    static let enrich: UInt8 = 2
    /// Lookups and logs of the last seconds are added up.
    static let count: UInt8 = 3
  }

  /// How often lookups and logs are added up.
  private static let step = Nanoseconds.seconds(10)

  private let parameters: AddOnParameters
  private let scraper: UInt32
  /// Of the Fluent Bits: one client each, by node; they share no connection.
  private let firstTail: UInt32
  private let tails: Int
  private var target = 0
  private var refreshed = Nanoseconds.zero
  private var stream: RandomStream
  private let successes: NameCache
  private let denials: NameCache
  private var sources: Table<Source>
  private(set) var counters = Counters()

  /// A deployment's traffic.
  struct Source: BitwiseCopyable {
    var workload: UInt16
    var usual: Double
    var capacity: Double
    var logBytes: Double
  }

  struct Counters: BitwiseCopyable {
    var queries = 0.0
    var hits = 0.0
    /// Lookups that went to name servers outside.
    var upstream = 0.0
    var scrapes: UInt64 = 0
    var failedScrapes: UInt64 = 0
    var enrichments: UInt64 = 0
    var logBytes = 0.0
    /// The most that a node's Fluent Bit had to keep between two flushes.
    var mostBuffered = 0.0
    /// Log that came faster than a buffer could take it, for the input was paused.
    var delayedLogBytes = 0.0
  }

  init(_ world: inout World) {
    parameters = world.model.addOns
    stream = world.stream(.addOn)
    let dns = parameters.coreDNS ?? AddOnParameters.CoreDNS()
    successes = NameCache(
      names: dns.names, entries: dns.successEntries, lifetime: dns.successTTL)
    denials = NameCache(names: dns.names, entries: dns.denialEntries, lifetime: dns.denialTTL)
    var client = Client(owner: .addOn, identity: .kubeSystem, flow: 1)
    client.timeout = parameters.prometheus?.timeout ?? .zero
    client.server = world.connections.connect() ?? 0
    scraper = parameters.prometheus == nil ? 0 : world.add(client)
    firstTail = UInt32(world.clients.count)
    tails = parameters.fluentBit == nil ? 0 : world.nodes.count
    for _ in 0..<tails {
      var client = Client(owner: .addOn, identity: .kubeSystem, flow: 2)
      client.server = world.connections.connect() ?? 0
      _ = world.add(client)
    }
    sources = Table(capacity: 4)
    for (workload, deployment) in world.load.deployments.enumerated() {
      guard let traffic = deployment.traffic else { continue }
      sources.append(
        Source(
          workload: UInt16(workload), usual: traffic.usual.perSecond,
          capacity: traffic.capacity.perSecond, logBytes: Double(traffic.logBytes.count)))
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start: start(&loop)
    case Kind.scrape: scrape(&world, &loop)
    case Kind.refresh: refresh(world, &loop)
    case Kind.enrich: enrich(event.index, &world, &loop)
    case Kind.count: count(world, &loop)
    case Port.reply: answered(event.index, &world)
    default: break
    }
  }

  private func start(_ loop: inout Loop) {
    if parameters.prometheus != nil {
      loop.schedule(now: Event(component: .addOn, what: Kind.scrape))
    }
    if let fluentBit = parameters.fluentBit {
      loop.schedule(Event(component: .addOn, what: Kind.refresh), after: fluentBit.refresh)
    }
    guard sources.count > 0, parameters.coreDNS != nil || parameters.fluentBit != nil else {
      return
    }
    loop.schedule(Event(component: .addOn, what: Kind.count), after: Self.step)
  }

  private mutating func answered(_ place: UInt32, _ world: inout World) {
    let request = world.finish(place)
    guard request.resource == .nodeProxy, request.outcome != .ok else { return }
    counters.failedScrapes += 1
  }

  // MARK: Prometheus

  /// Targets have their turns spread evenly over the interval: all nodes, then the API servers.
  private mutating func scrape(_ world: inout World, _ loop: inout Loop) {
    guard let prometheus = parameters.prometheus else { return }
    let targets = world.nodes.count + world.model.apiServer.servers
    if target >= targets { target = 0 }
    if target < world.nodes.count {
      if world.nodes[target].isRegistered {
        for _ in 0..<prometheus.scrapesPerNode { scrapeOnce(target, &world, &loop) }
      }
    } else {
      scrapeOnce(0, &world, &loop)
    }
    target += 1
    loop.schedule(
      Event(component: .addOn, what: Kind.scrape),
      after: Nanoseconds(prometheus.interval.count / Int64(max(1, targets))))
  }

  private mutating func scrapeOnce(_ node: Int, _ world: inout World, _ loop: inout Loop) {
    counters.scrapes += 1
    var request = Request(.get, .nodeProxy, client: scraper, object: UInt32(node))
    request.bytes = 300_000
    world.submit(request, in: &loop)
  }

  // MARK: Fluent Bit

  /// New files are found at the next refresh of their node, which is at any time of the interval.
  ///
  /// O(pods). A container's first line is taken to come when its pod is ready; that its Fluent Bit
  /// knows by the file on its node.
  private mutating func refresh(_ world: borrowing World, _ loop: inout Loop) {
    guard let fluentBit = parameters.fluentBit else { return }
    for pod in 0..<UInt32(world.pods.peak)
    where world.pods[pod].phase == .ready && world.pods[pod].ready > refreshed {
      let delay = stream.below(UInt64(fluentBit.refresh.count))
      loop.schedule(
        Event(component: .addOn, what: Kind.enrich, index: pod), after: Nanoseconds(Int64(delay)))
    }
    refreshed = loop.now
    loop.schedule(Event(component: .addOn, what: Kind.refresh), after: fluentBit.refresh)
  }

  private mutating func enrich(_ pod: UInt32, _ world: inout World, _ loop: inout Loop) {
    let node = world.pods[pod].node
    guard node != Pod.nowhere, Int(node) < tails else { return }
    counters.enrichments += 1
    var request = Request(.get, .pod, client: firstTail + node, object: pod)
    request.bytes = UInt32(Resource.pod.objectBytes)
    // The filter asks without a resource version: the answer comes from etcd.
    request.argument = Request.fromEtcd
    world.submit(request, in: &loop)
  }

  // MARK: Lookups and logs

  private mutating func count(_ world: borrowing World, _ loop: inout Loop) {
    loop.schedule(Event(component: .addOn, what: Kind.count), after: Self.step)
    let moment = loop.now - world.load.warmUp
    guard moment > .zero else { return }
    let multiple = world.load.traffic.multiple(at: moment - Nanoseconds(Self.step.count / 2))
    var requests = 0.0
    var logs = 0.0
    for number in sources.indices {
      let source = sources[number]
      let ready = Double(world.workloads[Int(source.workload)].ready)
      let served = min(source.usual * multiple, ready * source.capacity)
      requests += served
      logs += served * source.logBytes
      guard ready > 0 else { continue }
      countLogs(served / ready * source.logBytes, pods: ready)
    }
    counters.logBytes += logs * Self.step.inSeconds
    countQueries(requests)
  }

  /// The log of one pod a second; a node is taken to have one of them.
  private mutating func countLogs(_ each: Double, pods: Double) {
    guard let fluentBit = parameters.fluentBit else { return }
    let filled = each * fluentBit.flush.inSeconds
    let limit = Double(fluentBit.buffer.count)
    counters.mostBuffered = max(counters.mostBuffered, min(filled, limit))
    guard filled > limit else { return }
    let share = (filled - limit) / filled
    counters.delayedLogBytes += share * each * pods * Self.step.inSeconds
  }

  private mutating func countQueries(_ requests: Double) {
    guard let dns = parameters.coreDNS else { return }
    let lookups = requests * dns.queriesPerRequest
    let outside = lookups * dns.external.value
    let absent = outside * Double(dns.searches)
    let replicas = Double(dns.replicas)
    let found = successes.hitShare(rate: lookups / replicas)
    let denied = denials.hitShare(rate: absent / replicas)
    let seconds = Self.step.inSeconds
    counters.queries += (lookups + absent) * seconds
    counters.hits += (lookups * found + absent * denied) * seconds
    counters.upstream += outside * (1 - found) * seconds
  }
}
