import CLinux
import Foundation
import TestSupport
import Testing

@testable import Host

@Suite(.serialized, Requires.loopDevices) struct DeviceUseTests {
  @Test func blankDeviceHasNoObstacleAndStillWantsItsName() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    let use = try DeviceUse.examine(loop.path)
    #expect(use.obstacles.isEmpty)
    let error = #expect(throws: HostError.self) { try use.requireWritable(allowDestroy: []) }
    #expect(error?.description.contains("--allow-destroy '\(loop.file)'") == true)
    #expect(throws: HostError.self) { try use.requireWritable(allowDestroy: [loop.path, ""]) }
    try use.requireWritable(allowDestroy: ["another", loop.file])
  }

  @Test(arguments: [("ext4", "-L", Int64(1080)), ("xfs", "-L", Int64(0))])
  func fileSystemIsNamedWithItsEvidence(type: String, flag: String, offset: Int64) throws {
    let loop = try LoopDevice(bytes: 512 << 20)
    defer { loop.detach() }
    try Command.run(["mkfs.\(type)", "-q", flag, "data", loop.path]).checked()
    let uuid = try Command.run(["blkid", "-p", "-s", "UUID", "-o", "value", loop.path]).checked()
    let use = try DeviceUse.examine(loop.path)
    try #require(use.obstacles.count == 1)
    let wanted =
      "carries a signature of \(type) (label data, UUID \(Files.trimmed(uuid.stdout))) "
      + "at offset \(offset)"
    #expect(use.obstacles[0].description == wanted)
    #expect(use.obstacles[0].isContent)
    let error = #expect(throws: HostError.self) { try use.requireWritable(allowDestroy: []) }
    #expect(error?.description.contains(wanted) == true)
    try use.requireWritable(allowDestroy: use.identities)
    try Command.run(["wipefs", "-a", loop.path]).checked()
    #expect(try DeviceUse.examine(loop.path).obstacles.isEmpty)
  }

  @Test func allSignaturesAreNamedNotOnlyTheFirst() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    try Command.run(["mkfs.ext4", "-q", loop.path]).checked()
    try writeLVMLabel(loop.path)
    let types = try DeviceUse.examine(loop.path).obstacles.compactMap { obstacle -> String? in
      if case .signature(let signature) = obstacle { signature.type } else { nil }
    }
    #expect(Set(types) == ["ext4", "LVM2_member"])
    // The same finds as wipefs, which shares the library but not our loop.
    let listed = try Command.run(["wipefs", "--noheadings", "-O", "TYPE", loop.path]).checked()
    let words = listed.stdout.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(Set(types) == Set(words))
    try Command.run(["wipefs", "-a", loop.path]).checked()
  }

  @Test func partitionTableIsCounted() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    try writeMBR(loop.path)
    let use = try DeviceUse.examine(loop.path)
    try #require(use.obstacles.count == 1)
    let text = use.obstacles[0].description
    #expect(text == "carries a dos partition table with 1 partition (UUID a55a1234)")
    try Command.run(["wipefs", "-a", loop.path]).checked()
  }

  @Test func mountedPartitionForbidsTheDiskAndMountedDiskItself() throws {
    let loop = try LoopDevice(partitionScan: true)
    defer { loop.detach() }
    try addPartition(loop)
    let partition = loop.path + "p1"
    try Command.run(["mkfs.ext4", "-q", partition]).checked()
    let mount = try TestMount(partition)
    defer { mount.unmount() }
    for path in [loop.path, partition] {
      let use = try DeviceUse.examine(path)
      let place = try #require(Files.resolved(mount.path))
      #expect(
        use.obstacles.contains(.mounted(device: partition, mountPoint: place, type: "ext4")))
      #expect(use.obstacles.contains(.claimed(device: path)))
      let error = #expect(throws: HostError.self) {
        try use.requireWritable(allowDestroy: use.identities)
      }
      #expect(error?.description.contains("no option overrides this") == true)
    }
    mount.unmount()
    #expect(try DeviceUse.examine(loop.path).obstacles.allSatisfy(\.isContent))
  }

  @Test func loopOverTheDeviceForbidsIt() throws {
    let lower = try LoopDevice()
    defer { lower.detach() }
    let found = try Command.run(["losetup", "--find", "--show", lower.path]).checked()
    let upper = Files.trimmed(found.stdout)
    defer { _ = try? Command.run(["losetup", "--detach", upper]) }
    let backed = WriteObstacle.backsLoop(device: lower.path, loop: upper)
    #expect(try DeviceUse.examine(lower.path).obstacles.contains(backed))
    // The file below both: refused as a target too.
    let file = try DeviceUse.examine(lower.file)
    #expect(file.obstacles.contains(.backsLoop(device: lower.file, loop: lower.path)))
    #expect(file.identities == [try #require(Files.resolved(lower.file))])
  }

  @Test(Requires.tool("mkswap")) func swapInUseForbidsTheDevice() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    try Command.run(["mkswap", loop.path]).checked()
    try Command.run(["swapon", loop.path]).checked()
    defer { _ = try? Command.run(["swapoff", loop.path]) }
    let obstacles = try DeviceUse.examine(loop.path).obstacles
    #expect(obstacles.contains(.swap(device: loop.path)))
    #expect(obstacles.contains { $0.description.contains("carries a signature of swap") })
  }
}

@Suite(.serialized, Requires.loopDevices) struct TargetLockTests {
  @Test func secondLockNamesTheHolder() throws {
    let loop = try LoopDevice()
    defer { loop.detach() }
    let holder = try Command.start(["flock", loop.path, "sh", "-c", "echo held; exec sleep 60"])
    try holder.wait(for: "held")
    let error = #expect(throws: HostError.self) {
      try TargetLock(path: loop.path, claiming: true)
    }
    #expect(error?.description.contains("process \(holder.id) (") == true)
    try Command.run(["pkill", "-P", "\(holder.id)"]).checked()
    holder.wait()
    let lock = try TargetLock(path: loop.path, claiming: true)
    #expect(throws: HostError.self) { try TargetLock(path: loop.path, claiming: false) }
    lock.release()
    try TargetLock(path: loop.path, claiming: false).release()
  }

  @Test func claimKeepsMountAndMkfsAwayButNotPlainOpens() throws {
    let loop = try LoopDevice(fileSystem: "ext4")
    defer { loop.detach() }
    let lock = try TargetLock(path: loop.path, claiming: true)
    #expect(try DeviceUse.examine(loop.path).obstacles.contains(.claimed(device: loop.path)))
    #expect(throws: Command.Failure.self) { try TestMount(loop.path) }
    let words = ["dd", "if=/dev/zero", "of=\(loop.path)", "bs=4k", "count=1", "oflag=direct"]
    #expect(try Command.run(words).status == 0)
    lock.release()
    #expect(try DeviceUse.examine(loop.path).obstacles.allSatisfy(\.isContent))
  }

  @Test func partitionAndDiskExcludeEachOther() throws {
    let loop = try LoopDevice(partitionScan: true)
    defer { loop.detach() }
    try addPartition(loop)
    let partition = try TargetLock(path: loop.path + "p1", claiming: true)
    #expect(throws: HostError.self) { try TargetLock(path: loop.path, claiming: false) }
    partition.release()
    let disk = try TargetLock(path: loop.path, claiming: false)
    #expect(throws: HostError.self) { try TargetLock(path: loop.path + "p1", claiming: false) }
    disk.release()
  }

  @Test func fileIsLocked() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("x", to: "target")
    let lock = try TargetLock(path: file, claiming: true)
    let error = #expect(throws: HostError.self) { try TargetLock(path: file, claiming: true) }
    #expect(error?.description.contains("process \(getpid()) (") == true)
    lock.release()
  }
}
