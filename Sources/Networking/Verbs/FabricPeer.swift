/// The other side of an RDMA fabric: where `assay peer` listens.
public struct FabricPeer: Hashable, Codable, Sendable {
  /// Its address.
  public var address: String
  /// The port of its connection manager.
  public var port: Int

  /// The port that perftest uses, so that firewalls opened for it fit.
  public static let standardPort = 18515

  /// Names a peer.
  public init(address: String, port: Int = standardPort) {
    self.address = address
    self.port = port
  }
}
