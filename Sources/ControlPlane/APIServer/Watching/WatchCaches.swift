internal import Measure
internal import Simulation

/// What the API servers remember of past changes: one ring of events for each resource and server.
///
/// All servers hear of the same changes, so that one log for each resource is kept and every server
/// has its window of it. A watch from before the window is answered 410 Gone.
struct WatchCaches: ~Copyable {
  private let parameters: WatchCacheParameters
  private let servers: Int
  private var caches: Table<Cache>
  private var logs: Table<Log>
  /// The rings of all logs; a log that grows moves to the end.
  private var entries = Table<Entry>(capacity: 4096)
  private var watcherCounts: Table<Int32>
  private static let resources = Resource.allCases.count

  /// A committed change.
  struct Entry: BitwiseCopyable {
    var revision: UInt64
    var at: Nanoseconds
  }

  /// A server's window: events `start..<end` of the log.
  struct Cache: BitwiseCopyable {
    var capacity: UInt64
    var start: UInt64 = 0
    var end: UInt64 = 0
    /// The revision it was filled at.
    var listed: UInt64 = 0
    /// Whether an event has been dropped since.
    var hasDropped = false

    var isFull: Bool { end - start == capacity }
  }

  struct Log: BitwiseCopyable {
    var base = 0
    var capacity: UInt64 = 0
    var end: UInt64 = 0
  }

  init(_ apiServer: APIServerParameters) {
    parameters = apiServer.watchCache
    servers = apiServer.servers
    caches = Table(
      repeating: Cache(capacity: UInt64(parameters.leastEvents)), count: servers * Self.resources)
    logs = Table(repeating: Log(), count: Self.resources)
    watcherCounts = Table(repeating: 0, count: servers * Self.resources)
  }

  private func index(_ resource: Resource, _ server: Int) -> Int {
    server * Self.resources + Int(resource.rawValue)
  }

  /// The cache of a resource at a server.
  func cache(of resource: Resource, at server: Int) -> Cache { caches[index(resource, server)] }

  // MARK: Changes

  /// Takes in a change, at all servers that run.
  ///
  /// O(servers), amortised.
  mutating func append(
    _ resource: Resource, _ revision: UInt64, at now: Nanoseconds,
    _ connections: borrowing Connections
  ) {
    let number = Int(resource.rawValue)
    var oldest = logs[number].end
    for server in 0..<servers where connections.isUp(server) {
      let place = index(resource, server)
      resize(place, number, at: now)
      if caches[place].isFull {
        caches[place].start += 1
        caches[place].hasDropped = true
      }
      caches[place].end = logs[number].end + 1
      oldest = min(oldest, caches[place].start)
    }
    makeRoom(number, from: oldest)
    let end = logs[number].end
    entries[logs[number].base + Int(end & (logs[number].capacity - 1))] = Entry(
      revision: revision, at: now)
    logs[number].end = end + 1
  }

  /// Twice as large if it is full of young events, half if its youngest quarter is old
  /// (`resizeCacheLocked`).
  private mutating func resize(_ place: Int, _ log: Int, at now: Nanoseconds) {
    guard parameters.isDynamic, caches[place].isFull else { return }
    let capacity = caches[place].capacity
    if now - entry(caches[place].start, of: log).at < parameters.freshness {
      caches[place].capacity = max(capacity, min(capacity * 2, UInt64(parameters.mostEvents)))
    } else if now - entry(caches[place].end - capacity / 4, of: log).at > parameters.freshness {
      caches[place].capacity = min(capacity, max(capacity / 2, UInt64(parameters.leastEvents)))
      caches[place].start = max(caches[place].start, caches[place].end - caches[place].capacity)
    }
  }

  private func entry(_ number: UInt64, of log: Int) -> Entry {
    entries[logs[log].base + Int(number & (logs[log].capacity - 1))]
  }

  private mutating func makeRoom(_ log: Int, from oldest: UInt64) {
    let capacity = logs[log].capacity
    guard logs[log].end - oldest >= capacity else { return }
    let larger = max(128, capacity * 2)
    let base = entries.count
    for _ in 0..<larger { entries.append(Entry(revision: 0, at: .zero)) }
    for number in oldest..<logs[log].end {
      entries[base + Int(number & (larger - 1))] = entry(number, of: log)
    }
    logs[log].base = base
    logs[log].capacity = larger
  }

  /// Fills a server's caches anew at `revision`: it has been restarted.
  mutating func relist(_ server: Int, at revision: UInt64) {
    for resource in Resource.allCases {
      var cache = Cache(capacity: UInt64(parameters.leastEvents))
      cache.start = logs[Int(resource.rawValue)].end
      cache.end = cache.start
      cache.listed = revision
      caches[index(resource, server)] = cache
    }
  }

  /// Whether changes after `revision` are not all remembered (`getAllEventsSinceLocked`).
  func isGone(_ revision: UInt64, of resource: Resource, at server: Int) -> Bool {
    let cache = cache(of: resource, at: server)
    let oldest =
      cache.hasDropped
      ? entry(cache.start, of: Int(resource.rawValue)).revision : cache.listed + 1
    return revision + 1 < oldest
  }

  /// The revision of the last change of a resource, or what the caches began with.
  func lastRevision(of resource: Resource) -> UInt64 {
    let log = Int(resource.rawValue)
    return logs[log].end == 0 ? 0 : entry(logs[log].end - 1, of: log).revision
  }

  /// Bytes of the events that a server's caches hold.
  func bytes(at server: Int) -> Int64 {
    var sum: Int64 = 0
    for resource in Resource.allCases {
      let cache = cache(of: resource, at: server)
      sum += Int64(cache.end - cache.start) * resource.objectBytes
    }
    return sum
  }

  // MARK: Watchers

  /// How many at a server watch all objects of what a write of `resource` changes.
  func watchers(of resource: Resource, at server: Int) -> Int {
    Int(watcherCounts[index(resource.watched, server)])
  }

  mutating func countWatcher(of resource: Resource, at server: Int, _ sign: Int32) {
    watcherCounts[index(resource, server)] += sign
  }
}

extension Resource {
  /// The resource whose watchers hear of a write: subresources are parts of theirs.
  var watched: Resource {
    switch self {
    case .nodeStatus: .node
    case .podStatus, .binding: .pod
    case .deploymentStatus: .deployment
    case .replicaSetStatus: .replicaSet
    default: self
    }
  }

  /// Bytes of an object as it is stored and sent.
  ///
  /// Nodes 20 kB (KEP-589: more than 15 kB in production), pods 5 to 20 kB, slices of 100 endpoints
  /// 10 kB (KEP-0752), leases 400 B; the others are estimates of this model.
  var objectBytes: Int64 {
    switch self {
    case .node, .nodeStatus: 20_000
    case .pod, .podStatus: 6_000
    case .endpointSlice, .endpoints: 10_000
    case .lease, .leaderLease, .binding: 400
    case .event: 800
    case .deployment, .replicaSet, .deploymentStatus, .replicaSetStatus: 4_000
    default: 2_000
    }
  }
}

extension ChangeKind {
  /// The resource whose cache it goes to.
  var resource: Resource {
    switch self {
    case .nodeAdded, .nodeStatus, .nodeTaints, .nodeGone: .node
    case .lease: .lease
    case .podCreated, .podBound, .podRunning, .podReady, .podFailed, .podDeleting, .podGone,
      .podNotReady:
      .pod
    case .workloadChanged: .deployment
    case .replicaSetChanged: .replicaSet
    case .endpoints: .endpointSlice
    case .event: .event
    case .configuration: .configMap
    case .other: .customResource
    case .certificate: .certificateSigningRequest
    }
  }
}
