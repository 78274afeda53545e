internal import Measure

extension Examination {
  mutating func addNoise(_ sample: NoiseSample) {
    addSteal(sample)
    addLoad(sample)
    addRunQueue(sample)
    let worst = sample.cpus.sorted { ($1.longest, $0.number) < ($0.longest, $1.number) }
    for cpu in worst.prefix(Self.shownCPUs) { addGaps(cpu, of: sample.use.elapsed) }
    if let next = worst.dropFirst(Self.shownCPUs).first {
      add(
        .gaps, "\(worst.count - Self.shownCPUs) other CPUs", .ok,
        "no gap longer than \(Self.rounded(next.longest))")
    }
  }

  /// The worst CPUs stand by themselves; `noise` of the JSON has all.
  private static let shownCPUs = 4

  private mutating func addSteal(_ sample: NoiseSample) {
    guard machine.isVirtual else {
      return add(.steal, .notApplicable, "no hypervisor that could take time")
    }
    let percent = sample.stealPercent
    let state: ReadinessCheck.State = percent >= 2 ? .warning : percent >= 0.5 ? .advice : .ok
    add(.steal, state, "\(Self.short(percent)) % of a CPU over \(Self.span(sample))")
  }

  private mutating func addLoad(_ sample: NoiseSample) {
    let percent = sample.loadPercent
    let state: ReadinessCheck.State = percent >= 10 ? .warning : percent >= 3 ? .advice : .ok
    let threads = sample.use.kernelThreads.filter { sample.use.percentOfCore($0.cpuTime) >= 0.5 }
    let kernel = threads.prefix(3).map {
      "\($0.name) \(Self.short(sample.use.percentOfCore($0.cpuTime))) %"
    }
    add(
      .load, state,
      "others used \(Self.short(percent)) % of a CPU over \(Self.span(sample))"
        + (kernel.isEmpty ? "" : "; kernel threads among them: " + kernel.joined(separator: ", ")),
      remedy: "top -b -n 1 -o %CPU | head -n 15")
  }

  private mutating func addRunQueue(_ sample: NoiseSample) {
    let isFull = sample.runnable >= max(sample.cpus.count, 1)
    add(
      .runQueue, isFull ? .warning : sample.runnable > 0 ? .advice : .ok,
      "\(counted(sample.runnable, "other thread")) ran or waited for one of "
        + "\(sample.cpus.count) CPUs",
      remedy: "ps -eLo stat,pcpu,pid,comm | grep ^R")
  }

  private mutating func addGaps(_ cpu: NoiseSample.CPU, of elapsed: Nanoseconds) {
    let lost = Double(cpu.lost.count) / Double(max(elapsed.count, 1)) * 100
    let isBad = cpu.longest >= .milliseconds(5) || lost >= 2
    let isFair = cpu.longest >= .milliseconds(1) || lost >= 0.5
    let bare = machine.isVirtual ? "" : " and firmware"
    add(
      .gaps, "cpu\(cpu.number)", isBad ? .warning : isFair ? .advice : .ok,
      "\(cpu.gaps) gaps of \(NoiseProbe.gapThreshold.text) or more in \(Self.rounded(elapsed)), "
        + "the longest \(Self.rounded(cpu.longest)), \(Self.short(lost)) % of the time; "
        + "\(cpu.preemptions) by the scheduler, the others by interrupts\(bare)"
        + (machine.isVirtual ? " and the hypervisor" : ""))
  }

  mutating func addClock(cost: Nanoseconds?) {
    let folder = "/sys/devices/system/clocksource/clocksource0/"
    if let current = machine.value(folder + "current_clocksource") {
      let offered = machine.value(folder + "available_clocksource") ?? current
      let hasTSC = offered.split(separator: " ").contains("tsc")
      let remedy = hasTSC ? "echo tsc > \(folder)current_clocksource" : nil
      switch current {
      case "tsc": add(.clockSource, .ok, "tsc")
      case "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "xen":
        add(
          .clockSource, current == "xen" ? .advice : .ok,
          "\(current), the hypervisor's clock on top of the counter; offered: \(offered)",
          remedy: remedy)
      default:
        add(
          .clockSource, .warning, "\(current): the kernel gave up the counter; offered: \(offered)",
          remedy: remedy ?? "dmesg | grep -i -e clocksource -e tsc")
      }
    } else {
      add(.clockSource, .unknown, "this kernel does not tell")
    }
    guard let cost else { return }
    // A reading in the vDSO takes some 10 ns, one that enters the kernel some 100 and more.
    let state: ReadinessCheck.State = cost.count > 200 ? .warning : cost.count > 80 ? .advice : .ok
    add(.clockCost, state, "\(cost.text) for one reading of CLOCK_MONOTONIC")
  }

  private static func span(_ sample: NoiseSample) -> String { rounded(sample.use.elapsed) }

  /// A span in whole milliseconds, or in whole microseconds where it is shorter.
  private static func rounded(_ span: Nanoseconds) -> String {
    span >= .milliseconds(10)
      ? Nanoseconds.milliseconds(span.count / 1_000_000).text
      : Nanoseconds.microseconds(span.count / 1_000).text
  }

  /// A percentage to two places.
  static func short(_ percent: Double) -> String {
    decimalText((percent * 100).rounded() / 100)
  }
}
