public import Measure

/// Identity and state of a block device, as sysfs tells them.
///
/// Facts the kernel does not give are nil, never guessed. A partition carries the queue, identity
/// and connection of its whole disk; its capacity and read-only flag are its own.
public struct BlockDevice: Hashable, Codable, Sendable {
  /// Path as given by the user; the path to open.
  public var path: String
  /// Kernel name of the block device (`nvme0n1`), also when `path` is its generic character device.
  public var name: String
  /// Major device number of the block device.
  public var major: Int
  /// Minor device number of the block device.
  public var minor: Int
  /// Kernel name of the whole disk, when this is a partition.
  public var wholeDisk: String?
  /// Number of the partition on its disk, when this is a partition.
  public var partitionNumber: Int?
  /// Whether `path` is an NVMe generic character device (`/dev/ng0n1`).
  public var isNVMeGeneric: Bool

  /// Product name.
  public var model: String?
  /// Serial number.
  public var serial: String?
  /// World-wide identifier (`eui.…`, `naa.…`, `uuid.…`, `t10.…`).
  public var wwid: String?
  /// Firmware revision.
  public var firmware: String?

  /// Size of the device.
  public var capacity: ByteCount
  /// Smallest unit the device can be addressed in.
  public var logicalBlock: ByteCount?
  /// Smallest unit the device writes without reading first.
  public var physicalBlock: ByteCount?
  /// Whether it has a rotating medium.
  public var isRotational: Bool?
  /// I/O scheduler in force (`none`, `mq-deadline`, ...).
  public var scheduler: String?
  /// Write cache mode in force: `write back` or `write through`.
  public var writeCache: String?
  /// Requests the block layer queues for each hardware queue (nr_requests).
  public var queuedRequests: Int?
  /// Largest request the block layer sends (max_sectors_kb).
  public var largestRequest: ByteCount?
  /// Largest single command the device takes (max_hw_sectors_kb; of NVMe from its MDTS).
  public var largestCommand: ByteCount?
  /// Memory segments that one command may have (max_segments).
  public var commandSegments: Int?
  /// Whether the queue takes polled I/O (io_poll).
  public var isPolled: Bool?
  /// Unit of discard; nil when the device does not discard.
  public var discardGranularity: ByteCount?
  /// Largest discard request; nil when the device does not discard.
  public var largestDiscard: ByteCount?
  /// Whether writing is forbidden.
  public var isReadOnly: Bool

  /// NUMA node the device hangs on; nil when the machine has none or does not say.
  public var numaNode: Int?
  /// How it is connected: `nvme-pcie`, `nvme-rdma`, `nvme-tcp`, `virtio`, `sata`, `loop`, ...
  public var transport: String?
  /// The PCI Express link the device hangs on.
  public var pcieLink: PCIeLink?
  /// NVMe controllers that lead to it: one for PCIe, one a path with multipath.
  public var controllers: [NVMeController]
  /// File behind a loop device.
  public var backingFile: String?

  enum CodingKeys: String, CodingKey {
    case path, name, major, minor, wholeDisk, partitionNumber, isNVMeGeneric
    case model, serial, wwid, firmware
    case capacity = "capacityBytes"
    case logicalBlock = "logicalBlockBytes"
    case physicalBlock = "physicalBlockBytes"
    case isRotational, scheduler, writeCache, queuedRequests
    case largestRequest = "largestRequestBytes"
    case largestCommand = "largestCommandBytes"
    case commandSegments
    case isPolled
    case discardGranularity = "discardGranularityBytes"
    case largestDiscard = "largestDiscardBytes"
    case isReadOnly, numaNode, transport, pcieLink, controllers, backingFile
  }

  /// Path of the block device node, which is what can be locked, claimed and probed.
  public var blockPath: String { isNVMeGeneric ? "/dev/\(name)" : path }

  /// Names the user may give to `--allow-destroy` to mean this device and no other.
  ///
  /// Each must be typed deliberately, none is a kernel name that moves at the next boot alone:
  /// - serial number and world-wide identifier, where the device has them;
  /// - of a partition the same with `-part<N>` behind, as /dev/disk/by-id has it, so that naming
  ///   the disk does not free its partitions for writing nor the other way round;
  /// - of a loop device the path of its backing file;
  /// - where there is none of these (zram, ram, rbd, ...) `<kernel name>:<size in bytes>`.
  public var identities: [String] {
    let own: [String]
    if let backingFile {
      own = [backingFile]
    } else {
      own = [serial, wwid].compactMap { $0 }
    }
    guard let partitionNumber else { return own.isEmpty ? ["\(name):\(capacity.count)"] : own }
    if own.isEmpty { return ["\(name):\(capacity.count)"] }
    return own.map { "\($0)-part\(partitionNumber)" }
  }

  /// The counters of this device now.
  ///
  /// - Throws: ``HostError`` when the device is gone.
  public func statistics() throws(HostError) -> DiskStatistics {
    let paths = NVMePaths.of(name)
    return try paths.isEmpty ? DiskStatistics(kernelName: name) : DiskStatistics(paths: paths)
  }
}

/// An NVMe controller, local or at the far end of a fabric.
public struct NVMeController: Hashable, Codable, Sendable {
  /// Kernel name (`nvme0`).
  public var name: String
  /// State of the connection: `live`, `connecting`, `resetting`, `deleting`, `dead`, ...
  public var state: String?
  /// `pcie`, `rdma`, `tcp`, `fc` or `loop`.
  public var transport: String?
  /// PCI address, or `traddr=…,trsvcid=…` of a fabric.
  public var address: String?
  /// NQN of the subsystem it belongs to.
  public var subsystemNQN: String?
  /// Number of queues, the admin queue among them.
  public var queueCount: Int?
  /// NUMA node the controller hangs on.
  public var numaNode: Int?
}
