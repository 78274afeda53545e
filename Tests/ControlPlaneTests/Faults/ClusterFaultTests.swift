import ControlPlane
import Measure
import Testing

/// What goes wrong by the load's description, as the outcome shows it.
struct ClusterFaultTests {
  private func trial(
    _ kind: ClusterFault.Kind, for duration: Nanoseconds = .seconds(60),
    _ change: (inout ClusterTrial, inout ClusterFault) -> Void = { _, _ in }
  ) -> ClusterOutcome {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 60
    model.nodes.nodesPerRack = 10
    model.nodes.zones = 3
    var load = ClusterLoad()
    load.duration = .seconds(600)
    load.workloads = [ClusterLoad.Deployment(replicas: 120), ClusterLoad.Deployment(replicas: 3)]
    var fault = ClusterFault(kind)
    fault.at = .seconds(100)
    fault.duration = duration
    var trial = ClusterTrial(model: model, load: load, seed: 11)
    change(&trial, &fault)
    trial.load.faults.append(fault)
    return trial.run()
  }

  @Test func nothingGoesWrongWithoutAFault() {
    let outcome = trial(.imageServerSlow)
    let availability = outcome.availability
    #expect(availability.writes.share == Fraction(1) && availability.reads.outages == 0)
    #expect(availability.workloads.count == 2)
    #expect(availability.workloads.allSatisfy { $0.full.share == Fraction(1) })
    #expect(availability.writes.measured == .seconds(600))
  }

  @Test func podsOfALostRackAreAwayLongBeforeTheAPIKnows() {
    // It is back before the grace period of 40 s is over: the API never knows.
    let outcome = trial(.rackLost, for: .seconds(20)) { $1.target = 0 }
    let workload = outcome.availability.workloads[0]
    #expect(outcome.nodesLost == 10 && outcome.podStartup.count == 0)
    #expect(workload.full.outages == 1 && workload.any.outages == 0)
    // Twenty seconds without power, and until the containers run again.
    #expect(workload.full.longest > .seconds(20) && workload.full.longest < .seconds(25))
    #expect(outcome.availability.writes.outages == 0)
  }

  @Test func aRackLostForGoodIsEmptiedAfterTheToleration() {
    let outcome = trial(.rackLost, for: .zero) { trial, fault in
      fault.target = 0
      trial.load.duration = .seconds(900)
    }
    // 20 of the 120 pods were there; they are made anew elsewhere.
    #expect(outcome.podStartup.count >= 20)
    #expect(outcome.availability.workloads[0].full.longest > .seconds(340))
  }

  @Test func nodesLostAreAsManyAsAskedFor() {
    let outcome = trial(.nodesLost) { $1.count = 7 }
    #expect(outcome.nodesLost == 7)
    #expect(trial(.nodesLost) { $1.count = 1000 }.nodesLost == 60)
  }

  @Test func aPartitionedZoneRunsItsPods() throws {
    let outcome = trial(.zonePartitioned, for: .seconds(100)) { $1.target = 1 }
    #expect(outcome.nodesLost == 0)
    #expect(outcome.availability.workloads[0].full.outages == 0)
    // The API takes its nodes for unknown, and for ready soon after it is back.
    let ready = try #require(
      outcome.series.column("kube_node_status_condition", "Ready", "true"))
    #expect(ready.values[17] == 40 && ready.values[21] == 60)
  }

  @Test func slowDisksAreSlowAndFastAgainAfterwards() throws {
    let outcome = trial(.slowDisk, for: .seconds(100)) { $1.factor = 200 }
    let syncs = try #require(
      outcome.series.column("etcd_disk_wal_fsync_duration_seconds", "0.99"))
    let before = try #require(syncs.values[8])
    let during = try #require(syncs.values[15])
    let after = try #require(syncs.values[25])
    #expect(during > 20 * before && after < 5 * before)
  }

  @Test func anElectionCostsSecondsOfWritesAndNoReads() {
    let outcome = trial(.leaderKilled)
    #expect(outcome.leaderChanges >= 1)
    #expect(outcome.availability.writes.outages == 1)
    let outage = outcome.availability.writes.longest
    #expect(outage > .milliseconds(700) && outage < .seconds(6))
    #expect(outcome.availability.reads.outages == 0)
  }

  @Test func twoOfThreeMembersAreNoQuorum() {
    let outcome = trial(.memberKilled, for: .seconds(60)) { trial, fault in
      fault.target = 1
      var other = fault
      other.target = 2
      trial.load.faults = [other]
    }
    let writes = outcome.availability.writes
    #expect(writes.outages == 1 && writes.longest >= .seconds(60))
    #expect(writes.longest < .seconds(70))
    #expect(outcome.availability.reads.share == Fraction(1))
    #expect(outcome.failedProposals > 0 && outcome.overduePods == 0)
  }

  @Test func aPartitionedMemberOfThreeIsNotMissed() {
    let outcome = trial(.memberPartitioned) { trial, fault in
      trial.model.etcd.preVote = true
      fault.target = 2
    }
    #expect(outcome.availability.writes.share == Fraction(1))
    // Without pre-vote it comes back with a higher term, and the leader has to give way.
    let disturbed = trial(.memberPartitioned) { $1.target = 2 }
    #expect(disturbed.availability.writes.outages >= 1)
    #expect(disturbed.availability.writes.longest < .seconds(6))
  }

  @Test func aRestartedServerIsMissedOnlyWhereItIsTheOnlyOne() {
    #expect(trial(.apiServerRestarted).availability.reads.outages == 0)
    let alone = trial(.apiServerRestarted) { trial, _ in trial.model.apiServer.servers = 1 }
    #expect(alone.availability.reads.longest == .seconds(60))
    #expect(alone.availability.writes.outages == 1)
    #expect(alone.requests.unavailable > 0 || alone.apiServers.retries > 0)
  }

  @Test func withoutAControllerManagerNoPodIsReplaced() {
    let change = { (trial: inout ClusterTrial) in
      trial.load.podChurn = Rate(perSecond: 1)
      trial.load.duration = .seconds(200)
    }
    let away = trial(.controllerManagerDown, for: .zero) { trial, _ in change(&trial) }
    let back = trial(.controllerManagerDown, for: .seconds(30)) { trial, _ in change(&trial) }
    #expect(away.podStartup.count < 120 && away.podStartup.count > 60)
    #expect(back.podStartup.count > 160)
    #expect(back.availability.workloads[0].full.longest > .seconds(29))
  }

  @Test func nodesThatFailByThemselvesFailAsOftenAsTheyShould() {
    let outcome = trial(.nodesFailing, for: .seconds(300)) { trial, fault in
      fault.meanTimeBetween = .seconds(24 * 3600)
      trial.load.duration = .seconds(12 * 3600)
    }
    // 60 nodes for half a day: 30 failures, Poisson.
    #expect(outcome.nodesLost > 12 && outcome.nodesLost < 52)
    let workload = outcome.availability.workloads[0]
    #expect(workload.full.outages > 10 && workload.any.outages == 0)
    let expected = Double(workload.full.outages) * 300 / (12 * 3600)
    #expect(abs(1 - workload.full.share.value - expected) < 0.3 * expected)
  }

  @Test func theSameFaultsGiveTheSameTrace() {
    let one = trial(.nodesFailing) { $1.meanTimeBetween = .seconds(3600) }
    let other = trial(.nodesFailing) { $1.meanTimeBetween = .seconds(3600) }
    #expect(one.trace == other.trace && one.availability == other.availability)
  }
}
