internal import Measure

/// What one trial took of the machine's CPUs, as far as its engine wrote it down.
struct TrialCPU: Hashable, Sendable {
  /// I/Os of all workers.
  var ios: UInt64
  /// Measured time, seconds; 0 where it is not known.
  var elapsed: Double
  /// Per worker.
  var workers: [Worker]
  /// Busy time of the whole host in the measured window, ns; nil where it is not known.
  var hostBusy: Double?
  /// Interrupt and soft-interrupt time of the whole host, ns.
  var hostInterrupts: Double?
  /// Time of kernel threads by name, ns, the largest first.
  var threads: [Thread]

  /// One worker.
  struct Worker: Hashable, Sendable {
    /// The CPU to which it was pinned.
    var cpu: Int?
    /// CPU time, ns.
    var time: Double
    /// The part in user mode, ns.
    var user: Double
    /// The part in the kernel, ns.
    var system: Double
    /// Context switches of both kinds.
    var switches: Double
  }

  /// Threads of one name.
  struct Thread: Hashable, Sendable {
    /// `kworker`, `nvmet_rdma` ...
    var name: String
    /// CPU time, ns.
    var time: Double
  }

  /// CPU time of all workers, ns.
  var workerTime: Double { workers.reduce(0) { $0 + $1.time } }

  /// Reads a trial's `detail`; nil where it has no workers.
  ///
  /// Keys: `elapsed` (ns), `workers[]` as in `WorkerOutcome`, and `cpu` as in `Host.CPUUse` for
  /// the whole host: `host{userNs ...}`, `kernelThreads[]{name, cpuTimeNs}`.
  init?(detail: JSONValue) {
    guard case .array(let workers)? = detail["workers"], !workers.isEmpty else { return nil }
    ios = UInt64(max(0, workers.reduce(0) { $0 + ($1["ios"]?.number ?? 0) }))
    elapsed = (detail["elapsed"]?.number ?? 0) / 1e9
    self.workers = workers.map { worker in
      Worker(
        cpu: worker["cpu"]?.number.map { Int($0) }, time: worker["cpuNs"]?.number ?? 0,
        user: worker["userNs"]?.number ?? 0, system: worker["systemNs"]?.number ?? 0,
        switches: (worker["voluntarySwitches"]?.number ?? 0)
          + (worker["involuntarySwitches"]?.number ?? 0))
    }
    let cpu = detail["cpu"]
    let interrupts = Self.sum(cpu?["host"], ["irqNs", "softirqNs"])
    hostInterrupts = interrupts
    hostBusy = Self.sum(cpu?["host"], ["userNs", "niceNs", "systemNs"]).flatMap { busy in
      interrupts.map { busy + $0 }
    }
    threads = []
    if case .array(let groups)? = cpu?["kernelThreads"] {
      threads = groups.compactMap { group in
        guard let name = group["name"], let time = group["cpuTimeNs"]?.number else { return nil }
        return Thread(name: name.text, time: time)
      }
      threads.sort { ($1.time, $0.name) < ($0.time, $1.name) }
    }
  }

  /// The sum of members; nil where one is missing.
  private static func sum(_ object: JSONValue?, _ names: [String]) -> Double? {
    let values = names.compactMap { object?[$0]?.number }
    return values.count == names.count ? values.reduce(0, +) : nil
  }
}

extension JSONValue {
  /// The number, whole or real.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// One line of text for people.
  var text: String {
    switch self {
    case .null: "–"
    case .bool(let value): value ? "yes" : "no"
    case .integer(let value): String(value)
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(\.text).joined(separator: ", ")
    case .object(let members):
      members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
        .joined(separator: ", ")
    }
  }
}
