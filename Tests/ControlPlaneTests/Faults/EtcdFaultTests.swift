import Measure
import Simulation
import Testing

@testable import ControlPlane

extension APIServerRig {
  fileprivate mutating func stop(_ member: Int, isKilled: Bool = false) {
    cluster.etcd.stop(member, isKilled: isKilled, &cluster.world, &loop)
  }

  fileprivate mutating func resume(_ member: Int) {
    cluster.etcd.resume(member, &cluster.world, &loop)
  }

  fileprivate mutating func connect(_ member: Int, _ isConnected: Bool) {
    cluster.etcd.connect(member, isConnected, &cluster.world, &loop)
  }
}

/// What befalls members of etcd, driven by hand under a stream of writes.
struct EtcdFaultTests {
  /// A cluster whose 40 nodes renew their leases every second.
  private static func rig(members: Int = 3, preVote: Bool = true, seed: UInt64 = 1) -> APIServerRig
  {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 40
    model.nodes.leaseInterval = .seconds(1)
    model.etcd.members = members
    model.etcd.preVote = preVote
    return APIServerRig(model, seed: seed)
  }

  private static func agree(_ rig: borrowing APIServerRig) -> Bool {
    guard let leader = rig.cluster.etcd.leader else { return false }
    let commit = rig.cluster.etcd.members[leader].commit
    return rig.cluster.etcd.members.indices.allSatisfy {
      rig.cluster.etcd.members[$0].term == rig.cluster.etcd.members[leader].term
        && rig.cluster.etcd.members[$0].applied + 40 > commit
        && rig.cluster.etcd.members[$0].commit <= commit
    }
  }

  @Test(arguments: [false, true], 1...10) func aKilledMemberCatchesUpAfterItsRestart(
    preVote: Bool, seed: UInt64
  ) {
    var rig = Self.rig(preVote: preVote, seed: seed)
    rig.run(until: .seconds(10))
    let member = Int(seed) % 3
    rig.stop(member, isKilled: true)
    rig.run(until: .seconds(60))
    // The others went on, and forgot what it would need of the log.
    let applied = rig.cluster.etcd.members[member].applied
    let base = rig.cluster.etcd.logBase
    #expect(base > applied + 1000)
    rig.resume(member)
    rig.run(until: .seconds(62))
    let agree = Self.agree(rig)
    #expect(agree)
    let leaders = rig.cluster.etcd.members.indices.count {
      rig.cluster.etcd.members[$0].role == .leader
    }
    #expect(leaders == 1)
    let before = rig.outcomes(.ok)
    rig.run(until: .seconds(72))
    let done = rig.outcomes(.ok) - before
    #expect(abs(Int(done) - 400) < 30)
  }

  @Test(arguments: [false, true], 1...10) func aPartitionedLeaderGivesWay(
    preVote: Bool, seed: UInt64
  ) throws {
    var rig = Self.rig(members: 5, preVote: preVote, seed: seed)
    rig.run(until: .seconds(10))
    rig.connect(0, false)
    rig.run(until: .seconds(30))
    let found = rig.cluster.etcd.leader
    let leader = try #require(found)
    let role = rig.cluster.etcd.members[0].role
    #expect(leader != 0 && role != .leader)
    rig.connect(0, true)
    rig.run(until: .seconds(40))
    let agree = Self.agree(rig)
    #expect(agree)
    // With pre-vote it comes back without another election.
    let last = rig.cluster.etcd.leader
    if preVote { #expect(last == leader) }
  }

  @Test(arguments: [false, true]) func withoutAQuorumWritesEndInTheirTimeOutAndGoOnAfterwards(
    isKilled: Bool
  ) {
    var rig = Self.rig()
    let client = rig.addClient()
    rig.run(until: .seconds(10))
    for member in [1, 2] {
      rig.stop(member, isKilled: isKilled)
    }
    rig.run(until: .seconds(15))
    rig.submit(Request(.update, .configMap, client: client), times: 5)
    let before = rig.outcomes(.timeout) + rig.outcomes(.unavailable)
    rig.run(until: .seconds(23))
    let after = rig.outcomes(.timeout) + rig.outcomes(.unavailable)
    #expect(after >= before + 5)
    for member in [1, 2] {
      rig.resume(member)
    }
    rig.run(until: .seconds(40))
    let good = rig.outcomes(.ok)
    rig.run(until: .seconds(50))
    let done = rig.outcomes(.ok) - good
    #expect(abs(Int(done) - 400) < 30)
    let live = rig.cluster.world.requests.live
    #expect(live < 60)
  }

  @Test func aLoneMemberIsBackAtOnce() {
    var rig = Self.rig(members: 1)
    rig.run(until: .seconds(10))
    rig.stop(0, isKilled: true)
    rig.run(until: .seconds(12))
    rig.resume(0)
    rig.run(until: .seconds(14))
    let good = rig.outcomes(.ok)
    rig.run(until: .seconds(24))
    let done = rig.outcomes(.ok) - good
    #expect(abs(Int(done) - 400) < 30)
  }

  @Test func theDatabaseHoldsTheObjectsThatAreThere() {
    let rig = APIServerRig(APIServerRig.quiet(nodes: 100))
    let live = rig.cluster.etcd.database.live
    #expect(live >= 100 * 20_000)
  }

  @Test func aKubeletHasOneRenewalAtATime() {
    var rig = Self.rig()
    rig.run(until: .seconds(5))
    for member in 0..<3 {
      rig.stop(member)
    }
    rig.run(until: .seconds(60))
    let places = rig.cluster.world.requests.livePlaces
    let leases = places.count {
      rig.cluster.world.requests[$0].resource == .lease && !rig.cluster.world.requests[$0].isOrphan
    }
    #expect(leases <= 40)
  }
}
