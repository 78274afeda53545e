internal import Measure
internal import Simulation

/// Machines on their way to become nodes.
///
/// The load's machines come in steps from the end of the warm-up on, those that an autoscaler wants
/// at once. A machine waits for one of the deployments allowed at once, then goes through the
/// phases of its path; some of them share a server or a link with others. When it answers ping its
/// kubelet starts, and it is done when its node is ready.
struct Provisioning: ~Copyable {
  private enum Kind {
    /// The next step begins.
    static let begin: UInt8 = 0
    /// Machine `index` has been through its phase.
    static let passed: UInt8 = 1
    /// A download may be over.
    static let downloaded: UInt8 = 2
    /// Machine `index` is tried again.
    static let again: UInt8 = 3
  }

  enum State: UInt8 { case spare, inProgress, booted, done, givenUp }

  struct Machine: BitwiseCopyable {
    var stream: RandomStream
    var state = State.spare
    var attempt: UInt8 = 0
    /// The place of its phase in `phases`, and of the one that fails in this attempt.
    var phase: UInt8 = 0
    var failing = UInt8.max
    /// Whether it takes one of the deployments at once, and whether a network is its own.
    var isDeploying = false
    var hasNetwork = false
    /// The step that it belongs to; -1 for one that was wanted alone.
    var step: Int32 = -1
    var phaseBegan = Nanoseconds.zero

    init(stream: RandomStream) { self.stream = stream }
  }

  struct Step: BitwiseCopyable {
    let began: Nanoseconds
    var ended = Nanoseconds.zero
    var machines: Int32 = 0
    var open: Int32 = 0
    var ready: Int32 = 0
    var failed: Int32 = 0

    init(began: Nanoseconds) { self.began = began }
  }

  let parameters: ProvisioningParameters
  /// The phases of the path, and how long each takes.
  private var phases = Table<ProvisioningPhase>(capacity: 16)
  private var laws = Table<Distribution>(capacity: 16)
  private var machines: Table<Machine>
  private(set) var steps = Table<Step>(capacity: 8)
  private var isStepping = false
  private var toAdd: Int
  private let pool: Int
  private var deployments: FIFOStation
  private var bootServer: FIFOStation
  private var backend: FIFOStation
  private var imageServer: SharedLink
  /// The networks that are taken.
  private var networks: Int
  private(set) var createToPing = LatencyHistogram()
  private(set) var createToReady = LatencyHistogram()
  private(set) var counters = Counters()
  /// The time that all machines spent in each phase, ns.
  private(set) var spent: Table<Int64>
  /// The part of it that they waited for others, where they share something.
  private(set) var waited: Table<Int64>

  struct Counters: BitwiseCopyable {
    var wanted = 0
    var failedAttempts = 0
    var givenUp = 0
    var withoutNetwork = 0
  }

  init(_ world: inout World) {
    parameters = world.model.provisioning
    for phase in parameters.phases {
      phases.append(phase)
      laws.append(parameters.law(of: phase).distribution)
    }
    machines = Table(capacity: max(1, world.nodes.count))
    for number in 0..<UInt32(world.nodes.count) {
      machines.append(Machine(stream: world.stream(.provisioning, of: number)))
    }
    let pools = world.model.nodes.pools
    pool = pools.firstIndex { $0.name == world.load.addedPool } ?? pools.count - 1
    toAdd = world.load.addedNodes
    deployments = FIFOStation(servers: parameters.concurrency)
    bootServer = FIFOStation(servers: parameters.bootServerConcurrency)
    backend = FIFOStation(servers: parameters.cloneConcurrency)
    imageServer = SharedLink(
      bytesPerSecond: parameters.imageServerBytesPerSecond,
      perTransfer: parameters.downloadBytesPerSecond,
      event: Event(component: .provisioning, what: Kind.downloaded))
    networks = world.registeredNodes
    spent = Table(repeating: 0, count: ProvisioningPhase.allCases.count)
    waited = Table(repeating: 0, count: ProvisioningPhase.allCases.count)
  }

  /// How much of the image server's link was used while it was in use.
  func imageServerUse(at now: Nanoseconds) -> Fraction { imageServer.used(at: now) }

  /// Bytes that the image server has sent or is to send.
  var imageBytes: ByteCount { ByteCount(imageServer.bytes) }

  mutating func handle(_ event: Event, _ world: inout World, _ loop: inout Loop) {
    switch event.what {
    case Port.start:
      guard toAdd > 0 else { return }
      loop.schedule(
        Event(component: .provisioning, what: Kind.begin), after: world.load.warmUp)
    case Kind.begin: beginStep(&world, &loop)
    case Port.wanted: want(event.index, &world, &loop)
    case Kind.again: attempt(event.index, &loop)
    case Kind.passed: passed(event.index, &world, &loop)
    case Kind.downloaded:
      while let machine = imageServer.leave(&loop) {
        let took = loop.now - machines[Int(machine)].phaseBegan
        let alone = imageServer.spanAlone(parameters.imageSize.count)
        waited[Int(ProvisioningPhase.download.rawValue)] += max(0, (took - alone).count)
        passed(machine, &world, &loop)
      }
    case Port.joined: joined(event.index, world, &loop)
    default: break
    }
  }

  /// Lets the image server's link be `factor` times as slow as at first.
  mutating func slowImageServer(by factor: Double, _ loop: inout Loop) {
    imageServer.slow(by: factor, &loop)
  }

  // MARK: Steps

  private mutating func beginStep(_ world: inout World, _ loop: inout Loop) {
    let count = parameters.step > 0 ? min(parameters.step, toAdd) : toAdd
    toAdd -= count
    let step = steps.append(Step(began: loop.now))
    steps[step].machines = Int32(count)
    steps[step].open = Int32(count)
    for _ in 0..<count {
      guard let machine = world.spareMachine(of: pool) else {
        closed(Int32(step), isReady: false, &loop)
        continue
      }
      begin(machine, step: Int32(step), &world, &loop)
    }
  }

  private mutating func want(_ machine: UInt32, _ world: inout World, _ loop: inout Loop) {
    guard !world.nodes[Int(machine)].isRegistered else { return }
    switch machines[Int(machine)].state {
    case .spare, .done, .givenUp: begin(machine, step: -1, &world, &loop)
    case .inProgress, .booted: break
    }
  }

  /// One of a step's machines is ready or given up; after the last, the next step.
  private mutating func closed(_ step: Int32, isReady: Bool, _ loop: inout Loop) {
    guard step >= 0 else { return }
    let place = Int(step)
    if isReady { steps[place].ready += 1 } else { steps[place].failed += 1 }
    steps[place].open -= 1
    guard steps[place].open == 0 else { return }
    steps[place].ended = loop.now
    guard toAdd > 0 else { return }
    loop.schedule(
      Event(component: .provisioning, what: Kind.begin), after: parameters.pause)
  }

  // MARK: Attempts

  private mutating func begin(
    _ number: UInt32, step: Int32, _ world: inout World, _ loop: inout Loop
  ) {
    let place = Int(number)
    counters.wanted += 1
    world.nodes[place].isWanted = true
    world.nodes[place].wished = loop.now
    machines[place].step = step
    machines[place].attempt = 0
    machines[place].state = .inProgress
    guard takeNetwork(place) else {
      counters.withoutNetwork += 1
      return giveUp(number, &world, &loop)
    }
    attempt(number, &loop)
  }

  /// Waits for a deployment; whether and where it fails is drawn now, so that other parameters
  /// leave the machines' fates as they were.
  private mutating func attempt(_ number: UInt32, _ loop: inout Loop) {
    let place = Int(number)
    if machines[place].attempt > 0 { note(.retryPause, of: place, at: loop.now) }
    let chance = machines[place].stream.unit()
    let phase = machines[place].stream.below(UInt64(max(1, phases.count)))
    machines[place].failing =
      phases.count > 0 && chance < parameters.failures.value ? UInt8(phase) : .max
    machines[place].phaseBegan = loop.now
    deployments.arrive(number, at: loop.now)
    deploy(&loop)
  }

  private mutating func deploy(_ loop: inout Loop) {
    while let number = deployments.start(at: loop.now) {
      let place = Int(number)
      note(.queue, of: place, at: loop.now)
      machines[place].isDeploying = true
      machines[place].phase = 0
      enter(number, &loop)
    }
  }

  /// The machine enters its phase.
  private mutating func enter(_ number: UInt32, _ loop: inout Loop) {
    let place = Int(number)
    machines[place].phaseBegan = loop.now
    let phase = Int(machines[place].phase)
    guard phase < phases.count else {
      return loop.schedule(now: Event(component: .provisioning, what: Kind.passed, index: number))
    }
    switch phases[phase] {
    case .networkBoot:
      bootServer.arrive(number, at: loop.now)
      serveBoots(&loop)
    case .clone:
      backend.arrive(number, at: loop.now)
      clone(&loop)
    case .download: imageServer.send(parameters.imageSize.count, for: number, &loop)
    default: pass(number, &loop)
    }
  }

  /// The phase takes its time.
  private mutating func pass(_ number: UInt32, _ loop: inout Loop) {
    let place = Int(number)
    loop.schedule(
      Event(component: .provisioning, what: Kind.passed, index: number),
      after: laws[Int(machines[place].phase)].draw(&machines[place].stream))
  }

  private mutating func serveBoots(_ loop: inout Loop) {
    while let number = bootServer.start(at: loop.now) { served(number, .networkBoot, &loop) }
  }

  private mutating func clone(_ loop: inout Loop) {
    while let number = backend.start(at: loop.now) { served(number, .clone, &loop) }
  }

  /// The machine has waited for its server; now its phase takes its time.
  private mutating func served(
    _ number: UInt32, _ phase: ProvisioningPhase, _ loop: inout Loop
  ) {
    waited[Int(phase.rawValue)] += (loop.now - machines[Int(number)].phaseBegan).count
    pass(number, &loop)
  }

  private mutating func passed(
    _ number: UInt32, _ world: inout World, _ loop: inout Loop
  ) {
    let place = Int(number)
    let phase = Int(machines[place].phase)
    if phase < phases.count {
      note(phases[phase], of: place, at: loop.now)
      leave(phases[phase], &loop)
    }
    guard machines[place].failing != machines[place].phase else {
      return fail(number, &world, &loop)
    }
    machines[place].phase += 1
    guard phase + 1 < phases.count else { return booted(number, world, &loop) }
    if bootsFromDisk(phases[phase + 1]) { endDeployment(place, &loop) }
    enter(number, &loop)
  }

  private mutating func leave(_ phase: ProvisioningPhase, _ loop: inout Loop) {
    if phase == .networkBoot {
      bootServer.leave(at: loop.now)
      serveBoots(&loop)
    } else if phase == .clone {
      backend.leave(at: loop.now)
      clone(&loop)
    }
  }

  /// Whether the deployer has nothing to do with a machine from this phase on.
  private func bootsFromDisk(_ phase: ProvisioningPhase) -> Bool {
    phase == .reboot || parameters.path == .dpu && phase == .powerOn
  }

  private mutating func endDeployment(_ place: Int, _ loop: inout Loop) {
    guard machines[place].isDeploying else { return }
    machines[place].isDeploying = false
    deployments.leave(at: loop.now)
    deploy(&loop)
  }

  private mutating func fail(_ number: UInt32, _ world: inout World, _ loop: inout Loop) {
    let place = Int(number)
    counters.failedAttempts += 1
    machines[place].attempt += 1
    machines[place].phaseBegan = loop.now
    endDeployment(place, &loop)
    guard Int(machines[place].attempt) < parameters.attempts else {
      return giveUp(number, &world, &loop)
    }
    loop.schedule(
      Event(component: .provisioning, what: Kind.again, index: number),
      after: parameters.retryPause)
  }

  /// No one asks for the machine again.
  private mutating func giveUp(_ number: UInt32, _ world: inout World, _ loop: inout Loop) {
    let place = Int(number)
    counters.givenUp += 1
    machines[place].state = .givenUp
    world.nodes[place].isGivenUp = true
    if machines[place].hasNetwork {
      machines[place].hasNetwork = false
      networks -= 1
    }
    closed(machines[place].step, isReady: false, &loop)
  }

  private mutating func takeNetwork(_ place: Int) -> Bool {
    guard !machines[place].hasNetwork else { return true }
    guard networks < parameters.segmentation.networks else { return false }
    networks += 1
    machines[place].hasNetwork = true
    return true
  }

  // MARK: Ends

  /// The machine answers ping, and its kubelet starts.
  private mutating func booted(
    _ number: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    let place = Int(number)
    endDeployment(place, &loop)
    machines[place].state = .booted
    machines[place].phaseBegan = loop.now
    createToPing.record(UInt64((loop.now - world.nodes[place].wished).count))
    loop.schedule(now: Event(component: .kubelet, what: Port.booted, index: number))
  }

  private mutating func joined(
    _ number: UInt32, _ world: borrowing World, _ loop: inout Loop
  ) {
    let place = Int(number)
    guard machines[place].state == .booted else { return }
    machines[place].state = .done
    note(.join, of: place, at: loop.now)
    createToReady.record(UInt64((loop.now - world.nodes[place].wished).count))
    closed(machines[place].step, isReady: true, &loop)
  }

  private mutating func note(
    _ phase: ProvisioningPhase, of place: Int, at now: Nanoseconds
  ) {
    spent[Int(phase.rawValue)] += (now - machines[place].phaseBegan).count
  }

  /// How many machines are in `state`.
  func count(_ state: State) -> Int { machines.indices.count { machines[$0].state == state } }
}
