internal import Glibc
public import Measure

/// A privilege of capabilities(7), numbered as in include/uapi/linux/capability.h.
public enum Capability: String, CaseIterable, Codable, Sendable {
  case chown, dacOverride, dacReadSearch, fowner, fsetid, kill, setgid, setuid, setpcap
  case linuxImmutable, netBindService, netBroadcast, netAdmin, netRaw, ipcLock, ipcOwner
  case sysModule, sysRawio, sysChroot, sysPtrace, sysPacct, sysAdmin, sysBoot, sysNice
  case sysResource, sysTime, sysTtyConfig, mknod, lease, auditWrite, auditControl, setfcap
  case macOverride, macAdmin, syslog, wakeAlarm, blockSuspend, auditRead, perfmon, bpf
  case checkpointRestore

  /// The kernel's name: `CAP_SYS_ADMIN`.
  public var kernelName: String {
    "CAP_"
      + rawValue.map { $0.isUppercase ? "_\($0)" : $0.uppercased() }.joined()
  }
}

/// The privileges this process has.
public struct Capabilities: Hashable, Codable, Sendable {
  /// Capabilities in force.
  public let effective: Set<Capability>

  /// Reads CapEff of /proc/self/status; of the calling process's main thread.
  public static func current() -> Capabilities {
    let status = Files.text("/proc/self/status") ?? ""
    let mask = Files.field("CapEff", in: status, separator: ":").flatMap { UInt64($0, radix: 16) }
    return Capabilities(mask: mask ?? 0)
  }

  /// Reads a mask as the kernel prints it.
  init(mask: UInt64) {
    effective = Set(
      Capability.allCases.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element))
  }

  /// Whether the privilege is in force.
  public func has(_ capability: Capability) -> Bool { effective.contains(capability) }

  /// Passes when the privilege is in force.
  ///
  /// - Parameters:
  ///   - capability: the privilege asked for.
  ///   - purpose: what needs it, for the message: "polled queues".
  /// - Throws: ``HostError`` which names the privilege.
  public func require(_ capability: Capability, for purpose: String) throws(HostError) {
    guard has(capability) else {
      throw HostError(
        purpose, "needs \(capability.kernelName)",
        remedy: "run as root, or `setcap \(capability.kernelName.lowercased())+ep` on the program")
    }
  }
}

/// Limits of this process that I/O runs into; nil is no limit.
public struct ResourceLimits: Hashable, Codable, Sendable {
  /// Memory that may be locked, which before Linux 5.12 also held io_uring's rings and still holds
  /// registered buffers; not enforced with CAP_IPC_LOCK.
  public var lockedMemory: ByteCount?
  /// Files that may be open.
  public var openFiles: Int?
  /// What `openFiles` may be raised to without privilege.
  public var openFilesCeiling: Int?

  enum CodingKeys: String, CodingKey {
    case lockedMemory = "lockedMemoryBytes"
    case openFiles, openFilesCeiling
  }

  /// Asks getrlimit(2) for RLIMIT_MEMLOCK and RLIMIT_NOFILE.
  public static func current() -> ResourceLimits {
    let (memory, files) = (limit(__RLIMIT_MEMLOCK), limit(RLIMIT_NOFILE))
    return ResourceLimits(
      lockedMemory: memory.soft.map { ByteCount(Int64($0)) },
      openFiles: files.soft, openFilesCeiling: files.hard)
  }

  private static func limit(_ resource: __rlimit_resource) -> (soft: Int?, hard: Int?) {
    var limits = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0 else { return (nil, nil) }
    // RLIM_INFINITY is all ones, which no Int holds.
    return (Int(exactly: limits.rlim_cur), Int(exactly: limits.rlim_max))
  }
}
