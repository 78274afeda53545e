import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct BlockDeviceTests {
  @Test(Requires.loopDevices, arguments: [512, 4096])
  func loopDeviceIsDescribed(sector: Int) throws {
    let loop = try LoopDevice(bytes: 32 << 20, logicalSector: sector)
    defer { loop.detach() }
    let device = try BlockDevice(path: loop.path)
    #expect(device.name == loop.name)
    #expect(device.capacity == .mebibytes(32))
    #expect(device.logicalBlock == ByteCount(Int64(sector)))
    #expect(device.backingFile == loop.file)
    #expect(device.identities == [loop.file])
    #expect(device.transport == "loop")
    #expect(device.wholeDisk == nil && device.serial == nil && device.numaNode == nil)
    #expect(device.pcieLink == nil && device.controllers.isEmpty)
    let data = try JSONEncoder().encode(device)
    #expect(try JSONDecoder().decode(BlockDevice.self, from: data) == device)
    #expect(String(decoding: data, as: UTF8.self).contains("\"capacityBytes\":33554432"))
  }

  @Test(Requires.loopDevices) func readOnlyIsSeen() throws {
    let loop = try LoopDevice(readOnly: true)
    defer { loop.detach() }
    #expect(try BlockDevice(path: loop.path).isReadOnly)
    #expect(try DeviceUse.examine(loop.path).obstacles == [.readOnly(device: loop.path)])
  }

  @Test(Requires.loopDevices) func partitionBelongsToItsDisk() throws {
    let loop = try LoopDevice(partitionScan: true)
    defer { loop.detach() }
    try addPartition(loop)
    let partition = try BlockDevice(path: loop.path + "p1")
    #expect(partition.wholeDisk == loop.name)
    #expect(partition.partitionNumber == 1)
    #expect(partition.capacity == ByteCount(63 << 20))
    #expect(partition.logicalBlock == ByteCount(512))
    #expect(partition.identities == [loop.file + "-part1"])
    #expect(try partition.whole().path == loop.path)
  }

  /// Every disk of this machine, field by field, against lsblk of util-linux.
  @Test(Requires.tool("lsblk")) func agreesWithLsblk() throws {
    let columns = "NAME,MAJ:MIN,SIZE,RO,ROTA,LOG-SEC,PHY-SEC,SCHED,RQ-SIZE,MODEL,SERIAL,TRAN"
    let text = try Command.run(["lsblk", "-J", "-b", "-d", "-o", columns]).checked().stdout
    let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    for row in try #require(root?["blockdevices"] as? [[String: Any]]) {
      let name = try #require(row["name"] as? String)
      // Other tests make and remove these meanwhile.
      if name.hasPrefix("loop") || name.hasPrefix("zram") { continue }
      let device = try BlockDevice(path: "/dev/\(name)")
      #expect(row["maj:min"] as? String == "\(device.major):\(device.minor)")
      #expect(row["size"] as? Int64 == device.capacity.count)
      #expect(row["ro"] as? Bool == device.isReadOnly)
      #expect(row["rota"] as? Bool == device.isRotational)
      #expect(row["log-sec"] as? Int64 == device.logicalBlock?.count)
      #expect(row["phy-sec"] as? Int64 == device.physicalBlock?.count)
      #expect(row["sched"] as? String == device.scheduler)
      #expect(row["rq-size"] as? Int == device.queuedRequests)
      if let serial = row["serial"] as? String { #expect(device.serial == serial) }
      if let transport = row["tran"] as? String, transport != "nvme" {
        #expect(device.transport == transport)
      }
    }
  }

  @Test(Requires.loopDevices) func deviceBeneathAFileIsFound() throws {
    let loop = try LoopDevice(fileSystem: "ext4")
    defer { loop.detach() }
    let mount = try TestMount(loop.path)
    defer { mount.unmount() }
    let file = try mount.folder.write("x", to: "file")
    #expect(try BlockDevice.beneath(path: file)?.path == loop.path)
    #expect(try BlockDevice.beneath(path: "/dev/shm") == nil)
    #expect(throws: HostError.self) { try BlockDevice.beneath(path: file + ".none") }
  }

  @Test func whatIsNoBlockDeviceIsRefusedWithAdvice() throws {
    let wrong = ["/dev/null": "character device", "/etc": "not a block device"]
    for (path, words) in wrong {
      let error = #expect(throws: HostError.self) { try BlockDevice(path: path) }
      #expect(error?.description.contains(words) == true)
    }
    let error = #expect(throws: HostError.self) { try BlockDevice(path: "/dev/nvme99n9") }
    #expect(error?.description.contains("lsblk") == true)
  }

  @Test(Requires.zram) func zramIsNamedByItsSize() throws {
    let zram = try ZramDisk(bytes: 8 << 20)
    let device = try BlockDevice(path: zram.path)
    #expect(device.transport == "zram")
    #expect(device.identities == ["\(zram.name):8388608"])
  }

  /// No NVMe disk is at hand: the layout is that of drivers/nvme/host with native multipath, where
  /// a namespace hangs on its subsystem and that links to one controller a path.
  @Test func multipathNVMeNamesAllItsPaths() throws {
    let folder = try TemporaryFolder()
    let root = try #require(Files.resolved(folder.path))
    let subsystem = "\(root)/devices/virtual/nvme-subsystem/nvme-subsys1"
    for (name, address) in [("nvme1", "traddr=192.0.2.1"), ("nvme2", "traddr=192.0.2.2")] {
      let controller = "devices/virtual/nvme-fabrics/ctl/\(name)"
      for (file, text) in [
        ("state", "live\n"), ("transport", "rdma\n"), ("address", address), ("cntlid", "1\n"),
        ("queue_count", "9\n"), ("numa_node", "-1\n"), ("subsysnqn", "nqn.2026-01.example:v\n"),
      ] { try folder.write(text, to: "\(controller)/\(file)") }
      try FileManager.default.createDirectory(
        atPath: subsystem, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: "\(subsystem)/\(name)", withDestinationPath: "\(root)/\(controller)")
    }
    let disk = "devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1"
    try folder.write("S123   \n", to: "devices/virtual/nvme-subsystem/nvme-subsys1/serial")
    try folder.write("uuid.1\n", to: "\(disk)/wwid")
    try FileManager.default.createSymbolicLink(
      atPath: "\(root)/\(disk)/device", withDestinationPath: subsystem)
    let sysfs = SysfsDisk(directory: "\(root)/\(disk)")
    #expect(sysfs.serial == "S123" && sysfs.wwid == "uuid.1")
    #expect(sysfs.transport == "nvme-rdma")
    #expect(sysfs.controllers.map(\.name) == ["nvme1", "nvme2"])
    #expect(sysfs.controllers.map(\.state) == ["live", "live"])
    #expect(sysfs.controllers.first?.queueCount == 9)
    #expect(sysfs.numaNode == nil && sysfs.link == nil)
  }
}

@Suite struct PCIeLinkTests {
  /// A PCIe disk as drivers/nvme/host has it without multipath: the machine of these tests has
  /// none.
  private func link(_ speed: String, _ width: String) throws -> PCIeLink? {
    let folder = try TemporaryFolder()
    let root = try #require(Files.resolved(folder.path))
    let pci = "devices/pci0000:00/0000:00:01.0/0000:3b:00.0"
    for (file, text) in [
      ("current_link_speed", speed), ("current_link_width", width),
      ("max_link_speed", "16.0 GT/s PCIe"), ("max_link_width", "4"),
    ] { try folder.write(text + "\n", to: "\(pci)/\(file)") }
    try folder.write("1\n", to: "\(pci)/nvme/nvme0/cntlid")
    let disk = "\(pci)/nvme/nvme0/nvme0n1"
    try folder.write("8\n", to: "\(disk)/size")
    try FileManager.default.createSymbolicLink(
      atPath: "\(root)/\(disk)/device", withDestinationPath: "\(root)/\(pci)/nvme/nvme0")
    return SysfsDisk(directory: "\(root)/\(disk)").link
  }

  /// Against the figures that the PCI-SIG's members print: 7.88 GB/s for four lanes of PCIe 4.0.
  @Test(arguments: [
    ("2.5 GT/s PCIe", "1", "PCIe 1.0 x1 (0.25 GB/s)"),
    ("5.0 GT/s PCIe", "4", "PCIe 2.0 x4 (2 GB/s)"),
    ("8.0 GT/s PCIe", "4", "PCIe 3.0 x4 (3.94 GB/s)"),
    ("16.0 GT/s PCIe", "4", "PCIe 4.0 x4 (7.88 GB/s)"),
    ("32.0 GT/s PCIe", "4", "PCIe 5.0 x4 (15.75 GB/s)"),
    ("64.0 GT/s PCIe", "4", "PCIe 6.0 x4 (29.5 GB/s)"),
  ])
  func carriesWhatItsGenerationDoes(speed: String, width: String, text: String) throws {
    let link = try #require(try link(speed, width))
    #expect(link.text == text && link.address == "0000:3b:00.0")
  }

  @Test func whatDoesNotTellItsSpeedHasNoCeiling() throws {
    #expect(try link("Unknown", "0") == nil)
    let narrow = try #require(try link("Unknown", "4"))
    #expect(narrow.bytesPerSecond == nil && narrow.text == nil)
    let odd = try #require(try link("12.0 GT/s PCIe", "4"))
    #expect(odd.bytesPerSecond == nil && odd.text == nil)
  }
}

@Suite(.serialized) struct DiskStatisticsTests {
  @Test(Requires.zram) func countsAreThoseOfKnownIO() throws {
    let zram = try ZramDisk(bytes: 64 << 20)
    let device = try BlockDevice(path: zram.path)
    let before = try device.statistics()
    let io = ["bs=4k", "count=1000", "status=none"]
    try Command.run(
      ["dd", "if=/dev/urandom", "of=\(zram.path)", "oflag=direct", "iflag=fullblock"] + io
    ).checked()
    try Command.run(["dd", "if=\(zram.path)", "of=/dev/null", "iflag=direct", "bs=8k", "count=100"])
      .checked()
    let used = try device.statistics() - before
    #expect(used.writeIOs == 1000 && used.bytesWritten == ByteCount(4_096_000))
    #expect(used.readIOs == 100 && used.bytesRead == ByteCount(819_200))
    #expect(used.inFlight == 0)
  }

  @Test(Requires.loopDevices) func discardsAreCounted() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    let before = try DiskStatistics(kernelName: loop.name)
    try Command.run(["blkdiscard", "-l", "1048576", loop.path]).checked()
    let used = try DiskStatistics(kernelName: loop.name) - before
    #expect(used.discardIOs == 1 && used.discardSectors == 2048)
  }

  @Test(Requires.loopDevices) func flushesAreCounted() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    let before = try DiskStatistics(kernelName: loop.name)
    for _ in 0..<3 {
      try Command.run(
        ["dd", "if=/dev/zero", "of=\(loop.path)", "bs=64k", "count=1", "conv=fsync"]
      ).checked()
    }
    let used = try DiskStatistics(kernelName: loop.name) - before
    #expect(used.flushIOs == 3)
    #expect(used.bytesWritten == ByteCount(3 * 65536))
  }

  @Test func ticksWrapAtThirtyTwoBits() throws {
    let early = "1 0 8 4294967290 0 0 0 0 0 4294967295 7"
    let earlier = try #require(DiskStatistics(parsing: early))
    let later = try #require(DiskStatistics(parsing: "3 0 24 4 0 0 0 0 2 9 8"))
    let change = later - earlier
    #expect(change.readIOs == 2 && change.readTicks == 10 && change.ioTicks == 10)
    #expect(change.timeInQueue == 1 && change.inFlight == 2)
    #expect(change.discardIOs == nil && change.flushTicks == nil)
    #expect(DiskStatistics(parsing: "1 2 3") == nil)
  }
}

@Suite struct FileSystemTests {
  @Test(Requires.loopDevices, arguments: [("ext4", 512), ("ext4", 4096), ("xfs", 4096)])
  func mountedFileSystemIsDescribed(type: String, sector: Int) throws {
    let loop = try LoopDevice(bytes: 512 << 20, logicalSector: sector, fileSystem: type)
    defer { loop.detach() }
    let mount = try TestMount(loop.path)
    defer { mount.unmount() }
    let file = try mount.folder.write(String(repeating: "x", count: 65536), to: "file")
    for path in [file, mount.path, mount.folder.path("not-yet-there")] {
      let facts = try FileSystemFacts(path: path)
      #expect(facts.type == type && facts.source == loop.path)
      #expect(facts.mountPoint == Files.resolved(mount.path))
      #expect(facts.options.contains("rw") && facts.size > facts.free)
      #expect(facts.directIO.isSupported)
      let alignment = try #require(facts.directIO.offsetAlignment)
      #expect(alignment == ByteCount(Int64(sector)))
      #expect(facts.directIO.alignmentSource == .statx)
    }
    // The kernel keeps to what it said: one alignment is read, half of it refused.
    for (bytes, fits) in [(sector, true), (sector / 2, false)] {
      let words = ["dd", "if=\(file)", "of=/dev/null", "iflag=direct", "count=1", "bs=\(bytes)"]
      #expect(try (Command.run(words).status == 0) == fits)
    }
  }

  @Test func fileSystemWithoutDeviceHasNoAlignment() throws {
    let facts = try FileSystemFacts(path: "/dev/shm")
    #expect(facts.type == "tmpfs" && facts.mountPoint == "/dev/shm")
    #expect(facts.directIO.offsetAlignment == nil || facts.directIO.alignmentSource == .statx)
    #expect(throws: HostError.self) { try FileSystemFacts(path: "/no/such/folder/file") }
  }

  @Test func mountInfoIsReadAsWritten() throws {
    let text = """
      36 35 98:0 /mnt1 /mnt\\040with\\134blank rw,noatime shared:1 - ext3 /dev/root rw,sync
      40 35 0:44 / /srv rw - btrfs /dev/none rw,space_cache=v2
      broken line
      """
    let table = MountTable(parsing: text)
    #expect(table.mounts.count == 2)
    #expect(table.mounts[0].mountPoint == "/mnt with\\blank")
    #expect(table.mounts[0].type == "ext3" && table.mounts[0].options == ["rw", "noatime"])
    #expect(table.mounts(of: "98:0").count == 1 && table.mounts(of: "8:0").isEmpty)
  }
}
