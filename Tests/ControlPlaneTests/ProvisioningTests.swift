import Measure
import Simulation
import Testing

@testable import ControlPlane

struct ProvisioningTests {
  @Test func oneMachineAloneTakesWhatWasPublished() {
    var dpu: [Double] = []
    for seed in 1...25 {
      dpu.append(Self.alone(.dpu, seed: UInt64(seed)))
      #expect(Self.alone(.ironic, seed: UInt64(seed)) >= 1200)
    }
    #expect(dpu.allSatisfy { $0 > 150 && $0 < 165 })
    let median = dpu.sorted()[12]
    #expect(median >= 153 && median <= 161)
  }

  private static func alone(_ path: ProvisioningParameters.Path, seed: UInt64) -> Double {
    var (model, load) = JoiningTests.joining(1)
    model.provisioning.path = path
    load.duration = .seconds(1600)
    let join = ClusterTrial(model: model, load: load, seed: seed).run().join
    return Double(join.createToPing.maximum) / 1e9
  }

  @Test func machinesShareTheImageServersLink() {
    // One link for all, so that n machines take n times as long for the same bytes.
    for count in [1, 5, 20] {
      var (model, load) = Self.constant(.ironic, count)
      model.provisioning.imageServerBytesPerSecond = 100_000_000
      model.provisioning.downloadBytesPerSecond = 100_000_000
      model.provisioning.imageSize = ByteCount(1_000_000_000)
      load.duration = .seconds(400)
      let join = ClusterTrial(model: model, load: load, seed: 1).run().join
      let download = join.phases.first { $0.phase == .download }?.time.inSeconds ?? 0
      #expect(abs(download - Double(10 * count * count)) < 1e-3 * Double(count))
      #expect(join.imageBytes.count == Int64(count) * 1_000_000_000)
    }
  }

  @Test func theLinkDominatesALargeWaveByIronicAndNothingTheDPUs() {
    var (model, load) = Self.constant(.ironic, 100)
    model.provisioning.imageSize = .gibibytes(20)
    load.duration = .seconds(6000)
    let ironic = ClusterTrial(model: model, load: load, seed: 1).run().join
    #expect(ironic.ready == 100 && ironic.phases.first?.phase == .download)
    model.provisioning.path = .dpu
    let dpu = ClusterTrial(model: model, load: load, seed: 1).run().join
    #expect(dpu.ready == 100 && dpu.imageBytes.count == 0)
    #expect(dpu.createToPing.maximum * 20 < ironic.createToPing.maximum)
  }

  @Test func aStepBeginsAPauseAfterTheLastOneEnded() throws {
    var (model, load) = Self.constant(.dpu, 10)
    model.provisioning.step = 4
    model.provisioning.pause = .seconds(30)
    load.duration = .seconds(1000)
    let join = ClusterTrial(model: model, load: load, seed: 1).run().join
    #expect(join.steps.map(\.machines) == [4, 4, 2] && join.ready == 10)
    #expect(join.steps[0].began == load.warmUp)
    for (step, next) in zip(join.steps, join.steps.dropFirst()) {
      #expect(next.began == (try #require(step.ended)) + .seconds(30))
    }
    #expect(join.steps.last?.ended == join.lastReady)
  }

  @Test func failedMachinesAreTriedAgainAndThenGivenUp() {
    for (failures, attempts) in [(0.0, 3), (100, 3), (50, 2)] {
      var (model, load) = Self.constant(.ironic, 30)
      model.provisioning.failures = .percent(failures)
      model.provisioning.attempts = attempts
      model.provisioning.step = 10
      load.duration = .seconds(3000)
      let join = ClusterTrial(model: model, load: load, seed: 1).run().join
      #expect(join.wanted == 30 && join.ready + join.givenUp == 30)
      #expect(join.steps.count == 3 && join.steps.allSatisfy { $0.ready + $0.failed == 10 })
      #expect(join.failedAttempts >= join.givenUp * attempts)
      #expect(join.failedAttempts <= join.givenUp * attempts + join.ready * (attempts - 1))
      if failures == 0 { #expect(join.failedAttempts == 0) }
      if failures == 100 { #expect(join.givenUp == 30) }
      if failures == 50 { #expect(join.ready > 12 && join.givenUp > 1) }
    }
  }

  @Test func vlansRunOutWhereOverlaysDoNot() {
    for (segmentation, expected) in [
      (ProvisioningParameters.Segmentation.vlan, 4), (.vxlan, 10), (.geneve, 10),
    ] {
      var model = APIServerRig.quiet(nodes: 4090)
      model.provisioning.segmentation = segmentation
      var load = ClusterLoad()
      load.addedNodes = 10
      load.duration = .seconds(10)
      var rig = APIServerRig(model, load)
      rig.run(until: .seconds(61))
      let join = JoinOutcome(rig.cluster, at: rig.loop.now)
      #expect(join.createToPing.count == expected && join.withoutNetwork == 10 - expected)
      #expect(join.givenUp == 10 - expected)
    }
  }

  @Test func sharedServersTakeAFewAtOnce() {
    var (model, load) = Self.constant(.dpu, 20)
    model.provisioning.clone = .constant(.seconds(4))
    model.provisioning.cloneConcurrency = 5
    load.duration = .seconds(300)
    let clones = ClusterTrial(model: model, load: load, seed: 1).run().join
    // Four rounds of five: 4 + 8 + 12 + 16 s, five times.
    #expect(clones.phases.first { $0.phase == .clone }?.time == .seconds(200))
    model.provisioning.concurrency = 1
    let single = ClusterTrial(model: model, load: load, seed: 1).run().join
    // Schedule, clone and attach one after the other: 1 + 4 + 1 s each.
    #expect(single.phases.first { $0.phase == .queue }?.time == .seconds(6 * 190))
  }

  @Test func aMeasuredDeployTimeReplacesThePhases() {
    var histogram = LatencyHistogram()
    for second in 150...160 { histogram.record(UInt64(second) * 1_000_000_000) }
    var (model, load) = Self.constant(.ironic, 50)
    model.provisioning.createToPing = .measured(histogram.snapshot())
    load.duration = .seconds(400)
    let join = ClusterTrial(model: model, load: load, seed: 1).run().join
    #expect(join.createToPing.count == 50 && join.imageBytes.count == 0)
    #expect(Double(join.createToPing.minimum) / 1e9 > 147)
    #expect(Double(join.createToPing.maximum) / 1e9 < 163)
  }

  @Test func aSlowLinkTakesAsMuchLongerAndGoesOnWhereItWas() {
    var rig = APIServerRig(Self.slowModel, Self.constant(.ironic, 4).1)
    // 4 GB at 100 MB/s from 10 + 4 s on: 40 s; after half of it the link is a fifth as fast.
    rig.run(until: .seconds(34))
    rig.cluster.provisioning.slowImageServer(by: 5, &rig.loop)
    rig.run(until: .seconds(300))
    let download = JoinOutcome(rig.cluster, at: rig.loop.now).phases.first {
      $0.phase == .download
    }?.time.inSeconds
    #expect(abs((download ?? 0) - 4 * (20 + 20 * 5)) < 1e-3)
  }

  private static var slowModel: ClusterModel {
    var model = constant(.ironic, 4).0
    model.provisioning.imageServerBytesPerSecond = 100_000_000
    model.provisioning.downloadBytesPerSecond = 100_000_000
    model.provisioning.imageSize = ByteCount(1_000_000_000)
    return model
  }

  /// Every phase that is not shared takes 1 s.
  private static func constant(
    _ path: ProvisioningParameters.Path, _ count: Int
  ) -> (ClusterModel, ClusterLoad) {
    var (model, load) = JoiningTests.joining(count)
    let second = LatencyLaw.constant(.seconds(1))
    model.provisioning.path = path
    model.provisioning.schedule = second
    model.provisioning.powerOn = second
    model.provisioning.boot = second
    model.provisioning.cloudInit = second
    model.provisioning.networkBoot = second
    model.provisioning.agentStart = second
    model.provisioning.clone = second
    model.provisioning.attach = second
    model.provisioning.imageSize = ByteCount(50_000_000)
    model.provisioning.diskBytesPerSecond = 1_000_000_000_000
    load.duration = .seconds(400)
    return (model, load)
  }
}
