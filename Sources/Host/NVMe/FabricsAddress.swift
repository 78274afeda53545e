public import Measure

/// Where a namespace is reached over NVMe over Fabrics, and how the connection is to be.
///
/// Names follow the kernel's options of /dev/nvme-fabrics (drivers/nvme/host/fabrics.c).
public struct FabricsAddress: Hashable, Codable, Sendable {
  /// What carries capsules.
  public var transport: Transport
  /// Address of the target's port; nil for ``Transport/loop``.
  public var address: String?
  /// Port of the target (trsvcid); nil for ``Transport/loop``.
  public var port: Int?
  /// Qualified name of the subsystem.
  public var subsystem: String
  /// Which namespace of the subsystem.
  public var namespace: UInt32
  /// Qualified name that this host gives itself; nil takes /etc/nvme/hostnqn, or one made of the
  /// machine's identity.
  public var host: String?
  /// Who speaks the protocol.
  public var initiator: Initiator
  /// I/O queues asked for; nil is one per CPU for the kernel, one per job for user space.
  public var queues: Int?
  /// Entries of each I/O queue asked for; nil leaves it to the initiator.
  public var queueSize: Int?
  /// Time after which a silent host is given up by the target; nil is the initiator's own.
  public var keepAlive: Nanoseconds?
  /// How long the kernel tries to reconnect; nil is the kernel's own (600 s).
  public var controllerLossTimeout: Nanoseconds?
  /// How long the kernel waits between two tries to reconnect; nil is the kernel's own (10 s).
  public var reconnectDelay: Nanoseconds?

  /// Transports of NVMe over Fabrics.
  public enum Transport: String, CaseIterable, Codable, Sendable {
    /// RDMA over InfiniBand, RoCE or iWARP.
    case rdma
    /// NVMe/TCP.
    case tcp
    /// A target of the same kernel, for tests.
    case loop
  }

  /// Who speaks NVMe over Fabrics.
  public enum Initiator: String, CaseIterable, Codable, Sendable {
    /// The kernel: a block device appears.
    case kernel
    /// Assay itself, on verbs: no block layer.
    case userSpace = "user-space"
  }

  /// The port that IANA gave to NVMe over Fabrics.
  public static let standardPort = 4420

  /// Names a namespace behind a port.
  public init(
    transport: Transport, address: String?, port: Int?, subsystem: String, namespace: UInt32 = 1,
    initiator: Initiator = .kernel
  ) {
    self.transport = transport
    self.address = address
    self.port = port
    self.subsystem = subsystem
    self.namespace = namespace
    self.initiator = initiator
  }

  /// The place in words: `rdma 192.0.2.10:4420 nqn.2026-01.example:vol1 namespace 1`.
  public var text: String {
    let place = address.map { " \($0):\(port ?? Self.standardPort)" } ?? ""
    return "\(transport.rawValue)\(place) \(subsystem) namespace \(namespace)"
  }
}
