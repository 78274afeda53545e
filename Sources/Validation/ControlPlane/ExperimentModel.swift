public import Calibration
public import ControlPlane
internal import Foundation
public import Measure

extension ControlPlaneExperiment {
  /// The simulation of it: the cluster of ``RequestCosts`` on one machine, with the same nodes,
  /// clients, limits and delays.
  ///
  /// A repetition of the real experiment is a trial of its own here. `others` is what programs
  /// beside it used of the machine, as a share of one CPU.
  public func trial(
    _ costs: RequestCosts, others: Fraction = Fraction(0), seed: UInt64
  ) -> ClusterTrial {
    var model = ClusterModel(profile: .v1_22)
    costs.apply(to: &model)
    model.machine?.idle = Fraction(costs.idle.value + others.value)
    setNodes(&model)
    if let limits = clientLimits {
      model.controllers.qps = Rate(perSecond: Double(limits.queriesPerSecond))
      model.controllers.burst = limits.burst
      model.controllers.schedulerQPS = model.controllers.qps
      model.controllers.schedulerBurst = limits.burst
    }
    return ClusterTrial(model: model, load: load(costs), seed: seed)
  }

  /// Nodes without machines: they have no limits, no kube-proxy, record no events.
  private func setNodes(_ model: inout ClusterModel) {
    model.nodes.pools = [NodeParameters.Pool(name: "nodes", nodes: nodes)]
    model.nodes.maximumPods = Self.podsPerNode
    model.nodes.leaseInterval = leaseInterval
    model.nodes.leaseJitter = leaseJitter
    model.nodes.watchesPerNode = watchesPerNode
    model.nodes.runsProxy = false
    model.nodes.qps = Rate(perSecond: 100_000)
    model.nodes.burst = 100_000
    model.nodes.eventsPerStart = 0
    model.nodes.podStart = podStart.law
  }

  private func load(_ costs: RequestCosts) -> ClusterLoad {
    var load = ClusterLoad()
    load.duration = window
    load.warmUp = warmUp
    switch kind {
    case .podCreation: load.closedLoop = ClosedLoop(.createPods, clients: clients)
    case .leaseRenewal: break
    case .deployment:
      // It is made at the start: there is nothing to warm up.
      load.warmUp = .zero
      var deployment = ClusterLoad.Deployment(replicas: pods)
      deployment.isThere = false
      deployment.cpu = 0
      deployment.memory = ByteCount(0)
      load.workloads = [deployment]
    case .nodeFailure:
      var fault = ClusterFault(.nodesLost)
      fault.count = failures
      load.faults = [fault]
    case .apiServerRestart:
      var fault = ClusterFault(.apiServerRestarted)
      fault.duration = costs.serving
      fault.target = 0
      load.faults = [fault]
    case .objectUpdate: load.closedLoop = ClosedLoop(.updateObjects, clients: clients)
    case .objectRead: load.closedLoop = ClosedLoop(.readObjects, clients: clients)
    case .objectCreation: load.closedLoop = ClosedLoop(.createObjects, clients: clients)
    }
    return load
  }
}

extension RequestCosts {
  /// A pod or node of these experiments over one of the small objects, in bytes of JSON as the API
  /// server sends it: an estimate of this model, from the fields that they have.
  static let podSize = 4.0

  /// One API server and one member of etcd, on the machine that all share.
  func apply(to model: inout ClusterModel) {
    var machine = SharedMachine()
    machine.cpus = cpus
    machine.clientCPU = clientCPU
    machine.watcherCPU = watcherCPU
    machine.controllerCPU = controllerCPU
    machine.wakingCost = wakingCost
    machine.cpuSpread = cpuSpread
    machine.largeEvent = Self.podSize
    machine.idle = idle
    model.machine = machine
    model.apiServer.servers = 1
    // Before the first back-off of a watcher (0.8 s) is over.
    model.apiServer.listenDelay = .milliseconds(500)
    // GOMAXPROCS is the machine's CPUs.
    model.apiServer.cpus = cpus
    model.apiServer.writeCPU = writeCPU
    model.apiServer.leaseCPU = leaseCPU
    model.apiServer.readCPU = readCPU
    model.apiServer.overhead = overhead
    model.apiServer.sendCPU = sendCPU
    model.apiServer.roundTrip = roundTrip
    model.etcd.members = 1
    model.etcd.cpus = cpus
    model.etcd.putCPU = putCPU
    model.etcd.applyCost = applyCPU
    model.etcd.wakeUp = etcdWakeUp
    model.etcd.cpuSpread = cpuSpread
    model.etcd.readCPU = etcdReadCPU
    model.etcd.cycleCost = cycle
    model.etcd.walSync = walSync
    model.etcd.backendCommit = backendCommit
  }
}

extension ControlPlaneExperiment.PodStart {
  /// As a law of the simulator; those it has no form for, by a thousand of their quantiles.
  var law: LatencyLaw {
    switch self {
    case .constant(let delay): .constant(delay)
    case .uniform(let low, let high):
      Self.measured { low.inSeconds + $0 * (high.inSeconds - low.inSeconds) }
    case .exponential(let mean): Self.measured { -mean.inSeconds * log(1 - $0) }
    }
  }

  private static func measured(_ quantile: (Double) -> Double) -> LatencyLaw {
    var histogram = LatencyHistogram()
    for step in 0..<1000 {
      histogram.record(UInt64(quantile((Double(step) + 0.5) / 1000) * 1e9))
    }
    return .measured(histogram.snapshot())
  }
}
