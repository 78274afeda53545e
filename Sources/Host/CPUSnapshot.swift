internal import CLinux
internal import Glibc
public import Measure

/// CPU time spent since boot by the host, by each kernel thread, and by this process.
///
/// Kernel threads are the tasks with PF_KTHREAD. Their time comes from /proc/PID/schedstat in
/// nanoseconds, or where the kernel keeps none (no CONFIG_SCHED_INFO) from utime + stime in ticks.
/// Take one before and one after a trial and subtract.
public struct CPUSnapshot: Sendable {
  /// A thread and what it has used.
  public struct Thread: Hashable, Sendable {
    /// Its number.
    public var identifier: Int
    /// Its name as the kernel gives it (`ksoftirqd/1`, `kworker/u8:1-loop0`).
    public var name: String
    /// When it started, in ticks since boot; tells a number used again apart.
    public var startTicks: Int64
    /// Time on a CPU since it started.
    public var cpuTime: Nanoseconds
  }

  /// When it was taken, on CLOCK_MONOTONIC.
  public let time: Nanoseconds
  /// CPUs online.
  public let cpuCount: Int
  /// The whole host.
  public let host: CPUTimes
  /// CPU time of this process with all its threads, io_uring workers among them.
  public let process: Nanoseconds
  /// Kernel threads.
  public let kernelThreads: [Thread]
  /// Threads the kernel runs for this process's io_uring: `iou-wrk-*`, `iou-sqp-*`.
  public let ioWorkers: [Thread]

  /// Takes a snapshot.
  ///
  /// - Throws: ``HostError`` when /proc is not there.
  /// - Complexity: O(tasks of the host): about 10 µs for a user process and 20 µs a kernel thread.
  public static func capture() throws(HostError) -> CPUSnapshot {
    let ticksPerSecond = Int64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
    guard let text = Files.text("/proc/stat"), let line = text.split(separator: "\n").first,
      let host = CPUTimes(parsing: line, ticksPerSecond: ticksPerSecond)
    else { throw HostError("/proc/stat", "cannot be read", remedy: "is /proc mounted?") }
    let reader = ThreadReader(ticksPerSecond: ticksPerSecond)
    return CPUSnapshot(
      time: MonotonicClock.now(),
      cpuCount: max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1),
      host: host,
      process: Nanoseconds(cl_process_cpu_ns()),
      kernelThreads: reader.threads(in: "/proc") { $0.isKernelThread },
      ioWorkers: reader.threads(in: "/proc/self/task") { $0.name.hasPrefix("iou-") })
  }
}

/// One line of /proc/PID/stat, as far as it is needed (proc(5)).
struct TaskLine {
  var name: String
  var flags: UInt64
  var ticks: Int64
  var startTicks: Int64

  /// PF_KTHREAD of include/linux/sched.h.
  var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

  /// Reads the line; the name stands in parentheses and may hold spaces and parentheses itself.
  init?(_ line: [UInt8]) {
    guard let open = line.firstIndex(of: UInt8(ascii: "(")),
      let close = line.lastIndex(of: UInt8(ascii: ")")), open < close
    else { return nil }
    name = String(decoding: line[(open + 1)..<close], as: UTF8.self)
    // Fields 3 (state) and on; flags is field 9, utime 14, stime 15, starttime 22.
    let fields = line[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 20)
    guard fields.count > 19 else { return nil }
    flags = UInt64(bitPattern: Self.number(fields[6]))
    ticks = Self.number(fields[11]) + Self.number(fields[12])
    startTicks = Self.number(fields[19])
  }

  /// A decimal number; String and Int64 would take most of a snapshot's time.
  static func number(_ digits: ArraySlice<UInt8>) -> Int64 {
    digits.reduce(0) { $1 >= 48 && $1 < 58 ? $0 &* 10 &+ Int64($1 &- 48) : $0 }
  }
}

/// Reads the tasks in a folder of /proc.
struct ThreadReader {
  let ticksPerSecond: Int64

  /// The tasks that are `wanted`; those which end meanwhile are left out.
  func threads(in folder: String, wanted: (TaskLine) -> Bool) -> [CPUSnapshot.Thread] {
    let directory = cl_open(folder, O_RDONLY | O_DIRECTORY | Int32(CL_O_CLOEXEC), 0)
    guard directory >= 0, let stream = fdopendir(directory) else { return [] }
    defer { closedir(stream) }
    var threads: [CPUSnapshot.Thread] = []
    var line: [UInt8] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let identifier = Int(name), read("\(name)/stat", beneath: directory, into: &line),
        let task = TaskLine(line), wanted(task)
      else { continue }
      var time = Nanoseconds(task.ticks * (1_000_000_000 / ticksPerSecond))
      if read("\(name)/schedstat", beneath: directory, into: &line),
        let first = line.split(separator: UInt8(ascii: " "), maxSplits: 1).first
      {
        let exact = TaskLine.number(first)
        // All zeros is what a kernel without CONFIG_SCHED_INFO prints.
        if exact > 0 { time = Nanoseconds(exact) }
      }
      threads.append(
        .init(
          identifier: identifier, name: task.name, startTicks: task.startTicks, cpuTime: time))
    }
    return threads
  }

  /// Reads a small file; its line is far below the buffer's size.
  private func read(_ path: String, beneath directory: Int32, into line: inout [UInt8]) -> Bool {
    let file = cl_open_beneath(directory, path)
    guard file >= 0 else { return false }
    defer { close(file) }
    line = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
      count = max(Glibc.read(file, buffer.baseAddress, buffer.count), 0)
    }
    return !line.isEmpty
  }
}
