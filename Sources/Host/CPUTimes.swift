public import Measure

/// CPU time of the whole host by what it was spent on, summed over all CPUs.
///
/// From the first line of /proc/stat, which counts in ticks of 10 ms (USER_HZ 100). Guest time is
/// within `user` and `nice`, as the kernel has it.
public struct CPUTimes: Hashable, Codable, Sendable {
  /// Programs in user mode.
  public var user: Nanoseconds
  /// Programs of low priority in user mode.
  public var nice: Nanoseconds
  /// The kernel, for programs and in its own threads.
  public var system: Nanoseconds
  /// Nothing.
  public var idle: Nanoseconds
  /// Nothing, while I/O was outstanding; not a measure of I/O (proc(5) says why).
  public var iowait: Nanoseconds
  /// Hardware interrupts.
  public var irq: Nanoseconds
  /// Soft interrupts: network and block completions outside kernel threads.
  public var softirq: Nanoseconds
  /// Taken by the hypervisor for others.
  public var steal: Nanoseconds

  enum CodingKeys: String, CodingKey {
    case user = "userNs"
    case nice = "niceNs"
    case system = "systemNs"
    case idle = "idleNs"
    case iowait = "iowaitNs"
    case irq = "irqNs"
    case softirq = "softirqNs"
    case steal = "stealNs"
  }

  /// Reads the `cpu` line of /proc/stat; nil when it is not one.
  init?(parsing line: some StringProtocol, ticksPerSecond: Int64) {
    let fields = line.split(separator: " ")
    guard fields.first == "cpu", fields.count >= 5 else { return nil }
    let times = fields.dropFirst().map { field in
      Nanoseconds((Int64(field) ?? 0) * (1_000_000_000 / ticksPerSecond))
    }
    let time = { (index: Int) in index < times.count ? times[index] : .zero }
    (user, nice, system, idle) = (time(0), time(1), time(2), time(3))
    (iowait, irq, softirq, steal) = (time(4), time(5), time(6), time(7))
  }

  /// Time this host's CPUs worked: all but idle, iowait and steal.
  public var busy: Nanoseconds { user + nice + system + irq + softirq }

  /// All time there was.
  public var total: Nanoseconds { busy + idle + iowait + steal }

  /// What was spent between two readings.
  ///
  /// The kernel may set iowait and idle back by a little, which counts as none.
  public static func - (later: CPUTimes, earlier: CPUTimes) -> CPUTimes {
    let change = { (field: KeyPath<CPUTimes, Nanoseconds>) in
      max(later[keyPath: field] - earlier[keyPath: field], .zero)
    }
    var times = later
    (times.user, times.nice) = (change(\.user), change(\.nice))
    (times.system, times.idle) = (change(\.system), change(\.idle))
    (times.iowait, times.irq) = (change(\.iowait), change(\.irq))
    (times.softirq, times.steal) = (change(\.softirq), change(\.steal))
    return times
  }
}
