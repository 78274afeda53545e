internal import CVerbs
internal import Glibc

/// What the connection manager reports instead of a connection, in words.
enum ConnectionFailure {
  static func error(_ event: VerbsObjects.Event, of peer: String) -> RDMAError {
    switch event.kind {
    case RDMA_CM_EVENT_REJECTED: return rejected(event, by: peer)
    case RDMA_CM_EVENT_ADDR_ERROR, RDMA_CM_EVENT_ROUTE_ERROR:
      return unroutable(status: event.status, to: peer)
    case RDMA_CM_EVENT_UNREACHABLE:
      return RDMAError(
        "\(peer) does not answer an RDMA connection request (\(reason(event.status)))",
        hint: "is the target up, and does it listen for RDMA (rather than TCP) on that port? For "
          + "RoCE, UDP port 4791 must pass",
        cause: .unreachable)
    case RDMA_CM_EVENT_DISCONNECTED:
      return RDMAError(
        "\(peer) closed the RDMA connection", hint: "the target's log tells why",
        cause: .other(errno: ENOTCONN))
    case RDMA_CM_EVENT_DEVICE_REMOVAL:
      return RDMAError(
        "the RDMA device to \(peer) was removed", hint: "`rdma link` lists the devices",
        cause: .noDevice)
    default:
      let kind = String(cString: rdma_event_str(event.kind))
      return RDMAError(
        "the RDMA connection to \(peer) failed: \(kind) (\(reason(event.status)))",
        hint: "dmesg and the target's log may tell more",
        cause: .other(errno: abs(event.status)))
    }
  }

  /// No way to a peer; the status is a negative errno.
  static func unroutable(status: Int32, to peer: String) -> RDMAError {
    if status == -ENODEV {
      return RDMAError(
        "\(peer) is not reached over an RDMA device: the interface of its route has none",
        hint: "`ip route get ADDRESS` names the interface, `rdma link` the devices; give an "
          + "address in the network of the RDMA port",
        cause: .noDevice)
    }
    return RDMAError(
      "\(peer) is not reachable (\(reason(status)))",
      hint: "check the address and the route (`ip route get ADDRESS`); does it answer ping?",
      cause: .unreachable)
  }

  /// Reasons of InfiniBand's connection manager (Architecture Specification 1.4, table 121; enum
  /// ib_cm_rej_reason of include/rdma/ib_cm.h).
  private static func rejected(_ event: VerbsObjects.Event, by peer: String) -> RDMAError {
    let words: (String, String) =
      switch event.status {
      case 3: ("it has no resources left", "free queues or memory at the target")
      case 4: ("it timed out", "is the target overloaded?")
      case 8, -ECONNREFUSED:
        (
          "nothing listens there for RDMA",
          "check the port, and that the target offers it by RDMA rather than TCP"
        )
      case 10: ("it still holds an older connection", "try again in a few seconds")
      case 28: ("the listener refused", "the target's log tells why")
      default:
        ("reason \(event.status)", "enum ib_cm_rej_reason of Linux's ib_cm.h names the reasons")
      }
    return RDMAError(
      "\(peer) rejected the RDMA connection: \(words.0)", hint: words.1,
      cause: .rejected(reason: event.status, data: event.data))
  }

  /// A negative errno in words; other numbers as they are.
  private static func reason(_ status: Int32) -> String {
    status < 0 ? String(cString: strerror(-status)) : "status \(status)"
  }
}
