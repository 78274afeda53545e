internal import Measure
internal import Simulation

/// The controllers of workloads: replica sets make and end pods, endpoint slices follow them.
struct Controllers: ~Copyable {
  private enum Kind {
    static let sync: UInt8 = 0
    static let syncEndpoints: UInt8 = 1
  }

  private let client: UInt32
  /// Pods of each workload that are on their way: asked for, not yet seen.
  private var expected: Table<Int32>
  private var endpointsDue: Table<Bool>

  init(_ world: inout World) {
    let parameters = world.model.controllers
    client = world.add(
      Client(owner: .controller, identity: .kubeControllerManager, attempts: 5),
      rate: parameters.qps, burst: parameters.burst)
    expected = Table(repeating: 0, count: world.workloads.count)
    endpointsDue = Table(repeating: false, count: world.workloads.count)
  }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.observed: observed(event, &world, &loop)
    case Kind.sync: sync(Int(event.index), &world, &loop)
    case Kind.syncEndpoints: syncEndpoints(event.index, &world, &loop)
    case Port.reply: answered(event.index, &world, &loop)
    default: break
    }
  }

  private mutating func observed(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch ChangeKind(rawValue: event.lane) {
    case .workloadChanged: sync(Int(event.index), &world, &loop)
    case .podCreated:
      let workload = Int(world.pods[event.index].workload)
      expected[workload] = max(0, expected[workload] - 1)
    case .podReady, .podNotReady: endpointsChanged(world.pods[event.index].workload, world, &loop)
    case .podDeleting, .podGone, .podFailed:
      let workload = world.pods[event.index].workload
      sync(Int(workload), &world, &loop)
      endpointsChanged(workload, world, &loop)
    default: break
    }
  }

  /// Makes the pods that are missing.
  private mutating func sync(_ workload: Int, _ world: inout World, _ loop: inout Loop) {
    guard !world.workloads[workload].isDaemonSet else { return }
    let missing =
      world.workloads[workload].desired - world.workloads[workload].pods - expected[workload]
    guard missing > 0 else { return }
    expected[workload] += missing
    for _ in 0..<missing {
      var pod = Pod()
      pod.workload = UInt16(workload)
      pod.cpu = world.workloads[workload].cpu
      pod.memory = world.workloads[workload].memory
      pod.wished = loop.now
      var request = Request(.create, .pod, client: client, object: world.pods.insert(pod))
      request.bytes = 5_000
      world.submit(request, in: &loop)
    }
  }

  private mutating func answered(_ place: UInt32, _ world: inout World, _ loop: inout Loop) {
    let request = world.finish(place)
    guard request.resource == .pod, request.verb == .create, request.outcome != .ok else {
      return
    }
    let workload = Int(world.pods[request.object].workload)
    world.pods.remove(request.object)
    expected[workload] = max(0, expected[workload] - 1)
    loop.schedule(
      Event(component: .controller, what: Kind.sync, index: UInt32(workload)),
      after: .seconds(1))
  }

  /// Changes of endpoints that come together are written together.
  private mutating func endpointsChanged(
    _ workload: UInt16, _ world: borrowing World, _ loop: inout Loop
  ) {
    guard world.workloads[Int(workload)].hasService, !endpointsDue[Int(workload)] else { return }
    endpointsDue[Int(workload)] = true
    loop.schedule(
      Event(component: .controller, what: Kind.syncEndpoints, index: UInt32(workload)),
      after: .milliseconds(100))
  }

  private mutating func syncEndpoints(
    _ workload: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    endpointsDue[Int(workload)] = false
    var request = Request(.update, .endpointSlice, client: client, object: workload)
    request.bytes = 10_000
    world.submit(request, in: &loop)
  }
}
