import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct ReadinessTests {
  private let tree: MachineTree

  init() throws { tree = try MachineTree() }

  @Test func aTunedServerHasNothingToMend() {
    let checks = tree.examine()
    #expect(
      checks.filter { $0.state >= .advice }.isEmpty, "\(checks.filter { $0.state >= .advice })")
    // The firmware's age is the one thing that the machine cannot know.
    #expect(checks.filter { $0.state == .unknown }.map(\.id) == [.firmware, .link])
  }

  // MARK: CPU

  @Test func aGovernorThatSavesEnergyIsAWarningWithItsCommand() throws {
    try tree.write("\(MachineTree.cpu)/cpu3/cpufreq/scaling_governor", "powersave\n")
    let check = try #require(tree.check(.governor))
    #expect(check.state == .warning)
    #expect(check.found == "performance on 3 CPUs, powersave on 1 CPUs (intel_pstate)")
    #expect(
      check.remedy
        == "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
  }

  @Test func whatAVirtualMachineCannotHaveIsNotApplicable() throws {
    for cpu in 0..<4 { try tree.remove("\(MachineTree.cpu)/cpu\(cpu)/cpufreq") }
    try tree.remove("\(MachineTree.cpu)/intel_pstate")
    #expect(tree.check(.governor)?.state == .unknown)
    #expect(tree.check(.virtualisation)?.state == .ok)
    try tree.makeVirtual()
    #expect(tree.check(.governor)?.state == .notApplicable)
    #expect(tree.check(.turbo)?.state == .notApplicable)
    let virtual = try #require(tree.check(.virtualisation))
    #expect(virtual.state == .advice)
    #expect(virtual.found.contains("LCWT R7220") && virtual.found.contains("hypervisor's cache"))
  }

  @Test func deepIdleStatesAreNamedByTheirLatency() throws {
    #expect(tree.check(.idleStates)?.found.hasPrefix("deepest enabled state C1E, 10us") == true)
    // One CPU that may enter it is enough.
    try tree.write("\(MachineTree.cpu)/cpu2/cpuidle/state3/disable", "0\n")
    let check = try #require(tree.check(.idleStates))
    #expect(check.state == .warning && check.found.contains("C6, 133us"))
    #expect(check.remedy == "echo 1 | tee /sys/devices/system/cpu/cpu*/cpuidle/state3/disable")
  }

  @Test func theBoundOnIdleLatencyIsReadAsTheKernelWritesIt() throws {
    #expect(tree.check(.idleLatencyBound)?.found == "no bound")
    try tree.writeBytes("/dev/cpu_dma_latency", [20, 0, 0, 0])
    #expect(tree.check(.idleLatencyBound)?.found == "idle states are held to 20us")
    try tree.remove("/dev/cpu_dma_latency")
    #expect(tree.check(.idleLatencyBound)?.state == .unknown)
  }

  @Test func turboThreadsAndIrqbalanceAreAdvice() throws {
    try tree.write("\(MachineTree.cpu)/intel_pstate/no_turbo", "0\n")
    try tree.write("\(MachineTree.cpu)/smt/active", "1\n")
    try tree.write("/proc/812/comm", "irqbalance\n")
    for id in [ReadinessID.turbo, .smt, .irqbalance] {
      #expect(tree.check(id)?.state == .advice, "\(id)")
      #expect(tree.check(id)?.remedy != nil, "\(id)")
    }
  }

  // MARK: Settings

  @Test func settingsWithSeveralFieldsAreComparedFieldByField() throws {
    try tree.write("/proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n")
    let check = try #require(tree.check(.sysctl, "net.ipv4.tcp_rmem"))
    #expect(check.state == .advice)
    #expect(check.found.contains("(field 3 is 6291456, not 16777216)"), "\(check.found)")
    #expect(check.found.hasSuffix("recommended by S0, S2"))
    #expect(check.remedy == "sysctl -w net.ipv4.tcp_rmem=\"4096 131072 16777216\"")
  }

  @Test func aMissingBridgeSettingNamesItsModule() throws {
    try tree.remove("/proc/sys/net/bridge")
    let check = try #require(tree.check(.sysctl, "net.bridge.bridge-nf-call-iptables"))
    #expect(check.state == .advice && check.found.contains("br_netfilter is not loaded"))
    #expect(check.remedy?.hasPrefix("modprobe br_netfilter && sysctl -w net.bridge") == true)
    try tree.remove("/proc/sys/vm/swappiness")
    #expect(tree.check(.sysctl, "vm.swappiness")?.state == .unknown)
    try tree.write("/proc/sys/vm/dirty_ratio", "ten\n")
    #expect(tree.check(.sysctl, "vm.dirty_ratio")?.state == .unknown)
  }

  @Test(arguments: HostTuning.settings.map(\.key)) func everySettingTrips(key: String) throws {
    let setting = try #require(HostTuning.settings.first { $0.key == key })
    let off = setting.relation == .atLeast ? -1 : 1
    let values = setting.wanted.map { "\($0 + Int64(off))" }.joined(separator: " ")
    try tree.write(setting.path, values + "\n")
    let check = try #require(tree.check(.sysctl, key))
    #expect(check.state == .advice)
    // What the command sets is what is recommended.
    let given = check.remedy?.split(separator: "=").last.map { $0.filter { $0 != "\"" } }
    #expect(given == setting.wantedText)
  }

  // MARK: Memory, clock, platform

  @Test func hugePagesAndNodes() throws {
    try tree.write("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n")
    #expect(tree.check(.hugePagesTransparent)?.state == .advice)
    try tree.write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1023\n")
    #expect(tree.check(.hugePages)?.state == .advice)
    try tree.write("/proc/sys/kernel/numa_balancing", "1\n")
    #expect(tree.check(.numaBalancing)?.state == .advice)
    try tree.remove("/sys/devices/system/node/node1")
    #expect(tree.check(.numaBalancing)?.state == .notApplicable)
  }

  @Test(arguments: [
    ("tsc", ReadinessCheck.State.ok), ("kvm-clock", .ok), ("hpet", .warning), ("acpi_pm", .warning),
  ])
  func clockSources(name: String, state: ReadinessCheck.State) throws {
    let file = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    try tree.write(file, name + "\n")
    let check = try #require(tree.check(.clockSource))
    #expect(check.state == state)
    #expect(check.remedy == (state == .ok ? nil : "echo tsc > \(file)"))
  }

  @Test func secureBootAndTPM() throws {
    let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    #expect(tree.check(.secureBoot)?.state == .ok)
    try tree.writeBytes(variable, [6, 0, 0, 0, 0])
    #expect(tree.check(.secureBoot)?.state == .advice)
    try tree.remove(variable)
    #expect(tree.check(.secureBoot)?.state == .unknown)
    try tree.write("/sys/class/tpm/tpm0/tpm_version_major", "1\n")
    #expect(tree.check(.tpm)?.state == .advice)
    try tree.remove("/sys/class/tpm/tpm0")
    #expect(tree.check(.tpm)?.found.hasPrefix("none") == true)
  }

  @Test func translationByTheIOMMUIsAdvice() throws {
    try tree.write("/sys/kernel/iommu_groups/1/type", "DMA-FQ\n")
    let check = try #require(tree.check(.iommu))
    #expect(check.state == .advice && check.found.hasPrefix("2 groups, 1 of them translated"))
    try tree.remove("/sys/kernel/iommu_groups")
    #expect(tree.check(.iommu)?.remedy?.contains("intel_iommu=on iommu=pt") == true)
  }

  // MARK: Storage and process

  @Test func schedulersAreJudgedByTheDisk() throws {
    let all = "[mq-deadline] none"
    try tree.writeDisk("nvme0n1", scheduler: all, rotational: 0, requests: 64)
    try tree.writeDisk("sda", scheduler: all, rotational: 1, requests: 64, driver: "sd")
    try tree.writeDisk("vda", scheduler: all, rotational: 1, requests: 256, driver: "virtio_blk")
    try tree.write("/sys/block/loop0/queue/scheduler", "none [mq-deadline]\n")
    #expect(tree.check(.scheduler, "nvme0n1")?.state == .advice)
    #expect(tree.check(.requests, "nvme0n1")?.state == .advice)
    #expect(tree.check(.scheduler, "sda")?.state == .ok)
    #expect(
      tree.check(.scheduler, "vda")?.remedy == "echo none > /sys/block/vda/queue/scheduler")
    #expect(tree.check(.scheduler, "loop0") == nil)
  }

  @Test func aProcessWithoutPrivilegesIsToldWhatItLacks() throws {
    let poor = ProcessFacts(
      capabilities: Capabilities(mask: 0),
      limits: ResourceLimits(
        lockedMemory: .kibibytes(64), openFiles: 1024, openFilesCeiling: 524_288),
      ringRefusal: "Operation not permitted")
    #expect(tree.check(.lockedMemory, nil, poor)?.state == .advice)
    #expect(tree.check(.openFiles, nil, poor)?.remedy == "ulimit -n 4096")
    #expect(tree.check(.ring, nil, poor)?.state == .warning)
    let lacking = tree.examine(poor).filter { $0.id == .capabilities }
    #expect(lacking.count == 6 && lacking.allSatisfy { $0.state == .advice })
    #expect(
      tree.check(.capabilities, "CAP_NET_RAW", poor)?.remedy
        == "setcap cap_net_raw+ep \"$(command -v assay)\"")
  }
}
