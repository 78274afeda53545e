import Measure
import Testing

@testable import ControlPlane

/// A cluster on one machine, and clients that send one request after the other.
@Suite struct SharedMachineTests {
  /// One API server, one etcd, round numbers.
  private static func model() -> ClusterModel {
    var model = APIServerRig.quiet()
    var machine = SharedMachine()
    machine.cpus = 2
    machine.clientCPU = .microseconds(200)
    machine.controllerCPU = .zero
    machine.watcherCPU = .zero
    model.machine = machine
    model.apiServer.cpus = 2
    model.apiServer.writeCPU = .microseconds(700)
    model.apiServer.sendCPU = .zero
    model.apiServer.roundTrip = .microseconds(100)
    model.etcd.members = 1
    model.etcd.cpus = 2
    model.etcd.putCPU = .microseconds(100)
    model.etcd.walSync = .constant(.microseconds(300))
    model.etcd.backendCommit = .constant(.microseconds(10))
    return model
  }

  private static func run(
    _ model: ClusterModel, _ act: ClosedLoop.Act, clients: Int
  ) -> (rate: Double, seen: ClusterSightings) {
    var load = ClusterLoad()
    load.warmUp = .seconds(1)
    load.duration = .seconds(10)
    load.closedLoop = ClosedLoop(act, clients: clients)
    let seen = ClusterTrial(model: model, load: load, seed: 1).runWatched()
    return (Double(seen.operations.first?.latency.count ?? 0) / 10, seen)
  }

  /// The parts of a request add up: 200 us of the client, 100 us of the way, 700 us of the server,
  /// 100 us of etcd with its sync of 300 us, a turn of its loop of
  /// 60 us, 2 us an entry and 8 us to apply.
  @Test func oneClientWaitsForNobody() throws {
    let (rate, seen) = Self.run(Self.model(), .createPods, clients: 1)
    let create = try #require(seen.operations.first)
    #expect(create.verb == "POST" && create.resource == "pods" && create.failures == 0)
    let parts: Double = [200, 100, 700, 100, 300, 60, 2, 8].reduce(0, +)
    #expect(abs(create.latency.mean / 1000 / parts - 1) < 0.02, "\(create.latency.mean)")
    #expect(abs(rate * parts / 1e6 - 1) < 0.02)
  }

  /// With many clients the CPUs decide: a request needs 1.1 ms of two.
  @Test func manyClientsShareTheCPUs() {
    let rate = Self.run(Self.model(), .createPods, clients: 16).rate
    #expect(rate < 2000 && rate > 1750, "\(rate)")
    var model = Self.model()
    model.apiServer.overhead = .percent(100)
    let slower = Self.run(model, .createPods, clients: 16).rate
    #expect(abs(slower / (2 / 0.0018) - 1) < 0.05, "a server that works twice as much: \(slower)")
    model = Self.model()
    model.machine = nil
    #expect(
      Self.run(model, .createPods, clients: 16).rate > 2400, "on machines of their own they go on")
  }

  /// One client leaves CPUs idle most of the time and pays for waking them; of many there is always
  /// somebody at work.
  @Test func whoFindsCPUsIdlePaysForWakingThem() {
    var model = Self.model()
    model.machine?.wakingCost = 2
    let ratios = [1, 16].map { clients in
      Self.run(model, .createPods, clients: clients).rate
        / Self.run(Self.model(), .createPods, clients: clients).rate
    }
    #expect(ratios[0] > 0.4 && ratios[0] < 0.7, "\(ratios)")
    // Who waits for whom differs, too: a part in a hundred either way.
    #expect(ratios[1] > 0.9 && ratios[1] < 1.01, "\(ratios)")
  }

  /// CPU times that differ keep their mean, and make the slowest requests slower.
  @Test func cpuTimesThatDifferMakeATail() throws {
    var model = Self.model()
    model.machine?.cpuSpread = 0.8
    let latency = { (model: ClusterModel) in
      try #require(Self.run(model, .createPods, clients: 1).seen.operations.first).latency
    }
    let (even, uneven) = (try latency(Self.model()), try latency(model))
    #expect(abs(uneven.mean / even.mean - 1) < 0.05)
    let tail = { (latency: LatencyDistribution) in Double(latency.quantile(0.99) ?? 0) }
    #expect(tail(uneven) > 1.5 * tail(even))
  }

  @Test func idleComponentsUseCPUs() {
    var model = Self.model()
    model.machine?.idle = Fraction(1)
    let rate = Self.run(model, .createPods, clients: 16).rate
    #expect(rate < 1100 && rate > 850, "one of two CPUs is left: \(rate)")
  }

  /// A read that etcd confirms costs it no sync; an update of a small object less than a pod.
  @Test func whatIsDoneDecidesWhatItCosts() {
    var model = Self.model()
    model.apiServer.leaseCPU = .microseconds(300)
    model.apiServer.readCPU = .microseconds(100)
    let create = Self.run(model, .createObjects, clients: 1).rate
    let update = Self.run(model, .updateObjects, clients: 1).rate
    let read = Self.run(model, .readObjects, clients: 1).rate
    #expect(create < update && update < read, "\(create) \(update) \(read)")
  }

  @Test func theSameSeedGivesTheSameTrace() {
    let traces = (0..<2).map { _ in
      Self.run(Self.model(), .createPods, clients: 4).seen.trace
    }
    #expect(traces[0] == traces[1])
  }
}
