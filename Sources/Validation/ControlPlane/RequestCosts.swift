public import Calibration
internal import ControlPlane
public import Measure

/// What a request costs a control plane on a machine, from experiments that measure nothing else.
///
/// Every quantity follows from ``ControlPlaneExperiment/fitting``, none from an experiment that is
/// predicted with it. At one client a request waits for nobody: what its server takes beyond etcd
/// is its own way through the server, and what the server's process uses of the CPU beyond that is
/// overhead. The means are of all repetitions; CPU is the kernel's, of each process.
public struct RequestCosts: Hashable, Codable, Sendable {
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
  /// CPU of etcd for a write.
  public var putCPU = Nanoseconds.zero
  /// CPU of etcd for a read.
  public var etcdReadCPU = Nanoseconds.zero
  /// One sync of etcd's log, the median.
  public var syncP50 = Nanoseconds.zero
  /// One sync of etcd's log, the 99th percentile.
  public var syncP99 = Nanoseconds.zero
  /// What a write takes at etcd, as the API server sees it, beyond CPU and sync.
  public var cycle = Nanoseconds.zero
  /// One commit of etcd's backend, the median.
  public var commitP50 = Nanoseconds.zero
  /// One commit of etcd's backend, the 99th percentile.
  public var commitP99 = Nanoseconds.zero
  /// CPU of all components together when nothing is asked of them, as a share of one CPU.
  public var idle = Fraction(0)
  /// From the API server's kill until it answers again.
  public var outage = Nanoseconds.zero
  /// CPUs of the machine.
  public var cpus = 2

  enum CodingKeys: String, CodingKey {
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
    case etcdReadCPU = "etcdReadCpuNs"
    case syncP50 = "syncP50Ns"
    case syncP99 = "syncP99Ns"
    case cycle = "cycleNs"
    case commitP50 = "commitP50Ns"
    case commitP99 = "commitP99Ns"
    case idle
    case outage = "outageNs"
    case cpus
  }
}

extension RequestCosts {
  /// Derives them from a record of the fitting experiments.
  ///
  /// Throws ``CalibrationError`` of kind `data` where one of them is missing or has failed.
  public init(_ record: ControlPlaneRecord) throws(CalibrationError) {
    let idle = try Fit(record, "idle", nil)
    let update = try Fit(record, "update-1-client", APIOperation("PUT", "configmaps"), idle)
    let watched = try Fit(record, "update-20-watchers", APIOperation("PUT", "configmaps"), idle)
    let read = try Fit(record, "read-1-client", APIOperation("GET", "configmaps"), idle)
    let create = try Fit(record, "create-1-client", APIOperation("POST", "podtemplates"), idle)
    cpus = update.cores
    self.idle = Fraction(idle.busy)
    setServer(update, read, create)
    setEtcd(update, read)
    clientCPU = Self.time(update.perRequest(.client))
    controllerCPU = Self.time(update.perRequest(.component("kube-controller-manager")))
    // What is on the way and uses no CPU of the server, too: the network, its system calls, wakes.
    let onWay = update.server - update.storage - leaseCPU.inSeconds
    roundTrip = Self.time(update.client - update.server - clientCPU.inSeconds + max(onWay, 0))
    let more = { (use: Fit.Use) in watched.perRequest(use) - update.perRequest(use) }
    let watchers = Double(watched.watchers)
    sendCPU = Self.time(more(.component("kube-apiserver")) / watchers)
    watcherCPU = Self.time(more(.client) / watchers)
    let restart = try Fit(record, "restart-1-node", nil)
    outage = Self.time(restart.figure("api-server-outage"))
  }

  /// The way through the server is what it took without etcd, as far as that was CPU.
  private mutating func setServer(_ update: Fit, _ read: Fit, _ create: Fit) {
    let way = { (fit: Fit) in
      min(fit.server - fit.storage, fit.perRequest(.component("kube-apiserver")))
    }
    leaseCPU = Self.time(way(update))
    writeCPU = Self.time(way(create))
    readCPU = Self.time(way(read))
    let all = [update, create]
    let used = all.reduce(0) { $0 + $1.perRequest(.component("kube-apiserver")) }
    let ways = all.reduce(0) { $0 + way($1) }
    overhead = Fraction(ways > 0 ? max(used / ways - 1, 0) : 0)
  }

  private mutating func setEtcd(_ update: Fit, _ read: Fit) {
    let sync = update.metric("etcd_disk_wal_fsync_duration_seconds")
    let commit = update.metric("etcd_disk_backend_commit_duration_seconds")
    syncP50 = Self.time(sync?.p50Seconds ?? 0)
    syncP99 = Self.time(max(sync?.p99Seconds ?? 0, (sync?.p50Seconds ?? 0) * 1.01))
    commitP50 = Self.time(commit?.p50Seconds ?? 0)
    commitP99 = Self.time(max(commit?.p99Seconds ?? 0, (commit?.p50Seconds ?? 0) * 1.01))
    putCPU = Self.time(update.perRequest(.component("etcd")))
    etcdReadCPU = Self.time(read.perRequest(.component("etcd")))
    cycle = Self.time(update.storage - putCPU.inSeconds - (sync?.meanSeconds ?? 0))
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
  private let idle: [String: Double]
  let watchers: Int

  init(
    _ record: ControlPlaneRecord, _ name: String, _ operation: APIOperation?, _ idle: Fit? = nil
  ) throws(CalibrationError) {
    guard let report = record.report(name), report.failure == nil, !report.repetitions.isEmpty
    else {
      throw CalibrationError(
        .data, "the calibration has no experiment '\(name)' that ended well",
        hint: "measure again with `assay calibrate control-plane --fitting`")
    }
    repetitions = report.repetitions
    watchers = report.experiment.watchers
    self.operation = operation
    self.idle = idle?.coresByComponent ?? [:]
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

  /// CPU for one request beyond what is used when idle.
  func perRequest(_ use: Use) -> Double {
    let count = Double(served.reduce(0) { $0 + $1.count })
    guard count > 0 else { return 0 }
    switch use {
    case .component(let name):
      let all = repetitions.reduce(0) { $0 + ($1.costs.components[name]?.inSeconds ?? 0) }
      return max(all - (idle[name] ?? 0) * elapsed, 0) / count
    case .client:
      return repetitions.reduce(0) { $0 + $1.costs.client.inSeconds } / count
    }
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

  /// The mean of the API server's requests to etcd for it.
  var storage: Double {
    let types = ["configmaps": "*core.ConfigMap", "podtemplates": "*core.PodTemplate"]
    let verbs = ["PUT": "update", "GET": "get", "POST": "create"]
    return Self.mean(
      repetitions.flatMap(\.servers).filter {
        $0.metric == "etcd_request_duration_seconds"
          && $0.labels["type"] == types[operation?.resource ?? ""]
          && $0.labels["operation"] == verbs[operation?.verb ?? ""]
      })
  }

  /// A histogram of a server without labels, of the repetition in the middle by its median.
  func metric(_ name: String) -> ServerLatency? {
    let all = repetitions.flatMap(\.servers).filter { $0.metric == name }
    return all.sorted { $0.p50Seconds < $1.p50Seconds }.dropFirst(all.count / 2).first
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
