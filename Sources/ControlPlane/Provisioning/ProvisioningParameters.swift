public import Measure

/// How machines are made nodes: in what steps, and what each goes through.
///
/// The phases' defaults are estimates, chosen so that one machine alone takes what was published
/// for such servers, from the command to the answer to ping: 153 s and 161 s from a DPU's cloud
/// disk, 1200 s or more by Ironic with a local disk (published-figures.yaml, `deploy`).
public struct ProvisioningParameters: Hashable, Codable, Sendable {
  /// How an operating system gets onto a machine.
  public enum Path: String, Hashable, Codable, CaseIterable, Sendable {
    /// Machines are there at once, booted.
    case none
    /// Ironic with local disks: PXE, the whole image over the network, written, two boots.
    case ironic
    /// A DPU's cloud disk: a clone of a snapshot, attached, one boot.
    case dpu
  }

  /// What tells tenants' networks apart, of which each machine takes one.
  public enum Segmentation: String, Hashable, Codable, CaseIterable, Sendable {
    /// IEEE 802.1Q: 12 bits, of which 0 and 4095 are reserved.
    case vlan
    /// RFC 7348: 24 bits.
    case vxlan
    /// RFC 8926: 24 bits.
    case geneve

    /// How many networks there can be.
    public var networks: Int { self == .vlan ? 4094 : 1 << 24 }
  }

  /// How.
  public var path = Path.none
  /// How many machines are begun at once, the next when all of them are ready or given up; zero
  /// is all.
  public var step = 0
  /// The time between a step's end and the next step.
  public var pause = Nanoseconds.zero

  /// The API accepts, a machine is chosen.
  public var schedule = LatencyLaw.lognormal(p50: .seconds(5), p99: .seconds(7))
  /// Power on by the BMC, firmware's POST.
  public var powerOn = LatencyLaw.lognormal(p50: .seconds(90), p99: .seconds(93))
  /// The operating system boots from its disk.
  public var boot = LatencyLaw.lognormal(p50: .seconds(25), p99: .seconds(27))
  /// cloud-init, the network is up, ping is answered.
  public var cloudInit = LatencyLaw.lognormal(p50: .seconds(30), p99: .seconds(33))
  /// From the command to ping as a deploy record measured it, in place of all phases of the path;
  /// what machines share then counts for nothing.
  public var createToPing: LatencyLaw?

  /// Ironic: DHCP, and kernel and ramdisk of the agent by TFTP.
  public var networkBoot = LatencyLaw.lognormal(p50: .seconds(90), p99: .seconds(110))
  /// Ironic: machines that the boot server serves at once.
  public var bootServerConcurrency = 50
  /// Ironic: the agent boots and calls back.
  public var agentStart = LatencyLaw.lognormal(p50: .seconds(60), p99: .seconds(70))
  /// Ironic: the image of the system disk, all of which goes to every machine.
  public var imageSize = ByteCount.gibibytes(20)
  /// Ironic: what the image server's link carries, bytes per second: 10 Gbit/s.
  public var imageServerBytesPerSecond: Int64 = 1_250_000_000
  /// Ironic: the most that one agent downloads, bytes per second.
  public var downloadBytesPerSecond: Int64 = 50_000_000
  /// Ironic: what an agent writes to its disk, bytes per second.
  public var diskBytesPerSecond: Int64 = 50_000_000

  /// DPU: a copy-on-write clone of the system volume, a few seconds.
  public var clone = LatencyLaw.lognormal(p50: .seconds(4), p99: .seconds(6))
  /// DPU: clones that the storage back-end makes at once.
  public var cloneConcurrency = 16
  /// DPU: the volume is mapped, the DPU emulates its disk.
  public var attach = LatencyLaw.lognormal(p50: .seconds(3), p99: .seconds(4))

  /// Deployments at once (Ironic's `[conductor]max_concurrent_deploy`, default 250), from the
  /// schedule until the machine is told to boot from its disk.
  public var concurrency = 250
  /// The part of all attempts that fail, in one of the path's phases by chance.
  public var failures = Fraction.percent(0)
  /// How often a machine is tried before it is given up.
  public var attempts = 3
  /// The time between a failed attempt and the next.
  public var retryPause = Nanoseconds.seconds(30)
  /// What machines' networks are told apart by.
  public var segmentation = Segmentation.vxlan

  /// Machines that are there at once, all at the same time.
  public init() {}

  /// What is wrong with them, for people; nil if nothing is.
  public var fault: String? {
    if step < 0 { return "a step is of 0 machines (all) or more, not \(step)" }
    if attempts < 1 { return "a machine is tried at least once, not \(attempts) times" }
    if min(concurrency, bootServerConcurrency, cloneConcurrency) < 1 {
      return "deployments, the boot server and the storage back-end must take at least one at once"
    }
    if min(imageServerBytesPerSecond, downloadBytesPerSecond, diskBytesPerSecond) < 1 {
      return "the image server's link, an agent's download and its disk must be above zero"
    }
    if !(0...1).contains(failures.value) { return "the part that fails is 0% to 100%" }
    return nil
  }
}

/// A part of a machine's way to a node.
public enum ProvisioningPhase: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// It waits for one of the deployments that are allowed at once.
  case queue
  case schedule
  /// Ironic only, from here.
  case networkBoot
  case agentStart
  case download
  case write
  /// DPU only, from here.
  case clone
  case attach
  /// All paths, from here.
  case powerOn
  case reboot
  case boot
  case cloudInit
  /// All phases as one, as a record has them.
  case whole
  /// From ping to a node that is ready: kubelet, certificate, images, network.
  case join
  /// The pause after a failed attempt.
  case retryPause

  /// Its name in figures.
  public var name: String {
    switch self {
    case .queue: "queue"
    case .schedule: "schedule"
    case .networkBoot: "network-boot"
    case .agentStart: "agent-start"
    case .download: "image-download"
    case .write: "image-write"
    case .clone: "volume-clone"
    case .attach: "volume-attach"
    case .powerOn: "power-on"
    case .reboot: "reboot"
    case .boot: "os-boot"
    case .cloudInit: "cloud-init"
    case .whole: "create-to-ping"
    case .join: "join"
    case .retryPause: "retry-pause"
    }
  }
}

extension ProvisioningParameters {
  /// The phases of an attempt, in order.
  var phases: [ProvisioningPhase] {
    if path != .none, createToPing != nil { return [.whole] }
    return switch path {
    case .none: []
    case .ironic:
      [
        .schedule, .powerOn, .networkBoot, .agentStart, .download, .write, .reboot, .boot,
        .cloudInit,
      ]
    case .dpu: [.schedule, .clone, .attach, .powerOn, .boot, .cloudInit]
    }
  }

  /// How long a phase takes alone; nil for those that machines share something in.
  func law(of phase: ProvisioningPhase) -> LatencyLaw {
    switch phase {
    case .schedule: schedule
    case .networkBoot: networkBoot
    case .agentStart: agentStart
    case .clone: clone
    case .attach: attach
    case .powerOn, .reboot: powerOn
    case .boot: boot
    case .cloudInit: cloudInit
    case .whole: createToPing ?? .constant(.zero)
    case .write: .constant(SharedLink.span(imageSize.count, at: diskBytesPerSecond))
    case .queue, .download, .join: .constant(.zero)
    case .retryPause: .constant(retryPause)
    }
  }
}
