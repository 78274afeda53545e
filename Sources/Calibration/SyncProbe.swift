internal import CLinux
internal import Foundation
public import Measure

/// How long a write and its fdatasync take on a file system, in the two ways of etcd's log.
///
/// etcd allocates the segments of its log (64 MiB) by fallocate(2) and appends to them. On ext4 and
/// xfs the first write to a page of such a file turns an unwritten extent into a written one, which
/// fdatasync(2) has to commit to the file system's journal; the next entry on the same page does
/// not. Few clients pay the second price most of the time, large batches the first at every write.
public struct SyncProbe: Hashable, Codable, Sendable {
  /// Size of each write.
  public var writeSize: ByteCount
  /// From before a write to pages never written until fdatasync is back.
  public var append: LatencyDistribution
  /// The same of the places just written, once more.
  public var overwrite: LatencyDistribution

  enum CodingKeys: String, CodingKey {
    case writeSize = "writeBytes"
    case append, overwrite
  }

  /// A batch of about six puts of a lease.
  public static let standardSize = ByteCount(2300)
  private static let segment: Int64 = 64 << 20

  /// Writes for a while into a new file in a folder, half of the time each way, and removes it.
  ///
  /// - Throws: ``CalibrationError`` with the file and errno's words.
  static func measure(
    in folder: String, for span: Nanoseconds, writeSize: ByteCount = standardSize
  ) throws(CalibrationError) -> SyncProbe {
    let path = "\(folder)/sync-probe"
    let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw fault(path, "open") }
    defer {
      close(file)
      unlink(path)
    }
    guard cl_fallocate(file, 0, 0, segment) == 0 else { throw fault(path, "allocate 64 MiB") }
    // The allocation itself is not what is timed.
    guard fsync(file) == 0 else { throw fault(path, "fsync") }
    let data = [UInt8](repeating: 0x61, count: Int(writeSize.count))
    let half = Nanoseconds(span.count / 2)
    let fresh = try write(data, into: file, named: path, below: segment, for: half)
    let again = try write(data, into: file, named: path, below: fresh.end, for: half)
    return SyncProbe(writeSize: writeSize, append: fresh.latency, overwrite: again.latency)
  }

  /// Writes from the start of a file on, again from there at `limit`, until the time is over.
  private static func write(
    _ data: [UInt8], into file: Int32, named path: String, below limit: Int64,
    for span: Nanoseconds
  ) throws(CalibrationError) -> (latency: LatencyDistribution, end: Int64) {
    var histogram = LatencyHistogram()
    let size = Int64(data.count)
    var begun = MonotonicClock.now()
    let end = begun + span
    var offset: Int64 = 0
    var highest: Int64 = 0
    while begun < end {
      if offset + size > limit { offset = 0 }
      guard pwrite(file, data, data.count, off_t(offset)) == data.count else {
        throw fault(path, "write")
      }
      guard fdatasync(file) == 0 else { throw fault(path, "fdatasync") }
      let ended = MonotonicClock.now()
      histogram.record(UInt64((ended - begun).count))
      begun = ended
      offset += size
      highest = max(highest, offset)
    }
    return (histogram.snapshot(), highest)
  }

  private static func fault(_ path: String, _ action: String) -> CalibrationError {
    CalibrationError(.io, "\(path): cannot \(action): \(String(cString: strerror(errno)))")
  }
}
