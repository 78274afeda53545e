import ControlPlane
import Measure
import Scenario
import Testing

@Suite struct ClusterTests {
  private func scenario(
    _ systems: String, _ simulation: String = "{pods: 100}", more: String = "",
    overrides: [String] = []
  ) throws -> ScenarioReader.Reading {
    let text = """
      assay: 1
      name: cluster
      systems:
        \(systems)
      workloads:
        churn:
          simulation: \(simulation)
      \(more)
      """
    return try ScenarioReader.read(text: text, file: "c.yaml", overrides: overrides)
  }

  private func model(_ cluster: String, overrides: [String] = []) throws -> ClusterModel {
    let read = try scenario("one: {cluster: \(cluster)}", "{}", overrides: overrides).scenario
    guard case .cluster(let model)? = read.system("one")?.target else { throw NoCluster() }
    return model
  }
  private struct NoCluster: Error {}

  @Test func whatIsNotSaidIsOfTheRelease() throws {
    #expect(try model("{kubernetes: \"1.22\"}") == ClusterModel())
    let modern = try model("{kubernetes: modern}")
    #expect(modern.nodes.qps == Rate(perSecond: 50) && modern.profile == .modern)
  }

  @Test func everyKeyReachesTheModelAndIsToldBack() throws {
    let model = try model(
      """
      {nodes: 500, etcd: {members: 5, wal-sync: {p50: 60us, p99: 200us}, round-trip: 1ms},
         api-servers: {count: 2, max-inflight: 800}, kubelets: {qps: 50/s, max-pods: 250},
         controllers: {eviction-rate: 0.2/s}, scheduler: {packs: true}}
      """)
    #expect(model.nodes.count == 500 && model.nodes.maximumPods == 250)
    #expect(model.etcd.walSync == .lognormal(p50: .microseconds(60), p99: .microseconds(200)))
    #expect(model.apiServer.servers == 2 && model.apiServer.maxInflight == 800)
    let told = ScenarioWriter.settings(of: model)
    #expect(told.contains { $0 == ("etcd.wal-sync", "{p50: 60us, p99: 200us}") })
    #expect(told.count == 9, "\(told)")
  }

  @Test func whatEtcdCostsItsMachinesCanBeSaid() throws {
    let model = try model(
      """
      {etcd: {wal-overwrite: 90us, entries-per-write: 1, socket-read-cpu: 20us, message-cpu: 30us,
              sync-cpu: 80us, wake-up: 15us, process-wake-cpu: 70us, rest-cpu: 60us,
              request-cpu: 5us, sync-return-cpu: 70us}}
      """)
    let etcd = model.etcd
    #expect(etcd.walOverwrite == .constant(.microseconds(90)) && etcd.entriesPerWrite == 1)
    #expect(etcd.socketReadCPU == .microseconds(20) && etcd.messageCPU == .microseconds(30))
    #expect(etcd.syncCPU == .microseconds(80) && etcd.wakeUp == .microseconds(15))
    #expect(etcd.processWakeCPU == .microseconds(70) && etcd.restCPU == .microseconds(60))
    #expect(etcd.requestCPU == .microseconds(5) && etcd.syncReturnCPU == .microseconds(70))
    #expect(ScenarioWriter.settings(of: model).count == 10)
    #expect(ScenarioWriter.settings(of: ClusterModel()).isEmpty)
  }

  @Test func lawsAreConstantLognormalOrWithATail() throws {
    let constant = try model("{etcd: {wal-sync: 2ms}}").etcd.walSync
    #expect(constant == .constant(.milliseconds(2)))
    let tail = try model(
      """
      {etcd: {wal-sync: {p50: 1ms, p99: 2ms, tail-p50: 9ms, tail-p99: 40ms, tail-share: 2%}}}
      """
    ).etcd.walSync
    #expect(
      tail
        == .mixture(
          p50: .milliseconds(1), p99: .milliseconds(2), tailP50: .milliseconds(9),
          tailP99: .milliseconds(40), tailShare: .percent(2)))
  }

  @Test func presetsAreAsPublishedAndCanBeChanged() throws {
    let large = try model("{preset: thousand-nodes}")
    #expect(large.nodes.count == 1200 && large.nodes.pools.map(\.nodes) == [128, 256, 32, 784])
    #expect(large.etcd.members == 5 && large.etcd.electionTimeout == .milliseconds(2500))
    #expect(large.apiServer.maxInflight == 4000 && large.apiServer.maxMutatingInflight == 2000)
    let changed = try model(
      "{preset: thousand-nodes, etcd: {members: 3}}",
      overrides: ["systems.one.cluster.nodes=500"])
    #expect(changed.nodes.count == 500 && changed.etcd.members == 3)
    #expect(changed.etcd.heartbeatInterval == large.etcd.heartbeatInterval)
    let small = try model("{preset: small-cluster}")
    #expect(small.nodes.count == 3 && small.controllers.unreachableToleration == .seconds(30))
  }

  @Test func deploymentsHaveStrategiesPrioritiesSpreadAndUse() throws {
    let read = try scenario(
      "one: {cluster: {nodes: 10}}",
      """
      {deployments: {back: {replicas: 2}, web: {replicas: 9, priority: 1000,
            spread: {zones: 1, nodes: 2}, rollouts: [1min, 5min], max-surge: 10%,
            max-unavailable: 0%, memory-use: 1GiB, memory-growth: 1MiB/s, disk-use: 2GiB,
            disk-growth: 4KiB/s, requests: 100/s, autoscaler: frontend}}}
      """
    ).scenario
    let load = try #require(read.workloads[0].points[0].workload.simulation)
    let web = load.workloads[1]
    #expect(web.priority == 1000 && web.zoneSkew == 1 && web.nodeSkew == 2)
    #expect(load.rollouts.map(\.deployment) == [1, 1])
    #expect(load.rollouts.map(\.at) == [.seconds(60), .seconds(300)])
    #expect(web.maxSurge == .percent(10) && web.maxUnavailable == .percent(0))
    #expect(web.memoryUse == .gibibytes(1) && web.memoryGrowthBytesPerSecond == 1 << 20)
    #expect(web.diskUse == .gibibytes(2) && web.diskGrowthBytesPerSecond == 4096)
    #expect(web.autoscaler == .frontend && load.workloads[0].maxSurge == nil)
  }

  @Test func poolsHaveDisksStandbyAndBounds() throws {
    let model = try model(
      """
      {pools: {web: {nodes: 3, disk: 40GiB, standby: 1, minimum: 2, maximum: 9}},
         kubelets: {pods-per-core: 5}, eviction: {hard-memory: 500MiB, soft-disk: 15%},
         scheduler: {preempts: false}, cluster-autoscaler: {priorities: [web], replicas: 2}}
      """)
    let pool = model.nodes.pools[0]
    #expect(pool.disk == .gibibytes(40) && pool.standby == 1 && pool.minimum == 2)
    #expect(model.nodes.podCapacity(of: pool) == 110 && model.nodes.podsPerCore == 5)
    #expect(model.nodes.eviction.hardMemory == .mebibytes(500))
    #expect(model.nodes.eviction.softDisk == .percent(15) && !model.controllers.preempts)
    #expect(model.autoscaling.nodes?.priorities == ["web"])
  }

  @Test func anEvenNumberOfMembersIsAWarning() throws {
    let reading = try scenario("one: {cluster: {etcd: {members: 4}}}")
    #expect(reading.warnings.map(\.message).contains { $0.hasPrefix("4 members survive") })
  }

  @Test func trialsOfABlockShareTheirSeedAcrossSystemsAndPoints() throws {
    let read = try scenario(
      "{one: {cluster: {nodes: 10}}, two: {cluster: {nodes: 20}}}", "{pods: 10}",
      more: "    sweep: {pod-churn: [1/s, 2/s]}\ndesign: {blocks: 3}")
    let plan = Plan.expand(read.scenario, seed: 7)
    #expect(plan.trials.count == 12 && plan.isSimulated)
    let seeds = (1...3).map { block in
      Set(plan.trials.filter { $0.block == block }.map(\.seed))
    }
    #expect(seeds.allSatisfy { $0.count == 1 })
    #expect(Set(seeds).count == 3)
    #expect(Plan.expand(read.scenario, seed: 8).trials[0].seed != plan.trials[0].seed)
  }
}
