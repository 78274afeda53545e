internal import CVerbs
internal import Glibc

/// A peer that asked a ``Listener`` for a connection, not yet answered.
///
/// Dropped without an answer it is refused.
public struct ConnectionRequest: ~Copyable {
  /// What the peer sent along; the connection manager may have filled it up with zeros.
  public let data: [UInt8]
  /// The peer's address, in numbers.
  public let peer: String

  private let objects: VerbsObjects
  private let identifier: UnsafeMutablePointer<rdma_cm_id>

  init(
    _ objects: VerbsObjects, _ identifier: UnsafeMutablePointer<rdma_cm_id>, data: [UInt8]
  ) {
    self.objects = objects
    self.identifier = identifier
    self.data = data
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = cv_peer_host(identifier, &text, UInt32(text.count))
    let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    peer = status == 0 ? String(decoding: host, as: UTF8.self) : "a peer"
  }

  /// Facts of the device at which it arrived.
  ///
  /// Throws ``RDMAError`` where the device cannot be asked.
  public func device() throws(RDMAError) -> RDMADevice {
    guard let context = identifier.pointee.verbs else {
      throw .failed("finding the RDMA device to \(peer)", code: ENODEV)
    }
    return try RDMADevice.describe(
      context, name: String(cString: ibv_get_device_name(context.pointee.device)))
  }

  /// Makes the queue pair for it: register memory, post receives, then accept or reject.
  ///
  /// Throws ``RDMAError`` where the device grants less than `options`; the peer is refused then.
  public consuming func queuePair(_ options: QueuePair.Options) throws(RDMAError) -> QueuePair {
    try QueuePair(objects, identifier, peer: peer, peerData: data, options: options)
  }

  /// Refuses it, with up to 148 bytes for the peer.
  public consuming func reject(privateData: [UInt8]) {
    _ = privateData.withUnsafeBufferPointer {
      rdma_reject(identifier, $0.baseAddress, UInt8(clamping: $0.count))
    }
  }
}
