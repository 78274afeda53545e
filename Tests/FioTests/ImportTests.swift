import Foundation
import Measure
import Storage
import TestSupport
import Testing

@testable import Fio

@Suite("fio jobs become workloads that do what fio would have done")
struct ImportTests {
  func only(_ result: FioImport) throws -> StorageWorkload {
    #expect(result.errors.map(\.description) == [])
    return try #require(result.workloads.first).workload
  }

  @Test("the sample is mapped or listed, option by option")
  func sample() throws {
    let text = try Support.fixture("sample.fio")
    let file = FioJobFile.parse(
      text: text, path: "sample.fio", environment: [:], keywords: Support.keywords,
      includeLoader: { _ in nil })
    let result = FioImport.map(file)
    #expect(result.errors.map(\.description) == [])
    for setting in file.sections.flatMap(\.options) {
      let listed = result.notes.contains { $0.place == setting.place }
      #expect(result.mapped.contains(setting) || listed, "\(setting.written)")
    }
    #expect(result.name == "sample")
    #expect(
      result.systems == [
        .init(
          name: "io-t-bin",
          target: .file(
            .init(
              path: "/dev/shm/io_t.bin", size: .mebibytes(256), keep: true,
              overwriteExisting: true)))
      ])
    #expect(result.workloads.map(\.name) == ["rand-mix", "seq-trimless-write"])
    let mix = result.workloads[0].workload
    #expect(mix.engine == .ioUring && mix.pattern == .randomMix && mix.direct)
    #expect(mix.readShare == .percent(70) && mix.queueDepth == 16 && mix.jobs == 2)
    #expect(mix.duration == .seconds(4) && mix.totalBytes == nil && !mix.randomMap)
    #expect(mix.submitBatch == 1 && !mix.registeredBuffers && mix.placement == .free)
    #expect(mix.regionSize == .mebibytes(256) && mix.jobRegions == .shared)
    let write = result.workloads[1].workload
    #expect(write.pattern == .sequentialWrite && write.writeBlock == .fixed(.kibibytes(128)))
    #expect(write.duration == .seconds(2) && write.queueDepth == 4)
    #expect(
      result.notes.map { "\($0.place.line) \($0.kind.rawValue)" } == [
        "22 no counterpart", "23 no counterpart",
      ])
  }

  @Test("fio's defaults are set where Assay's differ")
  func defaults() throws {
    let workload = try only(Support.job("rw=randread"))
    #expect(workload.engine == .psync && !workload.direct && workload.queueDepth == 1)
    #expect(workload.submitBatch == 1 && workload.completeBatch == 1)
    #expect(workload.randomMap && workload.jobRegions == .shared)
    let ring = try only(Support.job("ioengine=io_uring"))
    #expect(!ring.registeredBuffers && !ring.registeredFiles)
    #expect(workload.placement == .free && workload.load == .closed)
    #expect(workload.errorPolicy == .stop && workload.verify == .off && workload.timestamps)
  }

  @Test(
    "block sizes for reads and writes",
    arguments: [
      ("bs=8k", 8, 8), ("bs=4k,8k", 4, 8), ("bs=,8k", 4, 8), ("bs=8k,", 8, 4),
      ("blocksize=4k,8k,16k", 4, 8),
    ])
  func blocks(line: String, read: Int64, write: Int64) throws {
    let workload = try only(Support.job("rw=randrw", line))
    #expect(workload.readBlock == .fixed(.kibibytes(read)))
    #expect(workload.writeBlock == .fixed(.kibibytes(write)))
  }

  @Test("splits, ranges and trims")
  func splits() throws {
    let split = try only(Support.job("rw=randread", "bs=1k", "bssplit=4k/10:64k/50:32k"))
    #expect(
      split.readBlock
        == .split([
          .init(size: .kibibytes(4), weight: 10), .init(size: .kibibytes(64), weight: 50),
          .init(size: .kibibytes(32), weight: 40),
        ]))
    let range = try only(Support.job("rw=randrw", "bsrange=4k-1k,2k-8k"))
    #expect(range.readBlock == .range(from: .kibibytes(1), to: .kibibytes(4)))
    #expect(range.writeBlock == .range(from: .kibibytes(2), to: .kibibytes(8)))
    let trim = try only(Support.job("rw=randtrim", "bs=4k,8k,16k"))
    #expect(trim.pattern == .randomTrim && trim.writeBlock == .fixed(.kibibytes(16)))
  }

  @Test("targets: devices, files, fio's own names, files per job")
  func targets() throws {
    func system(_ text: String) throws -> StorageTarget {
      let result = Support.map(text)
      #expect(result.errors.map(\.description) == [])
      return try #require(result.systems.first).target
    }
    func file(_ path: String, _ kibibytes: Int64, keep: Bool = true) -> StorageTarget {
      .file(
        .init(path: path, size: .kibibytes(kibibytes), keep: keep, overwriteExisting: true))
    }
    #expect(try system("[a]\nfilename=/dev/sdx\n") == .device(path: "/dev/sdx"))
    #expect(try system("[a b]\nsize=64k\n") == file("a b.0.0", 64))
    #expect(
      try system("[a]\nsize=64k\ndirectory=/x\nunlink\n".replacing("unlink", with: "unlink=1"))
        == file("/x/a.0.0", 64, keep: false))
    #expect(
      try system("[a]\nsize=64k\noffset=32k\nfilename=q\\:1\ndirectory=/x/\n") == file("/x/q:1", 96)
    )
    #expect(try system("[a]\nsize=64k\nnumjobs=3\n") == file("a.0.0", 192))
    #expect(try system("[a]\nsize=64k\nfilename=x\nnumjobs=3\n") == file("x", 64))
    #expect(
      try system("[a]\nsize=64k\noffset_increment=64k\nfilename=x\nnumjobs=3\n") == file("x", 192))
    #expect(try system("[a]\nioengine=null\nsize=64k\n") == .none(size: .kibibytes(64)))
    #expect(try system("[a]\nfilename=x\nsize=50%\nfilesize=128k\n") == file("x", 128))
  }

  @Test("files that one system cannot be are errors")
  func severalFiles() {
    for lines in ["filename=a:b\nsize=1m", "nrfiles=4\nsize=1m", "directory=/a:/b\nsize=1m"] {
      let result = Support.map("[a]\n\(lines)\n")
      #expect(result.errors.count == 1 && result.workloads.isEmpty, "\(lines)")
    }
    #expect(Support.map("[a]\nfilename=x\n").errors.first?.message.contains("`size`") == true)
  }

  @Test("how a job ends")
  func ends() throws {
    let both = try only(Support.job("size=1m", "runtime=5", "loops=2", "ramp_time=1s"))
    #expect(both.duration == .seconds(5) && both.totalBytes == .mebibytes(2))
    #expect(both.ramp == .seconds(1))
    let timed = try only(Support.job("size=1m", "runtime=5", "time_based"))
    #expect(timed.duration == .seconds(5) && timed.totalBytes == nil)
    let sized = try only(Support.job("size=1m", "io_size=3m", "number_ios=7"))
    #expect(sized.totalBytes == .mebibytes(3) && sized.totalCount == 7 && sized.duration == nil)
    let bare = Support.job("time_based", "size=1m")
    #expect(bare.notes.count == 1 && bare.workloads.first?.workload.totalBytes == .mebibytes(1))
  }

  @Test(
    "a real fio moves as many bytes as the workload says", Requires.tool("fio"),
    arguments: [
      ["size=1m"], ["size=1m", "loops=3"], ["size=1m", "io_size=256k"], ["size=1m", "numjobs=2"],
      ["size=1m", "number_ios=10"], ["size=1m", "bs=16k", "rw=randwrite", "iodepth=4"],
      ["size=1m", "runtime=5"], ["size=1m", "rw=randrw", "bs=4k,8k", "norandommap"],
    ])
  func amounts(lines: [String]) throws {
    let text = "[a]\nioengine=null\ngroup_reporting\n" + lines.joined(separator: "\n") + "\n"
    let folder = try TemporaryFolder(in: "/dev/shm")
    try folder.write(text, to: "job.fio")
    let out = try Command.run(
      ["fio", "--output-format=json", "job.fio"], folder: folder.path
    ).checked().stdout
    let job = try #require(try FioJSON.read(out, from: "fio").first?.jobs.first)
    let moved = job.directions.compactMap(\.direction.ioBytes).reduce(0, +)
    let ios = job.directions.compactMap(\.direction.totalIos).reduce(0, +)
    let workload = try only(Support.map(text))
    if let count = workload.totalCount {
      #expect(Int64(ios) == count * Int64(workload.jobs))
    } else {
      let total = try #require(workload.totalBytes)
      let said = total.count * Int64(workload.jobs)
      // The last I/O of a mix of sizes may pass the end.
      let largest = max(workload.readBlock.largest, workload.writeBlock.largest)
      #expect((said..<said + largest.count).contains(Int64(moved)))
    }
  }

  @Test("rates become open loops over all jobs")
  func rates() throws {
    let mixed = try only(Support.job("rw=randrw", "rate_iops=100", "numjobs=2"))
    // Real fio 3.33 does 100 reads and 100 writes a second in each of the two jobs.
    #expect(mixed.load == .open(.absolute(Rate(perSecond: 400)), arrivals: .fixed))
    let bytes = try only(Support.job("rw=write", "bs=4k", "rate=1m", "rate_process=poisson"))
    #expect(bytes.load == .open(.absolute(Rate(perSecond: 256)), arrivals: .poisson))
    let uneven = try only(Support.job("rw=rw", "rate_iops=300,100", "rwmixread=20"))
    #expect(uneven.readShare == Fraction(0.75))
    #expect(Support.job("rw=rw", "rate_iops=,100").errors.count == 1)
  }

  @Test("the other options")
  func others() throws {
    let workload = try only(
      Support.job(
        "rw=randwrite", "ioengine=io_uring", "hipri", "fixedbufs", "registerfiles",
        "sqthread_poll=1", "iodepth=32", "iodepth_batch=8", "iodepth_batch_complete_min=4",
        "random_distribution=zoned:60/10:30/20:10/70", "fsync=8", "end_fsync=1",
        "buffer_compress_percentage=50", "continue_on_error=all", "gtod_reduce=1",
        "cpus_allowed=0-1,4", "cpus_allowed_policy=split", "buffered=0", "verify=crc32c"))
    #expect(workload.polled && workload.registeredBuffers && workload.registeredFiles)
    #expect(workload.submissionThread && workload.queueDepth == 32 && workload.submitBatch == 8)
    #expect(workload.completeBatch == 4 && !workload.randomMap && workload.direct)
    #expect(
      workload.distribution
        == .zoned([
          .init(access: .percent(60), size: .percent(10)),
          .init(access: .percent(30), size: .percent(20)),
          .init(access: .percent(10), size: .percent(70)),
        ]))
    #expect(workload.fsyncEvery == 8 && workload.endFsync)
    #expect(workload.data == .compressible(.percent(50)) && workload.refill)
    #expect(workload.errorPolicy == .count(upTo: .max) && !workload.timestamps)
    #expect(workload.placement == .cpus([0, 1, 4]) && workload.verify == .writeThenRead)
  }

  @Test("what contradicts itself or has no use is taken back, and said")
  func settled() throws {
    let both = Support.job("rw=write", "fsync=8", "fdatasync=4")
    #expect(try only(both).fdatasyncEvery == nil && both.notes.count == 1)
    let read = try only(Support.job("rw=read", "fsync=8", "refill_buffers", "bs=4k,8k"))
    #expect(read.fsyncEvery == nil && !read.refill && read.writeBlock == .fixed(.kibibytes(4)))
    let mix = Support.job("rw=randrw", "verify=md5")
    #expect(try only(mix).verify == .off && mix.notes.contains { $0.kind == .noCounterpart })
    let later = try only(Support.job("rw=randwrite", "bs=8k", "verify=md5", "verify_only"))
    #expect(later.verify == .read && later.pattern == .randomRead)
    #expect(later.readBlock == .fixed(.kibibytes(8)))
    #expect(Support.job("ioengine=io_uring_cmd").errors.count == 1)
    #expect(Support.map("[a]\nfilename=/x\nsize=1m\n").errors.isEmpty)
    #expect(FioImport.map(Support.parse("[a]\nfilename=/dev/x\n")).errors.count == 1)
  }

  @Test("jobs that fio runs at the same time are said to become separate cases")
  func concurrent() {
    let apart = Support.map("[a]\nfilename=/dev/x\n[b]\nstonewall\nfilename=/dev/x\n")
    #expect(apart.notes.isEmpty)
    let together = Support.map("[a]\nfilename=/dev/x\n[b]\nfilename=/dev/x\n")
    #expect(together.notes.first?.message.contains("concurrent sections") == true)
    #expect(together.systems.count == 1)
  }

  @Test("engines without counterpart and patterns with holes are errors")
  func cannot() {
    for line in ["ioengine=mmap", "ioengine=foo", "rw=read:8k", "rw=trimwrite"] {
      #expect(Support.job(line).errors.count == 1, "\(line)")
    }
    #expect(Support.job("ioengine=libaoi").errors.first?.nearest == "libaio")
  }

  /// A value that each kind of option takes.
  func value(_ option: FioOption) -> String {
    let known = [
      "rw": "read", "ioengine": "libaio", "random_distribution": "random", "verify": "0",
      "rate_process": "linear", "bsrange": "4k-8k", "bssplit": "4k/100", "nrfiles": "1",
      "continue_on_error": "none", "cpus_allowed_policy": "shared", "cmd_type": "nvme",
      "rw_sequencer": "sequential",
    ]
    let number = option.range.map { String(max($0.lowerBound, min(1, $0.upperBound))) } ?? "1"
    return known[option.name] ?? number
  }

  @Test("every option that fio knows is mapped or listed, none is passed over")
  func everyOption() throws {
    for option in FioOption.all {
      let engine = option.engines.isEmpty ? "" : "ioengine=\(option.engines[0])\n"
      let file = Support.parse(
        "[a]\nsize=1m\nruntime=1\n\(engine)\(option.name)=\(value(option))\n")
      let setting = try #require(file.sections.first?.options.last)
      let result = FioImport.map(file)
      let listed = (result.notes + result.errors).contains {
        $0.place == setting.place || $0.place == setting.valuePlace
      }
      #expect(result.mapped.contains(setting) || listed, "\(option.name)")
    }
  }
}
