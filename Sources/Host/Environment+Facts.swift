internal import CLinux
internal import Glibc
internal import Measure

extension FactList {
  mutating func addKernel() {
    var name = utsname()
    if uname(&name) == 0 {
      add("kernel.release", Self.text(&name.release), .shouldMatch)
      add("kernel.version", Self.text(&name.version), .shouldMatch)
      add("machine.architecture", Self.text(&name.machine), .mustMatch)
    }
    add("kernel.commandLine", Files.text("/proc/cmdline"), .shouldMatch)
    add("kernel.tainted", Files.text("/proc/sys/kernel/tainted"), .informational)
    add(
      "kernel.clockSource",
      Files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource"), .mustMatch)
    add("kernel.bootId", Files.text("/proc/sys/kernel/random/boot_id"), .informational)
    add("kernel.isolatedCPUs", Files.text("/sys/devices/system/cpu/isolated"), .shouldMatch)
    add("kernel.tickFreeCPUs", Files.text("/sys/devices/system/cpu/nohz_full"), .shouldMatch)
    add(
      "kernel.nvmePollQueues", Files.text("/sys/module/nvme/parameters/poll_queues"), .shouldMatch)
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    for name in Files.names(in: folder) {
      guard let state = Files.text("\(folder)/\(name)"), state != "Not affected" else { continue }
      add("kernel.mitigation.\(name)", state, .shouldMatch)
    }
    // os-release(5): the name is quoted.
    let release = Files.text("/etc/os-release") ?? Files.text("/usr/lib/os-release") ?? ""
    let pretty = Files.field("PRETTY_NAME", in: release, separator: "=")
    add("os.release", pretty.map { $0.filter { $0 != "\"" } }, .shouldMatch)
  }

  mutating func addProcessor() {
    let text = Files.text("/proc/cpuinfo") ?? ""
    let field = { (name: String) in Files.field(name, in: text, separator: ":") }
    add("cpu.model", field("model name"), .mustMatch)
    let numbers = ["vendor_id", "cpu family", "model", "stepping"].compactMap(field)
    add("cpu.signature", numbers.joined(separator: "-"), .mustMatch)
    add("cpu.microcode", field("microcode"), .shouldMatch)
    let topology = Topology.current()
    let cores = Set(topology.cpus.map { $0.siblings.first ?? $0.number })
    add("cpu.threads", "\(topology.cpus.count)", .mustMatch)
    add("cpu.cores", "\(cores.count)", .mustMatch)
    let sockets = Set(topology.cpus.compactMap(\.socket))
    add("cpu.sockets", sockets.isEmpty ? nil : "\(sockets.count)", .mustMatch)
    add("cpu.allowed", "\(topology.allowed.count)", .mustMatch)
    add("cpu.smt", Files.text("/sys/devices/system/cpu/smt/control"), .shouldMatch)
    add("cpu.counterIsSteady", "\(Environment.counterIsSteady)", .shouldMatch)
    add("numa.nodes", topology.nodes.isEmpty ? nil : "\(topology.nodes.count)", .mustMatch)
    add("numa.balancing", Files.text("/proc/sys/kernel/numa_balancing"), .shouldMatch)
  }

  mutating func addFrequency() {
    let base = "/sys/devices/system/cpu"
    addPerCPU("cpu.governor", "cpufreq/scaling_governor", .shouldMatch)
    addPerCPU("cpu.frequencyDriver", "cpufreq/scaling_driver", .shouldMatch)
    addPerCPU("cpu.maximumFrequencyKHz", "cpufreq/scaling_max_freq", .shouldMatch)
    addPerCPU(
      "cpu.energyPreference", "cpufreq/energy_performance_preference", .shouldMatch)
    if let off = Files.integer(base + "/intel_pstate/no_turbo") {
      add("cpu.turbo", off == 0 ? "on" : "off", .shouldMatch)
    } else if let on = Files.integer(base + "/cpufreq/boost") {
      add("cpu.turbo", on == 1 ? "on" : "off", .shouldMatch)
    }
    add("cpu.idleDriver", Files.text(base + "/cpuidle/current_driver"), .shouldMatch)
    add("cpu.idleGovernor", Files.text(base + "/cpuidle/current_governor"), .shouldMatch)
  }

  mutating func addMemory() {
    let text = Files.text("/proc/meminfo") ?? ""
    let kibibytes = { (name: String) in
      Files.field(name, in: text, separator: ":")
        .flatMap { $0.split(separator: " ").first }.flatMap { Int64($0) }
    }
    // Kernels keep differing bits for themselves: whole GiB stay the same from one to the next.
    let rounded = kibibytes("MemTotal").map { "\(($0 + (1 << 19)) >> 20) GiB" }
    add("memory.total", rounded, .mustMatch)
    add("memory.available", kibibytes("MemAvailable").map { "\($0 >> 10) MiB" }, .informational)
    add("memory.swap", kibibytes("SwapTotal").map { "\($0 >> 10) MiB" }, .shouldMatch)
    add("memory.hugePages", kibibytes("HugePages_Total").map { "\($0)" }, .shouldMatch)
    for (key, file) in [("transparentHugePages", "enabled"), ("hugePageDefrag", "defrag")] {
      let choice = Files.text("/sys/kernel/mm/transparent_hugepage/\(file)")
      add("memory.\(key)", choice.flatMap { SysfsQueue.chosen(in: $0) }, .shouldMatch)
    }
  }

  mutating func addMachine() {
    let board = { (name: String) in Files.text("/sys/class/dmi/id/\(name)") }
    add("machine.vendor", board("sys_vendor"), .mustMatch)
    add("machine.product", board("product_name"), .mustMatch)
    add("machine.serial", board("product_serial"), .identity)
    add("machine.uuid", board("product_uuid"), .identity)
    add("machine.asset", board("chassis_asset_tag"), .identity)
    add("machine.board", board("board_name"), .mustMatch)
    add("machine.boardSerial", board("board_serial"), .identity)
    let bios = [board("bios_vendor"), board("bios_version"), board("bios_date")]
    add("machine.bios", bios.compactMap { $0 }.joined(separator: " "), .shouldMatch)
    var host = [CChar](repeating: 0, count: 256)
    if gethostname(&host, host.count - 1) == 0 {
      let bytes = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      add("machine.hostname", String(decoding: bytes, as: UTF8.self), .identity)
    }
    add("machine.virtualization", Self.virtualization(), .mustMatch)
    add("machine.container", Self.container() ?? "none seen", .mustMatch)
  }

  mutating func addMoment() {
    let uptime = Files.text("/proc/uptime")?.split(separator: " ").first
    add("moment.uptimeSeconds", uptime.map(String.init), .informational)
    let load = Files.text("/proc/loadavg")?.split(separator: " ").prefix(3)
    add("moment.loadAverages", load?.joined(separator: " "), .informational)
    if let snapshot = try? CPUSnapshot.capture() {
      add("moment.stealNs", "\(snapshot.host.steal.count)", .informational)
    }
  }

  /// `none`, or the hypervisor: its CPUID signature, Xen's sysfs entry, or only that there is one.
  private static func virtualization() -> String? {
    var name = [CChar](repeating: 0, count: 13)
    if cl_hypervisor(&name) == 1 {
      let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let signature = Files.trimmed(String(decoding: bytes, as: UTF8.self))
      return signature.isEmpty ? "hypervisor" : signature
    }
    if let type = Files.value("/sys/hypervisor/type") { return type }
    // Only x86 has the flag; elsewhere its absence says nothing.
    let flags = Environment.processorFlags()
    if flags.isEmpty { return nil }
    return flags.contains("hypervisor") ? "hypervisor" : "none"
  }

  /// The container this process is in, by the marks systemd, Docker, Podman and Kubernetes leave.
  private static func container() -> String? {
    if Files.exists("/run/.containerenv") { return "podman" }
    if Files.exists("/.dockerenv") { return "docker" }
    if let name = Files.value("/run/systemd/container") { return name }
    if getenv("KUBERNETES_SERVICE_HOST") != nil { return "kubernetes" }
    let variables = Files.bytes("/proc/1/environ") ?? []
    for variable in variables.split(separator: 0) {
      let text = String(decoding: variable, as: UTF8.self)
      if text.hasPrefix("container=") { return String(text.dropFirst("container=".count)) }
    }
    return nil
  }

  /// A fixed array of C characters up to its zero.
  private static func text<T>(_ field: inout T) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
