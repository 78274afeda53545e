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
  /// 100 us of etcd with its sync of 300 us, its loop's 60 us, 2 us an entry and 8 us to apply.
  @Test func oneClientWaitsForNobody() throws {
    let (rate, seen) = Self.run(Self.model(), .createPods, clients: 1)
    let create = try #require(seen.operations.first)
    #expect(create.verb == "POST" && create.resource == "pods" && create.failures == 0)
    let parts = 200.0 + 100 + 700 + 100 + 300 + 60 + 2 + 8
    #expect(abs(create.latency.mean / 1000 / parts - 1) < 0.02, "\(create.latency.mean)")
    #expect(abs(rate * parts / 1e6 - 1) < 0.02)
  }

  /// With many clients the CPUs decide: a request needs 1 ms of two.
  @Test func manyClientsShareTheCPUs() {
    let rate = Self.run(Self.model(), .createPods, clients: 16).rate
    #expect(rate < 2000 && rate > 1850, "\(rate)")
    var model = Self.model()
    model.apiServer.overhead = .percent(100)
    let slower = Self.run(model, .createPods, clients: 16).rate
    #expect(abs(slower / (2 / 0.0017) - 1) < 0.05, "a server that works twice as much: \(slower)")
    model = Self.model()
    model.machine = nil
    #expect(
      Self.run(model, .createPods, clients: 16).rate > 2400, "on machines of their own they go on")
  }

  /// One client finds CPUs idle at each step: 200 us, 700 us and etcd's CPU cost it twice as much;
  /// of many there is always somebody at work, and they cost what they cost.
  @Test func whoWakesACPUPaysForIt() throws {
    var model = Self.model()
    model.machine?.wakingFactor = 2
    let (_, seen) = Self.run(model, .createPods, clients: 1)
    let create = try #require(seen.operations.first)
    let parts = 2 * (200.0 + 700 + 100 + 60 + 8) + 100 + 300 + 2
    #expect(abs(create.latency.mean / 1000 / parts - 1) < 0.02, "\(create.latency.mean)")
    let many = Self.run(model, .createPods, clients: 16).rate
    let without = Self.run(Self.model(), .createPods, clients: 16).rate
    #expect(many > 0.9 * without && many <= without, "\(many) of \(without)")
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
