public import Measure

/// One thing about this host that measurements depend on, with what was found.
public struct ReadinessCheck: Hashable, Codable, Sendable {
  /// Which check.
  public let id: ReadinessID
  /// What it is about.
  public let area: Area
  /// Which of several: a device, a sysctl, a capability; nil where there is only one.
  public let subject: String?
  /// How good it is.
  public let state: State
  /// What was found, with units.
  public let found: String
  /// Why it matters for measurements, one sentence.
  public let why: String
  /// The command that mends it, for root's shell; it is only ever printed.
  ///
  /// Nil where there is nothing to mend, or no command that could.
  public let remedy: String?

  /// How good a finding is for measurements, worst last.
  public enum State: String, Codable, CaseIterable, Comparable, Sendable {
    /// Does not exist on this kind of machine.
    case notApplicable = "not-applicable"
    /// As it should be.
    case ok
    /// Could not be read.
    case unknown
    /// Could be better; figures are usable with it disclosed.
    case advice
    /// Spoils figures.
    case warning

    /// Orders by how much it asks for attention.
    public static func < (left: State, right: State) -> Bool { left.rank < right.rank }

    private var rank: Int { State.allCases.firstIndex(of: self) ?? 0 }
  }

  /// What a check is about.
  public enum Area: String, Codable, CaseIterable, Sendable {
    /// Frequency, idle states, threads, scheduling.
    case cpu
    /// What else runs, and what takes the CPU away; sampled.
    case noise
    /// The clock that everything is timed with.
    case clock
    /// Pages and NUMA.
    case memory
    /// Kernel settings for network and writeback.
    case sysctl
    /// Queues of disks, io_uring.
    case storage
    /// What this process may do.
    case process
    /// Virtualisation, firmware, IOMMU.
    case platform
    /// Devices on PCI Express and their links.
    case pci
  }
}

/// What this host offers for measurements, found without changing anything.
public struct Readiness: Hashable, Codable, Sendable {
  /// All checks, by area in its order, worst first within an area.
  public var checks: [ReadinessCheck]
  /// PCI devices by address.
  public var devices: [PCIDevice]
  /// The published guides that checks name, by their short names.
  public var sources: [String: String]
  /// What the sample of noise measured; nil when it was not taken.
  public var noise: NoiseSample?

  /// Examines this machine; needs no privilege.
  ///
  /// - Parameter spin: how long every allowed CPU is kept busy to look for gaps; nil leaves the
  ///   sample out, and with it the area `noise`.
  /// - Returns: every check, and the devices on PCI.
  /// - Complexity: some thousand small reads of /proc and /sys, a few 10 ms, and `spin`.
  public static func examine(spin: Nanoseconds?) -> Readiness {
    let noise = spin.flatMap { NoiseProbe.sample(cpus: Topology.current().allowed, for: $0) }
    return examine(
      MachineFiles(), process: .current(), clockCost: NoiseProbe.clockCost(), noise: noise)
  }

  /// Examines what lies below a root, and what is known of the process and its time.
  static func examine(
    _ machine: MachineFiles, process: ProcessFacts, clockCost: Nanoseconds?, noise: NoiseSample?
  ) -> Readiness {
    let devices = PCIDevice.all(in: machine)
    var examination = Examination(machine: machine, process: process)
    examination.addCPU()
    if let noise { examination.addNoise(noise) }
    examination.addClock(cost: clockCost)
    examination.addMemory()
    examination.addSysctls()
    examination.addDisks()
    examination.addProcess()
    examination.addPlatform()
    examination.addDevices(devices)
    return Readiness(
      checks: examination.sorted, devices: devices, sources: HostTuning.titles, noise: noise)
  }
}

/// Checks as they are gathered.
struct Examination {
  let machine: MachineFiles
  let process: ProcessFacts
  private(set) var checks: [ReadinessCheck] = []

  init(machine: MachineFiles, process: ProcessFacts) {
    self.machine = machine
    self.process = process
  }

  mutating func add(
    _ id: ReadinessID, _ state: ReadinessCheck.State, _ found: String, remedy: String? = nil
  ) {
    add(id, nil, state, found, remedy: remedy)
  }

  mutating func add(
    _ id: ReadinessID, _ subject: String?, _ state: ReadinessCheck.State, _ found: String,
    why: String? = nil, remedy: String? = nil
  ) {
    let wantsRemedy = state == .advice || state == .warning
    checks.append(
      ReadinessCheck(
        id: id, area: id.area, subject: subject, state: state, found: found, why: why ?? id.why,
        remedy: wantsRemedy ? remedy : nil))
  }

  /// What is not there: no such thing in a virtual machine, not told elsewhere.
  mutating func addAbsent(_ id: ReadinessID, _ found: String) {
    if machine.isVirtual {
      add(id, .notApplicable, found + "; the hypervisor's own host decides")
    } else {
      add(id, .unknown, found)
    }
  }

  var sorted: [ReadinessCheck] {
    ReadinessCheck.Area.allCases.flatMap { area in
      let own = checks.filter { $0.area == area }
      return ReadinessCheck.State.allCases.reversed().flatMap { state in
        own.filter { $0.state == state }
      }
    }
  }
}
