import Foundation
import Host
import Measure
import TestSupport
import Testing

@testable import Deploy

/// Disks of the kernel's own that come, grow and go.
@Suite(.serialized, .timeLimit(.minutes(1))) struct WatchTests {
  /// Runs an operation at once, as beside a trial.
  private func run(
    _ command: String, _ change: DiskExpectation.Change, _ disk: String,
    within: Nanoseconds = .seconds(5), undo: String? = nil
  ) throws -> OperationTimeline {
    var operation = OnlineOperation(
      atNs: .milliseconds(50), trigger: .command(words: ["sh", "-c", command]))
    operation.expectation = DiskExpectation(change: change, disk: DiskName(disk))
    operation.withinNs = within
    operation.undo = undo.map {
      .init(trigger: .command(words: ["sh", "-c", $0]), afterNs: nil)
    }
    let run = OnlineOperationRun(operation)
    try run.arm()
    let start = MonotonicClock.now()
    run.start(measuringFrom: start)
    MonotonicClock.sleep(until: start + .milliseconds(150))
    return run.finish { false }.since(start)
  }

  @Test(Requires.loopDevices) func aLoopDeviceGrowsAndItsNewPartIsRead() throws {
    let disk = try LoopDevice(bytes: 16 << 20)
    let grow = "truncate -s 32M \(disk.file) && losetup -c \(disk.path)"
    let seen = try run(
      grow, .grows, disk.path, undo: "truncate -s 16M \(disk.file) && losetup -c \(disk.path)")
    #expect(seen.failure == nil)
    #expect(seen.undoFailure == nil)
    #expect(seen.sizeBefore == .mebibytes(16))
    #expect(seen.sizeAfter == .mebibytes(32))
    let trigger = try #require(seen.triggeredNs)
    #expect(trigger >= .milliseconds(50) && trigger < .milliseconds(70))
    for moment in [seen.acceptedNs, seen.ueventNs, seen.sysfsNs, seen.nodeNs, seen.usableNs] {
      #expect(try #require(moment) > trigger)
    }
    #expect(try #require(seen.resolutionNs) < .milliseconds(20))
    #expect(try #require(seen.undoAcceptedNs) > #require(seen.usableNs))
    #expect(DiskSearch.size(of: disk.name) == .mebibytes(16), "undone")
  }

  @Test(Requires.zram) func aDiskAppearsAndVanishes() throws {
    let disk = try ZramDisk(bytes: 1 << 20)
    let size = "/sys/block/\(disk.name)/disksize"
    let reset = "echo 1 > /sys/block/\(disk.name)/reset"
    let gone = try run(reset, .vanishes, disk.path)
    #expect(gone.failure == nil)
    #expect(try #require(gone.sysfsNs) > #require(gone.triggeredNs))
    let back = try run("echo 8M > \(size)", .appears, disk.path)
    #expect(back.failure == nil)
    #expect(back.disk == disk.name)
    #expect(back.sizeBefore == nil)
    #expect(back.sizeAfter == .mebibytes(8))
    #expect(try #require(back.usableNs) > #require(back.sysfsNs))
  }

  @Test func whatDoesNotHappenIsSaidAtItsLimit() throws {
    let begin = MonotonicClock.now()
    let seen = try run("true", .appears, "no-such-serial", within: .milliseconds(300))
    #expect(seen.failure == "no-such-serial did not appear in time")
    #expect(seen.acceptedNs != nil)
    #expect(MonotonicClock.now() - begin < .seconds(2))
  }

  @Test func aRefusedOperationIsNotWaitedFor() throws {
    let begin = MonotonicClock.now()
    let seen = try run("echo no quota; exit 1", .appears, "no-such-serial", undo: "exit 7")
    #expect(seen.failure == "`sh` exited with 1: no quota")
    #expect(seen.undoFailure == "`sh` exited with 7", "taken back all the same")
    #expect(MonotonicClock.now() - begin < .seconds(2))
  }

  @Test(Requires.loopDevices) func anExpectationThatCannotComeTrueIsRefusedBefore() throws {
    let disk = try LoopDevice(bytes: 16 << 20)
    for (change, name) in [
      (DiskExpectation.Change.appears, disk.path), (.grows, "no-such-serial"),
      (.vanishes, "nqn.2026-01.example:none"),
    ] {
      var operation = OnlineOperation(atNs: .zero, trigger: .command(words: ["true"]))
      operation.expectation = DiskExpectation(change: change, disk: DiskName(name))
      let run = OnlineOperationRun(operation)
      #expect(throws: OperationFailure.self) { try run.arm() }
    }
  }

  @Test func anOperationWhoseTimeDoesNotComeIsNeitherTriggeredNorTakenBack() throws {
    let folder = try TemporaryFolder()
    let touch = { (name: String) in
      OperationTrigger.command(words: ["touch", folder.path(name)])
    }
    var operation = OnlineOperation(atNs: .seconds(20), trigger: touch("done"))
    operation.undo = .init(trigger: touch("undone"), afterNs: nil)
    let run = OnlineOperationRun(operation)
    try run.arm()
    run.start(measuringFrom: MonotonicClock.now())
    let seen = run.finish { false }
    #expect(seen.triggeredNs == nil)
    #expect(seen.failure?.contains("not triggered") == true)
    usleep(50_000)
    #expect(folder.files().isEmpty)
  }

  @Test func kernelEventsAreReadAsTheKernelWritesThem() {
    let text =
      "change@/devices/virtual/block/loop0\0ACTION=change\0DEVPATH=/devices/virtual/block/loop0\0"
      + "SUBSYSTEM=block\0RESIZE=1\0MAJOR=7\0DEVNAME=loop0\0DEVTYPE=disk\0SEQNUM=1\0"
    let event = UeventSocket.event(Array(text.utf8)[...], at: .seconds(1))
    #expect(event?.action == "change")
    #expect(event?.device == "loop0")
    #expect(UeventSocket.event(Array("libudev\0\u{1}".utf8)[...], at: .zero) == nil)
  }
}
