internal import CLinux
internal import Measure

// Frequency, idle states, threads and scheduling. Files: Documentation/admin-guide/pm/cpufreq.rst,
// cpuidle.rst, Documentation/ABI/testing/sysfs-devices-system-cpu.

extension Examination {
  private static let base = "/sys/devices/system/cpu"

  mutating func addCPU() {
    addGovernor()
    addEnergyPreference()
    addTurbo()
    addIdleStates()
    addIdleLatencyBound()
    addSMT()
    addIsolation()
    addRealTimeThrottling()
    addIrqbalance()
  }

  private mutating func addGovernor() {
    let governors = machine.perCPU("cpufreq/scaling_governor")
    guard !governors.isEmpty else {
      return addAbsent(.governor, "no cpufreq: this kernel does not set frequencies")
    }
    let isFixed = governors.allSatisfy { $0.value == "performance" }
    let driver = machine.perCPU("cpufreq/scaling_driver").first.map { " (\($0.value))" } ?? ""
    add(
      .governor, isFixed ? .ok : .warning, Self.spread(governors) + driver,
      remedy: "echo performance | tee \(Self.base)/cpu*/cpufreq/scaling_governor")
  }

  private mutating func addEnergyPreference() {
    let file = "cpufreq/energy_performance_preference"
    let preferences = machine.perCPU(file)
    guard !preferences.isEmpty else {
      return add(.energyPreference, .notApplicable, "this frequency driver has none")
    }
    // intel_pstate shows the raw register where no name fits; 0 is all speed.
    let isFast = preferences.allSatisfy { $0.value == "performance" || $0.value == "0" }
    add(
      .energyPreference, isFast ? .ok : .advice, Self.spread(preferences),
      remedy: "echo performance | tee \(Self.base)/cpu*/\(file)")
  }

  private mutating func addTurbo() {
    let noTurbo = Self.base + "/intel_pstate/no_turbo"
    let boost = Self.base + "/cpufreq/boost"
    if let off = machine.integer(noTurbo) {
      add(
        .turbo, off == 0 ? .advice : .ok, off == 0 ? "on" : "off", remedy: "echo 1 > \(noTurbo)")
    } else if let on = machine.integer(boost) {
      add(.turbo, on == 0 ? .ok : .advice, on == 0 ? "off" : "on", remedy: "echo 0 > \(boost)")
    } else {
      addAbsent(.turbo, "not told by the frequency driver")
    }
  }

  /// An idle state as CPU 0 has it; a state counts where any CPU may enter it.
  private struct IdleState {
    var number: Int
    var name: String
    var latency: Nanoseconds
  }

  private func idleStates() -> [IdleState] {
    machine.names(in: Self.base + "/cpu0/cpuidle").compactMap { folder in
      guard folder.hasPrefix("state"), let number = Int(folder.dropFirst(5)) else { return nil }
      let isOpen = machine.cpus.contains {
        machine.integer("\(Self.base)/cpu\($0)/cpuidle/\(folder)/disable") == 0
      }
      let path = "\(Self.base)/cpu0/cpuidle/\(folder)"
      guard isOpen, let latency = machine.integer(path + "/latency") else { return nil }
      return IdleState(
        number: number, name: machine.value(path + "/name") ?? folder,
        latency: .microseconds(latency))
    }
  }

  private mutating func addIdleStates() {
    let states = idleStates()
    guard let deepest = states.max(by: { $0.latency < $1.latency }) else {
      return addAbsent(.idleStates, "no cpuidle states")
    }
    let slow = states.filter { $0.latency > IdleLimits.noticeable }.map { "\($0.number)" }
    let state: ReadinessCheck.State =
      switch deepest.latency {
      case ...IdleLimits.noticeable: .ok
      case ...IdleLimits.spoiling: .advice
      default: .warning
      }
    let driver = machine.value(Self.base + "/cpuidle/current_driver").map { ", \($0)" } ?? ""
    let list = slow.joined(separator: ",")
    let numbers = slow.count > 1 ? "{\(list)}" : list
    add(
      .idleStates, state,
      "deepest enabled state \(deepest.name), \(deepest.latency.text) to leave it\(driver)",
      remedy: "echo 1 | tee \(Self.base)/cpu*/cpuidle/state\(numbers)/disable")
  }

  private mutating func addIdleLatencyBound() {
    // Opening it registers a request without a bound and closing takes that back: nothing changes.
    guard let bytes = machine.bytes("/dev/cpu_dma_latency"), bytes.count == 4 else {
      let found =
        machine.exists("/dev/cpu_dma_latency")
        ? "/dev/cpu_dma_latency is root's to read" : "this kernel has no /dev/cpu_dma_latency"
      return add(.idleLatencyBound, .unknown, found)
    }
    let micros = bytes.enumerated().reduce(Int64(0)) { $0 | Int64($1.element) << ($1.offset * 8) }
    // PM_QOS_CPU_LATENCY_DEFAULT_VALUE of include/linux/pm_qos.h: 2000 s stands for no bound.
    let isBounded = micros < 2_000_000_000
    add(
      .idleLatencyBound, .ok,
      isBounded ? "idle states are held to \(Nanoseconds.microseconds(micros).text)" : "no bound")
  }

  private mutating func addSMT() {
    let control = machine.value(Self.base + "/smt/control")
    switch (control, machine.integer(Self.base + "/smt/active")) {
    case (_, 1?):
      add(
        .smt, .advice, "on: cores run more than one thread",
        remedy: "echo off > \(Self.base)/smt/control")
    case (let control?, _): add(.smt, .ok, control)
    default: add(.smt, .unknown, "this kernel does not tell")
    }
  }

  private mutating func addIsolation() {
    let isolated = machine.value(Self.base + "/isolated")
    let tickFree = machine.value(Self.base + "/nohz_full").flatMap { $0 == "(null)" ? nil : $0 }
    let parts = [
      isolated.map { "isolated CPUs \($0)" }, tickFree.map { "without tick \($0)" },
    ].compactMap(\.self)
    guard parts.isEmpty else {
      return add(.isolation, .ok, parts.joined(separator: ", "))
    }
    add(
      .isolation, machine.isVirtual ? .ok : .advice, "no CPU is isolated (isolcpus, nohz_full)",
      remedy: machine.cpus.count > 2
        ? "grubby --update-kernel=ALL --args=\"isolcpus=\(Self.upperHalf(machine.cpus)) "
          + "nohz_full=\(Self.upperHalf(machine.cpus))\"" : nil)
  }

  private mutating func addRealTimeThrottling() {
    let folder = "/proc/sys/kernel/sched_rt_"
    guard let runtime = machine.integer(folder + "runtime_us"),
      let period = machine.integer(folder + "period_us")
    else { return add(.realTimeThrottling, .unknown, "this kernel does not tell") }
    guard runtime >= 0, runtime < period else {
      return add(.realTimeThrottling, .ok, "off: real-time threads are never stopped")
    }
    add(
      .realTimeThrottling, .ok,
      "real-time threads are held to \(runtime) of every \(period) us; Assay uses none")
  }

  private mutating func addIrqbalance() {
    let isRunning = machine.names(in: "/proc").contains { name in
      name.first?.isNumber == true && machine.value("/proc/\(name)/comm") == "irqbalance"
    }
    add(
      .irqbalance, isRunning ? .advice : .ok, isRunning ? "running" : "not running",
      remedy: "systemctl stop irqbalance")
  }

  // MARK: Words

  /// `performance`, or `powersave on 6 CPUs, performance on 2`.
  private static func spread(_ values: [(value: String, cpus: [Int])]) -> String {
    if values.count == 1 { return values[0].value }
    return values.map { "\($0.value) on \($0.cpus.count) CPUs" }.joined(separator: ", ")
  }

  /// The second half of the CPUs as a range, leaving the first for everything else.
  private static func upperHalf(_ cpus: [Int]) -> String {
    "\(cpus[cpus.count / 2])-\(cpus[cpus.count - 1])"
  }
}

/// When the exit of an idle state shows in latencies, against a 4 KiB read of flash that takes 60
/// to 100 us.
private enum IdleLimits {
  /// A tenth of it.
  static let noticeable = Nanoseconds.microseconds(10)
  /// Half of it.
  static let spoiling = Nanoseconds.microseconds(50)
}
