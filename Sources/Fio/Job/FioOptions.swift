internal import Measure
public import Storage

/// fio's words for a workload: "job options" of an export, or a job file for comparison.
public enum FioOptions {
  /// The options that make fio do what the workload does, as far as fio can say it.
  ///
  /// A rate is given per job, as fio takes it; preconditioning and steady-state rounds have no
  /// counterpart and are left out.
  public static func of(
    _ workload: StorageWorkload, on target: StorageTarget
  ) -> [(String, String)] {
    var options: [(String, String)] = [
      ("ioengine", engine(workload.engine)), ("rw", pattern(workload.pattern)),
      (blockOption(workload), blocks(workload)), ("iodepth", "\(workload.queueDepth)"),
      ("numjobs", "\(workload.jobs)"), ("direct", workload.direct ? "1" : "0"), ("thread", "1"),
      ("group_reporting", "1"),
    ]
    if let path = target.path { options.append(("filename", path.replacing(":", with: "\\:"))) }
    let jobs = Int64(max(workload.jobs, 1))
    if let region = workload.regionSize {
      let split = workload.jobRegions == .split && jobs > 1
      options.append(("size", "\(split ? region.count / jobs : region.count)"))
      if split { options.append(("offset_increment", "\(region.count / jobs)")) }
    }
    if workload.regionOffset > .zero {
      options.append(("offset", "\(workload.regionOffset.count)"))
    }
    if workload.pattern.reads, workload.pattern.writes {
      options.append(("rwmixread", "\(Int((workload.readShare.value * 100).rounded()))"))
    }
    if workload.pattern.isRandom, !workload.randomMap { options.append(("norandommap", "1")) }
    return options + ending(workload) + queue(workload) + writing(workload)
  }

  private static func ending(_ workload: StorageWorkload) -> [(String, String)] {
    var options: [(String, String)] = []
    if let duration = workload.duration {
      options.append(("runtime", time(duration)))
      if workload.totalBytes == nil, workload.totalCount == nil {
        options.append(("time_based", "1"))
      }
    }
    if workload.ramp > .zero { options.append(("ramp_time", time(workload.ramp))) }
    if let bytes = workload.totalBytes { options.append(("io_size", "\(bytes.count)")) }
    if let count = workload.totalCount { options.append(("number_ios", "\(count)")) }
    if case .open(.absolute(let rate), let arrivals) = workload.load {
      let each = rate.perSecond / Double(max(workload.jobs, 1))
      let mixed = workload.pattern.reads && workload.pattern.writes
      let share = workload.readShare.value
      let rates = mixed ? [each * share, each * (1 - share)] : [each]
      options.append(
        ("rate_iops", rates.map { "\(Int64($0.rounded()))" }.joined(separator: ",")))
      if arrivals == .poisson { options.append(("rate_process", "poisson")) }
    }
    return options
  }

  private static func queue(_ workload: StorageWorkload) -> [(String, String)] {
    var options: [(String, String)] = []
    let batch = workload.submitBatch ?? workload.queueDepth
    if batch != 1 { options.append(("iodepth_batch_submit", "\(batch)")) }
    if let batch = workload.completeBatch, batch != 1 {
      options.append(("iodepth_batch_complete_min", "\(batch)"))
    }
    if workload.engine == .ioUring || workload.engine == .nvmePassthrough {
      if workload.registeredBuffers { options.append(("fixedbufs", "1")) }
      if workload.registeredFiles { options.append(("registerfiles", "1")) }
      if workload.polled { options.append(("hipri", "1")) }
      if workload.submissionThread { options.append(("sqthread_poll", "1")) }
    }
    if workload.engine == .nvmePassthrough { options.append(("cmd_type", "nvme")) }
    if !workload.timestamps { options.append(("gtod_reduce", "1")) }
    if case .cpus(let cpus) = workload.placement {
      options.append(("cpus_allowed", cpus.map(String.init).joined(separator: ",")))
      options.append(("cpus_allowed_policy", "split"))
    }
    return options
  }

  private static func writing(_ workload: StorageWorkload) -> [(String, String)] {
    var options: [(String, String)] = []
    switch workload.distribution {
    case .uniform: break
    case .zipf(let theta): options.append(("random_distribution", "zipf:\(theta)"))
    case .pareto(let h): options.append(("random_distribution", "pareto:\(h)"))
    case .zoned(let zones):
      let parts = zones.map { "\($0.access.value * 100)/\($0.size.value * 100)" }
      options.append(("random_distribution", "zoned:" + parts.joined(separator: ":")))
    }
    if let every = workload.fsyncEvery { options.append(("fsync", "\(every)")) }
    if let every = workload.fdatasyncEvery { options.append(("fdatasync", "\(every)")) }
    if workload.endFsync { options.append(("end_fsync", "1")) }
    if workload.refill { options.append(("refill_buffers", "1")) }
    switch workload.data {
    case .random: break
    case .zeros: options.append(("zero_buffers", "1"))
    case .compressible(let share):
      let percent = Int((share.value * 100).rounded())
      options.append(("buffer_compress_percentage", "\(percent)"))
    }
    if workload.verify != .off { options.append(("verify", "crc32c")) }
    if case .count = workload.errorPolicy { options.append(("continue_on_error", "all")) }
    return options
  }

  private static func time(_ span: Nanoseconds) -> String {
    span.count % 1_000_000_000 == 0
      ? "\(span.count / 1_000_000_000)" : "\((span.count + 500) / 1_000)us"
  }

  private static func engine(_ engine: StorageWorkload.Engine) -> String {
    switch engine {
    case .psync: "psync"
    case .libaio: "libaio"
    case .ioUring: "io_uring"
    case .nvmePassthrough: "io_uring_cmd"
    // The engine of SPDK's plugin for fio, which is no part of fio.
    case .nvmfRDMA: "spdk"
    // fio has no ring without a device; its null engine does as little.
    case .nopRing, .null: "null"
    }
  }

  private static func pattern(_ pattern: StorageWorkload.Pattern) -> String {
    switch pattern {
    case .sequentialRead: "read"
    case .sequentialWrite: "write"
    case .sequentialMix: "rw"
    case .sequentialTrim: "trim"
    case .randomRead: "randread"
    case .randomWrite: "randwrite"
    case .randomMix: "randrw"
    case .randomTrim: "randtrim"
    }
  }

  private static func blockOption(_ workload: StorageWorkload) -> String {
    switch (workload.readBlock, workload.writeBlock) {
    case (.fixed, .fixed): "bs"
    case (.split, _), (_, .split): "bssplit"
    default: "bsrange"
    }
  }

  private static func blocks(_ workload: StorageWorkload) -> String {
    let option = blockOption(workload)
    func text(_ sizes: StorageWorkload.BlockSizes) -> String {
      switch sizes {
      case .fixed(let size) where option == "bs": short(size)
      case .fixed(let size) where option == "bsrange": "\(short(size))-\(short(size))"
      case .fixed(let size): "\(short(size))/100"
      case .range(let from, let to): "\(short(from))-\(short(to))"
      case .split(let sizes): split(sizes)
      }
    }
    let read = text(workload.readBlock)
    let write = text(workload.writeBlock)
    return read == write ? read : "\(read),\(write)"
  }

  private static func split(_ sizes: [StorageWorkload.BlockSizes.Weighted]) -> String {
    let total = sizes.reduce(0) { $0 + $1.weight }
    return sizes.map { "\(short($0.size))/\(Int(($0.weight / total * 100).rounded()))" }
      .joined(separator: ":")
  }

  /// `4k` for whole KiB, as people write it.
  private static func short(_ size: ByteCount) -> String {
    size.count % 1024 == 0 ? "\(size.count / 1024)k" : "\(size.count)"
  }
}
