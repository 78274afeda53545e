/// A named quantity with its unit and direction.
public struct MetricDefinition: Hashable, Codable, Sendable {
  /// The full name with its statistic: `read latency p99.9`.
  public var name: String
  /// The unit of its values.
  public var unit: MetricUnit
  /// Which way is better.
  public var direction: Direction
  /// One line for people.
  public var about: String

  /// Which way is better.
  public enum Direction: String, Codable, Sendable {
    /// More is better.
    case higher
    /// Less is better.
    case lower
  }
}

/// Units of metrics, spelled as in records.
public enum MetricUnit: String, Codable, CaseIterable, Sendable {
  /// Events per second.
  case perSecond = "1/s"
  /// Bytes per second.
  case bytesPerSecond = "B/s"
  /// Nanoseconds.
  case nanoseconds = "ns"
  /// Percent; of one CPU where CPUs are meant.
  case percent = "%"
  /// A count.
  case count = "1"

  /// What the unit measures, for messages: "a time".
  public var noun: String {
    switch self {
    case .perSecond: "a rate"
    case .bytesPerSecond: "a bandwidth"
    case .nanoseconds: "a time"
    case .percent: "a percentage"
    case .count: "a count"
    }
  }
}

/// Every metric that a trial can have: one catalogue for limits, records and reports.
public enum MetricCatalogue {
  /// One row: a metric, or with ``takesStatistic`` a family of them.
  public struct Entry: Hashable, Sendable {
    /// The name without statistic.
    public var name: String
    /// The unit of its values.
    public var unit: MetricUnit
    /// Which way is better.
    public var direction: MetricDefinition.Direction
    /// One line for people.
    public var about: String
    /// Whether `mean`, `min`, `max` or a percentile such as `p99.9` must follow.
    public var takesStatistic = false
  }

  /// All rows, in the order in which reports show them.
  public static let entries: [Entry] =
    throughput + times + deploy + online + controlPlane + controlPlaneExperiments + cost + counts

  /// What comparisons show unless told otherwise, in their order.
  public static let headline = [
    "iops", "packet rate", "message rate", "latency p50", "latency p99", "sync latency p99",
    "packet latency p50",
    "packet latency p99", "packet loss", "create to ping", "cpu per io",
    "cpu per message", "mutating api latency p99", "get api latency p99",
    "pod startup latency p50", "pod startup latency p99",
  ]

  private static let throughput: [Entry] = [
    rate("iops", "I/Os completed per second: reads, writes and trims"),
    rate("read iops", "reads completed per second"),
    rate("write iops", "writes completed per second"),
    rate("trim iops", "trims completed per second"),
    rate("sync rate", "fsync and fdatasync calls completed per second"),
    Entry(
      name: "bandwidth", unit: .bytesPerSecond, direction: .higher,
      about: "bytes moved per second: reads and writes, or messages"),
    Entry(
      name: "read bandwidth", unit: .bytesPerSecond, direction: .higher,
      about: "bytes read per second"),
    Entry(
      name: "write bandwidth", unit: .bytesPerSecond, direction: .higher,
      about: "bytes written per second"),
    rate("packet rate", "packets per second, counted at the receiving interface"),
    rate("message rate", "messages over a fabric completed per second"),
    Entry(
      name: "packet loss", unit: .percent, direction: .lower,
      about: "packets sent that never arrived"),
  ]

  private static let times: [Entry] =
    ["", "read ", "write ", "trim "].flatMap { prefix in
      let which = prefix.isEmpty ? "reads, writes and trims" : "\(prefix.dropLast())s"
      return [
        time("\(prefix)latency", "from the intended start to completion, of \(which)"),
        time("\(prefix)service", "from hand-over to the kernel to completion, of \(which)"),
        time("\(prefix)submission", "from preparation to hand-over to the kernel, of \(which)"),
      ]
    } + [time("sync latency", "how long one fsync or fdatasync takes")]
    + [time("packet latency", "from the intended start of a packet to its arrival")]

  private static let deploy: [Entry] = [
    Entry(
      name: "create to ping", unit: .nanoseconds, direction: .lower,
      about: "from the create command until the instance answers ping")
  ]

  private static let online: [Entry] = [
    span("operation accepted", "from the trigger of an online operation until it was accepted"),
    span(
      "device visible", "from the trigger until kernel event or sysfs show the disk or its size"),
    span("device gone", "from the trigger until kernel event or sysfs show that the disk is gone"),
    span("device usable", "from the trigger until a block of the new disk or part was read"),
    span(
      "longest stall",
      "the longest time after the trigger in which no I/O of the workload ended well"
    ),
    rate("iops before", "I/Os per second from the start of measuring until the trigger"),
    rate("iops during", "I/Os per second from the trigger until all had settled"),
    rate("iops after", "I/Os per second from then until the end of measuring"),
    span("first error", "from the trigger until the first I/O came back with an error"),
    span(
      "recovery", "from the trigger until I/O of every worker ended well again after the outage"),
    span("recovery after undo", "the same from the moment at which the operation was taken back"),
  ]

  /// Names as of Kubernetes' SLIs (sig-scalability/slos) and of etcd's metrics.
  private static let controlPlane: [Entry] = [
    rate("api request rate", "API requests answered per second, however they ended"),
    time(
      "mutating api latency",
      "how long an API server takes for a mutating request, the wait for a seat left out"),
    time("get api latency", "how long an API server takes for a read of one object"),
    time("namespace list api latency", "how long an API server takes for a list of a namespace"),
    time("cluster list api latency", "how long an API server takes for a list of a whole resource"),
    time("list api latency", "how long an API server takes for a list, of either scope"),
    rate("pod start rate", "pods that became ready per second"),
    time("pod startup latency", "from the wish for a pod until it is seen ready"),
    time("etcd wal sync latency", "one write and fdatasync of the leader's write-ahead log"),
    time("etcd backend commit latency", "one commit of the leader's backend"),
    count("rejected requests", "API requests answered 429"),
    count("timed-out requests", "API requests answered 504 or given up by their client"),
    count("unavailable requests", "API requests that no server or no etcd leader could answer"),
    count("leader changes", "how often etcd's members saw a new leader"),
    count("failed proposals", "writes that etcd refused or lost"),
    Entry(
      name: "pod backlog growth", unit: .perSecond, direction: .lower,
      about: "by how many a second more pods wait, where that has no end"),
    count("overdue pods", "pods that were not ready at the end, 30 s or longer after the wish"),
    count(
      "missed slo windows", "windows of 5 minutes in which a service level objective was missed"),
    time("deploy latency", "from the wish for a machine until it answers ping"),
    time("join latency", "from the wish for a machine until its node is ready"),
    span("last node joined", "from the first wish for machines until all of them are ready nodes"),
    Entry(
      name: "nodes joined", unit: .count, direction: .higher, about: "machines that became nodes"),
    count("failed deployments", "attempts to deploy a machine that failed"),
    count("machines given up", "machines that no attempt made a node"),
    share("write availability", "time in which a write would have been answered"),
    share("read availability", "time in which an object could be read"),
    share("service availability", "time in which a pod served, of the worst workload"),
    share("full service availability", "time in which all pods served, of the worst workload"),
    span("longest write outage", "the longest time in which no write would have been answered"),
    span("longest read outage", "the longest time in which no object could be read"),
    span("longest service outage", "the longest time in which no pod of a workload served"),
    span("longest full service outage", "the longest time in which not all pods of one served"),
    count("nodes lost", "nodes that lost their power, each time counted"),
    Entry(
      name: "unserved requests", unit: .percent, direction: .lower,
      about: "users' requests that no pod could take"),
    share("dns cache hits", "lookups that CoreDNS answered from its caches"),
    count("evicted pods", "pods that kubelets evicted for want of memory or disk"),
    count("preempted pods", "pods that went to make room for others of higher priority"),
    span("time to enough pods", "from the traffic's rise until there were pods for its peak"),
    count("nodes added", "machines that the cluster autoscaler added"),
    Entry(
      name: "nodes removed", unit: .count, direction: .higher,
      about: "nodes that the cluster autoscaler removed"),
    span("longest autoscaler loop", "the longest loop of the cluster autoscaler"),
    rate("etcd client rate", "requests of clients of etcd itself that succeeded, per second"),
    time("etcd client latency", "from sending a request to etcd itself to its answer"),
    count("etcd client errors", "requests to etcd itself that it refused or lost"),
    Entry(
      name: "etcd entries per sync", unit: .count, direction: .higher,
      about: "entries that the leader's log takes with one fdatasync"),
    count("events simulated", "events of a simulated trial: what it costs to run"),
  ]

  /// What the experiments on a control plane measure, as somebody sees it who watches and asks.
  private static let controlPlaneExperiments: [Entry] = [
    rate("api client rate", "API requests that succeeded per second, as clients count them"),
    time("api client latency", "from sending a request to the last byte of its answer"),
    rate("pod creation rate", "pods that clients created per second"),
    rate("lease renewal rate", "leases that nodes renewed per second"),
    count("nodes not ready", "nodes that were not Ready at the end"),
    span("all pods created", "from a Deployment's creation until its last pod was seen"),
    span("all pods bound", "from a Deployment's creation until its last pod had a node"),
    span("all pods running", "from a Deployment's creation until its last pod ran"),
    time("pod bound latency", "from a Deployment's creation until a pod of it had a node"),
    time("pod running latency", "from a Deployment's creation until a pod of it ran"),
    time("node unknown latency", "from a node's last renewal until it was seen Unknown"),
    time("no-schedule taint latency", "from a node's last renewal until it had the taint"),
    time("no-execute taint latency", "from a node's last renewal until it had the taint"),
    span("api server outage", "from the API server's kill until it was ready again"),
    time("watch answered latency", "from that kill until a node's watch was answered"),
    time("watch recovery latency", "from that kill until a node's watch stayed up"),
    count("relists", "lists that nodes' watches asked for again"),
    count("expired watches", "watches that were answered 410"),
  ]

  private static let cost: [Entry] = [
    Entry(
      name: "cpu per io", unit: .nanoseconds, direction: .lower,
      about: "CPU time of the process per I/O, io_uring's kernel workers included"),
    Entry(
      name: "worker cpu per io", unit: .nanoseconds, direction: .lower,
      about: "CPU time of the workers alone per I/O, as fio counts it"),
    Entry(
      name: "cpu per message", unit: .nanoseconds, direction: .lower,
      about: "CPU time of the process per message over a fabric, polling included"),
    Entry(
      name: "worker cpu", unit: .percent, direction: .lower,
      about: "CPU time of the workers, in percent of one CPU"),
    Entry(
      name: "host cpu", unit: .percent, direction: .lower,
      about: "CPU time of the whole host, in percent of one CPU"),
    Entry(
      name: "kernel cpu", unit: .percent, direction: .lower,
      about: "CPU time of kernel threads and interrupts, in percent of one CPU"),
  ]

  private static let counts: [Entry] = [
    count("late ios", "open loop: I/Os issued later than the late bound"),
    count("hung ios", "I/Os that took at least the hang bound"),
    count("errors", "I/Os that failed"),
    count("short ios", "I/Os that moved less than asked and were continued"),
    count("verify bad blocks", "blocks that are not what was written"),
    Entry(
      name: "longest gap", unit: .nanoseconds, direction: .lower,
      about: "the longest time in which no I/O ended well"),
  ]

  private static func rate(_ name: String, _ about: String) -> Entry {
    Entry(name: name, unit: .perSecond, direction: .higher, about: about)
  }
  private static func share(_ name: String, _ about: String) -> Entry {
    Entry(name: name, unit: .percent, direction: .higher, about: about)
  }
  private static func count(_ name: String, _ about: String) -> Entry {
    Entry(name: name, unit: .count, direction: .lower, about: about)
  }
  private static func span(_ name: String, _ about: String) -> Entry {
    Entry(name: name, unit: .nanoseconds, direction: .lower, about: about)
  }
  private static func time(_ name: String, _ about: String) -> Entry {
    Entry(
      name: name, unit: .nanoseconds, direction: .lower, about: about, takesStatistic: true)
  }

  /// The metric called `name`, with its statistic where it takes one; nil when there is none.
  public static func definition(of name: String) -> MetricDefinition? {
    if let entry = entries.first(where: { $0.name == name }) {
      return entry.takesStatistic ? nil : define(entry, name)
    }
    guard let space = name.lastIndex(of: " "),
      statistic(String(name[name.index(after: space)...])) != nil
    else { return nil }
    let family = name[..<space]
    guard let entry = entries.first(where: { $0.name == family }), entry.takesStatistic else {
      return nil
    }
    return define(entry, name)
  }

  private static func define(_ entry: Entry, _ name: String) -> MetricDefinition {
    MetricDefinition(
      name: name, unit: entry.unit, direction: entry.direction, about: entry.about)
  }

  /// A statistic of a distribution.
  public enum Statistic: Hashable, Sendable {
    /// The arithmetic mean.
    case mean
    /// The smallest value.
    case min
    /// The largest value.
    case max
    /// The value that so many percent do not exceed, 0 < percent < 100.
    case percentile(Double)
  }

  /// Reads `mean`, `min`, `max`, `p50`, `p99.9`; nil for anything else.
  public static func statistic(_ text: String) -> Statistic? {
    switch text {
    case "mean": return .mean
    case "min": return .min
    case "max": return .max
    default:
      guard text.first == "p", let value = try? QuantityText.number(String(text.dropFirst())),
        value > 0, value < 100
      else { return nil }
      return .percentile(value)
    }
  }

  /// The metric that was probably meant by `name`, with a statistic where one is due.
  public static func nearest(_ name: String) -> String? {
    var candidates: [String] = []
    for entry in entries {
      guard entry.takesStatistic else {
        candidates.append(entry.name)
        continue
      }
      let last = name.split(separator: " ").last.map(String.init) ?? ""
      let asked = statistic(last) == nil ? "p99" : last
      candidates += [asked, "p99", "mean", "min", "max"].map { "\(entry.name) \($0)" }
      if entry.name == name { return "\(entry.name) \(asked)" }
    }
    return NearestWord.of(name, in: candidates)
  }
}
