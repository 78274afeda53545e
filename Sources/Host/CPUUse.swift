public import Measure

/// What CPU a window of time cost: the host by category, kernel threads by name, this process.
///
/// The difference of two ``CPUSnapshot``s. Percentages are of one core: 235 % is two cores and a
/// third busy all the time.
public struct CPUUse: Hashable, Codable, Sendable {
  /// Kernel threads that do the same work, together.
  public struct ThreadGroup: Hashable, Codable, Sendable {
    /// What they do: the common part of their names (`kworker`, `ksoftirqd`, `rbd`).
    public var name: String
    /// Threads there were at the window's end.
    public var threadCount: Int
    /// Threads that started within the window; all their time is counted.
    public var appearedCount: Int
    /// Threads that ended within the window; what they used in it is lost, so that the sum is a
    /// lower bound when there are any.
    public var vanishedCount: Int
    /// Time on a CPU within the window, of all of them.
    public var cpuTime: Nanoseconds
    /// Full name of the thread that used most, for a hint of the work (`kworker/u8:1-loop0`).
    public var busiest: String

    enum CodingKeys: String, CodingKey {
      case name, threadCount, appearedCount, vanishedCount
      case cpuTime = "cpuTimeNs"
      case busiest
    }
  }

  /// Length of the window.
  public var elapsed: Nanoseconds
  /// CPUs online at its end.
  public var cpuCount: Int
  /// The host's time by category, all CPUs together.
  public var host: CPUTimes
  /// CPU time of this process with all its threads.
  public var process: Nanoseconds
  /// Kernel threads by name, those that used most first, those that used nothing left out.
  public var kernelThreads: [ThreadGroup]
  /// io_uring's threads of this process, in the same order.
  ///
  /// Their time is part of `process`.
  public var ioWorkers: [ThreadGroup]

  enum CodingKeys: String, CodingKey {
    case elapsed = "elapsedNs"
    case cpuCount, host
    case process = "processNs"
    case kernelThreads, ioWorkers
  }

  /// Time of all kernel threads together.
  public var kernelThreadTime: Nanoseconds {
    kernelThreads.reduce(.zero) { $0 + $1.cpuTime }
  }

  /// A time as percent of one core over this window.
  public func percentOfCore(_ time: Nanoseconds) -> Double {
    elapsed.count > 0 ? Double(time.count) / Double(elapsed.count) * 100 : 0
  }

  /// Time of the kernel threads with one name; zero when they used none.
  public func time(ofKernelThreads name: String) -> Nanoseconds {
    kernelThreads.first { $0.name == name }?.cpuTime ?? .zero
  }
}

extension CPUSnapshot {
  /// What was used between two snapshots.
  ///
  /// - Complexity: O(n log n) in the number of threads.
  public static func - (later: CPUSnapshot, earlier: CPUSnapshot) -> CPUUse {
    CPUUse(
      elapsed: later.time - earlier.time,
      cpuCount: later.cpuCount,
      host: later.host - earlier.host,
      process: later.process - earlier.process,
      kernelThreads: groups(later.kernelThreads, since: earlier.kernelThreads),
      ioWorkers: groups(later.ioWorkers, since: earlier.ioWorkers))
  }

  /// A thread is the same only if number and start agree; the kernel uses numbers again.
  private struct Key: Hashable {
    let identifier: Int
    let startTicks: Int64
    init(_ thread: Thread) {
      (identifier, startTicks) = (thread.identifier, thread.startTicks)
    }
  }

  private static func groups(_ later: [Thread], since earlier: [Thread]) -> [CPUUse.ThreadGroup] {
    var before = Dictionary(earlier.map { (Key($0), $0) }) { first, _ in first }
    var groups: [String: CPUUse.ThreadGroup] = [:]
    var most: [String: Nanoseconds] = [:]
    func group(_ thread: Thread, _ change: (inout CPUUse.ThreadGroup) -> Void) {
      let name = ThreadClass.name(of: thread.name)
      change(
        &groups[
          name,
          default: .init(
            name: name, threadCount: 0, appearedCount: 0, vanishedCount: 0, cpuTime: .zero,
            busiest: thread.name)])
    }
    for thread in later {
      let known = before.removeValue(forKey: Key(thread))
      let used = max(thread.cpuTime - (known?.cpuTime ?? .zero), .zero)
      group(thread) { group in
        group.threadCount += 1
        group.appearedCount += known == nil ? 1 : 0
        group.cpuTime = group.cpuTime + used
        if used > most[group.name, default: Nanoseconds(-1)] {
          most[group.name] = used
          group.busiest = thread.name
        }
      }
    }
    for thread in before.values { group(thread) { $0.vanishedCount += 1 } }
    return groups.values
      .filter { $0.cpuTime > .zero || $0.vanishedCount > 0 }
      .sorted { ($1.cpuTime, $0.name) < ($0.cpuTime, $1.name) }
  }
}
