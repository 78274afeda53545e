internal import Measure

/// Everything that one worker does, resolved to plain numbers before it starts.
struct WorkerJob: Sendable {
  var index = 0
  var clock = TickClock.monotonic
  var seed: UInt64 = 0
  /// What verify writes into block headers: the same for all jobs of a run.
  var stampSeed: UInt64 = 0

  var pattern = StorageWorkload.Pattern.randomRead
  var readBlock = StorageWorkload.BlockSizes.fixed(.kibibytes(4))
  var writeBlock = StorageWorkload.BlockSizes.fixed(.kibibytes(4))
  var readShare = 1.0
  var distribution = StorageWorkload.Distribution.uniform
  var randomMap = false
  var regionStart: Int64 = 0
  var regionBytes: Int64 = 0
  var alignment: Int64 = 4096

  var queueDepth = 1
  var submitBatch = 1
  /// Fewest completions to wait for; nil follows the bursts in which they come.
  var completeBatch: Int?
  var arrivals: Arrivals?

  var syncEvery = 0
  var dataSync = false
  var countBudget = Int64.max
  var byteBudget = Int64.max
  var ramp = Nanoseconds.zero
  var duration: Nanoseconds?

  var data = StorageWorkload.DataPattern.random
  var refill = false
  var check = Check.none
  /// Offsets of failed writes: what stands there is not held against the target.
  var unwritten: Set<Int64> = []
  var timestamps = true
  /// Length and number of the windows by which completions are counted; none where 0.
  var window = Nanoseconds.zero
  var windowCount = 0
  var errorLimit = 0
  var hangBound = Nanoseconds.seconds(1)
  var lateBound = Nanoseconds.milliseconds(1)

  /// Open loop: how intended times are spaced.
  struct Arrivals {
    /// Mean gap, ns.
    var interval: Double
    var poisson: Bool
    /// Where in the first gap this job begins, so that jobs do not fire together.
    var phase: Double
  }

  /// What verify asks of this job.
  enum Check: Equatable {
    /// Nothing.
    case none
    /// Writes carry a stamp.
    case stampWrites
    /// Reads compare with the stamps of writes `first`..., sequence known.
    case replay(first: UInt64)
    /// Reads compare with stamps of an earlier run, sequence unknown.
    case compare
  }

  /// The largest I/O, bytes.
  var largestBlock: Int {
    let read = pattern.reads ? readBlock.largest.count : 0
    let write = pattern.writes || pattern.trims ? writeBlock.largest.count : 0
    return Int(max(read, write))
  }
}
