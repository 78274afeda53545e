import Foundation
import Host
import Measure
import TestSupport
import Testing

@testable import Storage

extension RealIO {
  @Suite(Requires.loopDevices, Requires.ioUring) struct Engines {
    @Test(Requires.zram, arguments: dataEngines)
    func theKernelCountsWhatWeCount(engine: StorageWorkload.Engine) throws {
      let disk = try ZramDisk(bytes: 64 << 20)
      for (pattern, depth) in [
        (StorageWorkload.Pattern.randomWrite, 32), (.randomRead, 32), (.randomMix, 3),
        (.sequentialRead, 1),
      ] {
        var outcome = StorageOutcome()
        let kernel = try counted(on: disk.name) {
          outcome = try run(
            workload(pattern, engine) {
              $0.queueDepth = depth
              $0.duration = .milliseconds(150)
            }, on: device(disk.path))
        }
        #expect(outcome.errorCount == 0)
        #expect(outcome.read.ios + outcome.write.ios > 100)
        #expect(UInt64(kernel.readIOs + kernel.readMerges) == outcome.read.ios)
        #expect(UInt64(kernel.bytesRead.count) == outcome.read.bytes)
        #expect(UInt64(kernel.writeIOs + kernel.writeMerges) == outcome.write.ios)
        #expect(UInt64(kernel.bytesWritten.count) == outcome.write.bytes)
        // How much longer a busy machine makes it is no matter of ours.
        #expect(outcome.elapsed >= .milliseconds(149), "\(outcome.elapsed.count) ns")
      }
    }

    @Test(arguments: dataEngines + [.null, .nopRing])
    func aBudgetOfIOsIsMetExactly(engine: StorageWorkload.Engine) throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      let takesDevice = dataEngines.contains(engine)
      for depth in [1, 3, 32, 128] {
        for batch in [1, 5, 128] where batch <= depth {
          var outcome = StorageOutcome()
          let kernel = try counted(on: loop.name) {
            outcome = try run(
              workload(.randomRead, engine) {
                $0.queueDepth = depth
                $0.submitBatch = batch
                $0.completeBatch = batch
                $0.totalCount = 701
                $0.jobs = 2
              }, on: takesDevice ? device(loop.path) : memory)
          }
          #expect(outcome.read.ios == 1402, "depth \(depth), batch \(batch)")
          #expect(outcome.read.bytes == 1402 * 4096)
          #expect(outcome.read.latency.count == 1402)
          #expect(outcome.depthLevels.reduce(0, +) == 1402)
          #expect(outcome.workers.map(\.ios) == [701, 701])
          #expect(outcome.errorCount == 0 && outcome.stoppedEarly == nil)
          // Neighbours in one batch may become one request.
          if takesDevice { #expect(kernel.readIOs + kernel.readMerges == 1402) }
          if takesDevice { #expect(kernel.bytesRead.count == 1402 * 4096) }
        }
      }
    }

    /// ext4 with O_DIRECT, sizes drawn: what the file system was asked for is what we counted.
    @Test(arguments: dataEngines)
    func mixedSizesOnAFileAddUp(engine: StorageWorkload.Engine) throws {
      let folder = try TemporaryFolder()
      let path = folder.path("data")
      try makeFile(path, bytes: 8 << 20)
      let sizes = StorageWorkload.BlockSizes.split([
        .init(size: .kibibytes(4), weight: 1), .init(size: .kibibytes(16), weight: 1),
      ])
      let outcome = try run(
        workload(.randomMix, engine) {
          $0.queueDepth = 8
          $0.readBlock = sizes
          $0.writeBlock = .range(from: .kibibytes(4), to: .kibibytes(64))
          $0.totalCount = 400
          $0.readShare = Fraction(0.7)
        }, on: file(path))
      #expect(outcome.read.ios + outcome.write.ios == 400)
      #expect(abs(Double(outcome.read.ios) - 280) < 50)
      #expect(outcome.read.bytes > outcome.read.ios * 4096)
      #expect(outcome.read.bytes < outcome.read.ios * 16384)
      #expect(outcome.write.bytes > outcome.write.ios * 4096)
      #expect(outcome.errorCount == 0)
    }

    @Test func aRingOfNopsTakesEverySizeAndSync() throws {
      let outcome = try run(
        workload(.randomMix, .nopRing) {
          $0.queueDepth = 4
          $0.readBlock = .range(from: .kibibytes(4), to: .kibibytes(64))
          $0.totalCount = 500
          $0.fsyncEvery = 10
        }, on: memory)
      #expect(outcome.errorCount == 0, "\(outcome.errors)")
      #expect(outcome.read.ios + outcome.write.ios == 500)
      #expect(outcome.write.bytes == outcome.write.ios * 4096)
      #expect(outcome.sync.ios > 10)
    }

    /// Every block carries the stamp of its own offset after one pass of two jobs, each from its
    /// own half: covered, disjoint and once.
    @Test(arguments: [StorageWorkload.Pattern.sequentialWrite, .randomWrite], dataEngines)
    func splitJobsCoverTheRegionOnce(
      pattern: StorageWorkload.Pattern, engine: StorageWorkload.Engine
    ) throws {
      let loop = try LoopDevice(bytes: 4 << 20)
      var outcome = StorageOutcome()
      let kernel = try counted(on: loop.name) {
        outcome = try run(
          workload(pattern, engine) {
            $0.queueDepth = 7
            $0.jobs = 2
            $0.verify = .writeThenRead
            $0.direct = true
          }, on: device(loop.path))
      }
      #expect(kernel.bytesWritten.count == 4 << 20)
      #expect(outcome.write.ios == 1024)
      #expect(outcome.verification?.blocksChecked == 1024)
      #expect(outcome.verification?.blocksBad == 0)
      try Command.run(["sync", loop.file]).checked()
      let content = try Data(contentsOf: URL(fileURLWithPath: loop.file))
      var perJob: [Set<UInt64>] = [[], []]
      for block in 0..<1024 {
        let words = content.withUnsafeBytes { bytes in
          (0..<3).map { bytes.load(fromByteOffset: block * 4096 + $0 * 8, as: UInt64.self) }
        }
        #expect(words[0] == BlockStamp.magic)
        #expect(words[1] == UInt64(block * 4096))
        perJob[block / 512].insert(words[2])
      }
      #expect(perJob == [Set(0..<512), Set(0..<512)])
    }

    @Test func whatIsOffStaysOff() throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      let outcome = try run(
        workload(.randomRead) {
          $0.queueDepth = 8
          $0.totalCount = 500
          $0.registeredBuffers = false
          $0.registeredFiles = false
          $0.timestamps = false
        }, on: device(loop.path))
      #expect(outcome.read.ios == 500)
      #expect(outcome.read.bytes == 500 * 4096)
      #expect(outcome.read.latency.count == 0)
      #expect(!outcome.features.contains { $0.hasPrefix("registered buffers") })
      #expect(outcome.longestGap == nil, "without times there are no gaps")
    }

    @Test func aSubmissionThreadMovesTheSame() throws {
      let loop = try LoopDevice(bytes: 16 << 20)
      let outcome = try run(
        workload(.randomRead) {
          $0.queueDepth = 5
          $0.totalCount = 700
          $0.submissionThread = true
        }, on: device(loop.path))
      #expect(outcome.read.ios == 700)
      #expect(outcome.errorCount == 0)
      #expect(outcome.features.contains("SQPOLL"))
    }

    @Test func aRampIsNotMeasured() throws {
      let watcher = Watcher()
      let outcome = try run(
        workload(.randomRead, .null) {
          $0.ramp = .milliseconds(300)
          $0.duration = .milliseconds(1200)
          $0.queueDepth = 4
        }, on: memory, watcher)
      #expect(abs(outcome.elapsed.inSeconds - 1.2) < 0.1)
      #expect(watcher.rows.reduce(0) { $0 + $1.readIOs } == outcome.read.ios)
      #expect(watcher.rows.map(\.second) == [0, 1])
    }
  }
}
