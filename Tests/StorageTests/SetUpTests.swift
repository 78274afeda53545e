import Foundation
import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.loopDevices, Requires.ioUring) struct SetUp {
    private func refusal(
      _ wanted: StorageWorkload, on target: StorageTarget
    ) throws -> StorageError {
      let facts = try TargetFacts.examine(target)
      return try #require(throws: StorageError.self) {
        try StorageTrial(
          facts: facts, workload: wanted, seed: 1, stampSeed: 1, rate: nil, clock: clock,
          cpus: [], node: nil
        ).run(Watcher())
      }
    }

    private func obstacles(
      _ wanted: StorageWorkload, on target: StorageTarget
    ) throws -> [StorageWorkload.Obstacle] {
      wanted.obstacles(on: try TargetFacts.examine(target))
    }

    @Test func moreIOsThanTheKernelsLimitOfAio() throws {
      let limit = try #require(
        Int(
          String(contentsOfFile: "/proc/sys/fs/aio-max-nr", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)))
      let loop = try LoopDevice(bytes: 1 << 20)
      let error = try refusal(
        workload(.randomRead, .libaio) {
          $0.queueDepth = limit + 1
          $0.readBlock = .fixed(ByteCount(512))
        }, on: device(loop.path))
      #expect(error.message.contains("\(limit + 1)"))
      #expect(error.hint.contains("aio-max-nr"))
      #expect(error.hint.contains("queue depth"))
    }

    @Test func moreEntriesThanARingHas() throws {
      let loop = try LoopDevice(bytes: 1 << 20)
      for engine in [StorageWorkload.Engine.ioUring, .nopRing] {
        let wanted = workload(.randomRead, engine) { $0.queueDepth = 32_769 }
        let target = engine == .nopRing ? memory : device(loop.path)
        let found = try obstacles(wanted, on: target)
        #expect(found.map(\.key) == ["queue-depth"])
        #expect(found.first?.message.contains("32768") == true)
      }
    }

    @Test func whatAnNVMeDeviceDoesNotTake() throws {
      // As the lab's QEMU device with mdts=5 and no poll queues shows itself; there is no such
      // device on most machines, and the facts are all that is judged.
      let facts = TargetFacts(
        path: "/dev/ng0n1", sizeBytes: .mebibytes(256), isBlockDevice: true, isPassthrough: true,
        directAlignmentBytes: 4096, largestCommandBytes: .kibibytes(128), commandSegments: 33,
        takesPolledIO: false)
      func found(
        _ pattern: StorageWorkload.Pattern, _ change: (inout StorageWorkload) -> Void
      ) -> [StorageWorkload.Obstacle] {
        workload(pattern, .nvmePassthrough, change).obstacles(on: facts)
      }
      #expect(found(.randomRead) { $0.readBlock = .fixed(.kibibytes(128)) }.isEmpty)
      let large = found(.randomMix) {
        $0.readBlock = .fixed(.kibibytes(64))
        $0.writeBlock = .range(from: .kibibytes(4), to: .kibibytes(256))
      }
      #expect(large.map(\.key) == ["write-block-size"])
      #expect(large.first?.message.contains("128KiB") == true)
      var empty = facts
      empty.sizeBytes = .zero
      #expect(workload(.randomRead, .nvmePassthrough).obstacles(on: empty).map(\.key) == ["device"])
      let polled = found(.randomRead) { $0.polled = true }
      #expect(polled.map(\.key) == ["polled"])
      #expect(polled.first?.hint.contains("poll_queues") == true)
    }

    @Test func aFailureKeepsTheDevicesAnswer() {
      // 0x4281: do not retry, unrecovered read error.
      let refused = Completion(slot: 0, result: Completion.failed(nvmeStatus: 0x4281)).failure
      #expect(refused.errno == EIO && refused.nvmeStatus == 0x281)
      let unanswered = Completion(slot: 0, result: -ENODEV).failure
      #expect(unanswered.errno == ENODEV && unanswered.nvmeStatus == nil)
      #expect(Completion(slot: 0, result: 0).failure.errno == ENODATA)
    }

    @Test func aTargetThatIsNotThere() throws {
      #expect(throws: StorageError.self) { try TargetFacts.examine(device("/dev/no-such-disk")) }
      let missing = #expect(throws: StorageError.self) {
        try TargetFacts.examine(file("/tmp/no-such-folder/no-such-file"))
      }
      #expect(missing?.message.contains("does not exist") == true)
      #expect(throws: StorageError.self) { try TargetFacts.examine(device("/tmp")) }
      #expect(throws: StorageError.self) { try TargetFacts.examine(file("/tmp")) }
      let loop = try LoopDevice(bytes: 1 << 20)
      let kind = #expect(throws: StorageError.self) { try TargetFacts.examine(file(loop.path)) }
      #expect(kind?.hint.contains("device:") == true)
    }

    /// The device vanishes between the examination and the trial.
    @Test func aFileThatWentAway() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("data"), bytes: 1 << 20)
      let facts = try TargetFacts.examine(file(folder.path("data")))
      try FileManager.default.removeItem(atPath: folder.path("data"))
      let error = #expect(throws: StorageError.self) {
        try StorageTrial(
          facts: facts, workload: workload(.randomRead), seed: 1, stampSeed: 1, rate: nil,
          clock: clock, cpus: [], node: nil
        ).run(Watcher())
      }
      #expect(error?.message.contains("No such file") == true)
    }

    @Test func aFileSystemWithoutDirectIO() throws {
      let mount = try TestMount("none", type: "ramfs")
      defer { mount.unmount() }
      try makeFile(mount.path + "/data", bytes: 1 << 20)
      let target = file(mount.path + "/data")
      let found = try obstacles(workload(.randomRead), on: target)
      #expect(found.map(\.key) == ["direct"])
      #expect(found.first?.message.contains("O_DIRECT") == true)
      #expect(try refusal(workload(.randomRead), on: target).hint.contains("direct: false"))
      let outcome = try run(
        workload(.randomRead) {
          $0.direct = false
          $0.totalCount = 100
        }, on: target)
      #expect(outcome.read.ios == 100)
    }

    @Test func blocksSmallerThanTheDevices() throws {
      let loop = try LoopDevice(bytes: 1 << 20, logicalSector: 4096)
      let found = try obstacles(
        workload(.randomMix) {
          $0.readBlock = .fixed(ByteCount(2048))
          $0.writeBlock = .split([
            .init(size: .kibibytes(8), weight: 1), .init(size: ByteCount(512), weight: 1),
          ])
          $0.regionOffset = ByteCount(512)
        }, on: device(loop.path))
      #expect(found.map(\.key) == ["block-size", "write-block-size", "region-offset"])
      #expect(found.allSatisfy { $0.message.contains("4096") && $0.hint.contains("4096") })
      #expect(found[0].message.contains("2048"))
      // The kernel agrees: the engine itself cannot do it either.
      let facts = try TargetFacts.examine(device(loop.path))
      let outcome = try StorageTrial(
        facts: facts,
        workload: workload(.randomRead) { $0.readBlock = .fixed(ByteCount(2048)) }, seed: 1,
        stampSeed: 1, rate: nil, clock: clock, cpus: [], node: nil
      ).run(Watcher())
      #expect(outcome.errors.first?.errno == EINVAL)
    }

    @Test func regionsThatDoNotFit() throws {
      let loop = try LoopDevice(bytes: 1 << 20)
      func keys(_ change: (inout StorageWorkload) -> Void) throws -> [String] {
        try obstacles(workload(.randomWrite, .ioUring, change), on: device(loop.path)).map(\.key)
      }
      #expect(try keys { $0.regionOffset = .mebibytes(1) } == ["region-offset"])
      #expect(try keys { $0.regionSize = .mebibytes(2) } == ["region-size"])
      #expect(try keys { $0.writeBlock = .fixed(.mebibytes(2)) } == ["region-size"])
      #expect(
        try keys {
          $0.verify = .writeThenRead
          $0.queueDepth = 300
        } == ["verify"])
      #expect(try keys { $0.regionSize = .kibibytes(512) } == [])
    }
  }
}
