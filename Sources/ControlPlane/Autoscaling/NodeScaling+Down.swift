internal import Measure
internal import Simulation

/// Scale-down: which nodes nobody needs, for how long, and how they are emptied and given back.
///
/// core/scale_down.go of 1.22: empty nodes go several at once, others one at a time, drained.
extension NodeScaling {
  /// How often a drained node is looked at (`drainNode`).
  private static let drainPoll = Nanoseconds.seconds(5)
  /// How long after the graceful termination pods may still be there (`PodEvictionHeadroom`).
  private static let drainHeadroom = Nanoseconds.seconds(30)

  private enum Task {
    static let taint: UInt16 = 1
    static let taintToDrain: UInt16 = 2
    static let delete: UInt16 = 3
  }

  mutating func planScaleDown(_ world: borrowing World, at now: Nanoseconds) {
    if pending == 0 { findRooms(world) }
    findUnneeded(world, at: now)
    guard drains == 0, !isCoolingDown(at: now) else { return }
    chooseEmpty(world, at: now)
    doomIsDrain = doomed.count == 0
    if doomIsDrain { chooseDrain(world, at: now) }
    if doomed.count > 0 { lastRemoval = now }
  }

  private func isCoolingDown(at now: Nanoseconds) -> Bool {
    holdsBack || lastAdd + parameters.delayAfterAdd > now
      || lastRemoval + parameters.delayAfterDelete > now
      || lastFailure + parameters.delayAfterFailure > now
  }

  // MARK: Unneeded nodes

  /// `UpdateUnneededNodes`: empty nodes, those that were found before and still can be emptied, and
  /// some of the others.
  private mutating func findUnneeded(_ world: borrowing World, at now: Nanoseconds) {
    for pool in pools.indices {
      pools[pool].wanted = max(0, pools[pool].target - pools[pool].least)
    }
    var found = 0
    for machine in machines.indices {
      guard isIdle(machine, world, at: now) else {
        machines[machine].unneeded = Nanoseconds(-1)
        continue
      }
      let wasUnneeded = machines[machine].unneeded >= .zero
      if firstOn[machine] == Self.nobody {
        let pool = Int(world.nodes[machine].pool)
        let isFree = pools[pool].wanted > 0
        pools[pool].wanted -= isFree ? 1 : 0
        setUnneeded(machine, isFree, at: now)
      } else if wasUnneeded {
        let moves = canMove(machine, world)
        found += moves ? 1 : 0
        setUnneeded(machine, moves, at: now)
        if !moves { machines[machine].unremovable = now + parameters.unremovableTime }
      }
    }
    findMore(parameters.candidates - found, world, at: now)
  }

  private mutating func setUnneeded(_ machine: Int, _ isUnneeded: Bool, at now: Nanoseconds) {
    if !isUnneeded {
      machines[machine].unneeded = Nanoseconds(-1)
    } else if machines[machine].unneeded < .zero {
      machines[machine].unneeded = now
    }
  }

  /// Looks for further nodes that can be emptied, among a part of those that may.
  private mutating func findMore(_ count: Int, _ world: borrowing World, at now: Nanoseconds) {
    let share = Double(world.registeredNodes) * parameters.candidatePool.value
    var looked = max(parameters.leastCandidatePool, Int(share.rounded(.up)))
    var missing = count
    for machine in machines.indices where missing > 0 && looked > 0 {
      guard firstOn[machine] != Self.nobody, machines[machine].unneeded < .zero,
        isIdle(machine, world, at: now)
      else { continue }
      looked -= 1
      if canMove(machine, world) {
        machines[machine].unneeded = now
        missing -= 1
      } else {
        machines[machine].unremovable = now + parameters.unremovableTime
      }
    }
  }

  /// Whether a node is of a scaled pool, and so little used that it may be unneeded.
  private func isIdle(_ machine: Int, _ world: borrowing World, at now: Nanoseconds) -> Bool {
    let node = world.nodes[machine]
    guard node.isRegistered, machines[machine].state == .idle, pools[Int(node.pool)].isScaled,
      machines[machine].unremovable <= now
    else { return false }
    let cpu = Double(node.cpuAsked) / Double(max(1, node.cpu))
    let memory = Double(node.memoryAsked) / Double(max(1, node.memory))
    return max(cpu, memory) < parameters.utilizationThreshold.value
  }

  /// Whether all pods of a node fit the others, each node as it is now.
  private mutating func canMove(_ machine: Int, _ world: borrowing World) -> Bool {
    guard !isStuck[machine] else { return false }
    bins.removeAll()
    var pod = firstOn[machine]
    var fitsAll = true
    while pod != Self.nobody, fitsAll {
      fitsAll = move(pod, from: machine, world)
      pod = nextOn[Int(pod)]
    }
    // What was moved goes back, the last first.
    while bins.count > 0 {
      let before = bins.removeLast()
      let place = Int(bins.removeLast().node)
      rooms[place] = before
    }
    return fitsAll
  }

  /// Finds a room for a pod, from where the last was found (`FitsAnyNode`).
  ///
  /// `bins` keeps the room's place and what it was.
  private mutating func move(
    _ pod: UInt32, from machine: Int, _ world: borrowing World
  ) -> Bool {
    let workload = world.workloads[Int(world.pods[pod].workload)]
    var group = Group(
      workload: 0, cpu: world.pods[pod].cpu, memory: world.pods[pod].memory, pool: workload.pool,
      tolerations: workload.tolerations, count: 1)
    for step in rooms.indices {
      let place = (cursor + step) % rooms.count
      let room = rooms[place]
      fits += 1
      guard room.node != Self.nobody, Int(room.node) != machine, Self.allows(room, group),
        Self.fill(&rooms[place], with: &group) == 1
      else { continue }
      bins.append(Room(node: UInt32(place)))
      bins.append(room)
      cursor = place
      return true
    }
    return false
  }

  // MARK: Choice

  /// Whether a node has been unneeded for long enough; those that are not ready take longer.
  private func isDue(_ machine: Int, _ world: borrowing World, at now: Nanoseconds) -> Bool {
    guard machines[machine].unneeded >= .zero else { return false }
    let limit =
      world.nodes[machine].condition == .ready ? parameters.unneededTime : parameters.unreadyTime
    return machines[machine].unneeded + limit < now
  }

  private mutating func chooseEmpty(_ world: borrowing World, at now: Nanoseconds) {
    for pool in pools.indices {
      pools[pool].wanted = max(0, pools[pool].target - pools[pool].least)
    }
    for machine in machines.indices
    where doomed.count < parameters.emptyBulk && firstOn[machine] == Self.nobody
      && isDue(machine, world, at: now)
    {
      let pool = Int(world.nodes[machine].pool)
      guard pools[pool].wanted > 0 else { continue }
      pools[pool].wanted -= 1
      doomed.append(UInt32(machine))
    }
  }

  private mutating func chooseDrain(_ world: borrowing World, at now: Nanoseconds) {
    for machine in machines.indices
    where firstOn[machine] != Self.nobody && isDue(machine, world, at: now) {
      let pool = Int(world.nodes[machine].pool)
      guard pools[pool].target > pools[pool].least, canMove(machine, world) else { continue }
      return _ = doomed.append(UInt32(machine))
    }
  }

  // MARK: Removal

  /// Taints a node, so that nothing new comes to it; the rest follows the answer.
  mutating func remove(
    _ node: UInt32, isDrain: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    machines[Int(node)].state = .leaving
    machines[Int(node)].unneeded = Nanoseconds(-1)
    if isDrain { drains += 1 }
    submitTaint(node, true, isDrain ? Task.taintToDrain : Task.taint, &world, &loop)
    var event = Request(.create, .event, client: client, object: node)
    event.bytes = UInt32(Resource.event.objectBytes)
    world.submit(event, in: &loop)
  }

  /// `ToBeDeletedByClusterAutoscaler:NoSchedule`, which the model keeps as a cordon.
  private func submitTaint(
    _ node: UInt32, _ isSet: Bool, _ task: UInt16, _ world: inout World, _ loop: inout Loop
  ) {
    var request = Request(.update, .node, client: client, object: node)
    request.argument =
      isSet
      ? Taint.change(set: Taint.cordoned, clear: 0) : Taint.change(set: 0, clear: Taint.cordoned)
    request.bytes = UInt32(Resource.node.objectBytes)
    request.tag = task
    world.submit(request, in: &loop)
  }

  mutating func answered(_ request: Request, _ world: inout World, _ loop: inout Loop) {
    guard request.resource == .node else { return }
    let isGood = request.outcome == .ok || request.outcome == .notFound
    switch request.tag {
    case Task.taint where isGood:
      schedule(Autoscalers.Kind.stopped, request.object, after: parameters.machineStop, &loop)
    case Task.taintToDrain where isGood: drain(request.object, &world, &loop)
    case Task.delete where isGood: machines[Int(request.object)].state = .idle
    case Task.taint, Task.delete: keep(request.object, at: loop.now)
    case Task.taintToDrain: endDrain(request.object, isGood: false, &world, &loop)
    default: break
    }
  }

  private mutating func keep(_ node: UInt32, at now: Nanoseconds) {
    machines[Int(node)].state = .idle
    lastFailure = now
  }

  /// Evicts the pods of a node but its daemons; an eviction is a delete that disruption budgets may
  /// refuse, and the model has none.
  private mutating func drain(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    var staying = world.nodes[Int(node)].pods
    machines[Int(node)].pod = Self.nobody
    for pod in world.livePods(on: node) {
      guard !world.workloads[Int(world.pods[pod].workload)].isDaemonSet else { continue }
      staying -= 1
      machines[Int(node)].pod = pod
      var request = Request(.delete, .pod, client: client, object: pod)
      request.serial = world.pods[pod].serial
      world.submit(request, in: &loop)
    }
    machines[Int(node)].staying = staying
    machines[Int(node)].drained = loop.now
    schedule(Autoscalers.Kind.drained, node, after: Self.drainPoll, &loop)
  }

  /// Looks whether the pods of a drained node are gone; they have the graceful termination for it.
  mutating func pollDrain(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    let machine = machines[Int(node)]
    if machine.pod != Self.nobody {
      world.submit(Request(.get, .pod, client: client, object: machine.pod), in: &loop)
    }
    if world.nodes[Int(node)].pods <= machine.staying {
      endDrain(node, isGood: true, &world, &loop)
    } else if loop.now - machine.drained
      > parameters.gracefulTermination + Self.drainHeadroom
    {
      endDrain(node, isGood: false, &world, &loop)
    } else {
      schedule(Autoscalers.Kind.drained, node, after: Self.drainPoll, &loop)
    }
  }

  private mutating func endDrain(
    _ node: UInt32, isGood: Bool, _ world: inout World, _ loop: inout Loop
  ) {
    drains -= 1
    guard !isGood else {
      counters.removedDrained += 1
      return schedule(Autoscalers.Kind.stopped, node, after: parameters.machineStop, &loop)
    }
    counters.failedDrains += 1
    submitTaint(node, false, 0, &world, &loop)
    keep(node, at: loop.now)
  }

  /// The machine is off; its controller deletes the node.
  mutating func stopped(_ node: UInt32, _ world: inout World, _ loop: inout Loop) {
    if machines[Int(node)].drained == .zero { counters.removedEmpty += 1 }
    machines[Int(node)].drained = .zero
    world.nodes[Int(node)].isAlive = false
    var request = Request(.delete, .node, client: client, object: node)
    request.tag = Task.delete
    world.submit(request, in: &loop)
  }
}
