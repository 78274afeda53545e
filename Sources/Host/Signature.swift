internal import CBlkid
internal import CLinux
internal import Glibc
internal import Measure

/// Content that libblkid recognises on a device: a file system, RAID, LVM or LUKS member, or swap.
public struct Signature: Hashable, Codable, Sendable {
  /// Type as libblkid names it (`ext4`, `xfs`, `LVM2_member`, `crypto_LUKS`, ...).
  public var type: String
  /// What it is for: `filesystem`, `raid`, `crypto` or `other`.
  public var usage: String?
  /// Label given by the user.
  public var label: String?
  /// UUID of the content.
  public var uuid: String?
  /// Where its magic string lies on the device, in bytes.
  public var offsetBytes: Int64?

  /// `signature of ext4 (label data, UUID …) at offset 1080`.
  public var evidence: String {
    let names = [label.map { "label \($0)" }, uuid.map { "UUID \($0)" }].compactMap { $0 }
    return "signature of \(type)" + (names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")
      + (offsetBytes.map { " at offset \($0)" } ?? "")
  }
}

/// A partition table on a device.
public struct PartitionTable: Hashable, Codable, Sendable {
  /// Type as libblkid names it (`gpt`, `dos`, ...).
  public var type: String
  /// Identifier of the table, where it has one.
  public var uuid: String?
  /// How many partitions it lists.
  public var partitionCount: Int
  /// Where its magic string lies on the device, in bytes.
  public var offsetBytes: Int64?

  /// `gpt partition table with 2 partitions (UUID …)`.
  public var evidence: String {
    "\(type) partition table with \(counted(partitionCount, "partition"))"
      + (uuid.map { " (UUID \($0))" } ?? "")
  }
}

/// What a low-level probe with libblkid finds on an open device or file: all of it, not the first.
struct Content {
  var signatures: [Signature] = []
  var tables: [PartitionTable] = []

  /// Probes superblocks and partition tables as wipefs(8) does; reads only.
  ///
  /// - Throws: ``HostError`` when the device cannot be read.
  init(descriptor: Int32, path: String) throws(HostError) {
    guard let probe = blkid_new_probe() else {
      throw HostError(path, "cannot be probed: libblkid is out of memory")
    }
    defer { blkid_free_probe(probe) }
    guard blkid_probe_set_device(probe, descriptor, 0, 0) == 0 else {
      throw .refused(path, "probe the content", code: errno)
    }
    // An empty device (size 0) has no content, and libblkid nothing to read.
    if blkid_probe_get_size(probe) == 0 { return }
    let wanted =
      BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE
      | BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM
    blkid_probe_enable_superblocks(probe, 1)
    blkid_probe_set_superblocks_flags(probe, wanted)
    blkid_probe_enable_partitions(probe, 1)
    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT)
    // Each call goes on behind the last find; 1 is the end.
    var answer = blkid_do_probe(probe)
    while answer == 0 {
      take(from: probe)
      answer = blkid_do_probe(probe)
    }
    guard answer == 1 else {
      throw .refused(path, "read the content", code: errno == 0 ? EIO : errno)
    }
    if !tables.isEmpty { countPartitions(probe) }
  }

  private mutating func take(from probe: blkid_probe) {
    let value = { (name: String) -> String? in
      var text: UnsafePointer<CChar>?
      guard blkid_probe_lookup_value(probe, name, &text, nil) == 0, let text else { return nil }
      return Files.trimmed(String(cString: text))
    }
    if let type = value("TYPE") {
      signatures.append(
        Signature(
          type: type, usage: value("USAGE"), label: value("LABEL"), uuid: value("UUID"),
          offsetBytes: value("SBMAGIC_OFFSET").flatMap { Int64($0) }))
    } else if let type = value("PTTYPE") {
      tables.append(
        PartitionTable(
          type: type, uuid: value("PTUUID"), partitionCount: 0,
          offsetBytes: value("PTMAGIC_OFFSET").flatMap { Int64($0) }))
    }
  }

  /// The probe's list of partitions counts those of the table it understands first, nested ones
  /// (BSD labels, extended partitions) among them.
  private mutating func countPartitions(_ probe: blkid_probe) {
    blkid_reset_probe(probe)
    guard let list = blkid_probe_get_partitions(probe) else { return }
    let count = Int(blkid_partlist_numof_partitions(list))
    guard let table = blkid_partlist_get_table(list), let type = blkid_parttable_get_type(table)
    else { return }
    let name = String(cString: type)
    for index in tables.indices where tables[index].type == name {
      tables[index].partitionCount = count
    }
  }
}
