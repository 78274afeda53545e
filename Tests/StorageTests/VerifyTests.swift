import Foundation
import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.ioUring) struct Verification {
    private static let blocks = 256

    private func write(
      _ engine: StorageWorkload.Engine = .ioUring, passes: Int64 = 1,
      _ pattern: StorageWorkload.Pattern = .randomWrite, jobs: Int = 1
    ) -> StorageWorkload {
      workload(pattern, engine) {
        $0.verify = .writeThenRead
        $0.queueDepth = 8
        $0.jobs = jobs
        $0.totalCount = passes * Int64(Self.blocks) / Int64(jobs)
      }
    }

    private var check: StorageWorkload {
      workload(.sequentialRead, .psync) { $0.verify = .read }
    }

    private func scratch(_ folder: TemporaryFolder) throws -> String {
      let path = folder.path("data")
      try makeFile(path, bytes: Self.blocks << 12)
      return path
    }

    private func dd(_ words: String...) throws {
      try Command.run(["dd", "status=none", "conv=notrunc,fsync", "bs=4096"] + words).checked()
    }

    @Test(arguments: dataEngines, [StorageWorkload.Pattern.randomWrite, .sequentialWrite])
    func whatWasWrittenIsFound(
      engine: StorageWorkload.Engine, pattern: StorageWorkload.Pattern
    ) throws {
      let folder = try TemporaryFolder()
      let path = try scratch(folder)
      // Two and a half passes: blocks hold writes of different passes.
      var wanted = write(engine, passes: 1, pattern, jobs: 2)
      wanted.totalCount = Int64(Self.blocks) * 5 / 4
      let watcher = Watcher()
      let outcome = try run(wanted, on: file(path), watcher)
      #expect(watcher.phases == ["verifying"])
      #expect(outcome.write.ios == UInt64(Self.blocks) * 5 / 2)
      #expect(outcome.read.ios == 0, "reading back is not measured")
      #expect(outcome.verification?.blocksChecked == UInt64(Self.blocks))
      #expect(outcome.verification?.blocksBad == 0)
      let later = try run(check, on: file(path))
      #expect(later.verification?.blocksChecked == UInt64(Self.blocks))
      #expect(later.verification?.blocksBad == 0)
      #expect(later.verification?.firstBad == nil)
    }

    @Test func aFlippedByteIsFoundWhereItIs() throws {
      let folder = try TemporaryFolder()
      let path = try scratch(folder)
      _ = try run(write(), on: file(path))
      try Command.run([
        "python3", "-c",
        """
        import os
        with open("\(path)", "r+b") as f:
          f.seek(77 * 4096 + 3001); byte = f.read(1)
          f.seek(77 * 4096 + 3001); f.write(bytes([byte[0] ^ 1])); os.fsync(f.fileno())
        """,
      ]).checked()
      let found = try #require(try run(check, on: file(path)).verification)
      #expect(found.blocksChecked == UInt64(Self.blocks))
      #expect(found.blocksBad == 1)
      #expect(found.blocksUnreadable == 0)
      let bad = try #require(found.firstBad)
      #expect(bad.offset == 77 * 4096)
      #expect(bad.reason.contains("checksum"))
      #expect(bad.found.contains("offset \(77 * 4096)"))
    }

    @Test func aBlockOfElsewhereAndAnEmptyOneAreTold() throws {
      let folder = try TemporaryFolder()
      let path = try scratch(folder)
      _ = try run(write(), on: file(path))
      try dd("if=\(path)", "of=\(path)", "skip=5", "seek=9", "count=1")
      try dd("if=/dev/zero", "of=\(path)", "seek=200", "count=1")
      let found = try #require(try run(check, on: file(path)).verification)
      #expect(found.blocksBad == 2)
      let bad = try #require(found.firstBad)
      #expect(bad.offset == 9 * 4096)
      #expect(bad.reason == "a whole block of another offset")
      #expect(bad.found.contains("offset \(5 * 4096),"))
      try dd("if=/dev/zero", "of=\(path)", "seek=9", "count=1")
      let empty = try #require(try run(check, on: file(path)).verification)
      #expect(empty.firstBad?.reason == "no header of Assay")
      #expect(empty.firstBad?.found.hasPrefix("bytes 00 00") == true)
    }

    @Test func anotherRunsBlockIsTold() throws {
      let folder = try TemporaryFolder()
      let path = try scratch(folder)
      _ = try run(write(), on: file(path))
      let found = try run(check, on: file(path), stampSeed: 12).verification
      #expect(found?.blocksBad == UInt64(Self.blocks))
      #expect(found?.firstBad?.reason == "a block of another run or job")
    }

    /// The lost write: what the first pass wrote stands again where the second wrote later.
    @Test func aStaleBlockIsFound() throws {
      let folder = try TemporaryFolder()
      let path = try scratch(folder)
      _ = try run(write(), on: file(path))
      try dd("if=\(path)", "of=\(folder.path("old"))", "skip=40", "count=1")
      let watcher = Watcher(onPhase: { _ in
        try dd("if=\(folder.path("old"))", "of=\(path)", "seek=40", "count=1")
      })
      let found = try #require(
        try run(write(passes: 2), on: file(path), watcher).verification)
      #expect(found.blocksBad == 1)
      let bad = try #require(found.firstBad)
      #expect(bad.offset == 40 * 4096)
      #expect(bad.reason.contains("older write"))
    }

    /// Behind the end of the backing file a loop device gives EIO: no data, so no bad data.
    @Test(Requires.loopDevices) func unreadableIsNotBad() throws {
      let loop = try LoopDevice(bytes: Self.blocks << 12)
      _ = try run(write(), on: device(loop.path))
      try Command.run(["truncate", "-s", "\(192 << 12)", loop.file]).checked()
      var tolerant = check
      tolerant.errorPolicy = .count(upTo: 1_000)
      let outcome = try run(tolerant, on: device(loop.path))
      let found = try #require(outcome.verification)
      #expect(found.blocksBad == 0)
      #expect(found.blocksUnreadable == 64)
      #expect(found.blocksChecked == 192)
      #expect(outcome.errorCount == 64)
      #expect(outcome.errors.first?.errno == EIO)
      #expect(outcome.errors.first?.offset == 192 << 12)
    }

    /// A write that failed is not held against the block that still stands there.
    @Test(Requires.loopDevices) func aFailedWriteIsNoCorruption() throws {
      let small = try LoopDevice(bytes: 64 << 20, fileSystem: "ext4")
      let mount = try TestMount(small.path)
      defer { mount.unmount() }
      var wanted = workload(.sequentialWrite, .psync) {
        $0.verify = .writeThenRead
        $0.writeBlock = .fixed(.kibibytes(64))
        $0.regionSize = .mebibytes(64)
      }
      wanted.errorPolicy = .count(upTo: 100_000)
      // A sparse file, larger than what is free: what could not be written reads as zeros.
      try Command.run(["truncate", "-s", "64M", mount.path + "/data"]).checked()
      let outcome = try run(wanted, on: file(mount.path + "/data", size: 64 << 20))
      #expect(outcome.errorCount > 0)
      #expect(outcome.errors.allSatisfy { $0.errno == ENOSPC })
      let found = try #require(outcome.verification)
      #expect(found.blocksBad == 0)
      #expect(found.blocksChecked + found.blocksUnreadable == 1024)
      #expect(found.blocksUnreadable == outcome.errorCount)
    }
  }
}
