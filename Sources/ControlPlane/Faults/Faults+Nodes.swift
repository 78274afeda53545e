internal import Measure
internal import Simulation

/// Faults of machines: without power, or without a way to the API servers.
extension Cluster {
  mutating func beginOnNodes(_ number: Int, _ fault: ClusterFault, _ loop: inout Loop) {
    faults.grow(to: world.nodes.count)
    switch fault.kind {
    case .rackLost:
      let racks = world.nodes.indices.reduce(0) {
        world.nodes[$1].isRegistered ? max($0, Int(world.nodes[$1].rack) + 1) : $0
      }
      let rack = choose(number, of: racks)
      hitNodes(number, &loop) { Int($0.rack) == rack }
    case .zonePartitioned:
      let zone = choose(number, of: world.model.nodes.zones)
      hitNodes(number, &loop) { Int($0.zone) == zone }
    default: loseNodes(number, fault.count, &loop)
    }
  }

  private mutating func hitNodes(
    _ number: Int, _ loop: inout Loop, where isHit: (Node) -> Bool
  ) {
    for node in world.nodes.indices
    where world.nodes[node].isRegistered && isHit(world.nodes[node]) {
      hit(UInt32(node), by: number, &loop)
    }
  }

  /// So many different nodes of those that have power, by chance.
  private mutating func loseNodes(_ number: Int, _ count: Int, _ loop: inout Loop) {
    var left = world.nodes.indices.count { canLosePower($0) }
    var wanted = min(count, left)
    // Knuth's selection sampling (The Art of Computer Programming 2, algorithm 3.4.2 S).
    for node in world.nodes.indices where canLosePower(node) {
      guard wanted > 0 else { return }
      if faults.choices[number].below(UInt64(left)) < UInt64(wanted) {
        hit(UInt32(node), by: number, &loop)
        wanted -= 1
      }
      left -= 1
    }
  }

  /// Machines that are no nodes yet are left alone.
  private func canLosePower(_ node: Int) -> Bool {
    world.nodes[node].isRegistered && faults.nodes[node].withoutPower == 0
  }

  private mutating func hit(_ node: UInt32, by number: Int, _ loop: inout Loop) {
    faults.hit.append(Faults.Hit(fault: UInt16(number), node: node))
    if faults.descriptions[number].kind == .zonePartitioned {
      cutOff(node)
    } else {
      losePower(node, loop)
    }
  }

  mutating func endOnNodes(_ number: Int, _ fault: ClusterFault, _ loop: inout Loop) {
    for place in faults.hit.indices where Int(faults.hit[place].fault) == number {
      let node = faults.hit[place].node
      if fault.kind == .zonePartitioned {
        joinAgain(node, &loop)
      } else {
        gainPower(node, &loop)
      }
    }
  }

  // MARK: Nodes that fail by themselves

  mutating func beginFailing(_ number: Int, _ fault: ClusterFault, _ loop: inout Loop) {
    faults.grow(to: world.nodes.count)
    while faults.failures.count < world.nodes.count {
      let entity = UInt32(2 << 20) + UInt32(faults.failures.count)
      faults.failures.append(world.stream(.fault, of: entity))
    }
    for node in world.nodes.indices { scheduleFailure(of: UInt32(node), number, &loop) }
  }

  private mutating func scheduleFailure(
    of node: UInt32, _ number: Int, _ loop: inout Loop
  ) {
    let mean = faults.descriptions[number].meanTimeBetween
    let law = Distribution.known(try .exponential(mean: mean))
    loop.schedule(
      Event(
        component: .fault, what: Faults.Kind.nodeFails, lane: UInt16(number), index: node),
      after: law.draw(&faults.failures[Int(node)]))
  }

  mutating func nodeFails(_ event: Event, _ loop: inout Loop) {
    let fault = faults.descriptions[Int(event.lane)]
    guard world.nodes[Int(event.index)].isRegistered else {
      return scheduleFailure(of: event.index, Int(event.lane), &loop)
    }
    losePower(event.index, loop)
    guard fault.duration > .zero else { return }
    var back = event
    back.what = Faults.Kind.nodeReturns
    loop.schedule(back, after: fault.duration)
  }

  mutating func nodeReturns(_ event: Event, _ loop: inout Loop) {
    gainPower(event.index, &loop)
    scheduleFailure(of: event.index, Int(event.lane), &loop)
  }

  // MARK: One node

  private mutating func losePower(_ node: UInt32, _ loop: borrowing Loop) {
    let place = Int(node)
    faults.nodes[place].withoutPower += 1
    guard faults.nodes[place].withoutPower == 1 else { return }
    faults.nodes[place].losses &+= 1
    faults.noteLostNode()
    world.nodes[place].isAlive = false
    world.setRunsPods(node, false, at: loop.now)
  }

  private mutating func gainPower(_ node: UInt32, _ loop: inout Loop) {
    let place = Int(node)
    faults.nodes[place].withoutPower -= 1
    guard faults.nodes[place].withoutPower == 0 else { return }
    loop.schedule(
      Event(
        component: .fault, what: Faults.Kind.nodeServes, lane: faults.nodes[place].losses,
        index: node),
      after: faults.restart.draw(&faults.restarts))
    returnToCluster(node, isRestart: true, &loop)
  }

  /// The containers of its pods run again.
  mutating func nodeServes(_ event: Event, _ loop: inout Loop) {
    let state = faults.nodes[Int(event.index)]
    guard state.withoutPower == 0, state.losses == event.lane else { return }
    world.setRunsPods(event.index, true, at: loop.now)
  }

  private mutating func cutOff(_ node: UInt32) {
    faults.nodes[Int(node)].cutOff += 1
    world.nodes[Int(node)].isAlive = false
  }

  private mutating func joinAgain(_ node: UInt32, _ loop: inout Loop) {
    faults.nodes[Int(node)].cutOff -= 1
    returnToCluster(node, isRestart: false, &loop)
  }

  /// The kubelet reaches the API servers: it looks after its pods and says that its node is ready.
  private mutating func returnToCluster(
    _ node: UInt32, isRestart: Bool, _ loop: inout Loop
  ) {
    let state = faults.nodes[Int(node)]
    guard state.withoutPower == 0, state.cutOff == 0, !world.nodes[Int(node)].isAlive else {
      return
    }
    world.nodes[Int(node)].isAlive = true
    loop.schedule(
      now: Event(
        component: .kubelet, what: Port.booted, lane: isRestart ? 0 : 1, index: node))
  }
}
