internal import CVerbs
internal import Glibc
public import Measure

/// Waits for peers that want an RDMA connection.
public struct Listener: ~Copyable {
  /// The port; chosen by the system where 0 was asked for.
  public let port: Int

  private let objects: VerbsObjects
  private let place: String

  /// Listens on an address of an RDMA device.
  ///
  /// Throws ``RDMAError`` where the address is not of an RDMA device, or the port is taken.
  public init(on address: RDMAAddress, backlog: Int = 8) throws(RDMAError) {
    let objects = try VerbsObjects()
    let place = "\(address)"
    let identifier = try objects.makeIdentifier()
    guard address.withSocketAddress({ rdma_bind_addr(identifier, $0) }) == 0 else {
      throw Self.bindError(place, code: errno)
    }
    guard rdma_listen(identifier, Int32(backlog)) == 0 else {
      throw Self.bindError(place, code: errno)
    }
    port = Int(cv_local_port(identifier))
    self.objects = objects
    self.place = place
  }

  private static func bindError(_ place: String, code: Int32) -> RDMAError {
    switch code {
    case EADDRINUSE:
      RDMAError(
        "\(place) is in use", hint: "give another port", cause: .other(errno: code))
    case EADDRNOTAVAIL, ENODEV:
      RDMAError(
        "\(place) is not an address of an RDMA device of this machine",
        hint: "`rdma link` names the devices and their interfaces, `ip addr` the addresses",
        cause: .noDevice)
    default: .failed("listening on \(place)", code: code)
    }
  }

  /// The next peer that asks for a connection; nil when nobody did before the deadline.
  ///
  /// `deadline` is on CLOCK_MONOTONIC; a signal ends the waiting early. Throws ``RDMAError`` where
  /// a request cannot be taken over.
  public mutating func next(deadline: Nanoseconds) throws(RDMAError) -> ConnectionRequest? {
    while let event = objects.nextEvent(deadline: deadline) {
      guard event.kind == RDMA_CM_EVENT_CONNECT_REQUEST, let asking = event.identifier else {
        continue
      }
      let own: VerbsObjects
      do {
        own = try VerbsObjects()
      } catch {
        rdma_destroy_id(asking)
        throw error
      }
      own.identifier = asking
      // Its events shall come to the one who owns it, not to the listener.
      guard rdma_migrate_id(asking, own.channel) == 0 else {
        throw .failed("taking a connection of \(place)", code: errno)
      }
      return ConnectionRequest(own, asking, data: event.data)
    }
    return nil
  }
}
