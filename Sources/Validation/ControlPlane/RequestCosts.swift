public import Calibration
public import ControlPlane
internal import Foundation
public import Measure

/// What a request costs a control plane on a machine, from experiments that measure nothing else.
///
/// Every quantity follows from ``ControlPlaneExperiment/fitting``, none from an experiment that is
/// predicted with it. CPU is the kernel's, of each process, less what it uses when nothing is asked
/// of it. What a request costs where CPUs are busy is that of 16 clients; one client's costs more
/// (``wakingCost``). One client waits for nobody: what its server takes beyond etcd is a request's
/// own way through the server, and what the server uses beyond that is ``overhead``. A virtual
/// machine's speed differs from minute to minute with what its host does: of each experiment the
/// repetition in the middle counts, by the mean that its clients saw.
public struct RequestCosts: Hashable, Codable, Sendable {
  /// By how much all but etcd costs more where CPUs are idle than where they are busy, as a share.
  public var wakingCost = 0.0
  /// CPU on a write's way through the API server, of a pod's template.
  public var writeCPU = Nanoseconds.zero
  /// The same of an object as small as a lease.
  public var leaseCPU = Nanoseconds.zero
  /// The same of a read.
  public var readCPU = Nanoseconds.zero
  /// CPU that the server spends on a request beside its way, as a share of it.
  public var overhead = Fraction(0)
  /// CPU of the server to send an event to one watcher.
  public var sendCPU = Nanoseconds.zero
  /// CPU of that watcher to take it in.
  public var watcherCPU = Nanoseconds.zero
  /// From a client to the server and back, the CPU of both left out.
  public var roundTrip = Nanoseconds.zero
  /// CPU of a client for a request.
  public var clientCPU = Nanoseconds.zero
  /// CPU of kube-controller-manager for a write that is no concern of its controllers.
  public var controllerCPU = Nanoseconds.zero
  /// CPU of etcd for a write, apart from its log's and from its application.
  public var putCPU = Nanoseconds.zero
  /// CPU of etcd to apply a write.
  public var applyCPU = Nanoseconds.zero
  /// How far CPU times are from their means: sigma of a lognormal distribution.
  public var cpuSpread = 0.0
  /// What it takes to wake etcd on an idle CPU.
  public var etcdWakeUp = Nanoseconds.zero
  /// CPU of etcd for a read.
  public var etcdReadCPU = Nanoseconds.zero
  /// One write and sync of etcd's log.
  public var walSync = LatencyLaw.localNVMe
  /// CPU of etcd for a turn of its loop, which may write many entries.
  public var cycle = Nanoseconds.zero
  /// One commit of etcd's backend.
  public var backendCommit = LatencyLaw.backend
  /// CPU of all components together when nothing is asked of them, as a share of one CPU.
  public var idle = Fraction(0)
  /// From the API server's kill until it says that it is ready again.
  public var outage = Nanoseconds.zero
  /// From the API server's kill until it answers a watch, which is earlier.
  public var serving = Nanoseconds.zero
  /// CPUs of the machine.
  public var cpus = 2

  enum CodingKeys: String, CodingKey {
    case wakingCost
    case writeCPU = "writeCpuNs"
    case leaseCPU = "leaseCpuNs"
    case readCPU = "readCpuNs"
    case overhead
    case sendCPU = "sendCpuNs"
    case watcherCPU = "watcherCpuNs"
    case roundTrip = "roundTripNs"
    case clientCPU = "clientCpuNs"
    case controllerCPU = "controllerCpuNs"
    case putCPU = "putCpuNs"
    case applyCPU = "applyCpuNs"
    case etcdWakeUp = "etcdWakeUpNs"
    case cpuSpread
    case etcdReadCPU = "etcdReadCpuNs"
    case walSync
    case cycle = "cycleNs"
    case backendCommit, idle
    case outage = "outageNs"
    case serving = "servingNs"
    case cpus
  }
}

extension RequestCosts {
  /// Derives them from a record of the fitting experiments, and from the model of etcd that was
  /// fitted to etcd alone on the same machine.
  ///
  /// Throws ``CalibrationError`` of kind `data` where one of them is missing or has failed.
  public init(
    _ record: ControlPlaneRecord, _ etcd: EtcdModel
  ) throws(CalibrationError) {
    let idle = try Fit(record, "idle", nil)
    let update = try Fit(record, "update-1-client", APIOperation("PUT", "configmaps"), idle)
    let watched = try Fit(record, "update-20-watchers", APIOperation("PUT", "configmaps"), idle)
    let read = try Fit(record, "read-1-client", APIOperation("GET", "configmaps"), idle)
    let reads = try Fit(record, "read-16-clients", APIOperation("GET", "configmaps"), idle)
    let create = try Fit(record, "create-1-client", APIOperation("POST", "podtemplates"), idle)
    let creates = try Fit(record, "create-16-clients", APIOperation("POST", "podtemplates"), idle)
    cpus = update.cores
    // Under 16 clients CPUs are not busy all the time either: threads wait to be woken.
    self.idle = Fraction(idle.busy + max(Double(creates.cores) - creates.used, 0))
    // Not of updates: those of many clients come before the server's cache has the last ones, and
    // part of them is done twice. Nor of etcd, whose cost falls with the size of its batches.
    let (one, many) = (read.perRequest + create.perRequest, reads.perRequest + creates.perRequest)
    let ratio = many > 0 ? max(one / many, 1) : 1
    // ratio = (1 + cost x idle share of one client) / (1 + cost x that of 16).
    wakingCost = (ratio - 1) / max(create.idleShare - ratio * creates.idleShare, 0.01)
    setServer(update, (read, reads), (create, creates))
    setEtcd(create, creates, reads, etcd.parameters)
    let crowd = waking(creates)
    clientCPU = Self.time(creates.perRequest(.client) / crowd)
    controllerCPU = Self.time(creates.perRequest(.component("kube-controller-manager")) / crowd)
    // What is on the way and uses no CPU of the server, too: the network, its system calls.
    let onWay = create.server - create.storage - create.perRequest(.component("kube-apiserver"))
    let outside = create.client - create.server - create.perRequest(.client)
    roundTrip = Self.time(outside + max(onWay, 0))
    let (with, without) = (waking(watched), waking(update))
    let more = { (use: Fit.Use) in
      (watched.perRequest(use) / with - update.perRequest(use) / without)
        / Double(watched.watchers)
    }
    sendCPU = Self.time(more(.component("kube-apiserver")))
    watcherCPU = Self.time(more(.client))
    let restart = try Fit(record, "restart-1-node", nil)
    outage = Self.time(restart.figure("api-server-outage"))
    serving = Self.time(restart.least("watch-answered"))
  }

  /// What work cost in an experiment, over what it costs where CPUs are busy.
  private func waking(_ fit: Fit) -> Double { 1 + wakingCost * fit.idleShare }

  /// The way through the server is what it took without etcd, as far as that was CPU.
  private mutating func setServer(
    _ update: Fit, _ reads: (one: Fit, many: Fit), _ creates: (one: Fit, many: Fit)
  ) {
    let used = { (fit: Fit) in fit.perRequest(.component("kube-apiserver")) }
    let all = [update, reads.one, creates.one]
    let ways = all.reduce(0) { $0 + min($1.server - $1.storage, used($1)) }
    overhead = Fraction(ways > 0 ? all.reduce(0) { $0 + used($1) } / ways - 1 : 0)
    leaseCPU = Self.time(used(update) / waking(update) / (1 + overhead.value))
    writeCPU = Self.time(used(creates.many) / waking(creates.many) / (1 + overhead.value))
    readCPU = Self.time(used(reads.many) / waking(reads.many) / (1 + overhead.value))
  }

  /// Of 16 clients' writes a turn of etcd's loop takes several, of one client's one: what is
  /// neither of a write nor of waking is of the turn.
  private mutating func setEtcd(
    _ create: Fit, _ creates: Fit, _ reads: Fit, _ alone: EtcdParameters
  ) {
    let sync = "etcd_disk_wal_fsync_duration_seconds"
    walSync = Self.law(create.metric(sync))
    backendCommit = Self.law(create.metric("etcd_disk_backend_commit_duration_seconds"))
    (putCPU, applyCPU, etcdWakeUp) = (alone.putCPU, alone.applyCost, alone.wakeUp)
    cpuSpread = alone.cpuSpread
    let batch = Double(creates.stored) / Double(max(creates.metric(sync).count, 1))
    let ofWrite = (putCPU + applyCPU).inSeconds
    cycle = Self.time((creates.perRequest(.component("etcd")) - ofWrite) * batch)
    etcdReadCPU = Self.time(reads.perRequest(.component("etcd")))
  }

  /// A lognormal law by mean and 99th percentile, s.
  ///
  /// Buckets of the server's histograms are too wide for a median, and sums are exact: with m the
  /// logarithm of the median and s the spread, ln mean = m + s^2 / 2 and ln p99 = m + 2.326 s.
  private static func law(_ latency: Fit.Metric) -> LatencyLaw {
    let normal = 2.3263
    let tail = latency.mean > 0 ? log(max(latency.p99 / latency.mean, 1)) : 0
    let spread = normal - max(normal * normal - 2 * tail, 0).squareRoot()
    let p50 = latency.mean * exp(-spread * spread / 2)
    return .lognormal(p50: time(p50), p99: time(max(p50 * exp(normal * spread), p50 * 1.01)))
  }

  /// Seconds as a time, not below zero.
  private static func time(_ seconds: Double) -> Nanoseconds {
    Nanoseconds(Int64(max(seconds, 0) * 1e9))
  }
}

/// What an experiment of the fit says of one operation; seconds.
private struct Fit {
  enum Use {
    case component(String)
    case client
  }

  private let repetitions: [ControlPlaneReport.Repetition]
  private let operation: APIOperation?
  /// Cores that components and clients used when nothing was asked of them.
  private let idle: (components: [String: Double], client: Double)
  let experiment: ControlPlaneExperiment
  var watchers: Int { experiment.watchers }

  init(
    _ record: ControlPlaneRecord, _ name: String, _ operation: APIOperation?, _ idle: Fit? = nil
  ) throws(CalibrationError) {
    guard let report = record.report(name), report.failure == nil, !report.repetitions.isEmpty
    else {
      throw CalibrationError(
        .data, "the calibration has no experiment '\(name)' that ended well",
        hint: "measure again with `assay calibrate control-plane --fitting`")
    }
    repetitions = operation.map { [Self.middle(report.repetitions, $0)] } ?? report.repetitions
    experiment = report.experiment
    self.operation = operation
    self.idle = (idle?.coresByComponent ?? [:], idle?.clientCores ?? 0)
  }

  private static func middle(
    _ all: [ControlPlaneReport.Repetition], _ operation: APIOperation
  ) -> ControlPlaneReport.Repetition {
    let mean = { (repetition: ControlPlaneReport.Repetition) in
      repetition.requests.first { $0.operation == operation }?.latency.mean ?? 0
    }
    return all.sorted { mean($0) < mean($1) }[all.count / 2]
  }

  private var elapsed: Double { repetitions.reduce(0) { $0 + $1.costs.elapsed.inSeconds } }

  var cores: Int { repetitions[0].costs.cores }

  /// Cores that each component used all the while.
  private var coresByComponent: [String: Double] {
    var sums: [String: Double] = [:]
    for repetition in repetitions {
      for (name, time) in repetition.costs.components {
        sums[name, default: 0] += time.inSeconds
      }
    }
    return sums.mapValues { $0 / elapsed }
  }

  /// Cores that all components used together.
  var busy: Double { coresByComponent.values.sorted().reduce(0, +) }

  /// Cores that were used by anybody.
  var used: Double {
    busy + clientCores + repetitions.reduce(0) { $0 + $1.costs.others.inSeconds } / elapsed
  }

  /// The share of time in which CPUs had nothing to do.
  var idleShare: Double { max(1 - used / Double(cores), 0) }

  private var clientCores: Double {
    repetitions.reduce(0) { $0 + $1.costs.client.inSeconds } / elapsed
  }

  /// CPU for one request beyond what is used when idle.
  func perRequest(_ use: Use) -> Double {
    let count = Double(served.reduce(0) { $0 + $1.count })
    guard count > 0 else { return 0 }
    let cores =
      switch use {
      case .component(let name): (coresByComponent[name] ?? 0) - (idle.components[name] ?? 0)
      case .client: clientCores - idle.client
      }
    return max(cores, 0) * elapsed / count
  }

  /// The same of all components but etcd, and the client, together.
  var perRequest: Double {
    let names = coresByComponent.keys.filter { $0 != "etcd" }.sorted()
    return names.reduce(perRequest(.client)) { $0 + perRequest(.component($1)) }
  }

  /// The mean that clients saw.
  var client: Double {
    var latency = LatencyDistribution()
    for request in repetitions.flatMap(\.requests) where request.operation == operation {
      latency.merge(request.latency)
    }
    return latency.mean / 1e9
  }

  private var served: [ServerLatency] {
    repetitions.flatMap(\.servers).filter {
      $0.metric == "apiserver_request_duration_seconds" && $0.labels["verb"] == operation?.verb
        && $0.labels["resource"] == operation?.resource
    }
  }

  /// The mean that the API server saw.
  var server: Double { Self.mean(served) }

  /// The API server's requests to etcd for it.
  private var storing: [ServerLatency] {
    let types = ["configmaps": "*core.ConfigMap", "podtemplates": "*core.PodTemplate"]
    let verbs = ["PUT": "update", "GET": "get", "POST": "create"]
    return repetitions.flatMap(\.servers).filter {
      $0.metric == "etcd_request_duration_seconds"
        && $0.labels["type"] == types[operation?.resource ?? ""]
        && $0.labels["operation"] == verbs[operation?.verb ?? ""]
    }
  }

  /// The mean of the API server's requests to etcd for it.
  var storage: Double { Self.mean(storing) }

  /// How many there were.
  var stored: Int { storing.reduce(0) { $0 + $1.count } }

  /// A histogram of a server without labels; s.
  struct Metric {
    var count: Int
    var mean: Double
    var p99: Double
  }

  func metric(_ name: String) -> Metric {
    let all = repetitions.flatMap(\.servers).filter { $0.metric == name }
    return Metric(
      count: all.reduce(0) { $0 + $1.count }, mean: Self.mean(all),
      p99: all.map(\.p99Seconds).max() ?? 0)
  }

  /// The least of a figure's values.
  func least(_ name: String) -> Double {
    repetitions.flatMap(\.figures).filter { $0.name == name }.flatMap(\.values).min() ?? 0
  }

  /// The median of a figure's values.
  func figure(_ name: String) -> Double {
    let values = repetitions.flatMap(\.figures).filter { $0.name == name }.flatMap(\.values)
    return values.sorted().dropFirst(values.count / 2).first ?? 0
  }

  private static func mean(_ latencies: [ServerLatency]) -> Double {
    let count = latencies.reduce(0) { $0 + $1.count }
    guard count > 0 else { return 0 }
    return latencies.reduce(0) { $0 + $1.meanSeconds * Double($1.count) } / Double(count)
  }
}
