internal import CLinux
internal import Glibc
public import Measure

/// What a short look at this host's noise measured.
public struct NoiseSample: Hashable, Codable, Sendable {
  /// One CPU on which a thread did nothing but read the clock.
  public struct CPU: Hashable, Codable, Sendable {
    /// The kernel's number.
    public var number: Int
    /// Times between two readings that were at least ``NoiseProbe/gapThreshold``.
    public var gaps: Int
    /// The longest of them; zero without any.
    public var longest: Nanoseconds
    /// All of them together.
    public var lost: Nanoseconds
    /// How often the scheduler took the CPU away (getrusage, ru_nivcsw); gaps beyond these are
    /// interrupts, firmware or the hypervisor.
    public var preemptions: Int

    enum CodingKeys: String, CodingKey {
      case number, gaps
      case longest = "longestNs"
      case lost = "lostNs"
      case preemptions
    }
  }

  /// Every CPU that was watched.
  public var cpus: [CPU]
  /// CPU time of the host, its kernel threads and this process meanwhile.
  public var use: CPUUse
  /// Threads that were running or waiting for a CPU before the sample, this one left out.
  public var runnable: Int

  /// CPU time of others, as percent of one CPU; ticks of 10 ms make it coarse.
  var loadPercent: Double { use.percentOfCore(max(use.host.busy - use.process, .zero)) }

  /// Time stolen, as percent of one CPU.
  var stealPercent: Double { use.percentOfCore(use.host.steal) }
}

/// Looks for noise as the kernel's hwlat and osnoise tracers do, but in user space and without
/// privilege: a thread pinned to each CPU reads the clock and notes where time is missing.
enum NoiseProbe {
  /// What counts as a gap: the default of the hwlat tracer (kernel/trace/trace_hwlat.c), 10 us.
  static let gapThreshold = Nanoseconds.microseconds(10)

  /// Keeps the CPUs busy for `span` and tells what got in between; nil without /proc.
  static func sample(cpus: [Int], for span: Nanoseconds) -> NoiseSample? {
    let running = Files.field("procs_running", in: Files.text("/proc/stat") ?? "", separator: " ")
    guard let before = try? CPUSnapshot.capture() else { return nil }
    let end = MonotonicClock.now() + span
    let watchers = cpus.map { Watcher(cpu: $0, end: end) }.filter { $0.start() }
    for watcher in watchers { watcher.join() }
    guard let after = try? CPUSnapshot.capture() else { return nil }
    return NoiseSample(
      cpus: watchers.compactMap(\.result), use: after - before,
      runnable: max((running.flatMap { Int($0) } ?? 1) - 1, 0))
  }

  /// What one reading of CLOCK_MONOTONIC costs: the mean of 1000, the least of 100 such means, so
  /// that what else runs is not in it.
  static func clockCost() -> Nanoseconds {
    let count: Int64 = 1000
    let means = (0..<100).map { _ in
      let begin = MonotonicClock.now()
      for _ in 0..<count { _ = MonotonicClock.now() }
      return Nanoseconds((MonotonicClock.now() - begin).count / count)
    }
    return means.min() ?? .zero
  }
}

/// A thread on one CPU that does nothing but read the clock.
///
/// What it measures is read after ``join()`` only.
private final class Watcher: @unchecked Sendable {
  private let cpu: Int
  private let end: Nanoseconds
  private var thread: NativeThread?
  /// Nil where the thread could not be pinned.
  private(set) var result: NoiseSample.CPU?

  init(cpu: Int, end: Nanoseconds) { (self.cpu, self.end) = (cpu, end) }

  /// Whether the thread runs now.
  func start() -> Bool {
    thread = NativeThread { self.watch() }
    return thread != nil
  }

  func join() { thread?.join() }

  private func watch() {
    guard cl_pin_thread(Int32(cpu)) == 0 else { return }
    var found = NoiseSample.CPU(number: cpu, gaps: 0, longest: .zero, lost: .zero, preemptions: 0)
    let before = Self.preemptions()
    var last = MonotonicClock.now()
    while last < end {
      let now = MonotonicClock.now()
      let gap = now - last
      if gap >= NoiseProbe.gapThreshold {
        found.gaps += 1
        found.lost = found.lost + gap
        found.longest = max(found.longest, gap)
      }
      last = now
    }
    found.preemptions = Self.preemptions() - before
    result = found
  }

  private static func preemptions() -> Int {
    var usage = rusage()
    return cl_thread_usage(&usage) == 0 ? usage.ru_nivcsw : 0
  }
}
