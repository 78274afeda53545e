public import Measure

/// The kernel's own counters of a block device, from /sys/class/block/NAME/stat.
///
/// Fields, units and order are those of Documentation/block/stat.rst: sectors are 512 bytes
/// whatever the device's block size, ticks are milliseconds. The kernel prints ticks as 32-bit
/// numbers, so they wrap after 49.7 days; ``-(_:_:)`` accounts for one wrap.
public struct DiskStatistics: Hashable, Codable, Sendable {
  /// Number of read I/Os processed.
  public var readIOs: Int64
  /// Number of read I/Os merged with an I/O in the queue.
  public var readMerges: Int64
  /// Number of sectors read.
  public var readSectors: Int64
  /// Total wait time of read requests, in milliseconds.
  public var readTicks: Int64
  /// Number of write I/Os processed.
  public var writeIOs: Int64
  /// Number of write I/Os merged with an I/O in the queue.
  public var writeMerges: Int64
  /// Number of sectors written.
  public var writeSectors: Int64
  /// Total wait time of write requests, in milliseconds.
  public var writeTicks: Int64
  /// Number of I/Os in flight at the moment of reading; a level, not a counter.
  public var inFlight: Int64
  /// Time the device had I/Os in flight, in milliseconds.
  public var ioTicks: Int64
  /// Total wait time of all requests, in milliseconds.
  public var timeInQueue: Int64
  /// Number of discard I/Os processed; nil before Linux 4.18.
  public var discardIOs: Int64?
  /// Number of discard I/Os merged; nil before Linux 4.18.
  public var discardMerges: Int64?
  /// Number of sectors discarded; nil before Linux 4.18.
  public var discardSectors: Int64?
  /// Total wait time of discard requests, in milliseconds; nil before Linux 4.18.
  public var discardTicks: Int64?
  /// Number of flush I/Os processed; nil before Linux 5.5.
  ///
  /// Flushes sent to partitions count on the whole disk only.
  public var flushIOs: Int64?
  /// Total wait time of flush requests, in milliseconds; nil before Linux 5.5.
  public var flushTicks: Int64?

  enum CodingKeys: String, CodingKey {
    case readIOs, readMerges, readSectors
    case readTicks = "readTicksMs"
    case writeIOs, writeMerges, writeSectors
    case writeTicks = "writeTicksMs"
    case inFlight
    case ioTicks = "ioTicksMs"
    case timeInQueue = "timeInQueueMs"
    case discardIOs, discardMerges, discardSectors
    case discardTicks = "discardTicksMs"
    case flushIOs
    case flushTicks = "flushTicksMs"
  }

  /// Reads the counters of a block device or partition by its kernel name (`nvme0n1`).
  ///
  /// - Throws: ``HostError`` when there is no such device or it keeps no statistics.
  public init(kernelName: String) throws(HostError) {
    let path = "/sys/class/block/\(kernelName)/stat"
    guard let text = Files.text(path), let parsed = DiskStatistics(parsing: text) else {
      throw HostError(path, "has no I/O statistics", remedy: "is \(kernelName) a block device?")
    }
    self = parsed
  }

  /// Reads the counters of a device with several paths: the sum of its paths', since not every
  /// kernel counts at their head (nvme_mpath_start_request came with Linux 6.5).
  ///
  /// - Throws: ``HostError`` where a path is gone.
  init(paths: [String]) throws(HostError) {
    var sum: DiskStatistics?
    for path in paths {
      let counted = try DiskStatistics(kernelName: path)
      sum = sum.map { $0 + counted } ?? counted
    }
    guard let sum else { throw HostError("", "has no path to count at") }
    self = sum
  }

  /// Reads the line of a `stat` file; nil when it has fewer than the 11 fields of Linux 2.6.
  init?(parsing line: String) {
    let fields = line.split(whereSeparator: \.isWhitespace).compactMap { Int64($0) }
    guard fields.count >= 11 else { return nil }
    (readIOs, readMerges, readSectors, readTicks) = (fields[0], fields[1], fields[2], fields[3])
    (writeIOs, writeMerges, writeSectors, writeTicks) = (
      fields[4], fields[5], fields[6], fields[7]
    )
    (inFlight, ioTicks, timeInQueue) = (fields[8], fields[9], fields[10])
    let optional = { (index: Int) in index < fields.count ? fields[index] : nil }
    (discardIOs, discardMerges) = (optional(11), optional(12))
    (discardSectors, discardTicks) = (optional(13), optional(14))
    (flushIOs, flushTicks) = (optional(15), optional(16))
  }

  /// Data read.
  public var bytesRead: ByteCount { ByteCount(readSectors * 512) }
  /// Data written.
  public var bytesWritten: ByteCount { ByteCount(writeSectors * 512) }

  /// What was counted between two readings; `inFlight` is the later one's.
  public static func - (later: DiskStatistics, earlier: DiskStatistics) -> DiskStatistics {
    var change = later
    change.readIOs -= earlier.readIOs
    change.readMerges -= earlier.readMerges
    change.readSectors -= earlier.readSectors
    change.readTicks = ticks(later.readTicks, since: earlier.readTicks)
    change.writeIOs -= earlier.writeIOs
    change.writeMerges -= earlier.writeMerges
    change.writeSectors -= earlier.writeSectors
    change.writeTicks = ticks(later.writeTicks, since: earlier.writeTicks)
    change.ioTicks = ticks(later.ioTicks, since: earlier.ioTicks)
    change.timeInQueue = ticks(later.timeInQueue, since: earlier.timeInQueue)
    change.discardIOs = both(later.discardIOs, earlier.discardIOs) { $0 - $1 }
    change.discardMerges = both(later.discardMerges, earlier.discardMerges) { $0 - $1 }
    change.discardSectors = both(later.discardSectors, earlier.discardSectors) { $0 - $1 }
    change.discardTicks = both(later.discardTicks, earlier.discardTicks, ticks(_:since:))
    change.flushIOs = both(later.flushIOs, earlier.flushIOs) { $0 - $1 }
    change.flushTicks = both(later.flushTicks, earlier.flushTicks, ticks(_:since:))
    return change
  }

  /// What was counted at two devices together.
  static func + (left: DiskStatistics, right: DiskStatistics) -> DiskStatistics {
    var sum = left
    sum.readIOs += right.readIOs
    sum.readMerges += right.readMerges
    sum.readSectors += right.readSectors
    sum.readTicks += right.readTicks
    sum.writeIOs += right.writeIOs
    sum.writeMerges += right.writeMerges
    sum.writeSectors += right.writeSectors
    sum.writeTicks += right.writeTicks
    sum.inFlight += right.inFlight
    sum.ioTicks += right.ioTicks
    sum.timeInQueue += right.timeInQueue
    sum.discardIOs = both(left.discardIOs, right.discardIOs, +)
    sum.discardMerges = both(left.discardMerges, right.discardMerges, +)
    sum.discardSectors = both(left.discardSectors, right.discardSectors, +)
    sum.discardTicks = both(left.discardTicks, right.discardTicks, +)
    sum.flushIOs = both(left.flushIOs, right.flushIOs, +)
    sum.flushTicks = both(left.flushTicks, right.flushTicks, +)
    return sum
  }

  /// Difference of two 32-bit millisecond counters, over at most one wrap.
  private static func ticks(_ later: Int64, since earlier: Int64) -> Int64 {
    later >= earlier ? later - earlier : later - earlier + (1 << 32)
  }

  private static func both(
    _ left: Int64?, _ right: Int64?, _ combine: (Int64, Int64) -> Int64
  ) -> Int64? {
    guard let left, let right else { return nil }
    return combine(left, right)
  }
}
