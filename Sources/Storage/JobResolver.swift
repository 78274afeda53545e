internal import Measure

extension StorageWorkload {
  /// A reason why a workload cannot run on a target.
  public struct Obstacle: Hashable, Sendable {
    /// The scenario's key that is to blame.
    public var key: String
    /// What is wrong, with the device's value.
    public var message: String
    /// How to mend it.
    public var hint: String
  }

  /// Everything that stands against running on a target with these facts, found before the run.
  public func obstacles(on facts: TargetFacts) -> [Obstacle] {
    alignmentObstacles(facts) + regionObstacles(facts) + engineObstacles(facts)
      + deviceObstacles(facts)
  }

  private func alignmentObstacles(_ facts: TargetFacts) -> [Obstacle] {
    guard facts.isRaw || facts.path != nil && direct else { return [] }
    guard let alignment = facts.directAlignmentBytes else {
      return [
        Obstacle(
          key: "direct", message: "\(facts.path ?? "the target") has no direct I/O (O_DIRECT)",
          hint: "set `direct: false`, or use a file system with direct I/O such as ext4 or xfs")
      ]
    }
    var found: [Obstacle] = []
    for (key, sizes) in [("block-size", readBlock), ("write-block-size", writeBlock)] {
      guard key == "block-size" ? pattern.reads : pattern.writes || pattern.trims else { continue }
      let odd = sizes.all.first { $0.count % Int64(alignment) != 0 }
      guard let odd else { continue }
      found.append(
        Obstacle(
          key: key,
          message: "a block of \(odd.count) B is not a multiple of the logical block of "
            + "\(alignment) B that direct I/O on \(facts.path ?? "") needs",
          hint: "use a multiple of \(alignment) B, or set `direct: false`"))
    }
    if regionOffset.count % Int64(alignment) != 0 {
      found.append(
        Obstacle(
          key: "region-offset",
          message: "offset \(regionOffset.count) B is not a multiple of \(alignment) B",
          hint: "use a multiple of \(alignment) B"))
    }
    return found
  }

  private func regionObstacles(_ facts: TargetFacts) -> [Obstacle] {
    let size = facts.sizeBytes.count
    guard size > 0 else {
      return [
        Obstacle(
          key: facts.isBlockDevice ? "device" : "file",
          message: "\(facts.path ?? "the target") has a size of 0",
          hint: facts.isBlockDevice
            ? "is it ready (`lsblk`)? An NVMe namespace formatted with metadata within its blocks "
              + "(`nvme id-ns`) is no disk to Linux" : "give the file a `size`")
      ]
    }
    let end = regionOffset.count + (regionSize?.count ?? 0)
    if regionOffset.count >= size || end > size {
      return [
        Obstacle(
          key: regionSize == nil ? "region-offset" : "region-size",
          message: "the region ends at \(max(end, regionOffset.count)) B, beyond the target's "
            + "\(size) B",
          hint: "make the region end within \(size) B")
      ]
    }
    let region = regionSize?.count ?? size - regionOffset.count
    let perJob = splitsRegion ? region / Int64(jobs) : region
    let largest = max(pattern.reads ? readBlock.largest.count : 0, writeBlockIfUsed)
    if perJob < largest {
      return [
        Obstacle(
          key: "region-size",
          message: "a job's region of \(perJob) B does not hold one block of \(largest) B",
          hint: "make the region larger, or use fewer jobs or smaller blocks")
      ]
    }
    if verify == .writeThenRead && perJob / largest < Int64(queueDepth) {
      return [
        Obstacle(
          key: "verify",
          message: "a job's region holds \(perJob / largest) blocks, fewer than the queue depth "
            + "\(queueDepth): two writes of a block could be in flight at once",
          hint: "make the region larger or the queue shallower")
      ]
    }
    return []
  }

  private func engineObstacles(_ facts: TargetFacts) -> [Obstacle] {
    switch engine {
    case .ioUring, .nvmePassthrough, .nopRing:
      guard queueDepth > Self.ringEntries else { break }
      return [
        Obstacle(
          key: "queue-depth",
          message: "a queue of \(queueDepth) is more than the \(Self.ringEntries) entries that the "
            + "kernel gives an io_uring",
          hint: "use a queue depth of at most \(Self.ringEntries), and more jobs")
      ]
    case .psync, .libaio, .nvmfRDMA, .null: break
    }
    switch engine {
    case .nvmfRDMA: return fabricsObstacles(facts)
    case .nvmePassthrough where !facts.isPassthrough:
      return [
        Obstacle(
          key: "engine", message: "io_uring_cmd needs an NVMe generic device",
          hint: "give /dev/ngXnY as the device, or use engine: io_uring")
      ]
    case .nvmePassthrough where pattern.trims:
      return [
        Obstacle(
          key: "pattern", message: "io_uring_cmd does not trim",
          hint: "use engine: io_uring on /dev/nvmeXnY")
      ]
    case .psync, .libaio, .ioUring:
      if facts.isPassthrough {
        return [
          Obstacle(
            key: "engine", message: "\(facts.path ?? "") takes NVMe commands only",
            hint: "use engine: io_uring_cmd, or give /dev/nvmeXnY as the device")
        ]
      }
      if facts.fabrics != nil {
        return [
          Obstacle(
            key: "engine", message: "\(engine.rawValue) needs the kernel's initiator",
            hint: "use engine: nvmf-rdma, or initiator: kernel")
        ]
      }
      if facts.path == nil {
        return [
          Obstacle(
            key: "engine", message: "\(engine.rawValue) needs a device or a file",
            hint: "use engine: null or io_uring_nop, or give the system a device")
        ]
      }
      return []
    case .nvmePassthrough, .nopRing, .null: return []
    }
  }

  private func fabricsObstacles(_ facts: TargetFacts) -> [Obstacle] {
    guard let target = facts.fabrics else {
      return [
        Obstacle(
          key: "engine", message: "nvmf-rdma needs a namespace over NVMe over Fabrics",
          hint: "give the system `nvme-of` with initiator: user-space, or use engine: io_uring")
      ]
    }
    var found: [Obstacle] = []
    if queueDepth > FabricsQueue.mostTags {
      found.append(
        Obstacle(
          key: "queue-depth",
          message: "a queue of \(queueDepth) is more than the \(FabricsQueue.mostTags) commands "
            + "that the user-space initiator keeps in flight",
          hint: "use a queue depth of at most \(FabricsQueue.mostTags), and more jobs"))
    }
    if pattern.trims && !target.deallocates {
      found.append(
        Obstacle(
          key: "pattern", message: "\(facts.name) takes no Dataset Management, and so no trims",
          hint: "use a pattern of reads and writes"))
    }
    return found
  }

  /// What the device itself does not take.
  private func deviceObstacles(_ facts: TargetFacts) -> [Obstacle] {
    let path = facts.name
    var found: [Obstacle] = []
    // The block layer splits what is too large for one command; others cannot.
    if facts.isRaw, let most = facts.largestCommandBytes {
      for (key, sizes) in [("block-size", readBlock), ("write-block-size", writeBlock)] {
        guard key == "block-size" ? pattern.reads : pattern.writes, sizes.largest > most
        else { continue }
        found.append(
          Obstacle(
            key: key,
            message: "a block of \(sizes.largest.text) is more than the \(most.text) that "
              + "\(path) takes in one command"
              + (facts.isPassthrough ? " (queue/max_hw_sectors_kb)" : " (MDTS)"),
            hint: "use at most \(most.text), or engine: io_uring on /dev/nvmeXnY"))
      }
    }
    // Without such queues Linux 6.1 waits for interrupts all the same, and later kernels refuse.
    if polled && facts.takesPolledIO == false {
      found.append(
        Obstacle(
          key: "polled", message: "\(path) has no queues for polled I/O (queue/io_poll is 0)",
          hint: "give NVMe some with the module parameter nvme.poll_queues, or drop `polled`"))
    }
    return found
  }

  /// IORING_MAX_ENTRIES of io_uring/io_uring.c.
  private static var ringEntries: Int { 32_768 }

  private var writeBlockIfUsed: Int64 {
    pattern.writes || pattern.trims ? writeBlock.largest.count : 0
  }

  /// Whether each job has its own part of the region.
  public var splitsRegion: Bool {
    switch jobRegions {
    case .split: true
    case .shared: false
    case .automatic: !pattern.isRandom || verify != .off
    }
  }
}

extension StorageWorkload.BlockSizes {
  /// Every size that can occur; of a range its step, which all others are multiples of.
  var all: [ByteCount] {
    switch self {
    case .fixed(let size): [size]
    case .range(let from, _): [from]
    case .split(let sizes): sizes.map(\.size)
    }
  }
}

/// Turns a workload into what each worker does.
enum JobResolver {
  /// One job per worker.
  ///
  /// The workload has no obstacles on these facts.
  static func jobs(
    of workload: StorageWorkload, facts: TargetFacts, seed: UInt64, stampSeed: UInt64,
    rate: Rate?, clock: TickClock
  ) -> [WorkerJob] {
    let region =
      workload.regionSize?.count ?? facts.sizeBytes.count - workload.regionOffset.count
    let alignment = alignment(of: workload)
    let share = workload.splitsRegion ? region / Int64(workload.jobs) : region
    let bytes = share / alignment * alignment
    return (0..<workload.jobs).map { index in
      var job = WorkerJob()
      job.index = index
      job.clock = clock
      job.seed = SplitMix64.scrambled(seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
      job.stampSeed = stampSeed
      job.regionStart =
        workload.regionOffset.count + (workload.splitsRegion ? Int64(index) * bytes : 0)
      job.regionBytes = bytes
      job.alignment = alignment
      describe(workload, in: &job)
      limit(workload, in: &job)
      job.arrivals = arrivals(of: workload, rate: rate, index: index)
      return job
    }
  }

  /// Offsets are multiples of the smallest block that occurs.
  private static func alignment(of workload: StorageWorkload) -> Int64 {
    let read = workload.pattern.reads ? workload.readBlock.smallest.count : .max
    let write =
      workload.pattern.writes || workload.pattern.trims
      ? workload.writeBlock.smallest.count : .max
    return min(read, write)
  }

  private static func describe(_ workload: StorageWorkload, in job: inout WorkerJob) {
    job.pattern = workload.pattern
    job.readBlock = workload.readBlock
    job.writeBlock = workload.writeBlock
    job.readShare = workload.readShare.value
    job.distribution = workload.distribution
    job.randomMap = workload.randomMap || workload.verify != .off
    job.queueDepth = workload.engine == .psync ? 1 : workload.queueDepth
    job.submitBatch = min(workload.submitBatch ?? job.queueDepth, job.queueDepth)
    job.completeBatch = workload.completeBatch.map { min($0, job.queueDepth) }
    job.syncEvery = workload.fsyncEvery ?? workload.fdatasyncEvery ?? 0
    job.dataSync = workload.fdatasyncEvery != nil
    job.data = workload.data
    job.refill = workload.refill
    switch workload.verify {
    case .off: job.check = .none
    case .writeThenRead: job.check = .stampWrites
    case .read: job.check = .compare
    }
    job.timestamps = workload.timestamps
    job.hangBound = workload.hangBound
    job.lateBound = workload.lateBound
    if case .count(let limit) = workload.errorPolicy { job.errorLimit = limit }
  }

  private static func limit(_ workload: StorageWorkload, in job: inout WorkerJob) {
    job.ramp = workload.ramp
    job.duration = workload.duration
    job.countBudget = workload.totalCount ?? .max
    job.byteBudget = workload.totalBytes?.count ?? .max
    if workload.duration == nil && workload.totalCount == nil && workload.totalBytes == nil {
      job.byteBudget = job.regionBytes
    }
  }

  private static func arrivals(
    of workload: StorageWorkload, rate: Rate?, index: Int
  ) -> WorkerJob.Arrivals? {
    guard case .open(_, let kind) = workload.load, let rate else { return nil }
    return WorkerJob.Arrivals(
      interval: 1e9 * Double(workload.jobs) / rate.perSecond, poisson: kind == .poisson,
      phase: Double(index) / Double(workload.jobs))
  }
}
