public import Measure

/// What is done to a storage target: fio's vocabulary, in units.
///
/// A value of this type is complete: every default is spelled out, so a record shows what ran.
public struct StorageWorkload: Hashable, Codable, Sendable {
  /// How I/O reaches the kernel.
  public var engine = Engine.ioUring
  /// Which addresses in which order, and which operations.
  public var pattern: Pattern
  /// Share of reads in a mixed pattern.
  public var readShare = Fraction(0.5)
  /// Sizes of reads.
  public var readBlock = BlockSizes.fixed(.kibibytes(4))
  /// Sizes of writes and trims.
  public var writeBlock = BlockSizes.fixed(.kibibytes(4))
  /// Where random offsets fall.
  public var distribution = Distribution.uniform
  /// Whether a random pass touches each block exactly once before any is touched again.
  public var randomMap = false
  /// First byte of the region, from the start of the target.
  public var regionOffset = ByteCount.zero
  /// Length of the region; nil is the rest of the target.
  public var regionSize: ByteCount?
  /// How jobs share the region.
  public var jobRegions = JobRegions.automatic

  /// Workers, each with its own queue.
  public var jobs = 1
  /// I/Os in flight per job.
  public var queueDepth = 1
  /// Most I/Os handed over in one call; nil takes whatever is ready.
  public var submitBatch: Int?
  /// Fewest completions to wait for in one call.
  ///
  /// nil waits for up to half of the last burst and a quarter of the queue, and for one where they
  /// come singly; a wait without progress is cut short after about 20 ms.
  public var completeBatch: Int?
  /// Closed loop, or open loop at a rate.
  public var load = Load.closed

  /// Whether the page cache is bypassed (O_DIRECT).
  public var direct = true
  /// fsync after so many writes; nil never.
  public var fsyncEvery: Int?
  /// fdatasync after so many writes; nil never.
  public var fdatasyncEvery: Int?
  /// Whether the target is fsynced once after the last write.
  public var endFsync = false

  /// Measured time; nil is until ``totalBytes`` or ``totalCount`` (or one pass of the region).
  public var duration: Nanoseconds?
  /// Bytes per job after which it ends.
  public var totalBytes: ByteCount?
  /// I/Os per job after which it ends.
  public var totalCount: Int64?
  /// Time before measuring starts; its I/Os are not recorded.
  public var ramp = Nanoseconds.zero

  /// What stands in the blocks that are written.
  public var data = DataPattern.random
  /// Whether each write gets fresh data rather than a stamped buffer.
  public var refill = false
  /// Whether written blocks are checked.
  public var verify = Verify.off
  /// What is written before the trial.
  public var precondition = Precondition.none
  /// Rounds until the result is steady; nil measures once.
  public var steadyState: SteadyStateRule?

  /// What happens after an I/O error.
  public var errorPolicy = ErrorPolicy.stop
  /// An I/O whose service takes at least this long counts as hung.
  public var hangBound = Nanoseconds.seconds(1)
  /// An open-loop I/O issued at least this long after its intended time counts as late.
  public var lateBound = Nanoseconds.milliseconds(1)
  /// Whether each I/O is timed; off is for measuring what timing costs.
  public var timestamps = true

  /// io_uring: buffers registered with the kernel once.
  public var registeredBuffers = true
  /// io_uring: the file registered with the kernel once.
  public var registeredFiles = true
  /// io_uring: completions polled from the device (IORING_SETUP_IOPOLL); nvmf-rdma: from the
  /// completion queue, by a thread that never sleeps.
  public var polled = false
  /// io_uring: a kernel thread takes submissions (IORING_SETUP_SQPOLL).
  public var submissionThread = false
  /// Where workers run.
  public var placement = Placement.nearDevice

  /// Makes a workload with the defaults of the scenario file.
  public init(pattern: Pattern) { self.pattern = pattern }
}

extension StorageWorkload {
  /// An I/O path.
  public enum Engine: String, CaseIterable, Codable, Sendable {
    /// pread and pwrite, one at a time.
    case psync
    /// Linux native AIO: io_submit and io_getevents.
    case libaio
    /// Our own ring on the raw system calls.
    case ioUring = "io_uring"
    /// NVMe commands through io_uring on a generic device, past the block layer.
    case nvmePassthrough = "io_uring_cmd"
    /// NVMe over Fabrics by RDMA, in user space: no kernel on the way.
    case nvmfRDMA = "nvmf-rdma"
    /// IORING_OP_NOP: the ring and this tool alone, no device.
    case nopRing = "io_uring_nop"
    /// Nothing at all: the cost of this tool, and the skeleton of an engine.
    case null
  }

  /// Order of addresses and kind of operation.
  public enum Pattern: String, CaseIterable, Codable, Sendable {
    /// Rising addresses, reads.
    case sequentialRead = "sequential-read"
    /// Rising addresses, writes.
    case sequentialWrite = "sequential-write"
    /// Rising addresses, reads and writes by ``StorageWorkload/readShare``.
    case sequentialMix = "sequential-mix"
    /// Rising addresses, discards.
    case sequentialTrim = "sequential-trim"
    /// Drawn addresses, reads.
    case randomRead = "random-read"
    /// Drawn addresses, writes.
    case randomWrite = "random-write"
    /// Drawn addresses, reads and writes by ``StorageWorkload/readShare``.
    case randomMix = "random-mix"
    /// Drawn addresses, discards.
    case randomTrim = "random-trim"

    /// Whether addresses are drawn.
    public var isRandom: Bool {
      switch self {
      case .randomRead, .randomWrite, .randomMix, .randomTrim: true
      case .sequentialRead, .sequentialWrite, .sequentialMix, .sequentialTrim: false
      }
    }
    /// Whether the target's content may change.
    public var isDestructive: Bool { self != .sequentialRead && self != .randomRead }
    /// Whether reads occur.
    public var reads: Bool {
      switch self {
      case .sequentialRead, .sequentialMix, .randomRead, .randomMix: true
      case .sequentialWrite, .sequentialTrim, .randomWrite, .randomTrim: false
      }
    }
    /// Whether writes occur.
    public var writes: Bool {
      switch self {
      case .sequentialWrite, .sequentialMix, .randomWrite, .randomMix: true
      case .sequentialRead, .sequentialTrim, .randomRead, .randomTrim: false
      }
    }
    /// Whether trims occur.
    public var trims: Bool { self == .sequentialTrim || self == .randomTrim }
  }

  /// Sizes of I/Os.
  public enum BlockSizes: Hashable, Codable, Sendable {
    /// Always the same.
    case fixed(ByteCount)
    /// Uniform over the multiples of `from` up to `to`.
    case range(from: ByteCount, to: ByteCount)
    /// By weight.
    case split([Weighted])

    /// One size of a split.
    public struct Weighted: Hashable, Codable, Sendable {
      /// The size.
      public var size: ByteCount
      /// Its weight relative to the others.
      public var weight: Double

      /// Makes one size of a split.
      public init(size: ByteCount, weight: Double) {
        self.size = size
        self.weight = weight
      }
    }

    /// The smallest size; offsets are aligned to it.
    public var smallest: ByteCount {
      switch self {
      case .fixed(let size): size
      case .range(let from, _): from
      case .split(let sizes): sizes.map(\.size).min() ?? .zero
      }
    }
    /// The largest size.
    public var largest: ByteCount {
      switch self {
      case .fixed(let size): size
      case .range(_, let to): to
      case .split(let sizes): sizes.map(\.size).max() ?? .zero
      }
    }
    /// The expected size of an I/O, bytes.
    public var meanBytes: Double {
      switch self {
      case .fixed(let size): return Double(size.count)
      case .range(let from, let to):
        let steps = max(to.count / max(from.count, 1), 1)
        return Double(from.count) * Double(steps + 1) / 2
      case .split(let sizes):
        let total = sizes.reduce(0) { $0 + $1.weight }
        return sizes.reduce(0) { $0 + Double($1.size.count) * $1.weight } / total
      }
    }
  }

  /// Where random offsets fall.
  public enum Distribution: Hashable, Codable, Sendable {
    /// Everywhere alike.
    case uniform
    /// Zipf with exponent theta > 0: block of rank k with probability ~ k^-theta.
    case zipf(theta: Double)
    /// Self-similar ("80/20"): a share of 1-h of accesses falls on a share h of blocks, h < 0.5.
    case pareto(h: Double)
    /// Zones from the start of the region, each with its share of accesses and of blocks.
    case zoned([Zone])

    /// One zone.
    public struct Zone: Hashable, Codable, Sendable {
      /// Share of accesses.
      public var access: Fraction
      /// Share of the region.
      public var size: Fraction

      /// Makes a zone.
      public init(access: Fraction, size: Fraction) {
        self.access = access
        self.size = size
      }
    }
  }

  /// How jobs share the region.
  public enum JobRegions: String, CaseIterable, Codable, Sendable {
    /// Split for sequential patterns and verify, shared for random ones.
    case automatic
    /// Each job has an equal part of its own.
    case split
    /// All jobs use all of it.
    case shared
  }

  /// How I/Os arrive.
  public enum Load: Hashable, Codable, Sendable {
    /// A new I/O when one ends: as many in flight as the queue depth.
    case closed
    /// At a total rate over all jobs, whether or not earlier ones ended.
    case open(OpenRate, arrivals: Arrivals)

    /// An open-loop rate.
    public enum OpenRate: Hashable, Codable, Sendable {
      /// I/Os per second.
      case absolute(Rate)
      /// Share of the closed-loop maximum, which is found first.
      case shareOfMaximum(Fraction)
    }

    /// Spacing of intended times.
    public enum Arrivals: String, CaseIterable, Codable, Sendable {
      /// Equal gaps.
      case fixed
      /// Exponential gaps.
      case poisson
    }
  }

  /// What stands in written blocks.
  public enum DataPattern: Hashable, Codable, Sendable {
    /// Incompressible, and no two blocks alike.
    case random
    /// Zeros.
    case zeros
    /// A part of each block is zeros.
    case compressible(Fraction)
  }

  /// Whether written blocks are checked.
  public enum Verify: String, CaseIterable, Codable, Sendable {
    /// No.
    case off
    /// Blocks are written with a header, then read back and compared.
    case writeThenRead = "write-then-read"
    /// Blocks that an earlier workload wrote with a header are read and compared.
    case read
  }

  /// What is written before a trial.
  public enum Precondition: Hashable, Codable, Sendable {
    /// Nothing.
    case none
    /// SNIA PTS 2.0.2 workload-independent preconditioning: twice the region, 128 KiB sequential.
    case snia
    /// The region is written sequentially so many times.
    case fill(passes: Int)
  }

  /// Rounds until steady (SNIA SSS PTS 2.0.2, steady-state definition).
  public struct SteadyStateRule: Hashable, Codable, Sendable {
    /// Length of one round.
    public var round = Nanoseconds.seconds(60)
    /// Rounds in the window.
    public var window = 5
    /// Most that (max - min) of the window may be, of its mean.
    public var range = Fraction(0.20)
    /// Most that the best linear fit may rise or fall over the window, of the mean.
    public var slope = Fraction(0.10)
    /// Rounds after which it is given up.
    public var maxRounds = 25

    /// Makes SNIA's rule.
    public init() {}
  }

  /// What happens after an I/O error.
  public enum ErrorPolicy: Hashable, Codable, Sendable {
    /// The trial ends and has failed.
    case stop
    /// Errors are counted; past the limit the trial ends and has failed.
    case count(upTo: Int)
  }

  /// Where workers run.
  public enum Placement: Hashable, Codable, Sendable {
    /// Pinned to CPUs of the device's NUMA node, buffers on that node.
    case nearDevice
    /// Wherever the scheduler likes.
    case free
    /// Pinned to these CPUs in turn.
    case cpus([Int])
  }
}
