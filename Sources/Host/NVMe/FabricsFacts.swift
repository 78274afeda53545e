public import Measure

/// What a connection over a fabric turned out to be.
public struct FabricsFacts: Hashable, Codable, Sendable {
  /// Kernel name of the controller (`nvme3`).
  public var controller: String
  /// Number of the controller in its subsystem; several hosts have several.
  public var controllerID: Int?
  /// `rdma`, `tcp` or `loop`.
  public var transport: String
  /// As the kernel has it: `traddr=192.0.2.10,trsvcid=4420`.
  public var address: String
  /// Qualified name of the subsystem.
  public var subsystem: String
  /// Qualified name that this host gave itself.
  public var host: String
  /// The block device (`/dev/nvme3n1`).
  public var device: String
  /// The namespace behind it.
  public var namespace: UInt32
  /// What the controller says of itself.
  public var identity: NVMeIdentity
  /// I/O queues asked for: by the scenario, else one a CPU.
  public var queuesAsked: Int
  /// I/O queues granted; nil where sysfs does not tell.
  public var queues: Int?
  /// Entries of a submission queue (CAP.MQES or less).
  public var queueSize: Int?
  /// Time after which the target gives a silent host up, seconds; 0 is never.
  public var keepAliveSeconds: Int?
  /// How long the kernel tries to reconnect, seconds; nil where sysfs does not tell.
  public var controllerLossSeconds: Int?
  /// Wait between two tries, seconds; nil where sysfs does not tell.
  public var reconnectDelaySeconds: Int?
  /// How I/O is spread over the paths: `numa`, `round-robin`, ...; nil without native multipath.
  public var multipathPolicy: String?
  /// NUMA node of the adapter; nil where it has none.
  public var numaNode: Int?

  /// Data that fits into a command capsule; 0 where the target takes none that way.
  public var inCapsule: ByteCount? { identity.inCapsule }

  /// What differs from what was asked for.
  public var notes: [String] {
    guard let queues, queues < queuesAsked else { return [] }
    return [
      "\(queues) of \(queuesAsked) I/O queues were granted; the target, or the adapter, has no more"
    ]
  }

  init(
    _ controller: FabricsController, device: String, namespace: UInt32, queuesAsked: Int?
  ) throws(HostError) {
    let machine = controller.machine
    let integer = { (file: String) in
      machine.integer("\(controller.folder)/\(file)").flatMap { Int(exactly: $0) }
    }
    self.controller = controller.name
    controllerID = integer("cntlid")
    transport = controller.transport
    address = controller.address
    subsystem = controller.subsystem
    host = controller.host ?? ""
    self.device = device
    self.namespace = namespace
    identity = try NVMeIdentity.read("/dev/\(controller.name)")
    self.queuesAsked = queuesAsked ?? machine.cpus.count
    queues = integer("queue_count").map { $0 - 1 }
    // sqsize counts from 0 (NVMe over Fabrics, Connect).
    queueSize = integer("sqsize").map { $0 + 1 }
    keepAliveSeconds = integer("kato")
    controllerLossSeconds = integer("ctrl_loss_tmo")
    reconnectDelaySeconds = integer("reconnect_delay")
    multipathPolicy = controller.multipathPolicy
    numaNode = integer("numa_node").flatMap { $0 >= 0 ? $0 : nil }
  }
}
