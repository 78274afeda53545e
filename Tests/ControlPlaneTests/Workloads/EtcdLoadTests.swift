import Measure
import Testing

@testable import ControlPlane

/// Clients of etcd itself, beside a cluster of one node.
@Suite struct EtcdLoadTests {
  private static func outcome(
    members: Int = 3, seconds: Int64 = 5, _ change: (inout EtcdLoad) -> Void
  ) throws -> ClusterOutcome {
    var model = ClusterModel(profile: .v1_22)
    model.nodes.pools = [NodeParameters.Pool(name: "general", nodes: 1)]
    model.etcd.members = members
    var load = ClusterLoad()
    load.warmUp = .seconds(1)
    load.duration = .seconds(seconds)
    change(&load.etcdLoad)
    return ClusterTrial(model: model, load: load, seed: 7).run()
  }

  @Test(arguments: EtcdLoad.Act.allCases)
  func clientsOfAClosedLoopObeyLittlesLaw(_ act: EtcdLoad.Act) throws {
    let seen = try #require(
      try Self.outcome {
        $0.clients = 16
        $0.act = act
      }.etcdLoad)
    let rate = Double(seen.latency.count) / 5
    #expect(abs(rate * seen.latency.mean / 1e9 - 16) < 0.1)
    #expect(seen.failed == 0)
  }

  @Test func requestsOfAnOpenLoopComeAtTheirRate() throws {
    let seen = try #require(
      try Self.outcome(seconds: 20) { $0.rate = Rate(perSecond: 2000) }.etcdLoad)
    // Four standard deviations of a Poisson count of 40 000.
    #expect(abs(Double(seen.latency.count) - 40_000) < 800)
  }

  @Test func moreClientsShareEachSync() throws {
    let one = try #require(try Self.outcome { $0.clients = 1 }.etcdLoad?.entriesPerSync)
    let many = try #require(try Self.outcome { $0.clients = 64 }.etcdLoad?.entriesPerSync)
    #expect(one < 1.1 && many > 4 * one)
  }

  @Test func aWriteWaitsForAQuorumAndASerializableReadForNobody() throws {
    let put = try #require(try Self.outcome { $0.clients = 1 }.etcdLoad)
    let read = try #require(
      try Self.outcome {
        $0.clients = 1
        $0.act = .serializableRead
      }.etcdLoad)
    #expect(read.latency.mean < put.latency.mean / 2)
  }

  @Test func withoutClientsOfItsOwnNothingIsSaidOfThem() throws {
    #expect(try Self.outcome { _ in }.etcdLoad == nil)
  }
}
