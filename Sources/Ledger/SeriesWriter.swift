internal import CLinux
internal import Foundation

/// Appends the rows of `series/<trial>.csv` as they come, so that memory does not grow with time.
public final class SeriesWriter {
  /// The file's name within the record.
  public let name: String
  private let path: String
  private let descriptor: Int32
  private var pending = Data()

  /// The columns, in the order of a row.
  public static let header =
    "second,read_ios,read_bytes,write_ios,write_bytes,trim_ios,sync_ios,"
    + "mean_latency_ns,max_latency_ns,late_ios,errors"

  init(folder: String, name: String) throws(LedgerError) {
    self.name = name
    path = folder + "/" + name
    descriptor = cl_open(path, O_WRONLY | O_CREAT | O_TRUNC | Int32(O_CLOEXEC), 0o644)
    guard descriptor >= 0 else { throw DurableFile.failed("create", path) }
    pending.append(contentsOf: (Self.header + "\n").utf8)
  }

  deinit { close(descriptor) }

  /// Adds a row; written out every 64 rows and at the end.
  public func append(_ row: SeriesRow) throws(LedgerError) {
    let fields: [UInt64] = [
      UInt64(row.second), row.readIOs, row.readBytes, row.writeIOs, row.writeBytes, row.trimIOs,
      row.syncIOs, row.meanLatencyNs, row.maxLatencyNs, row.lateIOs, row.errors,
    ]
    pending.append(contentsOf: (fields.map(String.init).joined(separator: ",") + "\n").utf8)
    if pending.count > 4096 { try flush() }
  }

  /// Writes what is pending and waits until it is on the disk.
  public func finish() throws(LedgerError) {
    try flush()
    guard fdatasync(descriptor) == 0 else { throw DurableFile.failed("sync", path) }
  }

  private func flush() throws(LedgerError) {
    try DurableFile.writeAll(pending, to: descriptor, path: path)
    pending.removeAll(keepingCapacity: true)
  }

  /// Reads rows back; `place` names the file in errors.
  static func parse(_ text: String, place: String) throws(LedgerError) -> [SeriesRow] {
    var rows: [SeriesRow] = []
    let lines = text.split(separator: "\n")
    guard lines.first.map(String.init) == header else {
      throw LedgerError(
        .damaged, "\(place):1: the header is not that of a series",
        hint: "take the record from a copy")
    }
    for (number, line) in lines.enumerated().dropFirst() {
      let fields = line.split(separator: ",").compactMap { UInt64($0) }
      guard fields.count == 11 else {
        throw LedgerError(
          .damaged, "\(place):\(number + 1): 11 whole numbers are due",
          hint: "take the record from a copy")
      }
      rows.append(
        SeriesRow(
          second: Int(fields[0]), readIOs: fields[1], readBytes: fields[2], writeIOs: fields[3],
          writeBytes: fields[4], trimIOs: fields[5], syncIOs: fields[6],
          meanLatencyNs: fields[7], maxLatencyNs: fields[8], lateIOs: fields[9],
          errors: fields[10]))
    }
    return rows
  }
}
