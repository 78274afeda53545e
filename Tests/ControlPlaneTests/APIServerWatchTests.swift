import Measure
import Simulation
import TestSupport
import Testing

@testable import ControlPlane

struct APIServerWatchTests {
  /// One cache under a list of changes.
  struct CacheCase: Encodable {
    var least = 10
    var most = 160
    var fresh: Int64 = 75_000
    var times: [Int64] = []
    var dynamic = true
  }

  @Test(Requires.tool("python3")) func cachesGrowShrinkAndForgetAsTheOracleSays() throws {
    var stream = RandomStream(seed: 5, entity: 0, purpose: 0)
    var cases: [CacheCase] = []
    for dynamic in [true, false] {
      for _ in 0..<4 {
        var one = CacheCase()
        one.dynamic = dynamic
        var time: Int64 = 0
        for step in 0..<2000 {
          // Calm and storm in turn.
          time += Int64(stream.below(step / 250 % 2 == 0 ? 20_000 : 900))
          one.times.append(time)
        }
        cases.append(one)
      }
    }
    let answers: [[[Int]]] = try PythonOracle.answers(
      """
      def answer(case):
        events, size, seen = [], case["least"], []
        dropped = False
        for number, now in enumerate(case["times"]):
          if len(events) == size and case["dynamic"]:
            if now - events[0][1] < case["fresh"]: size = min(2 * size, max(size, case["most"]))
            elif now - events[-(size // 4)][1] > case["fresh"]:
              size = max(size // 2, case["least"])
              events = events[-size:]
          if len(events) == size:
            events.pop(0)
            dropped = True
          events.append((number + 2, now))
          seen.append([size, events[0][0] if dropped else 2])
        return seen
      """, to: cases)
    for (one, expected) in zip(cases, answers) {
      var parameters = APIServerParameters()
      parameters.servers = 1
      parameters.watchCache.isDynamic = one.dynamic
      parameters.watchCache.leastEvents = one.least
      parameters.watchCache.mostEvents = one.most
      parameters.watchCache.freshness = Nanoseconds(one.fresh)
      var caches = WatchCaches(parameters)
      let connections = Connections(servers: 1)
      caches.relist(0, at: 1)
      var differing = 0
      for (number, time) in one.times.enumerated() {
        caches.append(.pod, UInt64(number + 2), at: Nanoseconds(time), connections)
        let oldest = UInt64(expected[number][1])
        let isRight =
          Int(caches.cache(of: .pod, at: 0).capacity) == expected[number][0]
          && !caches.isGone(oldest - 1, of: .pod, at: 0)
          && (oldest < 2 || caches.isGone(oldest - 2, of: .pod, at: 0))
        if !isRight { differing += 1 }
      }
      #expect(differing == 0)
    }
  }

  /// What watchers went through, and how many are connected in the end.
  struct Storm { var lists = 0, gone = 0, back = 0 }

  /// 600 nodes join at once while 100 endpoint slices a second change; no flow control, as in 2019.
  private func storm(_ cache: WatchCacheParameters) -> Storm {
    var model = APIServerRig.quiet(servers: 2)
    model.apiServer.flowControl.isEnabled = false
    model.apiServer.maxInflight = 3000
    model.apiServer.watchCache = cache
    model.apiServer.cpus = 4
    var load = ClusterLoad()
    load.addedNodes = 600
    for _ in 0..<400 {
      load.workloads.append(ClusterLoad.Deployment(replicas: 0))
    }
    var rig = APIServerRig(model, load)
    let writer = rig.addClient(.admin)
    for step in 0..<3000 {
      if step == 200 {
        for watcher in 0..<UInt32(1200) {
          rig.loop.schedule(
            now: Event(
              component: .watch, what: Watches.begin, lane: UInt16(watcher % 2),
              index: watcher / 2))
        }
      }
      rig.submit(Request(.update, .endpointSlice, client: writer, object: UInt32(step % 400)))
      rig.run(until: .milliseconds(Int64(step) * 10))
    }
    let counters = rig.cluster.watches.counters
    let back = rig.cluster.watches.connected(to: 0) + rig.cluster.watches.connected(to: 1)
    return Storm(lists: Int(counters.lists), gone: Int(counters.gone), back: back)
  }

  @Test func aCacheOf100EventsTurnsAJoinIntoAStormOfLists() {
    // kubernetes/kubernetes 85342: while lists are made 100 slices change, and each watch that
    // begins at its list is gone already.
    let small = storm(.fixed(100))
    let large = storm(.fixed(10_000))
    let dynamic = storm(WatchCacheParameters())
    // Each of the 1200 kubelets and kube-proxies lists once, but for the small cache.
    #expect(large.lists == 1200 && large.gone == 0 && large.back == 1209)
    #expect(dynamic.lists == 1200 && dynamic.gone == 0 && dynamic.back == 1209)
    #expect(small.lists > 2000 && small.gone > 1000 && small.back < 1100)
  }

  @Test func oneEventAServerCostsWhatOneAWatcherDoes() {
    func run(perWatcher: Bool) -> (bytes: Int64, cpu: Int64, events: UInt64, worst: Double) {
      var model = APIServerRig.quiet(nodes: 900, servers: 3)
      model.apiServer.hasFanOutPerWatcher = perWatcher
      var load = ClusterLoad()
      load.workloads = [ClusterLoad.Deployment(replicas: 1)]
      var rig = APIServerRig(model, load)
      let writer = rig.addClient(.admin)
      for step in 0..<100 {
        rig.submit(Request(.update, .endpointSlice, client: writer, object: 0))
        rig.run(until: .milliseconds(Int64(step) * 50))
      }
      rig.run(until: .seconds(10))
      var bytes: Int64 = 0
      var cpu: Int64 = 0
      for server in 0..<3 {
        bytes += rig.cluster.apiServers.servers[server].watchBytes
        cpu += rig.cluster.apiServers.servers[server].processors.spent.count
      }
      let lag = rig.cluster.world.observations.watchLag.snapshot()
      #expect(lag.count == 90_000)
      return (bytes, cpu, rig.loop.handled, Double(lag.quantile(1) ?? 0))
    }
    let one = run(perWatcher: false)
    let each = run(perWatcher: true)
    // 10 kB to 900 nodes a hundred times.
    #expect(one.bytes == 900_000_000 && each.bytes == one.bytes && each.cpu == one.cpu)
    #expect(abs(one.worst / each.worst - 1) < 0.2)
    #expect(one.events < each.events / 5)
  }

  @Test func nothingIsMissedWhileAServerIsAway() {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 60
    var load = ClusterLoad()
    load.workloads = [ClusterLoad.Deployment(replicas: 300)]
    load.workloads[0].isThere = false
    var rig = APIServerRig(model, load)
    for server in 0..<3 {
      rig.run(until: .seconds(2 + 4 * Int64(server)))
      rig.restart(server, after: .seconds(3))
    }
    rig.run(until: .seconds(200))
    #expect(rig.cluster.world.workloads[0].ready == 300)
    #expect(rig.cluster.watches.counters.broken > 100)
    #expect(
      rig.cluster.world.nodes.indices.allSatisfy {
        rig.cluster.world.nodes[$0].condition == .ready
      })
  }

  @Test func aListTakesFiveTimesItsSizeWhileItIsMade() {
    var rig = APIServerRig(APIServerRig.quiet())
    let idle = rig.cluster.apiServers.memory(of: 0, watches: 0, rig.cluster.world)
    let client = rig.addClient(.admin)
    var list = Request(.list, .pod, client: client)
    list.objects = 100_000
    list.bytes = 400_000_000
    rig.submit(list, times: 2)
    rig.run(until: .milliseconds(500))
    let busy = rig.cluster.apiServers.memory(of: 0, watches: 0, rig.cluster.world)
    #expect(busy.count - idle.count == 4_000_000_000)
    rig.run(until: .seconds(10))
    #expect(rig.cluster.apiServers.memory(of: 0, watches: 0, rig.cluster.world) == idle)
    #expect(rig.cluster.apiServers.servers[0].mostListing == 800_000_000)
  }
}
