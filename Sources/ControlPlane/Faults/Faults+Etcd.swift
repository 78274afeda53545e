internal import Measure
internal import Simulation

/// Faults of etcd's members and their disks.
extension Cluster {
  mutating func beginOnEtcd(_ number: Int, _ fault: ClusterFault, _ loop: inout Loop) {
    switch fault.kind {
    case .slowDisk: slowDisks(fault, begins: true)
    case .leaderKilled: kill(etcd.leader ?? choose(number, of: etcd.members.count), number, &loop)
    case .memberKilled: kill(choose(number, of: etcd.members.count), number, &loop)
    case .memberPartitioned:
      let member = choose(number, of: etcd.members.count)
      guard etcd.members[member].isConnected else { break }
      faults.targets[number] = Int32(member)
      etcd.connect(member, false, &world, &loop)
    default: break
    }
  }

  /// A member that is down already is left to the fault that took it.
  private mutating func kill(_ member: Int, _ number: Int, _ loop: inout Loop) {
    guard etcd.members[member].isRunning else { return }
    faults.targets[number] = Int32(member)
    etcd.stop(member, isKilled: true, &world, &loop)
  }

  mutating func endOnEtcd(_ number: Int, _ fault: ClusterFault, _ loop: inout Loop) {
    if fault.kind == .slowDisk { return slowDisks(fault, begins: false) }
    guard faults.targets[number] != Faults.nothing else { return }
    let member = Int(faults.targets[number])
    faults.targets[number] = Faults.nothing
    if fault.kind == .memberPartitioned {
      etcd.connect(member, true, &world, &loop)
    } else {
      etcd.resume(member, &world, &loop)
    }
  }

  /// Of the member that the fault names, or of all.
  private mutating func slowDisks(_ fault: ClusterFault, begins: Bool) {
    for member in etcd.members.indices where fault.target.map({ $0 == member }) ?? true {
      if begins {
        etcd.members[member].diskFactor *= fault.factor
      } else {
        etcd.members[member].diskFactor /= fault.factor
      }
    }
  }
}
