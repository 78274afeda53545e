internal import Measure
internal import Simulation

/// Clients with a connection of their own each, which send the next request when the last is
/// answered.
public struct ClosedLoop: Hashable, Codable, Sendable {
  /// What a client does.
  public enum Act: String, Hashable, Codable, CaseIterable, Sendable {
    /// It creates pods that no scheduler takes.
    case createPods = "create-pods"
    /// It creates objects that no controller takes, as large as pods.
    case createObjects = "create-objects"
    /// It updates a small object of its own.
    case updateObjects = "update-objects"
    /// It reads a small object of its own, confirmed by etcd.
    case readObjects = "read-objects"
  }

  /// How many clients there are.
  public var clients = 0
  /// What each does.
  public var act = Act.createPods

  /// None.
  public init() {}

  /// So many clients.
  public init(_ act: Act, clients: Int) {
    self.act = act
    self.clients = clients
  }
}

/// The clients of a ``ClosedLoop`` as they run.
struct ClosedLoopClients: ~Copyable {
  /// What a client waits after a request that failed.
  static let pauseAfterFailure = Nanoseconds.milliseconds(100)

  private let parameters: ClosedLoop
  private var first: UInt32 = 0
  /// Whose the pods are.
  private var workload: UInt16 = 0

  init(_ parameters: ClosedLoop) { self.parameters = parameters }

  /// Adds the clients; their pods' workload comes after those of the load.
  mutating func join(_ world: inout World) {
    guard parameters.clients > 0 else { return }
    first = UInt32(world.clients.count)
    for _ in 0..<parameters.clients {
      _ = world.add(Client(owner: .load, identity: .admin))
    }
    guard parameters.act == .createPods else { return }
    var workload = Workload()
    workload.isScheduled = false
    workload.hasService = false
    self.workload = UInt16(world.workloads.append(workload))
  }

  func start(_ world: inout World, _ loop: inout Loop) {
    for client in 0..<UInt32(parameters.clients) { send(client, &world, &loop) }
  }

  /// The next request of a client.
  func send(_ client: UInt32, _ world: inout World, _ loop: inout Loop) {
    var request: Request
    switch parameters.act {
    case .createPods:
      let pod = world.add(world.pod(of: Int(workload), wished: loop.now))
      request = Request(.create, .pod, client: first + client, object: pod)
      request.bytes = 2_000
    case .createObjects:
      request = Request(.create, .customResource, client: first + client, object: client)
      request.bytes = 2_000
    case .updateObjects:
      request = Request(.update, .configMap, client: first + client, object: client)
      request.bytes = 400
    case .readObjects:
      request = Request(.get, .configMap, client: first + client, object: client)
      request.argument = Request.fromEtcd
    }
    world.submit(request, in: &loop)
  }

  /// The client whose request this was, if it was one of these; what failed leaves nothing behind.
  func client(of request: Request, _ world: inout World) -> UInt32? {
    guard request.client >= first, request.client - first < UInt32(parameters.clients) else {
      return nil
    }
    if request.resource == .pod, request.outcome != .ok { world.forget(request.object) }
    return request.client - first
  }
}
