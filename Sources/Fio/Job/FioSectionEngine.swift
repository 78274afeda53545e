internal import Measure
internal import Storage

extension FioSectionMapper {
  /// ioengine, depth, batches, direct and the ring's options.
  mutating func mapEngine(_ workload: inout StorageWorkload) {
    let engine = take("ioengine")
    workload.engine = .psync
    switch engine?.value ?? "psync" {
    case "psync": break
    case "sync", "vsync", "pvsync", "pvsync2":
      changed(engine, "becomes psync: pread and pwrite, one at a time")
    case "libaio": workload.engine = .libaio
    case "io_uring": workload.engine = .ioUring
    case "io_uring_cmd": workload.engine = .nvmePassthrough
    case "null": workload.engine = .null
    case let other:
      if let engine { unknownEngine(engine, other) }
    }
    if let setting = take("cmd_type"), setting.value != "nvme" {
      fail(setting, "only nvme commands can be sent")
    }
    workload.jobs = Int(clamping: max(whole("numjobs") ?? 1, 1))
    mapDepth(&workload)
    mapDirect(&workload)
    let fixedBuffers = flag("fixedbufs") ?? false
    let registeredFiles = flag("registerfiles") ?? false
    if workload.engine == .ioUring || workload.engine == .nvmePassthrough {
      workload.registeredBuffers = fixedBuffers
      workload.registeredFiles = registeredFiles
    }
    workload.polled = flag("hipri") ?? false
    if workload.polled, peek("ioengine")?.value == "pvsync2" {
      workload.polled = false
      list("hipri", "polling is there with io_uring only")
    }
    workload.submissionThread = flag("sqthread_poll") ?? false
    if let value = whole("nonvectored"), value == 0 {
      list("nonvectored", "Assay's ring has no vectored reads and writes")
    }
    if let reduce = flag("gtod_reduce") { workload.timestamps = !reduce }
  }

  private mutating func unknownEngine(_ setting: FioJobFile.Setting, _ name: String) {
    if FioOption.engines.contains(name) {
      fail(setting, "the engine `\(name)` has no counterpart; use psync, libaio or io_uring")
    } else if name.hasPrefix("external:") {
      fail(setting, "engines from a shared object have no counterpart")
    } else {
      fail(
        setting, "`\(name)` is no engine of fio",
        nearest: NearestWord.of(name, in: FioOption.engines))
    }
  }

  private mutating func mapDepth(_ workload: inout StorageWorkload) {
    let depth = Int(clamping: max(whole("iodepth") ?? 1, 1))
    workload.queueDepth = depth
    if workload.engine == .psync, depth > 1 {
      workload.queueDepth = 1
      changed(peek("iodepth"), "a synchronous engine has one I/O in flight, in fio as in Assay")
    }
    // fio submits one by one unless told otherwise; 0 stands for the depth.
    let batch = Int(clamping: whole("iodepth_batch") ?? 1)
    workload.submitBatch = batch == 0 ? workload.queueDepth : min(batch, workload.queueDepth)
    let complete = Int(clamping: whole("iodepth_batch_complete_min") ?? 1)
    workload.completeBatch = max(1, min(complete, workload.queueDepth))
    if complete == 0 {
      list("iodepth_batch_complete_min", FioCounterparts.reason("iodepth_batch_complete_min"))
    }
  }

  private mutating func mapDirect(_ workload: inout StorageWorkload) {
    let direct = flag("direct")
    let buffered = flag("buffered")
    switch last(of: "direct", "buffered") {
    case "direct": workload.direct = direct ?? false
    case "buffered": workload.direct = !(buffered ?? true)
    default: workload.direct = false
    }
    if workload.engine == .libaio, !workload.direct {
      changed(
        peek("ioengine"),
        "without direct=1 the kernel does libaio's I/O synchronously; the depth has no effect")
    }
  }

  // MARK: When it ends

  /// runtime, time_based, ramp_time, loops, number_ios and io_size.
  mutating func mapEnd(_ workload: inout StorageWorkload, size: Int64?) {
    let runtime = time("runtime").flatMap { $0 > .zero ? $0 : nil }
    var timeBased = flag("time_based") ?? false
    let loops = max(whole("loops") ?? 1, 1)
    let ioSize = value("io_size") { values, text throws(FioValueError) in
      try values.sizeOrPercent(text)
    }
    workload.ramp = time("ramp_time") ?? .zero
    workload.duration = runtime
    workload.totalCount = whole("number_ios").flatMap { $0 > 0 ? $0 : nil }
    if timeBased, runtime == nil, let setting = peek("time_based") {
      changed(setting, "without `runtime` fio takes no notice of it")
      timeBased = false
    }
    var bytes = size
    switch ioSize {
    case .bytes(let count) where count > 0: bytes = count
    case .percent(let percent): bytes = size.map { $0 / 100 * percent }
    case .bytes, nil: break
    }
    if timeBased { return }
    let total = bytes.map { $0.multipliedReportingOverflow(by: loops) }
    workload.totalBytes = total.flatMap { $0.overflow ? nil : ByteCount($0.partialValue) }
    if loops > 1, workload.totalBytes == nil {
      list("loops", "the job's size is not known; give `size`")
    }
  }

  // MARK: Rates

  /// rate, rate_iops and rate_process.
  mutating func mapLoad(_ workload: inout StorageWorkload) {
    let name = last(of: "rate", "rate_iops")
    let process = take("rate_process")
    let rate = take("rate")
    let rateIOPS = take("rate_iops")
    var arrivals = StorageWorkload.Load.Arrivals.fixed
    if let process {
      switch process.value {
      case "linear": break
      case "poisson": arrivals = .poisson
      default:
        let word = process.value ?? ""
        fail(
          process, "`\(word)` is neither linear nor poisson",
          nearest: NearestWord.of(word, in: ["linear", "poisson"]))
      }
    }
    guard let name, let setting = name == "rate" ? rate : rateIOPS else { return }
    do {
      try setRate(setting, arrivals: arrivals, &workload)
    } catch {
      fail(setting, error.message)
    }
    if rate != nil, rateIOPS != nil {
      list(name == "rate" ? "rate_iops" : "rate", "a load has one rate; the later option counts")
    }
  }

  private mutating func setRate(
    _ setting: FioJobFile.Setting, arrivals: StorageWorkload.Load.Arrivals,
    _ workload: inout StorageWorkload
  ) throws(FioValueError) {
    let parts = (setting.value ?? "").split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmed }
    // Of a short list the last value holds for the rest; an empty part is no limit.
    func part(_ index: Int) throws(FioValueError) -> Double {
      let text = parts[min(index, parts.count - 1)]
      return text.isEmpty ? 0 : Double(try values.whole(text))
    }
    let inBytes = setting.name == "rate"
    let pattern = workload.pattern
    let readSize = inBytes ? workload.readBlock.meanBytes : 1
    let writeSize = inBytes ? workload.writeBlock.meanBytes : 1
    let read = pattern.reads ? try part(0) / readSize : 0
    let write = pattern.writes ? try part(1) / writeSize : 0
    let trim = pattern.trims ? try part(2) / writeSize : 0
    let total = read + write + trim
    guard total > 0 else { return }
    if pattern.reads, pattern.writes {
      guard read > 0, write > 0 else {
        throw FioValueError("a rate for only one direction of a mix has no counterpart")
      }
      let share = Fraction(read / total)
      if abs(share.value - workload.readShare.value) > 0.005 {
        changed(setting, "the rates decide the mix: \(Int((share.value * 100).rounded()))% reads")
      }
      workload.readShare = share
    }
    workload.load = .open(
      .absolute(Rate(perSecond: total * Double(workload.jobs))), arrivals: arrivals)
    changed(
      setting,
      "becomes an open loop over all jobs: latency counts from the intended start of each I/O, "
        + "where fio counts from the moment at which it issues it")
  }
}
