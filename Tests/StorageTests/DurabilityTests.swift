import Foundation
import Host
import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.ioUring) struct Durability {
    @Test(arguments: dataEngines, [1, 10])
    func everyNthWriteIsSynced(engine: StorageWorkload.Engine, every: Int) throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("data"), bytes: 1 << 20)
      for isData in [true, false] {
        let outcome = try run(
          workload(.randomWrite, engine) {
            $0.totalCount = 100
            if isData { $0.fdatasyncEvery = every } else { $0.fsyncEvery = every }
          }, on: file(folder.path("data")))
        #expect(outcome.write.ios == 100)
        #expect(outcome.sync.ios == UInt64(100 / every))
        #expect(outcome.sync.latency.count == outcome.sync.ios)
        #expect(outcome.sync.service.minimum > 0)
        #expect(outcome.sync.bytes == 0)
        #expect(outcome.errorCount == 0)
      }
    }

    /// The kernel's own count of flushes on a loop device.
    @Test(Requires.loopDevices) func syncsReachTheDevice() throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      for engine in dataEngines {
        var outcome = StorageOutcome()
        let kernel = try counted(on: loop.name) {
          outcome = try run(
            workload(.randomWrite, engine) {
              $0.totalCount = 40
              $0.fsyncEvery = 4
            }, on: device(loop.path))
        }
        #expect(kernel.flushIOs.map { UInt64($0) } == outcome.sync.ios)
      }
    }

    /// etcd's write-ahead log: 2300 B appended, fdatasync after each.
    @Test func aWriteAheadLogOfOddBlocks() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("wal"), bytes: 22 << 20)
      let outcome = try run(
        workload(.sequentialWrite, .psync) {
          $0.direct = false
          $0.writeBlock = .fixed(ByteCount(2300))
          $0.fdatasyncEvery = 1
          $0.totalCount = 60
        }, on: file(folder.path("wal")))
      #expect(outcome.write.ios == 60)
      #expect(outcome.write.bytes == 60 * 2300)
      #expect(outcome.sync.ios == 60)
      let content = try Data(contentsOf: URL(fileURLWithPath: folder.path("wal")))
      #expect(content[..<(60 * 2300)].contains { $0 != 0 })
      #expect(content[(60 * 2300)...].allSatisfy { $0 == 0 })
    }

    @Test func theLastFsyncIsMade() throws {
      let folder = try TemporaryFolder()
      try makeFile(folder.path("data"), bytes: 1 << 20)
      let outcome = try run(
        workload(.randomWrite) {
          $0.totalCount = 10
          $0.endFsync = true
        }, on: file(folder.path("data")))
      #expect(outcome.errorCount == 0)
    }

    private func allocated(_ path: String) throws -> Int {
      var status = stat()
      try #require(stat(path, &status) == 0)
      return status.st_blocks * 512
    }

    @Test(Requires.loopDevices, arguments: dataEngines)
    func trimsGiveBlocksBack(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 4 << 20)
      let fill = workload(.sequentialWrite, engine) { $0.writeBlock = .fixed(.kibibytes(64)) }
      _ = try run(fill, on: device(loop.path))
      try Command.run(["sync", loop.file]).checked()
      try #require(try allocated(loop.file) >= 4 << 20)
      var outcome = StorageOutcome()
      let kernel = try counted(on: loop.name) {
        outcome = try run(
          workload(.randomTrim, engine) {
            $0.writeBlock = .fixed(.kibibytes(64))
            $0.queueDepth = 4
            $0.randomMap = true
            $0.totalCount = 48
          }, on: device(loop.path))
      }
      #expect(outcome.trim.ios == 48)
      #expect(outcome.trim.bytes == 48 << 16)
      #expect(outcome.trim.latency.count == 48)
      #expect(kernel.discardSectors == 48 << 7)
      try Command.run(["sync", loop.file]).checked()
      let left = try allocated(loop.file)
      // And a block or two of the file system's own map of the holes.
      #expect((16 << 16...(16 << 16) + 8192).contains(left))
    }

    @Test func trimsPunchHolesIntoFiles() throws {
      let folder = try TemporaryFolder()
      let path = folder.path("data")
      _ = FileManager.default.createFile(atPath: path, contents: Data(repeating: 7, count: 1 << 20))
      try Command.run(["sync", path]).checked()
      let before = try allocated(path)
      let outcome = try run(
        workload(.sequentialTrim, .ioUring) { $0.regionSize = .kibibytes(512) }, on: file(path))
      #expect(outcome.trim.ios == 128)
      #expect(before - (try allocated(path)) == 512 << 10)
      let content = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(content.count == 1 << 20)
      #expect(content[..<(512 << 10)].allSatisfy { $0 == 0 })
      #expect(content[(512 << 10)...].allSatisfy { $0 == 7 })
    }
  }

  @Suite struct Footprint {
    private func residentBytes() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(Int(text.split(separator: " ")[1])) * 4096
    }

    /// Millions of I/Os more take no memory more.
    @Test func memoryDoesNotGrowWithTime() throws {
      func running(_ span: Nanoseconds) throws -> Int {
        let outcome = try run(
          workload(.randomRead, .null) {
            $0.queueDepth = 32
            $0.duration = span
          }, on: memory)
        #expect(outcome.read.ios > 10_000)
        return try residentBytes()
      }
      _ = try running(.milliseconds(300))
      let short = try running(.milliseconds(300))
      let long = try running(.seconds(4))
      #expect(Double(long - short) / Double(short) < 0.05)
    }
  }
}
