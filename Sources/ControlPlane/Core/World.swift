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
  let model: ClusterModel
  let load: ClusterLoad
  let seed: UInt64
  var clients = Table<Client>(capacity: 64)
  /// The rate limiters of clients that have one.
  var limiters = Table<TokenBucket>(capacity: 64)
  var requests = Slab<Request>(capacity: 1024)
  var machine: Machine
  /// Which API servers run, and where clients connect to.
  var connections: Connections
  /// etcd's revision: how many writes are committed.
  var revision: UInt64 = 1
  var watchCaches: WatchCaches
  var nodes = Table<Node>(capacity: 64)
  var pods = Slab<Pod>(capacity: 1024)
  var workloads = Table<Workload>(capacity: 64)
  var observations: Observations
  var sightings: Sightings

  init(model: ClusterModel, load: ClusterLoad, seed: UInt64) {
    self.model = model
    self.load = load
    self.seed = seed
    observations = Observations(interval: load.sampling)
    sightings = Sightings(isOn: load.isWatched)
    machine = Machine(model.machine)
    watchCaches = WatchCaches(model.apiServer)
    connections = Connections(servers: model.apiServer.servers)
  }

  /// The random stream of `purpose` of `entity`; ask once and keep it.
  func stream(_ purpose: Purpose, of entity: UInt32 = 0) -> RandomStream {
    RandomStream(seed: seed, entity: entity, purpose: purpose.rawValue)
  }

  /// Adds a client, with client-go's limiter if it has a rate, and gives its number.
  mutating func add(_ client: Client, rate: Rate? = nil, burst: Int = 1) -> UInt32 {
    var client = client
    if let rate { client.limiter = UInt32(limiters.append(TokenBucket(rate: rate, burst: burst))) }
    return UInt32(clients.append(client))
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
  case lifecycle = 600
  case scheduler = 700
  case controller = 800
  case autoscaler = 900
  case provisioning = 1000
  case addOn = 1100
  case load = 1200
  case fault = 1300
}
