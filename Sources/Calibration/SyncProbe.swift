internal import CLinux
internal import Foundation
public import Measure

/// How long a write and its fdatasync take on a file system, measured as etcd's log does them.
///
/// Appends of one size to a file whose space is allocated but not written (etcd allocates its
/// segments of 64 MiB by fallocate(2) too: each fdatasync turns unwritten into written extents).
public struct SyncProbe: Hashable, Codable, Sendable {
  /// Size of each write.
  public var writeSize: ByteCount
  /// From before the write until fdatasync(2) is back.
  public var latency: LatencyDistribution

  enum CodingKeys: String, CodingKey {
    case writeSize = "writeBytes"
    case latency
  }

  /// Entries of about 35 puts of a lease.
  public static let standardSize = ByteCount(2300)
  private static let segment: Int64 = 64 << 20

  /// Writes for a while into a new file in a folder, and removes it.
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
    var histogram = LatencyHistogram()
    let end = MonotonicClock.now() + span
    var offset: Int64 = 0
    var begun = MonotonicClock.now()
    while begun < end {
      if offset + writeSize.count > segment { offset = 0 }
      guard pwrite(file, data, data.count, off_t(offset)) == data.count else {
        throw fault(path, "write")
      }
      guard fdatasync(file) == 0 else { throw fault(path, "fdatasync") }
      let ended = MonotonicClock.now()
      histogram.record(UInt64((ended - begun).count))
      begun = ended
      offset += writeSize.count
    }
    return SyncProbe(writeSize: writeSize, latency: histogram.snapshot())
  }

  private static func fault(_ path: String, _ action: String) -> CalibrationError {
    CalibrationError(.io, "\(path): cannot \(action): \(String(cString: strerror(errno)))")
  }
}
