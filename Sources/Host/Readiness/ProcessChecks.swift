internal import CLinux
internal import Glibc
internal import Measure

/// What this process may do, apart from files.
struct ProcessFacts {
  var capabilities: Capabilities
  var limits: ResourceLimits
  /// Why the kernel refuses an io_uring; nil when it gives one.
  var ringRefusal: String?

  /// Asks the kernel; the ring it makes for that is closed again.
  static func current() -> ProcessFacts {
    var parameters = io_uring_params()
    let ring = cl_io_uring_setup(2, &parameters)
    let refusal = ring < 0 ? String(cString: strerror(errno)) : nil
    if ring >= 0 { close(ring) }
    return ProcessFacts(
      capabilities: .current(), limits: .current(), ringRefusal: refusal)
  }
}

extension Examination {
  /// Registered buffers and RDMA memory regions of a usual run: 128 queues of 64 KiB, and as much
  /// again.
  private static let lockedMemory = ByteCount.mebibytes(16)
  private static let openFiles = 4096

  /// Privileges that some engines and drivers need, and for what.
  private static let purposes: [(capability: Capability, purpose: String)] = [
    (.sysAdmin, "NVMe passthrough, polled queues, mounts"),
    (.netAdmin, "virtual functions, AF_XDP, interface settings"),
    (.netRaw, "AF_PACKET, ping"),
    (.ipcLock, "memory locked beyond the limit"),
    (.sysNice, "real-time priority, other processes' CPUs"),
    (.bpf, "XDP programs"),
  ]

  mutating func addProcess() {
    addLimits()
    let missing = Self.purposes.filter { !process.capabilities.has($0.capability) }
    guard !missing.isEmpty else {
      return add(.capabilities, .ok, "all that Assay's engines can use")
    }
    for (capability, purpose) in missing {
      let name = capability.kernelName
      add(
        .capabilities, name, .advice, "not held; for: \(purpose)",
        remedy: "setcap \(name.lowercased())+ep \"$(command -v assay)\"")
    }
  }

  private mutating func addLimits() {
    let isFree = process.capabilities.has(.ipcLock)
    switch process.limits.lockedMemory {
    case nil: add(.lockedMemory, .ok, "no limit")
    case let limit? where isFree: add(.lockedMemory, .ok, "\(limit.text), lifted by CAP_IPC_LOCK")
    case let limit?:
      add(
        .lockedMemory, limit < Self.lockedMemory ? .advice : .ok, limit.text,
        remedy: "prlimit --memlock=unlimited --pid $PPID")
    }
    guard let files = process.limits.openFiles else {
      return add(.openFiles, .ok, "no limit")
    }
    let ceiling = process.limits.openFilesCeiling
    let isLow = files < Self.openFiles
    let reachable = ceiling.map { $0 >= Self.openFiles } ?? true
    add(
      .openFiles, isLow ? .advice : .ok,
      "\(files), may be raised to \(ceiling.map(String.init) ?? "any number")",
      remedy: reachable
        ? "ulimit -n \(Self.openFiles)" : "prlimit --nofile=\(Self.openFiles) --pid $PPID")
  }
}
