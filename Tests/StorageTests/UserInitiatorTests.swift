import Foundation
import Glibc
import Host
import Measure
import TestSupport
import Testing

@testable import Storage

/// Targets that LabTests set up in the guest; ASSAY_LAB_RDMA is their address.
private enum LabTarget {
  static let address = ProcessInfo.processInfo.environment["ASSAY_LAB_RDMA"]
  /// The kernel's block device of the subsystem `disk`.
  static let disk = ProcessInfo.processInfo.environment["ASSAY_LAB_DISK"]
  /// Set where this process is not root and may lock little memory.
  static let isConfined = ProcessInfo.processInfo.environment["ASSAY_LAB_CONFINED"] != nil

  static func named(
    _ name: String, port: Int, _ change: (inout FabricsAddress) -> Void = { _ in }
  ) -> StorageTarget {
    var place = FabricsAddress(
      transport: .rdma, address: address, port: port, subsystem: "nqn.2026-01.lab:" + name,
      initiator: .userSpace)
    change(&place)
    return .fabrics(place)
  }

  static let disks = named("disk", port: 4420)

  static let isReady = address != nil && !isConfined
}

private func ours(
  _ pattern: StorageWorkload.Pattern, _ change: (inout StorageWorkload) -> Void = { _ in }
) -> StorageWorkload {
  workload(pattern, .nvmfRDMA, change)
}

private func message(_ target: StorageTarget, _ work: StorageWorkload? = nil) -> String {
  do {
    _ = try run(work ?? ours(.randomRead) { $0.totalCount = 1 }, on: target)
    Issue.record("\(target) was expected to be refused")
    return ""
  } catch let error as StorageError {
    print("refusal: \(error)")
    return error.message
  } catch {
    Issue.record("\(error)")
    return ""
  }
}

/// The user-space initiator against the kernel's target; runs in the lab's guest.
@Suite(.serialized, .enabled("runs in the lab's guest, from LabTests") { LabTarget.isReady })
struct UserInitiatorTests {
  @Test func theKernelReadsWhatItWroteAndTheOtherWayRound() throws {
    let kernel = StorageTarget.device(path: try #require(LabTarget.disk))
    func writes(_ engine: StorageWorkload.Engine) -> StorageWorkload {
      workload(.randomWrite, engine) {
        $0.queueDepth = 16
        $0.regionSize = .mebibytes(4)
        $0.verify = .writeThenRead
      }
    }
    func reads(_ engine: StorageWorkload.Engine) -> StorageWorkload {
      workload(.randomRead, engine) {
        $0.queueDepth = 16
        $0.regionSize = .mebibytes(4)
        $0.verify = .read
      }
    }
    for (writer, target, reader, other, seed) in [
      (StorageWorkload.Engine.nvmfRDMA, LabTarget.disks, .ioUring, kernel, UInt64(3)),
      (.ioUring, kernel, StorageWorkload.Engine.nvmfRDMA, LabTarget.disks, 5),
    ] {
      let written = try run(writes(writer), on: target, seed: seed, stampSeed: seed)
      #expect(written.errorCount == 0 && written.write.ios == 1024, "\(written.errors)")
      #expect(written.verification?.blocksChecked == 1024)
      #expect(written.verification?.blocksBad == 0)
      let read = try run(reads(reader), on: other, seed: 99, stampSeed: seed)
      #expect(read.errorCount == 0, "\(read.errors)")
      #expect(read.verification?.blocksChecked == 1024, "\(reader)")
      #expect(read.verification?.blocksBad == 0, "\(String(describing: read.verification))")
    }
  }

  @Test func tenThousandOfMixedSizesPassWithoutError() throws {
    let outcome = try run(
      ours(.randomMix) {
        $0.queueDepth = 32
        $0.totalCount = 10_000
        $0.readBlock = .range(from: ByteCount(512), to: .kibibytes(32))
        $0.writeBlock = $0.readBlock
      }, on: LabTarget.disks)
    #expect(outcome.errorCount == 0 && outcome.stoppedEarly == nil, "\(outcome.errors)")
    #expect(outcome.read.ios + outcome.write.ios == 10_000)
    #expect(outcome.features.contains("queue of 33 entries"))
    #expect(outcome.features.contains("writes to 4096 B in the capsule"))
  }

  @Test func flushAndTrimAndTheClosingSyncAreDone() throws {
    let flushed = try run(
      ours(.sequentialWrite) {
        $0.queueDepth = 4
        $0.regionSize = .kibibytes(256)
        $0.fsyncEvery = 8
        $0.endFsync = true
        $0.polled = true
      }, on: LabTarget.disks)
    #expect(flushed.errorCount == 0 && flushed.write.ios == 64 && flushed.sync.ios == 8)
    #expect(flushed.features.contains("completions polled"))
    let trimmed = try run(
      ours(.randomTrim) {
        $0.queueDepth = 4
        $0.totalCount = 40
        $0.writeBlock = .fixed(.kibibytes(64))
      }, on: LabTarget.disks)
    #expect(trimmed.errorCount == 0 && trimmed.trim.ios == 40, "\(trimmed.errors)")
  }

  @Test func aQueueDeeperThanTheTargetsWaitsItsTurn() throws {
    let outcome = try run(
      ours(.randomRead) {
        $0.queueDepth = 200
        $0.totalCount = 2_000
      }, on: LabTarget.disks)
    #expect(outcome.read.ios == 2_000 && outcome.errorCount == 0)
    #expect(outcome.features.contains("127 commands in flight of 200 asked for"))
    let narrow = try run(
      ours(.randomMix) {
        $0.queueDepth = 32
        $0.totalCount = 500
      }, on: LabTarget.named("disk", port: 4420) { $0.queueSize = 2 })
    #expect(narrow.read.ios + narrow.write.ios == 500 && narrow.errorCount == 0)
    #expect(narrow.features.contains("1 commands in flight of 32 asked for"))
  }

  @Test func jobsHaveQueuesOfTheirOwnAsFarAsTheyAreGranted() throws {
    let friend = LabTarget.named("guarded", port: 4421) { $0.host = "nqn.2026-01.lab:friend" }
    func jobs(_ count: Int) -> StorageWorkload {
      ours(.randomWrite) {
        $0.jobs = count
        $0.queueDepth = 4
        $0.totalCount = 100
      }
    }
    let outcome = try run(jobs(2), on: friend)
    #expect(outcome.write.ios == 200 && outcome.errorCount == 0)
    #expect(outcome.features.contains("no data in capsules"))
    #expect(message(friend, jobs(3)).contains("grants 2 I/O queues, and 3 jobs need one each"))
  }

  @Test func whatIsRefusedIsNamed() {
    #expect(
      message(LabTarget.named("none", port: 4420)).contains("no subsystem nqn.2026-01.lab:none at"))
    #expect(
      message(LabTarget.named("guarded", port: 4421) { $0.host = "nqn.2026-01.lab:foe" })
        .contains("does not allow this host (nqn.2026-01.lab:foe) to use"))
    #expect(
      message(LabTarget.named("disk", port: 4420) { $0.namespace = 7 })
        .hasSuffix("has no namespace 7"))
    #expect(
      message(LabTarget.named("disk", port: 4444)).hasSuffix("nothing listens there for RDMA"))
    #expect(
      message(LabTarget.named("disk", port: 4420) { $0.address = "127.0.0.1" })
        .contains("is not reached over an RDMA device"))
  }

  @Test func aTargetThatGoesEndsTheTrialAtOnce() throws {
    let port = "/sys/kernel/config/nvmet/ports/4423/subsystems/nqn.2026-01.lab:gone"
    let began = MonotonicClock.now()
    let outcome = try run(
      ours(.randomRead) {
        $0.queueDepth = 8
        $0.jobs = 2
        $0.duration = .seconds(60)
      }, on: LabTarget.named("gone", port: 4423),
      Watcher(after: .seconds(2)) {
        guard unlink(port) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      })
    #expect(MonotonicClock.now() - began < .seconds(20))
    let reason = try #require(outcome.stoppedEarly)
    #expect(reason.contains("closed the RDMA connection"), "\(reason)")
    #expect(outcome.read.ios > 0 && outcome.errorCount > 0)
    #expect(outcome.errors.allSatisfy { $0.errno == ENOTCONN }, "\(outcome.errors)")
  }

  @Test func aTargetThatNeverAnswersEndsTheTrialWithinItsDeadline() throws {
    let began = MonotonicClock.now()
    let outcome = try run(
      ours(.randomRead) {
        $0.queueDepth = 4
        $0.totalCount = 8
      }, on: LabTarget.named("slow", port: 4422))
    let reason = try #require(outcome.stoppedEarly)
    #expect(reason.contains("has not answered any of 4 commands for 20 s"), "\(reason)")
    #expect(MonotonicClock.now() - began < .seconds(40))
  }
}

/// An ordinary user with little memory to lock, in the lab's guest.
@Suite(.enabled("runs in the lab's guest, from LabTests") { LabTarget.isConfined })
struct ConfinedInitiatorTests {
  @Test func aSmallMemoryLimitIsNamedAndASmallQueueWorks() throws {
    #expect(geteuid() != 0)
    let large = message(
      LabTarget.disks,
      ours(.randomRead) {
        $0.queueDepth = 32
        $0.readBlock = .fixed(.kibibytes(64))
        $0.totalCount = 1
      })
    #expect(large.contains("registering 2048 KiB of memory with rxe0 failed"), "\(large)")
    #expect(large.contains("this process may lock 1024 KiB (RLIMIT_MEMLOCK)"), "\(large)")
    let small = try run(ours(.randomRead) { $0.totalCount = 10 }, on: LabTarget.disks)
    #expect(small.read.ios == 10 && small.errorCount == 0)
  }
}
