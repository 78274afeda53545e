import Foundation
import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.loopDevices, Requires.ioUring) struct Errors {
    private func truncate(_ loop: LoopDevice, to bytes: Int) throws {
      try Command.run(["truncate", "-s", "\(bytes)", loop.file]).checked()
    }

    @Test(arguments: dataEngines)
    func aFullFileSystemEndsTheTrial(engine: StorageWorkload.Engine) throws {
      let small = try LoopDevice(bytes: 16 << 20, fileSystem: "ext4")
      let mount = try TestMount(small.path)
      defer { mount.unmount() }
      for direct in [true, false] {
        let path = mount.path + "/data"
        try Data().write(to: URL(fileURLWithPath: path))
        let outcome = try run(
          workload(.sequentialWrite, engine) {
            $0.writeBlock = .fixed(.kibibytes(64))
            $0.queueDepth = 4
            $0.direct = direct
            $0.duration = .seconds(20)
          }, on: file(path, size: 32 << 20))
        let error = try #require(outcome.errors.first)
        #expect(error.errno == ENOSPC)
        #expect(error.operation == "write")
        #expect(error.offset > 4 << 20 && error.offset < 16 << 20)
        #expect(outcome.stoppedEarly?.contains("No space left") == true)
        #expect(outcome.elapsed < .seconds(10))
        try FileManager.default.removeItem(atPath: path)
        // ext4 gives the space back when its journal commits.
        try Command.run(["sync", "--file-system", mount.path]).checked()
      }
    }

    @Test(arguments: dataEngines)
    func aDeviceThatGoesAwayEndsTheTrial(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      let watcher = Watcher(after: .milliseconds(300)) { try truncate(loop, to: 0) }
      let outcome = try run(
        workload(.randomRead, engine) {
          $0.queueDepth = 16
          $0.jobs = 2
          $0.duration = .seconds(20)
        }, on: device(loop.path), watcher)
      #expect(outcome.read.ios > 0)
      #expect(outcome.errors.first?.errno == EIO)
      #expect(outcome.stoppedEarly != nil)
      #expect(outcome.elapsed < .seconds(3))
      #expect(outcome.errors.first.map { $0.atNs > .milliseconds(100) } == true)
    }

    @Test(arguments: dataEngines)
    func oneFailingJobEndsTheOthers(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      try truncate(loop, to: 8 << 20)
      let outcome = try run(
        workload(.sequentialRead, engine) {
          $0.jobs = 2
          $0.duration = .seconds(20)
        }, on: device(loop.path))
      #expect(outcome.stoppedEarly != nil)
      #expect(outcome.errors.first?.offset == 8 << 20)
      #expect(outcome.elapsed < .seconds(2))
    }

    @Test(arguments: dataEngines)
    func errorsAreCountedUpToTheirLimit(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      try truncate(loop, to: 8 << 20)
      func reading(_ limit: Int) throws -> StorageOutcome {
        try run(
          workload(.randomRead, engine) {
            $0.queueDepth = 4
            $0.randomMap = true
            $0.errorPolicy = .count(upTo: limit)
          }, on: device(loop.path))
      }
      // One pass: half of 4096 blocks cannot be read.
      let patient = try reading(2048)
      #expect(patient.stoppedEarly == nil)
      #expect(patient.errorCount == 2048)
      #expect(patient.read.ios == 2048)
      #expect(patient.errors.count == 64)
      #expect(patient.errors.allSatisfy { $0.errno == EIO && $0.offset >= 8 << 20 })
      let strict = try reading(100)
      #expect(strict.stoppedEarly != nil)
      #expect((101...104).contains(strict.errorCount))
    }

    @Test func theLimitIsOfTheTrialNotOfEachJob() throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      try truncate(loop, to: 0)
      let outcome = try run(
        workload(.randomRead, .psync) {
          $0.jobs = 4
          $0.totalCount = 60
          $0.errorPolicy = .count(upTo: 100)
        }, on: device(loop.path))
      #expect(outcome.stoppedEarly != nil)
      #expect((101...104).contains(outcome.errorCount))
    }

    @Test(arguments: dataEngines, [true, false])
    func theEndOfAFileIsTold(engine: StorageWorkload.Engine, direct: Bool) throws {
      let folder = try TemporaryFolder()
      let path = folder.path("data")
      try makeFile(path, bytes: 6 * 4096 + 1000)
      let outcome = try run(
        workload(.sequentialRead, engine) {
          $0.direct = direct
          $0.readBlock = .fixed(.kibibytes(8))
        }, on: file(path, size: 10 * 4096))
      #expect(outcome.read.ios == 3)
      #expect(outcome.read.shortIOs == 1)
      let error = try #require(outcome.errors.first)
      #expect(error.errno == ENODATA)
      #expect(error.offset == 6 * 4096 + 1000)
    }

    @Test(arguments: dataEngines + [.null, .nopRing])
    func theObserverStopsIt(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      for load in [
        StorageWorkload.Load.closed, .open(.absolute(Rate(perSecond: 50)), arrivals: .poisson),
      ] {
        let begin = MonotonicClock.now()
        let outcome = try run(
          workload(.randomRead, engine) {
            $0.queueDepth = 8
            $0.jobs = 2
            $0.load = load
            $0.duration = .seconds(60)
          }, on: dataEngines.contains(engine) ? device(loop.path) : memory,
          rate: load == .closed ? nil : 50, Watcher(stopAfter: .milliseconds(150)))
        #expect(MonotonicClock.now() - begin < .seconds(2))
        #expect(outcome.stoppedEarly == nil)
      }
    }
  }
}
