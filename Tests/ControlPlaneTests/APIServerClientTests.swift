import Measure
import Simulation
import Testing

@testable import ControlPlane

struct APIServerClientTests {
  @Test func aClientsOwnLimitDelaysItsRequestsUpTo31Seconds() {
    var rig = APIServerRig(APIServerRig.quiet())
    let client = rig.addClient(.serviceAccount, rate: Rate(perSecond: 5), burst: 10)
    rig.submit(Request(.get, .pod, client: client), times: 165)
    rig.run(until: .seconds(60))
    let waits = rig.cluster.clients.throttled.snapshot()
    // "Waited for 1.2 s ... 31 s due to client-side throttling": 155 requests at 5 a second.
    #expect(waits.count == 165)
    #expect(abs(Double(waits.quantile(1) ?? 0) / 1e9 - 31) < 0.5)
    #expect(abs(Double(waits.quantile(0.5) ?? 0) / 1e9 - 14.6) < 0.5)
    #expect(rig.outcomes(.ok) == 165)
  }

  @Test func backOffDoublesFrom200MillisecondsTo7Seconds() {
    var rig = APIServerRig(APIServerRig.quiet())
    let client = rig.addClient(.node) {
      $0.renewsLeases()
      $0.attempts = 30
    }
    rig.run(until: .seconds(1))
    rig.restart(0, after: .seconds(40))
    rig.run(until: .seconds(2))
    rig.submit(Request(.get, .lease, client: client))
    // Tries 0.2, 0.6, 1.4, 3, 6.2, 12.6, 19.6, 26.6, 33.6 s later fail, the one after 40.6 s not.
    rig.run(until: .milliseconds(42_500))
    #expect(rig.outcomes(.ok) == 0)
    rig.run(until: .milliseconds(42_800))
    #expect(rig.outcomes(.ok) == 1 && rig.cluster.clients.retries == 10)
  }

  @Test func a429IsTriedAgainASecondLater() {
    var model = APIServerRig.quiet()
    model.apiServer.flowControl.isEnabled = false
    model.apiServer.maxInflight = 1
    model.apiServer.readCPU = .milliseconds(500)
    var rig = APIServerRig(model)
    let client = rig.addClient { $0.attempts = 3 }
    rig.submit(Request(.get, .pod, client: client), times: 4)
    rig.run(until: .milliseconds(900))
    #expect(rig.outcomes(.ok) == 1 && rig.cluster.apiServers.servers[0].refused == 3)
    rig.run(until: .seconds(10))
    // Three come again together, one gets in each time; the last has no attempt left.
    #expect(rig.outcomes(.ok) == 3 && rig.outcomes(.tooManyRequests) == 1)
    #expect(rig.cluster.apiServers.servers[0].refused == 6)
    #expect(rig.cluster.world.requests.live == 0)
  }

  @Test func theInflightLimitsHoldForReadsAndWritesApart() {
    var model = APIServerRig.quiet()
    model.apiServer.flowControl.isEnabled = false
    model.apiServer.maxInflight = 40
    model.apiServer.maxMutatingInflight = 20
    var rig = APIServerRig(model)
    let client = rig.addClient()
    rig.submit(Request(.get, .pod, client: client), times: 100)
    rig.submit(Request(.update, .configMap, client: client), times: 100)
    rig.run(until: .seconds(10))
    #expect(rig.outcomes(.ok) == 60 && rig.outcomes(.tooManyRequests) == 140)
  }

  @Test func whoeverGivesUpLeavesTheQueueButNotTheSeat() {
    var model = APIServerRig.quiet()
    model.apiServer.maxInflight = 1
    model.apiServer.maxMutatingInflight = 0
    model.apiServer.readCPU = .seconds(3)
    var rig = APIServerRig(model)
    let client = rig.addClient { $0.timeout = .seconds(1) }
    rig.submit(Request(.get, .pod, client: client), times: 5)
    rig.run(until: .seconds(2))
    #expect(rig.outcomes(.timeout) == 5)
    let level = rig.cluster.apiServers.flowControl.level(.globalDefault, of: 0)
    #expect(rig.cluster.apiServers.flowControl.levels[level].cancelled == 4)
    #expect(rig.cluster.apiServers.flowControl.levels[level].seatsInUse == 1)
    rig.run(until: .seconds(5))
    #expect(rig.cluster.apiServers.flowControl.levels[level].seatsInUse == 0)
    #expect(rig.cluster.world.requests.live == 0)
  }

  @Test(arguments: [KubernetesProfile.v1_22, .modern])
  func longWaitsEndWithA429(profile: KubernetesProfile) {
    var model = APIServerRig.quiet()
    model.apiServer = APIServerParameters(profile)
    model.apiServer.servers = 1
    model.apiServer.maxInflight = 1
    model.apiServer.maxMutatingInflight = 0
    model.apiServer.flowControl.borrows = false
    model.apiServer.readCPU = .seconds(100)
    var rig = APIServerRig(model)
    let client = rig.addClient()
    rig.submit(Request(.get, .pod, client: client), times: 2)
    rig.run(until: .seconds(16))
    #expect(rig.outcomes(.tooManyRequests) == (profile == .modern ? 1 : 0))
    rig.run(until: .seconds(61))
    #expect(rig.outcomes(.tooManyRequests) == 1)
  }

  @Test func clientsOfARestartedServerStayWithTheOthers() {
    var rig = APIServerRig(APIServerRig.quiet(nodes: 300, servers: 3))
    rig.run(until: .seconds(1))
    let before = (0..<3).map { rig.cluster.watches.connected(to: $0) }
    #expect((before.max() ?? 0) - (before.min() ?? 0) <= 3)
    rig.restart(1, after: .seconds(5))
    rig.run(until: .seconds(3600))
    let after = (0..<3).map { rig.cluster.watches.connected(to: $0) }
    #expect(after[1] == 0 && after[0] + after[2] == before.reduce(0, +))
    #expect(abs(after[0] - after[2]) <= 3)
  }

  @Test(arguments: [KubernetesProfile.v1_22, .modern], [1, 3])
  func everyRequestIsAnsweredOnceThoughServersRestart(profile: KubernetesProfile, servers: Int) {
    var model = APIServerRig.quiet(servers: servers)
    model.apiServer = APIServerParameters(profile)
    model.apiServer.servers = servers
    model.apiServer.maxInflight = 20
    model.apiServer.maxMutatingInflight = 10
    model.apiServer.cpus = 2
    var rig = APIServerRig(model)
    var clients: [UInt32] = []
    for number in 0..<40 {
      clients.append(
        rig.addClient(Identity.allCases[number % Identity.allCases.count]) {
          $0.attempts = UInt8(1 + number % 4)
          $0.timeout = number % 3 == 0 ? .milliseconds(20) : .zero
          $0.flow = UInt32(number)
        })
    }
    for step in 0..<100 {
      for (number, client) in clients.enumerated() {
        let verb: Verb = number % 2 == 0 ? .update : .list
        var request = Request(verb, .configMap, client: client)
        request.objects = UInt32(step * 3)
        request.argument = number % 4 == 1 ? Request.fromEtcd : 0
        rig.submit(request, times: 3)
      }
      if step % 10 == 5 { rig.restart(step / 10 % servers, after: .milliseconds(250)) }
      rig.run(until: .milliseconds(Int64(step) * 100))
    }
    rig.run(until: .seconds(300))
    let answers = Outcome.allCases.map { rig.outcomes($0) }
    #expect(answers[Int(Outcome.pending.rawValue)] == 0)
    // The informers of the control plane ask to watch on, too.
    let others = rig.cluster.watches.counters
    #expect(others.broken > 0)
    #expect(Int(answers.reduce(0, +)) - rig.submitted < 3 * Int(others.broken + others.lists))
    #expect(answers[Int(Outcome.ok.rawValue)] > 1000)
    #expect(rig.cluster.world.requests.live == 0)
    let control = FlowControlSums(rig)
    #expect(control.seats == 0 && control.waiting == 0 && control.executing == 0)
  }
}

/// What is left in all levels.
private struct FlowControlSums {
  var seats = 0
  var waiting = 0
  var executing = 0

  init(_ rig: borrowing APIServerRig) {
    for level in rig.cluster.apiServers.flowControl.levels.indices {
      seats += rig.cluster.apiServers.flowControl.levels[level].seatsInUse
      waiting += rig.cluster.apiServers.flowControl.levels[level].waiting
      executing += rig.cluster.apiServers.flowControl.levels[level].executing
    }
  }
}
