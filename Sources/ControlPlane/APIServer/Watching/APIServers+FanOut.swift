internal import Measure
internal import Simulation

/// What it costs a server to tell its watchers of a change.
extension APIServers {
  /// Watchers that one piece of work sends to, so that a server's CPUs share the work.
  private static let watchersPerPiece = 32

  /// Takes the CPU for a change's sends, in pieces; in audit mode each watcher is a piece.
  mutating func fanOut(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    let server = Int(event.lane & 0xFF)
    guard let resource = Resource(rawValue: UInt8(event.lane >> 8)),
      world.connections.isUp(server)
    else { return }
    let parameters = world.model.apiServer
    let watchers = Int(event.index)
    let most = parameters.hasFanOutPerWatcher ? watchers : parameters.cpus
    let pieces =
      parameters.hasFanOutPerWatcher
      ? watchers
      : max(1, min(most, watchers / Self.watchersPerPiece))
    for piece in 0..<pieces {
      let count = watchers * (piece + 1) / pieces - watchers * piece / pieces
      var request = Request(.watch, resource, client: 0)
      request.server = UInt8(server)
      request.epoch = world.connections.epoch(of: server)
      request.objects = UInt32(count)
      request.isOrphan = true
      request.wished = loop.now
      let place = world.requests.insert(request)
      servers[server].processors.spend(
        parameters.sendCPU * Int64(count), on: place, then: Kind.sent, &world, &loop)
    }
  }

  /// The piece leaves by the server's link, behind all that was sent before.
  mutating func sent(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.requests.remove(place)
    let server = Int(request.server)
    guard request.epoch == world.connections.epoch(of: server) else { return }
    servers[server].processors.leave(&world, &loop)
    let bytes = Int64(request.objects) * request.resource.objectBytes
    let sent = transmit(bytes, by: server, world.model.apiServer, at: loop.now)
    // What add-ons watch beside is not what the figures of kube-proxies are about.
    guard request.resource == .endpointSlice else { return }
    servers[server].watchBytes += bytes
    world.observations.noteWatchLag(
      sent + world.model.apiServer.halfTrip - request.wished, of: request)
  }

  /// Informers are told of a change, on a machine where that takes CPU from others.
  mutating func tell(
    _ informers: Int, _ resource: UInt16, from server: Int, _ world: inout World,
    _ loop: inout Loop
  ) {
    guard let machine = world.model.machine, let resource = Resource(rawValue: UInt8(resource))
    else { return }
    let cost = machine.cost(world.model.apiServer.sendCPU, ofEvent: resource)
    work(cost * Int64(informers), of: resource, informers, at: server, &world, &loop)
  }

  /// Does work that no request waits for; then so many informers have an event.
  mutating func work(
    _ cost: Nanoseconds, of resource: Resource = .customResource, _ informers: Int = 0,
    at server: Int, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.watch, resource, client: 0)
    request.server = UInt8(server)
    request.epoch = world.connections.epoch(of: server)
    request.objects = UInt32(informers)
    // Nobody waits for it: a restart forgets it.
    request.isOrphan = true
    let place = world.requests.insert(request)
    servers[server].processors.spend(cost, on: place, then: Kind.worked, &world, &loop)
  }

  /// The work is done; whoever is told has work, too.
  mutating func worked(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.requests.remove(place)
    let server = Int(request.server)
    guard request.epoch == world.connections.epoch(of: server) else { return }
    servers[server].processors.leave(&world, &loop)
    guard request.objects > 0 else { return }
    loop.schedule(
      now: Event(
        component: .client, what: Clients.takeIn, lane: UInt16(request.resource.rawValue) << 8,
        index: request.objects))
  }

  /// When the server's link will have sent so many bytes more.
  private mutating func transmit(
    _ bytes: Int64, by server: Int, _ parameters: APIServerParameters, at now: Nanoseconds
  ) -> Nanoseconds {
    let (seconds, rest) = bytes.quotientAndRemainder(dividingBy: parameters.linkBytesPerSecond)
    let span = seconds * 1_000_000_000 + rest * 1_000_000_000 / parameters.linkBytesPerSecond
    servers[server].linkFree = max(servers[server].linkFree, now) + Nanoseconds(span)
    return servers[server].linkFree
  }

  /// An estimate of a server's memory: objects, watch caches, watches, lists being made.
  ///
  /// O(workloads + resources).
  func memory(of server: Int, watches: Int, _ world: borrowing World) -> ByteCount {
    let parameters = world.model.apiServer
    let stored = world.storedBytes.count
    let cached = world.watchCaches.bytes(at: server)
    let listing = Double(servers[server].listing) * parameters.listMemoryFactor
    return ByteCount(
      parameters.baseMemory.count
        + Int64(Double(stored + cached) * parameters.objectMemoryFactor + listing)
        + Int64(watches) * parameters.watchMemory.count)
  }
}
