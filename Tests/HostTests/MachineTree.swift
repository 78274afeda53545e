import Foundation
import Measure
import TestSupport

@testable import Host

/// A machine's files in a temporary folder, in the formats of the kernel.
///
/// It begins as a bare-metal server of two sockets on which every check is content.
final class MachineTree {
  let folder: TemporaryFolder

  var machine: MachineFiles { MachineFiles(root: folder.path) }

  static let cpu = "/sys/devices/system/cpu"

  init() throws {
    folder = try TemporaryFolder()
    try writeCPUs()
    try writeMemory()
    try writePlatform()
    try write("/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 intel_iommu=on iommu=pt\n")
    try write("/proc/sys/kernel/io_uring_disabled", "0\n")
    for (key, value) in [
      ("net/core/rmem_max", "16777216"), ("net/core/wmem_max", "33554432"),
      ("net/ipv4/tcp_rmem", "4096\t87380\t16777216"),
      ("net/ipv4/tcp_wmem", "4096\t16384\t16777216"), ("vm/dirty_ratio", "10"),
      ("vm/dirty_background_ratio", "5"), ("net/ipv4/ip_forward", "1"),
      ("net/bridge/bridge-nf-call-iptables", "1"), ("vm/swappiness", "0"),
    ] { try write("/proc/sys/\(key)", value + "\n") }
    try writeDisk("nvme0n1", scheduler: "[none] mq-deadline kyber", rotational: 0, requests: 1023)
  }

  private func writeCPUs() throws {
    try write("\(Self.cpu)/online", "0-3\n")
    for number in 0..<4 { try writeCPU(number) }
    try write("\(Self.cpu)/intel_pstate/no_turbo", "1\n")
    try write("\(Self.cpu)/cpuidle/current_driver", "intel_idle\n")
    try write("\(Self.cpu)/smt/active", "0\n")
    try write("\(Self.cpu)/smt/control", "off\n")
    try write("\(Self.cpu)/isolated", "2-3\n")
    try write("\(Self.cpu)/nohz_full", "2-3\n")
    try writeBytes("/dev/cpu_dma_latency", [0x00, 0x94, 0x35, 0x77])
    try write("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: fpu tsc nonstop_tsc\n")
    try write("/proc/sys/kernel/sched_rt_runtime_us", "950000\n")
    try write("/proc/sys/kernel/sched_rt_period_us", "1000000\n")
    try write("/proc/1/comm", "systemd\n")
  }

  private func writeCPU(_ number: Int) throws {
    let folder = "\(Self.cpu)/cpu\(number)"
    try write("\(folder)/cpufreq/scaling_governor", "performance\n")
    try write("\(folder)/cpufreq/scaling_driver", "intel_pstate\n")
    try write("\(folder)/cpufreq/energy_performance_preference", "performance\n")
    for (state, name, latency, disabled) in [
      (0, "POLL", 0, 0), (1, "C1", 2, 0), (2, "C1E", 10, 0), (3, "C6", 133, 1),
    ] {
      let path = "\(folder)/cpuidle/state\(state)"
      try write("\(path)/name", name + "\n")
      try write("\(path)/latency", "\(latency)\n")
      try write("\(path)/disable", "\(disabled)\n")
    }
  }

  private func writeMemory() throws {
    try write(
      "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n")
    try write(
      "/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm \n")
    try write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n")
    try write(
      "/sys/kernel/mm/transparent_hugepage/defrag",
      "always defer defer+madvise [madvise] never\n")
    try write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024\n")
    try write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1000\n")
    for node in ["node0", "node1"] {
      try write("/sys/devices/system/node/\(node)/distance", "10 21\n")
    }
    try write("/proc/sys/kernel/numa_balancing", "0\n")
  }

  private func writePlatform() throws {
    try writeBytes(
      "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
      [6, 0, 0, 0, 1])
    try write("/sys/class/tpm/tpm0/tpm_version_major", "2\n")
    try write("/sys/class/dmi/id/sys_vendor", "LCWT\n")
    try write("/sys/class/dmi/id/product_name", "R7220\n")
    try write("/sys/class/dmi/id/bios_version", "1.2.3\n")
    try write("/sys/kernel/iommu_groups/0/type", "identity\n")
    try write("/sys/kernel/iommu_groups/1/type", "identity\n")
  }

  // MARK: Parts

  func write(_ path: String, _ text: String) throws {
    try folder.write(text, to: String(path.dropFirst()))
  }

  func writeBytes(_ path: String, _ bytes: [UInt8]) throws {
    try write(path, "")
    try Data(bytes).write(to: folder.url(String(path.dropFirst())))
  }

  func remove(_ path: String) throws {
    try FileManager.default.removeItem(atPath: folder.path + path)
  }

  /// Makes it a virtual machine, as the processor's flags tell.
  func makeVirtual() throws {
    try write("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu tsc hypervisor\n")
  }

  func writeDisk(
    _ name: String, scheduler: String, rotational: Int, requests: Int, driver: String = "nvme"
  ) throws {
    let queue = "/sys/block/\(name)/queue"
    try write("\(queue)/scheduler", scheduler + "\n")
    try write("\(queue)/rotational", "\(rotational)\n")
    try write("\(queue)/nr_requests", "\(requests)\n")
    try write("/sys/bus/drivers/\(driver)/bind", "")
    try write("/sys/block/\(name)/device/model", "X\n")
    try link("/sys/block/\(name)/device/driver", to: "/sys/bus/drivers/\(driver)")
  }

  /// A link of PCI Express as sysfs has it: speed and lanes, now and at best.
  struct Lanes {
    var speed = "16.0 GT/s PCIe"
    var width = 8
    var bestSpeed = "16.0 GT/s PCIe"
    var bestWidth = 8
  }

  /// A device below a port of its own, bound to a driver unless that is nil.
  func writeDevice(
    _ address: String, _ identifier: String, classCode: String = "0x020000",
    driver: String?, lanes: Lanes? = Lanes(), port: Lanes = Lanes(), files: [String: String] = [:]
  ) throws {
    let parts = identifier.split(separator: ":")
    let above = "/sys/devices/pci0000:00/0000:00:01.0"
    let device = "\(above)/\(address)"
    try write("\(device)/vendor", "0x\(parts[0])\n")
    try write("\(device)/device", "0x\(parts[1])\n")
    try write("\(device)/class", classCode + "\n")
    try write("\(device)/numa_node", "1\n")
    if let lanes { try write(lanes, to: device) }
    try write(port, to: above)
    for (name, text) in files { try write("\(device)/\(name)", text + "\n") }
    if let driver {
      try write("/sys/bus/pci/drivers/\(driver)/bind", "")
      try link("\(device)/driver", to: "/sys/bus/pci/drivers/\(driver)")
    }
    try link("/sys/bus/pci/devices/\(address)", to: device)
  }

  private func write(_ lanes: Lanes, to device: String) throws {
    try write("\(device)/current_link_speed", lanes.speed + "\n")
    try write("\(device)/current_link_width", "\(lanes.width)\n")
    try write("\(device)/max_link_speed", lanes.bestSpeed + "\n")
    try write("\(device)/max_link_width", "\(lanes.bestWidth)\n")
  }

  func link(_ path: String, to target: String) throws {
    let url = folder.url(String(path.dropFirst()))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? FileManager.default.removeItem(at: url)
    try FileManager.default.createSymbolicLink(
      atPath: url.path, withDestinationPath: folder.path + target)
  }

  // MARK: Examination

  static let allPowerful = ProcessFacts(
    capabilities: Capabilities(mask: .max),
    limits: ResourceLimits(lockedMemory: nil, openFiles: 65_536, openFilesCeiling: 65_536))

  func examine(
    _ process: ProcessFacts = allPowerful, noise: NoiseSample? = nil
  ) -> [ReadinessCheck] {
    Readiness.examine(machine, process: process, clockCost: .init(25), noise: noise).checks
  }

  /// The one check with this code and subject.
  func check(
    _ id: ReadinessID, _ subject: String? = nil, _ process: ProcessFacts = allPowerful
  ) -> ReadinessCheck? {
    examine(process).first { $0.id == id && $0.subject == subject }
  }
}
