internal import Glibc

/// Why a connection did not come up, from errno and from what the kernel logged meanwhile.
///
/// The kernel gives one errno (EIO) for all that a target refuses; what it refused is only in the
/// log (drivers/nvme/host/fabrics.c, nvmf_log_connect_error).
enum FabricsRefusal {
  static func explain(
    _ code: Int32, log: [String], place: FabricsAddress, host: FabricsHost
  ) -> HostError {
    let reason = fromLog(log, place, host) ?? fromCode(code, place)
    let said = log.suffix(3).joined(separator: " | ")
    let evidence = said.isEmpty ? "" : " (kernel: \(said))"
    let name = String(cString: strerror(code))
    return HostError(
      place.text, "cannot connect: \(reason.problem): \(name)\(evidence)", remedy: reason.remedy)
  }

  private typealias Reason = (problem: String, remedy: String?)

  private static func fromLog(
    _ log: [String], _ place: FabricsAddress, _ host: FabricsHost
  ) -> Reason? {
    let text = log.joined(separator: "\n")
    let says = { (words: String) in text.contains(words) }
    if says("no handler found for transport") { return moduleMissing(place) }
    if says("is not allowed, hostnqn") || says("Connect Invalid Host") {
      return (
        "the target does not allow the host \(host.name)",
        "allow that name at the target, or give the name that it allows as host-nqn"
      )
    }
    if says("Connect Invalid Data Parameter") || says("Connect Invalid SQE Parameter") {
      return (
        "the target has no subsystem \(place.subsystem) on this port that the host may see",
        discovery(place)
      )
    }
    if says("invalid service ID") {
      return (
        "nothing listens for RDMA on that port",
        "check the port, and that the target offers it by rdma rather than tcp"
      )
    }
    if says("different hostid") || says("different hostnqn") {
      return (
        "another connection uses this host NQN with another host identifier, or the reverse",
        "give a host-nqn of its own, or disconnect the other"
      )
    }
    if says("duplicate") { return ("this host is connected to it already", nil) }
    if says("unsupported") && says("parameter") {
      return ("this kernel does not know an option that is asked for", nil)
    }
    return nil
  }

  private static func fromCode(_ code: Int32, _ place: FabricsAddress) -> Reason {
    switch code {
    case ECONNREFUSED:
      return ("nothing listens on that port", "check address and port; \(discovery(place))")
    case ECONNRESET where place.transport == .rdma:
      // What the driver makes of a request that nobody answers, too (nvme_rdma_cm_handler).
      return (
        "nobody answers an RDMA connection request there, or the other side broke it off",
        "check address, port and transport: does it answer ping, and does it listen for RDMA? For "
          + "RoCE, UDP port 4791 must pass"
      )
    case ECONNRESET:
      return (
        "the other side broke the connection off", "check port and transport; \(discovery(place))"
      )
    case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH:
      return ("the address does not answer", "check address, cabling and routes (`ip route get`)")
    case ENODEV, EADDRNOTAVAIL:
      return (
        place.transport == .rdma
          ? "no RDMA device leads to that address" : "no interface leads to that address",
        place.transport == .rdma
          ? "`rdma link` lists RDMA devices and their interfaces" : "`ip route get` tells the way"
      )
    case EIO: return ("the target refused the connection", discovery(place))
    case EINVAL: return ("the kernel or the target refused an option", "`dmesg` names it")
    case EALREADY: return ("this host is connected to it already", nil)
    case EACCES, EPERM: return ("needs root", "run as root")
    case ENOENT where place.transport == .loop:
      return ("no loop port of this kernel has that subsystem", "see /sys/kernel/config/nvmet")
    default: return ("the kernel refused", "`dmesg` may tell why")
    }
  }

  private static func moduleMissing(_ place: FabricsAddress) -> Reason {
    (
      "this kernel has no \(place.transport.rawValue) transport loaded",
      "modprobe nvme-\(place.transport.rawValue)"
    )
  }

  /// What asks a target for its subsystems.
  private static func discovery(_ place: FabricsAddress) -> String {
    let address = place.address.map {
      " -a \($0) -s \(place.port ?? FabricsAddress.standardPort)"
    }
    return "`nvme discover -t \(place.transport.rawValue)\(address ?? "")` lists what it offers"
  }
}
