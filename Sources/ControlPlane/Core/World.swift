internal import Measure
internal import Simulation

/// The loop that all components schedule their events in.
typealias Loop = Simulator<Event>

/// What all components share: parameters, clients, requests on their way, and the objects of the
/// API as they are committed.
///
/// A component reads objects here only where the real one would ask the API server or etcd; what
/// an informer knows, the component keeps itself, by `Port.observed`.
struct World: ~Copyable {
  private let standing = Standing()
  private let modelPlace: Place<ClusterModel>
  private let loadPlace: Place<ClusterLoad>
  private let observationsPlace: Place<Observations>
  private let machinePlace: Place<SharedCPUs>
  let seed: UInt64
  var clients = Table<Client>(capacity: 64)
  /// The rate limiters of clients that have one.
  var limiters = Table<TokenBucket>(capacity: 64)
  /// Their rates, per second, and what they had given at the end of the warm-up.
  var limitRates = Table<Double>(capacity: 64)
  var limitStarts = Table<LimitStart>(capacity: 64)
  var requests = Slab<Request>(capacity: 1024)
  /// Which API servers run, and where clients connect to.
  var connections: Connections
  /// etcd's revision: how many writes are committed.
  var revision: UInt64 = 1
  var watchCaches: WatchCaches
  /// The nodes, and behind them the machines that may become nodes.
  var nodes = Table<Node>(capacity: 64)
  /// How many of them have a Node object.
  var registeredNodes = 0
  /// Bytes of the images that not every node has from the start.
  var images = Table<Int64>(capacity: 8)
  var pods = Slab<Pod>(capacity: 1024)
  var census = PodCensus()
  var podNeeds = PodNeeds()
  /// The serial of the last pod; 0 is none's.
  var podSerial: UInt16 = 0
  var workloads = Table<Workload>(capacity: 64)
  var replicaSets = Table<ReplicaSet>(capacity: 64)
  /// How many times as slow the image server's link is, by faults.
  var imageServerSlowness = 1.0
  var sightings: Sightings

  init(model: ClusterModel, load: ClusterLoad, seed: UInt64) {
    modelPlace = Place(model)
    loadPlace = Place(load)
    self.seed = seed
    var observations = Observations(model, load)
    // What was wished for in the warm-up does not count, whatever comes of it later.
    observations.begin = load.warmUp
    observationsPlace = Place(observations)
    machinePlace = Place(
      SharedCPUs(
        model.machine,
        RandomStream(seed: seed, entity: 0, purpose: Purpose.machine.rawValue)))
    sightings = Sightings(isOn: load.isWatched)
    watchCaches = WatchCaches(model.apiServer)
    connections = Connections(servers: model.apiServer.servers)
  }

  var model: ClusterModel {
    @inline(__always) unsafeAddress { UnsafePointer(modelPlace.address) }
  }
  var load: ClusterLoad {
    @inline(__always) unsafeAddress { UnsafePointer(loadPlace.address) }
  }
  var observations: Observations {
    @inline(__always) unsafeAddress { UnsafePointer(observationsPlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { observationsPlace.address }
  }

  var machine: SharedCPUs {
    @inline(__always) unsafeAddress { UnsafePointer(machinePlace.address) }
    @inline(__always) nonmutating unsafeMutableAddress { machinePlace.address }
  }
  /// Where the machine that all share stands; nil where each process has its own.
  var sharedMachine: UnsafeMutablePointer<SharedCPUs>? {
    model.machine == nil ? nil : machinePlace.address
  }

  /// The random stream of `purpose` of `entity`; ask once and keep it.
  func stream(_ purpose: Purpose, of entity: UInt32 = 0) -> RandomStream {
    RandomStream(seed: seed, entity: entity, purpose: purpose.rawValue)
  }

  /// Adds a client, with client-go's limiter if it has a rate, and gives its number.
  mutating func add(_ client: Client, rate: Rate? = nil, burst: Int = 1) -> UInt32 {
    var client = client
    if let rate {
      client.limiter = UInt32(limiters.append(TokenBucket(rate: rate, burst: burst)))
      limitRates.append(rate.perSecond)
    }
    return UInt32(clients.append(client))
  }

  /// What all objects take in etcd.
  var storedBytes: ByteCount {
    ByteCount(
      Int64(registeredNodes) * (Resource.node.objectBytes + Resource.lease.objectBytes)
        + Int64(pods.live) * Resource.pod.objectBytes
        + Int64(workloads.count) * (2 * Resource.deployment.objectBytes))
  }

  /// The pods that are bound to `node` and not ending.
  ///
  /// O(pods); for rare occasions.
  func livePods(on node: UInt32) -> [UInt32] {
    var found: [UInt32] = []
    for pod in 0..<UInt32(pods.peak)
    where pods[pod].node == node && pods[pod].phase.rawValue < PodPhase.deleting.rawValue {
      found.append(pod)
    }
    return found
  }

  /// The pods that are bound to `node` and not gone.
  ///
  /// O(pods); for rare occasions.
  func allPods(on node: UInt32) -> [UInt32] {
    var found: [UInt32] = []
    for pod in 0..<UInt32(pods.peak) where pods[pod].node == node && pods[pod].phase != .gone {
      found.append(pod)
    }
    return found
  }

  /// How many machines of `pool` are no nodes at the start, but may become some.
  func spareMachines(of pool: Int) -> Int {
    let pools = model.nodes.pools
    let wanted = pools.firstIndex { $0.name == load.addedPool } ?? pools.count - 1
    let added = pool == wanted ? load.addedNodes : 0
    return max(added, (pools[pool].maximum ?? 0) - pools[pool].nodes)
  }

  /// Whether nodes can join.
  var hasSpareMachines: Bool {
    model.nodes.pools.indices.contains { spareMachines(of: $0) > 0 }
  }

  /// A machine of `pool` that is no node and that no one has wanted; nil if there is none.
  ///
  /// O(nodes); for rare occasions.
  func spareMachine(of pool: Int) -> UInt32? {
    nodes.indices.first { node in
      !nodes[node].isRegistered && !nodes[node].isWanted && Int(nodes[node].pool) == pool
    }.map { UInt32($0) }
  }

  /// Adds an image of so many bytes, which nodes must pull, and gives its number.
  mutating func addImage(_ bytes: ByteCount) -> UInt16 {
    bytes.count > 0 ? UInt16(images.append(bytes.count)) : Workload.noImage
  }

  /// One of the ready pods, by chance; nil if none is found soon.
  func anyReadyPod(by stream: inout RandomStream) -> UInt32? {
    guard pods.peak > 0 else { return nil }
    for _ in 0..<100 {
      let pod = UInt32(stream.below(UInt64(pods.peak)))
      if pods[pod].phase == .ready { return pod }
    }
    return nil
  }

  /// Sends `request`: through its client's limiter to an API server.
  ///
  /// Its owner is told by `Port.reply` and must `finish` it.
  @discardableResult
  mutating func submit(_ request: Request, in loop: inout Loop) -> UInt32 {
    let place = requests.insert(request)
    requests[place].wished = loop.now
    loop.schedule(now: Event(component: .client, what: Port.submit, index: place))
    return place
  }

  /// Takes note of an answered request and forgets it.
  mutating func finish(_ place: UInt32) -> Request {
    let request = requests.remove(place)
    observations.note(request)
    return request
  }

  /// Tells the watch caches that an object has changed.
  func announce(_ change: ChangeKind, of object: UInt32, in loop: inout Loop) {
    loop.schedule(
      now: Event(component: .watch, what: Port.changed, lane: change.rawValue, index: object))
  }
}

/// What random numbers are drawn for; each purpose of each entity has a stream of its own.
enum Purpose: UInt16, Sendable {
  case start = 0
  // Each component counts from its own hundred.
  case client = 100
  case apiServer = 200
  /// From here on, one for each flow schema.
  case flow = 210
  case etcd = 300
  case watch = 400
  case kubelet = 500
  case kubeletJoin = 501
  case lifecycle = 600
  case scheduler = 700
  case controller = 800
  case autoscaler = 900
  case provisioning = 1000
  case addOn = 1100
  case load = 1200
  case fault = 1300
  case machine = 1400
}
