internal import Measure
internal import Simulation

/// Who watches what, and is told of which change; what happens when a watch breaks.
///
/// A watcher is connected to a server, or it is on its way back: it asks to watch on from the
/// revision it has, and lists all objects again if that is gone (client-go's reflector). What it
/// missed meanwhile it learns when it is back. Informers of components and kubelets are told one
/// by one; the kube-proxies of a server by one event for each change (`WatchFanOut`).
struct Watches: ~Copyable {
  private let standing = Standing()
  /// To `watch`: the place of pod `index`, long gone, can be used again.
  static let retire: UInt8 = 0
  /// To `watch`: server `lane` has stopped.
  static let serverLost: UInt8 = 1
  /// To `watch`: server `lane` runs again.
  static let serverStarted: UInt8 = 2
  /// To `watch`: the informers of component `lane` have ended with their process.
  static let detach: UInt8 = 7
  /// To `watch`: the informers of component `lane` begin with a list.
  static let attach: UInt8 = 8
  /// To `watch`: the kubelet of node `index` (`lane` 0) or its kube-proxy (1) starts to watch.
  static let begin: UInt8 = 6
  private enum Kind {
    /// Watcher `index` asks to watch on.
    static let rewatch: UInt8 = 3
    /// Watcher `index` lists all objects.
    static let relist: UInt8 = 4
    static let bookmark: UInt8 = 5
  }

  /// The tag of a list that no watch follows.
  private static let listOnly: UInt16 = 1

  /// How long a pod that is gone keeps its place: longer than any news of it travels.
  static let retention = Nanoseconds.seconds(300)

  private let parameters: APIServerParameters
  private let latency: Distribution
  private var stream: RandomStream
  private var backOffs: RandomStream
  private(set) var watchers = Table<Watcher>(capacity: 64)
  /// The watcher of each (component, resource) that has an informer.
  private var informers: Table<UInt32>
  private var firstOfNodes = 0
  /// The watcher of pods for all nodes, where they have none of their own.
  private var sharedByNodes = UInt32.max
  /// The watchers of add-ons stand from here to `firstOfNodes`.
  private var firstOfAddOns = 0
  /// Resources whose changes go to many watchers alike, as bits.
  private var fannedOut: UInt32 = 1 << UInt32(Resource.endpointSlice.rawValue)
  private var missed = Slab<Missed>(capacity: 64)
  /// When somebody who watches the cluster sees the last change.
  var lastSeen = Nanoseconds.zero
  /// The revision at the last bookmark.
  private var bookmark: UInt64 = 1
  private(set) var counters = Counters()

  struct Counters: BitwiseCopyable {
    /// Watches that were refused because their revision is gone.
    var gone: UInt64 = 0
    /// Lists that informers asked for, and those that failed.
    var lists: UInt64 = 0
    var failedLists: UInt64 = 0
    /// Watches that were broken.
    var broken: UInt64 = 0
    /// Of the kubelets alone: lists, and watches whose revision is gone.
    var nodeLists: UInt64 = 0
    var nodeGone: UInt64 = 0
  }

  init(_ world: inout World) {
    parameters = world.model.apiServer
    latency = parameters.watchLatency.distribution
    stream = world.stream(.watch)
    backOffs = world.stream(.watch, of: 1)
    informers = Table(repeating: .max, count: 32 * Resource.allCases.count)
    addInformer(.scheduler, .kubeScheduler, [.node, .pod], &world)
    addInformer(.lifecycle, .kubeControllerManager, [.node], &world)
    addInformer(
      .controller, .kubeControllerManager, [.pod, .deployment, .replicaSet], &world)
    if world.hasSpareMachines {
      addInformer(.certificate, .kubeControllerManager, [.certificateSigningRequest], &world)
      addInformer(.daemonSet, .kubeControllerManager, [.node, .pod], &world)
    }
    addAddOns(&world)
    if world.load.isWatched { addInformer(.load, .admin, [.node, .pod], &world) }
    if !world.model.nodes.watchesPerNode, world.model.nodes.count > 0 {
      let client = world.add(Client(owner: .watch, identity: .node))
      sharedByNodes = addWatcher(.kubelet, .pod, client, 0, &world)
    }
    firstOfNodes = watchers.count
  }

  /// Add-ons watch as kube-proxies do, whom no one tells one by one; they begin with a list.
  private mutating func addAddOns(_ world: inout World) {
    firstOfAddOns = watchers.count
    for watch in world.model.addOns.watches(nodes: world.model.nodes.count) {
      fannedOut |= 1 << UInt32(watch.resource.rawValue)
      for _ in 0..<watch.instances {
        var client = Client(owner: .watch, identity: .kubeSystem)
        client.server = world.connections.connect() ?? 0
        _ = addWatcher(
          .watch, watch.resource, world.add(client), 0, isThere: false, &world)
      }
    }
  }

  private mutating func addInformer(
    _ owner: Component, _ identity: Identity, _ resources: [Resource], _ world: inout World
  ) {
    var client = Client(owner: .watch, identity: identity)
    client.server = world.connections.connect() ?? 0
    let number = world.add(client)
    for resource in resources {
      informers[Self.informer(owner, resource)] = addWatcher(owner, resource, number, 0, &world)
    }
  }

  private static func informer(_ owner: Component, _ resource: Resource) -> Int {
    Int(owner.rawValue) * Resource.allCases.count + Int(resource.rawValue)
  }

  private mutating func addWatcher(
    _ owner: Component, _ resource: Resource, _ client: UInt32, _ node: UInt32,
    isThere: Bool = true, _ world: inout World
  ) -> UInt32 {
    var watcher = Watcher(owner: owner, resource: resource, client: client, node: node)
    watcher.server = world.clients[Int(client)].server
    watcher.revision = world.revision
    watcher.isConnected = isThere
    if isThere {
      world.watchCaches.countWatcher(of: resource, at: Int(watcher.server), watcher.weight)
    }
    return UInt32(watchers.append(watcher))
  }

  /// Each node has two: its kubelet watches the pods that are bound to it, its kube-proxy the
  /// endpoint slices; what a node does not run is never connected.
  ///
  /// Those of nodes that are there from the start are connected; others begin with a list when
  /// their kubelet and their kube-proxy start.
  private mutating func addNodes(_ world: inout World) {
    let nodes = world.model.nodes
    for node in 0..<UInt32(world.nodes.count) {
      for (owner, identity, resource) in [
        (Component.kubelet, Identity.node, Resource.pod),
        (.watch, .kubeProxy, .endpointSlice),
      ] {
        var client = Client(owner: .watch, identity: identity, flow: node)
        client.server = world.connections.connect() ?? 0
        let isUsed = owner == .kubelet ? nodes.watchesPerNode : nodes.runsProxy
        _ = addWatcher(
          owner, resource, world.add(client), node,
          isThere: isUsed && world.nodes[Int(node)].isRegistered, &world)
      }
    }
  }

  private func watcher(of node: UInt32, proxy: Bool) -> UInt32 {
    UInt32(firstOfNodes) + 2 * node + (proxy ? 1 : 0)
  }

  /// A kubelet lists its pods, a kube-proxy all endpoint slices, and then they watch.
  ///
  /// Both list services and their node, too; those do not change here, so that the list is all.
  private mutating func begin(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let isProxy = event.lane == 1
    let number = watcher(of: event.index, proxy: isProxy)
    guard !watchers[Int(number)].isConnected else { return }
    watchers[Int(number)].attempts = 0
    relist(number, &world, &loop)
    for resource in [Resource.service, .node] {
      var request = Request(.list, resource, client: watchers[Int(number)].client)
      request.scope = resource == .node ? .resource : .cluster
      request.tag = Self.listOnly
      request.objects = resource == .node ? 1 : UInt32(world.workloads.count)
      request.bytes = UInt32(clamping: Int64(request.objects) * resource.objectBytes)
      world.submit(request, in: &loop)
    }
  }

  /// A node is gone: so are its watches.
  private mutating func end(_ node: UInt32, _ world: inout World) {
    for isProxy in [false, true] {
      let number = Int(watcher(of: node, proxy: isProxy))
      guard watchers[number].isConnected else { continue }
      watchers[number].isConnected = false
      world.watchCaches.countWatcher(
        of: watchers[number].resource, at: Int(watchers[number].server), -watchers[number].weight)
    }
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start:
      addNodes(&world)
      for number in firstOfAddOns..<firstOfNodes {
        loop.schedule(
          now: Event(component: .watch, what: Kind.relist, index: UInt32(number)))
      }
      scheduleBookmark(&loop)
    case Port.changed: changed(event, &world, &loop)
    case Self.retire: world.pods.remove(event.index)
    case Self.serverLost: lose(server: event.lane, &world, &loop)
    case Self.serverStarted: world.watchCaches.relist(Int(event.lane), at: world.revision)
    case Self.detach: detach(event.lane, &world)
    case Self.attach: attach(event.lane, &loop)
    case Self.begin: begin(event, &world, &loop)
    case Kind.rewatch: rewatch(event.index, &world, &loop)
    case Kind.relist: relist(event.index, &world, &loop)
    case Kind.bookmark:
      bookmark = world.revision
      scheduleBookmark(&loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  private func scheduleBookmark(_ loop: inout Loop) {
    guard parameters.watchCache.bookmarks > .zero else { return }
    loop.schedule(
      Event(component: .watch, what: Kind.bookmark), after: parameters.watchCache.bookmarks)
  }

  // MARK: Changes

  private mutating func changed(
    _ event: Event, _ world: inout World, _ loop: inout Loop
  ) {
    guard let change = ChangeKind(rawValue: event.lane) else { return }
    let resource = change.resource
    world.watchCaches.append(resource, world.revision, at: loop.now, world.connections)
    if change == .nodeGone { end(event.index, &world) }
    var told: UInt32 = 0
    for component in Self.informers(of: change) {
      let informer = informers[Self.informer(component, resource)]
      guard informer != .max else { continue }
      tell(informer, change, event.index, &loop)
      told += 1
    }
    // Somebody who watches the cluster sees all pods and nodes.
    let onlooker = informers[Self.informer(.load, resource)]
    if onlooker != .max {
      tell(onlooker, change, event.index, &loop)
      told += 1
    }
    noteWork(told, of: resource, world, &loop)
    switch change {
    case .podBound, .podDeleting, .podNotReady:
      let node = world.pods[event.index].node
      if node != Pod.nowhere {
        let own = watcher(of: node, proxy: false)
        tell(sharedByNodes == .max ? own : sharedByNodes, change, event.index, &loop)
      }
    default: break
    }
    if fannedOut & 1 << UInt32(resource.rawValue) != 0 { fanOut(resource, world, &loop) }
  }

  /// Who has an informer for it, but for kubelets and kube-proxies.
  private static func informers(of change: ChangeKind) -> Interested {
    switch change {
    case .nodeAdded, .nodeGone: [.scheduler, .lifecycle, .daemonSet]
    case .nodeStatus, .nodeTaints: [.scheduler, .lifecycle]
    case .podCreated, .podBound, .podFailed: [.scheduler, .controller]
    case .podReady, .podNotReady, .podDeleting: [.controller]
    case .podGone: [.scheduler, .controller, .daemonSet]
    case .certificate: [.certificate]
    case .workloadChanged, .replicaSetChanged: [.controller]
    case .podRunning, .lease, .endpoints, .event, .configuration, .other: []
    }
  }

  private mutating func tell(
    _ watcher: UInt32, _ change: ChangeKind, _ object: UInt32, _ loop: inout Loop
  ) {
    let place = Int(watcher)
    guard !watchers[place].isDetached else { return }
    guard !watchers[place].isConnected else {
      return deliver(change.rawValue, object, to: watchers[place].owner, &loop)
    }
    let number = missed.insert(Missed(change: change.rawValue, object: object))
    if watchers[place].firstMissed == Missed.none {
      watchers[place].firstMissed = number
    } else {
      missed[watchers[place].lastMissed].next = number
    }
    watchers[place].lastMissed = number
  }

  private mutating func deliver(
    _ change: UInt16, _ object: UInt32, to component: Component, _ loop: inout Loop
  ) {
    loop.schedule(
      Event(component: component, what: Port.observed, lane: change, index: object),
      after: inOrder(latency.draw(&stream), to: component, at: loop.now))
  }

  /// Each server sends the change to all kube-proxies that are connected to it.
  private func fanOut(
    _ resource: Resource, _ world: borrowing World, _ loop: inout Loop
  ) {
    for server in 0..<parameters.servers where world.connections.isUp(server) {
      let count = world.watchCaches.watchers(of: resource, at: server)
      guard count > 0 else { continue }
      loop.schedule(
        now: Event(
          component: .apiServer, what: Port.fanOut,
          lane: UInt16(server) | UInt16(resource.rawValue) << 8, index: UInt32(count)))
    }
  }

  // MARK: Processes that end and begin

  /// How many informers a component has.
  static func watched(by component: Component) -> Int {
    component == .controller ? 3 : component == .scheduler ? 2 : 1
  }

  /// Whether a component takes in lists by itself, and needs none of the changes before them.
  private static func takesLists(_ component: Component) -> Bool {
    component == .controller || component == .scheduler
  }

  private mutating func detach(_ component: UInt16, _ world: inout World) {
    for number in 0..<firstOfNodes where UInt16(watchers[number].owner.rawValue) == component {
      forgetMissed(number)
      watchers[number].isDetached = true
      guard watchers[number].isConnected else { continue }
      watchers[number].isConnected = false
      world.watchCaches.countWatcher(
        of: watchers[number].resource, at: Int(watchers[number].server),
        -watchers[number].weight)
    }
  }

  private mutating func attach(_ component: UInt16, _ loop: inout Loop) {
    for number in 0..<firstOfNodes where UInt16(watchers[number].owner.rawValue) == component {
      watchers[number].isDetached = false
      watchers[number].attempts = 0
      loop.schedule(
        now: Event(component: .watch, what: Kind.relist, index: UInt32(number)))
    }
  }

  private mutating func forgetMissed(_ number: Int) {
    var next = watchers[number].firstMissed
    watchers[number].firstMissed = Missed.none
    while next != Missed.none { next = missed.remove(next).next }
  }

  /// A list makes the changes before it old news for who takes it in.
  private mutating func tellOfList(_ number: Int, _ loop: inout Loop) {
    let owner = watchers[number].owner
    guard Self.takesLists(owner) else { return }
    forgetMissed(number)
    loop.schedule(
      now: Event(
        component: owner, what: Port.listed, lane: UInt16(watchers[number].resource.rawValue)))
  }

  // MARK: Broken watches

  private mutating func lose(
    server: UInt16, _ world: inout World, _ loop: inout Loop
  ) {
    for number in watchers.indices
    where watchers[number].isConnected && UInt16(watchers[number].server) == server {
      lose(watcher: number, &world, &loop)
    }
  }

  /// The watcher has seen what there was; where bookmarks are sent, it knows of later revisions.
  private mutating func lose(
    watcher number: Int, _ world: inout World, _ loop: inout Loop
  ) {
    let watcher = watchers[number]
    counters.broken += 1
    watchers[number].isConnected = false
    let seen = world.watchCaches.lastRevision(of: watcher.resource)
    watchers[number].revision = max(
      watcher.revision, watcher.seesAll ? max(seen, bookmark) : bookmark)
    watchers[number].attempts = 0
    watchers[number].lists = 0
    watchers[number].firstAnswer = .zero
    world.watchCaches.countWatcher(
      of: watcher.resource, at: Int(watcher.server), -watcher.weight)
    loop.schedule(
      now: Event(component: .watch, what: Kind.rewatch, index: UInt32(number)))
  }

  private func rewatch(_ number: UInt32, _ world: inout World, _ loop: inout Loop) {
    let watcher = watchers[Int(number)]
    guard !watcher.isDetached else { return }
    var request = Request(
      .watch, watcher.resource, client: watcher.client, object: number)
    request.scope = .cluster
    request.revision = watcher.revision
    world.submit(request, in: &loop)
  }

  private mutating func relist(
    _ number: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let watcher = watchers[Int(number)]
    guard !watcher.isDetached else { return }
    counters.lists += 1
    if watcher.owner == .kubelet { counters.nodeLists += 1 }
    var request = Request(.list, watcher.resource, client: watcher.client, object: number)
    request.scope = .cluster
    request.objects = UInt32(
      clamping: world.objects(of: watcher, perSlice: parameters.endpointsPerSlice))
    request.bytes = UInt32(
      clamping: Int64(request.objects) * watcher.resource.objectBytes)
    request.argument = parameters.watchCache.relistsFromEtcd ? Request.fromEtcd : 0
    world.submit(request, in: &loop)
  }

  private mutating func answered(
    _ place: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let request = world.finish(place)
    guard request.tag != Self.listOnly else { return }
    let number = Int(request.object)
    guard !watchers[number].isDetached else { return }
    if request.verb == .watch, request.outcome == .ok || request.outcome == .gone {
      if watchers[number].firstAnswer == .zero { watchers[number].firstAnswer = loop.now }
      watchers[number].lastAnswer = loop.now
    }
    switch (request.verb, request.outcome) {
    case (.list, .ok):
      watchers[number].revision = request.revision
      tellOfList(number, &loop)
      rewatch(request.object, &world, &loop)
    case (.watch, .ok): connect(number, to: request.server, &world, &loop)
    case (.watch, .gone):
      counters.gone += 1
      if watchers[number].owner == .kubelet { counters.nodeGone += 1 }
      again(Kind.relist, number, &loop)
    case (.watch, _): again(Kind.rewatch, number, &loop)
    default:
      counters.failedLists += 1
      again(Kind.relist, number, &loop)
    }
  }

  /// Tries again after the reflector's back-off: it has one for lists, and one for a server that
  /// does not answer (`backoffManager` and `initConnBackoffManager`).
  private mutating func again(_ kind: UInt8, _ number: Int, _ loop: inout Loop) {
    let cache = parameters.watchCache
    let doublings: Int64
    if kind == Kind.relist {
      doublings = Int64(min(watchers[number].lists, 20))
      watchers[number].lists &+= 1
    } else {
      doublings = Int64(min(watchers[number].attempts, 20))
      watchers[number].attempts &+= 1
    }
    let pause = min(cache.longestRelistBackOff.count, cache.relistBackOff.count << doublings)
    let jitter = Int64(backOffs.below(UInt64(max(1, pause))))
    loop.schedule(
      Event(component: .watch, what: kind, index: UInt32(number)),
      after: Nanoseconds(pause + jitter))
  }

  private mutating func connect(
    _ number: Int, to server: UInt8, _ world: inout World, _ loop: inout Loop
  ) {
    watchers[number].isConnected = true
    watchers[number].server = server
    world.watchCaches.countWatcher(
      of: watchers[number].resource, at: Int(server), watchers[number].weight)
    var next = watchers[number].firstMissed
    watchers[number].firstMissed = Missed.none
    while next != Missed.none {
      let change = missed.remove(next)
      deliver(change.change, change.object, to: watchers[number].owner, &loop)
      next = change.next
    }
    // The server may have stopped while its answer travelled.
    if !world.connections.isUp(Int(server)) { lose(watcher: number, &world, &loop) }
  }

  /// When the watches of each node's pods were answered after they broke, first and last.
  func answers(ofNodes nodes: Int) -> [(first: Nanoseconds, last: Nanoseconds)] {
    guard sharedByNodes == .max else { return [] }
    return (0..<nodes).map { node in
      let watcher = watchers[firstOfNodes + 2 * node]
      return (watcher.firstAnswer, watcher.lastAnswer)
    }
  }
}
