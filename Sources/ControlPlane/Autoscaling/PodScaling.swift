internal import Measure
internal import Simulation

/// The horizontal pod autoscaler's controller: in the controller manager, with a client of its own.
///
/// A worker takes one autoscaler at a time: it reads the deployment's scale, asks for each metric,
/// decides, writes the scale, an event and its own status, one request after the other. The same
/// autoscaler has its turn again a sync period later (pkg/controller/podautoscaler/horizontal.go).
struct PodScaling: ~Copyable {
  /// What a request was for; the lower bits of `Request.tag`, above them the autoscaler's number.
  private enum Step {
    static let scale: UInt16 = 0
    static let metric: UInt16 = 1
    static let write: UInt16 = 2
    static let event: UInt16 = 3
    static let status: UInt16 = 4
    static let bits: UInt16 = 3
  }

  private let parameters: PodAutoscalingParameters
  private let autoscalers: [HorizontalPodAutoscaler]
  private let client: UInt32
  private var memory: ScalingMemory
  private(set) var scalers: Table<Scaler>
  private var queue = Ring<UInt32>(capacity: 16)
  private var idleWorkers: Int
  private var stream: RandomStream

  /// An autoscaler and how far its worker is with it.
  struct Scaler: BitwiseCopyable {
    let service: Int32
    let workload: UInt16
    /// The metric that is asked for.
    var metric = 0
    var failures = 0
    /// Replicas that the scale says, and what the metrics ask for so far.
    var current: Int32 = 0
    var wanted: Int32 = 0
    var decided: Int32 = 0
    /// What the last status said.
    var status: UInt64 = 0
    var ups: UInt64 = 0
    var downs: UInt64 = 0
  }

  init(_ world: inout World, _ services: borrowing Services) {
    parameters = world.model.autoscaling.pods
    var found: [HorizontalPodAutoscaler] = []
    scalers = Table(capacity: 4)
    for (workload, deployment) in world.load.deployments.enumerated() {
      guard let autoscaler = deployment.autoscaler else { continue }
      found.append(autoscaler)
      scalers.append(
        Scaler(service: Int32(services.service(of: workload) ?? -1), workload: UInt16(workload)))
    }
    autoscalers = found
    memory = ScalingMemory(found, parameters)
    idleWorkers = parameters.workers
    stream = world.stream(.autoscaler)
    var client = Client(owner: .autoscaler, identity: .kubeControllerManager)
    client.attempts = 5
    self.client =
      found.isEmpty
      ? 0
      : world.add(client, rate: world.model.controllers.qps, burst: world.model.controllers.burst)
  }

  /// Whether `client` is this controller's.
  func owns(_ client: UInt32) -> Bool { !autoscalers.isEmpty && client == self.client }

  /// Autoscalers begin anywhere in their period, as they do in a cluster that has run for long.
  mutating func start(_ loop: inout Loop) {
    for number in scalers.indices {
      schedule(
        UInt32(number),
        after: Nanoseconds(Int64(stream.below(UInt64(parameters.syncPeriod.count)))),
        &loop)
    }
  }

  private func schedule(_ number: UInt32, after delay: Nanoseconds, _ loop: inout Loop) {
    loop.schedule(
      Event(component: .autoscaler, what: Autoscalers.Kind.sync, index: number), after: delay)
  }

  /// Autoscaler `number` is due.
  mutating func due(_ number: UInt32, _ world: inout World, _ loop: inout Loop) {
    queue.append(number)
    work(&world, &loop)
  }

  private mutating func work(_ world: inout World, _ loop: inout Loop) {
    while idleWorkers > 0, queue.count > 0 {
      idleWorkers -= 1
      let number = Int(queue.removeFirst())
      var request = Request(
        .get, .deployment, client: client, object: UInt32(scalers[number].workload))
      request.argument = Request.fromEtcd
      send(request, Step.scale, number, &world, &loop)
    }
  }

  private func send(
    _ request: Request, _ step: UInt16, _ number: Int, _ world: inout World, _ loop: inout Loop
  ) {
    var request = request
    request.tag = UInt16(number) << Step.bits | step
    world.submit(request, in: &loop)
  }

  mutating func answered(
    _ request: Request, _ services: borrowing Services, _ world: inout World, _ loop: inout Loop
  ) {
    let number = Int(request.tag >> Step.bits)
    let isGood = request.outcome == .ok
    switch request.tag & (1 << Step.bits - 1) {
    case Step.scale:
      guard isGood else { return writeStatus(number, services, &world, &loop) }
      scalers[number].current = world.workloads[Int(scalers[number].workload)].desired
      scalers[number].decided = scalers[number].current
      scalers[number].metric = 0
      scalers[number].failures = 0
      scalers[number].wanted = 0
      begin(number, services, &world, &loop)
    case Step.metric:
      take(isGood, number, services, world)
      scalers[number].metric += 1
      askForMetric(number, services, &world, &loop)
    case Step.write:
      if isGood { noteChange(number, at: loop.now) }
      writeEvent(number, &world, &loop)
    case Step.event: writeStatus(number, services, &world, &loop)
    default: release(number, &world, &loop)
    }
  }

  /// A deployment without replicas is left alone; outside its limits no metric is asked for.
  private mutating func begin(
    _ number: Int, _ services: borrowing Services, _ world: inout World, _ loop: inout Loop
  ) {
    let current = scalers[number].current
    if current == 0 { return writeStatus(number, services, &world, &loop) }
    let limits = Int32(autoscalers[number].minimum)...Int32(autoscalers[number].maximum)
    guard limits.contains(current) else { return decide(number, services, &world, &loop) }
    askForMetric(number, services, &world, &loop)
  }

  // MARK: Metrics

  /// The list of a metric of all the deployment's pods, by the API server from the metrics' own.
  private mutating func askForMetric(
    _ number: Int, _ services: borrowing Services, _ world: inout World, _ loop: inout Loop
  ) {
    guard scalers[number].metric < autoscalers[number].metrics.count else {
      return decide(number, services, &world, &loop)
    }
    let workload = Int(scalers[number].workload)
    var request = Request(.list, .podMetrics, client: client, object: UInt32(workload))
    request.scope = .namespace
    request.objects = UInt32(clamping: world.workloads[workload].pods)
    request.bytes = UInt32(clamping: Int64(request.objects) * 500)
    send(request, Step.metric, number, &world, &loop)
  }

  /// The largest answer of all metrics counts.
  private mutating func take(
    _ isGood: Bool, _ number: Int, _ services: borrowing Services, _ world: borrowing World
  ) {
    guard isGood, let replicas = replicas(number, services, world) else {
      scalers[number].failures += 1
      return
    }
    scalers[number].wanted = max(scalers[number].wanted, replicas)
  }

  private func replicas(
    _ number: Int, _ services: borrowing Services, _ world: borrowing World
  ) -> Int32? {
    let scaler = scalers[number]
    guard scaler.service >= 0 else { return nil }
    let service = services.all[Int(scaler.service)]
    let metric: Services.Metric
    let target: ReplicaCalculator.Target
    switch autoscalers[number].metrics[scaler.metric] {
    case .cpu(let share):
      metric = service.cpu
      target = .utilization(
        Int64((share.value * 100).rounded()),
        request: Int64(world.workloads[Int(scaler.workload)].cpu))
    case .requests(let rate):
      metric = service.requests
      target = .average(Int64((rate.perSecond * 1000).rounded()))
    }
    return ReplicaCalculator.replicas(
      services.pods(metric, of: Int(scaler.service), world), target, current: scaler.current,
      tolerance: parameters.tolerance.value)
  }

  // MARK: Decision

  /// Without any metric nothing is done; with some missing, it does not go down.
  private mutating func decide(
    _ number: Int, _ services: borrowing Services, _ world: inout World, _ loop: inout Loop
  ) {
    let scaler = scalers[number]
    let isBlind =
      scaler.failures > 0
      && (scaler.failures >= autoscalers[number].metrics.count || scaler.wanted < scaler.current)
    guard !isBlind else { return writeStatus(number, services, &world, &loop) }
    let decided = memory.decide(
      number, autoscalers[number], current: scaler.current, wanted: scaler.wanted, at: loop.now)
    scalers[number].decided = decided
    guard decided != scaler.current else { return writeStatus(number, services, &world, &loop) }
    var request = Request(.update, .deployment, client: client, object: UInt32(scaler.workload))
    request.argument = UInt32(decided)
    request.bytes = 500
    send(request, Step.write, number, &world, &loop)
  }

  private mutating func noteChange(_ number: Int, at now: Nanoseconds) {
    let scaler = scalers[number]
    memory.note(number, from: scaler.current, to: scaler.decided, at: now)
    if scaler.decided > scaler.current {
      scalers[number].ups += 1
    } else {
      scalers[number].downs += 1
    }
  }

  // MARK: Writes

  private func writeEvent(_ number: Int, _ world: inout World, _ loop: inout Loop) {
    var request = Request(
      .create, .event, client: client, object: UInt32(scalers[number].workload))
    request.bytes = UInt32(Resource.event.objectBytes)
    send(request, Step.event, number, &world, &loop)
  }

  /// The status is written if it says anything new.
  private mutating func writeStatus(
    _ number: Int, _ services: borrowing Services, _ world: inout World, _ loop: inout Loop
  ) {
    let scaler = scalers[number]
    var status = UInt64(UInt32(bitPattern: scaler.current)) << 32
    status ^= UInt64(UInt32(bitPattern: scaler.decided))
    if scaler.service >= 0 {
      let service = services.all[Int(scaler.service)]
      status ^= UInt64(bitPattern: service.cpu.average) << 16
      status ^= UInt64(bitPattern: service.requests.average) << 24
    }
    guard status != scaler.status else { return release(number, &world, &loop) }
    scalers[number].status = status
    var request = Request(
      .update, .horizontalPodAutoscaler, client: client, object: UInt32(number))
    request.bytes = 2_000
    send(request, Step.status, number, &world, &loop)
  }

  /// The worker is free for another.
  private mutating func release(_ number: Int, _ world: inout World, _ loop: inout Loop) {
    idleWorkers += 1
    schedule(UInt32(number), after: parameters.syncPeriod, &loop)
    work(&world, &loop)
  }
}
