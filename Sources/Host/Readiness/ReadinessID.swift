public import Measure

/// Every check of ``Readiness``; the raw value is the stable code that `assay explain` takes.
///
/// A new case needs its text in `ReadinessExplanations.swift`.
public enum ReadinessID: String, Codable, CaseIterable, Sendable {
  // CPU.
  /// cpufreq's governor.
  case governor = "cpu-governor"
  /// The processor's own preference between speed and energy.
  case energyPreference = "cpu-energy-preference"
  /// Frequencies above the nominal one.
  case turbo = "cpu-turbo"
  /// The deepest idle state.
  case idleStates = "cpu-idle-states"
  /// The latency that all idle states are held to (PM QoS).
  case idleLatencyBound = "cpu-idle-latency-bound"
  /// Several threads on a core.
  case smt = "cpu-smt"
  /// CPUs taken out of scheduling.
  case isolation = "cpu-isolation"
  /// The share of time that real-time threads may have.
  case realTimeThrottling = "cpu-rt-throttling"
  /// The daemon that moves interrupts.
  case irqbalance = "cpu-irqbalance"

  // Noise.
  /// Time that the hypervisor gave to others.
  case steal = "noise-steal"
  /// CPU time of others.
  case load = "noise-load"
  /// Threads that wait for a CPU.
  case runQueue = "noise-run-queue"
  /// Times in which a spinning thread did not run.
  case gaps = "noise-gaps"

  // Clock.
  /// The kernel's clock source.
  case clockSource = "clock-source"
  /// What reading the clock costs.
  case clockCost = "clock-cost"

  // Memory.
  /// Transparent huge pages.
  case hugePagesTransparent = "memory-thp"
  /// Compaction for them.
  case hugePagesDefrag = "memory-thp-defrag"
  /// Reserved huge pages.
  case hugePages = "memory-hugepages"
  /// Moving pages between nodes.
  case numaBalancing = "memory-numa-balancing"

  // Kernel settings.
  /// The settings that the published guides recommend.
  case sysctl

  // Storage.
  /// The I/O scheduler of a disk.
  case scheduler = "disk-scheduler"
  /// Requests that fit a disk's queue.
  case requests = "disk-requests"
  /// Whether io_uring may be used.
  case ring = "io-uring"

  // Process.
  /// Memory that may be locked.
  case lockedMemory = "limit-memlock"
  /// Files that may be open.
  case openFiles = "limit-open-files"
  /// Privileges.
  case capabilities

  // Platform.
  /// Whether this is a virtual machine.
  case virtualisation
  /// UEFI Secure Boot.
  case secureBoot = "secure-boot"
  /// Trusted platform module.
  case tpm
  /// The firmware's version.
  case firmware = "firmware-version"
  /// The I/O memory management unit.
  case iommu

  // PCI.
  /// Virtual functions.
  case sriov = "pci-sriov"
  /// Speed and width of a link.
  case link = "pci-link"
  /// The list of supported and blocked devices.
  case listed = "pci-hardware-list"

  /// What it is about.
  public var area: ReadinessCheck.Area {
    switch self {
    case .governor, .energyPreference, .turbo, .idleStates, .idleLatencyBound, .smt, .isolation,
      .realTimeThrottling, .irqbalance:
      .cpu
    case .steal, .load, .runQueue, .gaps: .noise
    case .clockSource, .clockCost: .clock
    case .hugePagesTransparent, .hugePagesDefrag, .hugePages, .numaBalancing: .memory
    case .sysctl: .sysctl
    case .scheduler, .requests, .ring: .storage
    case .lockedMemory, .openFiles, .capabilities: .process
    case .virtualisation, .secureBoot, .tpm, .firmware, .iommu: .platform
    case .sriov, .link, .listed: .pci
    }
  }

  /// Why it matters for measurements, one sentence.
  var why: String { explanation.meaning }

  /// What is looked at, why it matters, what to do.
  public var explanation: Explanation {
    switch self {
    case .governor: .governor
    case .energyPreference: .energyPreference
    case .turbo: .turbo
    case .idleStates: .idleStates
    case .idleLatencyBound: .idleLatencyBound
    case .smt: .smt
    case .isolation: .isolation
    case .realTimeThrottling: .realTimeThrottling
    case .irqbalance: .irqbalance
    case .steal: .steal
    case .load: .load
    case .runQueue: .runQueue
    case .gaps: .gaps
    case .clockSource: .clockSource
    case .clockCost: .clockCost
    case .hugePagesTransparent: .hugePagesTransparent
    case .hugePagesDefrag: .hugePagesDefrag
    case .hugePages: .hugePages
    case .numaBalancing: .numaBalancing
    case .sysctl: .sysctl
    case .scheduler: .scheduler
    case .requests: .requests
    case .ring: .ring
    case .lockedMemory: .lockedMemory
    case .openFiles: .openFiles
    case .capabilities: .capabilities
    case .virtualisation: .virtualisation
    case .secureBoot: .secureBoot
    case .tpm: .tpm
    case .firmware: .firmware
    case .iommu: .iommu
    case .sriov: .sriov
    case .link: .link
    case .listed: .listed
    }
  }
}
