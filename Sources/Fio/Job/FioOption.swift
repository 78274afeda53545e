internal import Measure

/// One option that fio 3.33 knows.
public struct FioOption: Hashable, Sendable {
  /// Its name in fio's own output.
  public var name: String
  /// Its other name.
  public var alias: String?
  /// What its value looks like.
  public var kind: Kind
  /// The smallest and largest whole number that fio takes, where it checks.
  public var range: ClosedRange<Int64>?
  /// The engines that have it; empty is every engine.
  public var engines: [String]

  /// What a value looks like.
  public enum Kind: String, Sendable {
    /// Any text, checked where it is used.
    case text
    /// `0` or `1`.
    case bool
    /// Nothing, `0` or `1`.
    case flag
    /// Nothing or any text.
    case optional
    /// A whole number with an optional unit; some take a list for read, write, trim.
    case int
    /// Real numbers joined by colons.
    case floats
    /// Ranges for read, write, trim.
    case ranges
    /// A time.
    case time
    /// A size or a percentage.
    case size
  }

  /// Every option, in fio's order; `fio --cmdhelp` and `fio --enghelp` of version 3.33.
  public static let all: [FioOption] = FioOptionText.table.split(separator: "\n").compactMap {
    line in
    let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, let kind = Kind(rawValue: parts[2]) else { return nil }
    var range: ClosedRange<Int64>?
    let bounds = parts[3].split(separator: "..").map(String.init)
    if let low = bounds.first.flatMap({ Int64($0) }) {
      range = low...(bounds.count == 2 ? Int64(bounds[1]) ?? .max : .max)
    }
    return FioOption(
      name: parts[0], alias: parts[1].isEmpty ? nil : parts[1], kind: kind, range: range,
      engines: parts[4].split(separator: " ").map(String.init))
  }

  /// Every option by name and by alias.
  private static let byWord: [String: FioOption] = {
    var words: [String: FioOption] = [:]
    for option in all { words[option.name] = option }
    for option in all {
      if let alias = option.alias, words[alias] == nil { words[alias] = option }
    }
    return words
  }()

  /// The option that `word` names, by its name or its alias.
  public static func named(_ word: String) -> FioOption? { byWord[word] }

  /// The valid name nearest to a word that fio does not know.
  public static func nearest(to word: String) -> String? {
    NearestWord.of(word, in: all.flatMap { [$0.name] + ($0.alias.map { [$0] } ?? []) })
  }

  /// fio 3.33's I/O engines as Debian builds it, and those of other builds.
  static let engines = [
    "sync", "psync", "vsync", "pvsync", "pvsync2", "io_uring", "io_uring_cmd", "libaio", "posixaio",
    "solarisaio", "windowsaio", "mmap", "splice", "sg", "libzbc", "null", "net", "netsplice",
    "cpuio", "rdma", "falloc", "ftruncate", "e4defrag", "rados", "rbd", "http", "gfapi",
    "gfapi_async", "libhdfs", "mtd", "filecreate", "filestat", "filedelete", "libpmem", "pmemblk",
    "dev-dax", "ime_psync", "ime_psyncv", "ime_aio", "libiscsi", "nbd", "libcufile", "dfs", "nfs",
    "exec", "xnvme", "libblkio", "guasi",
  ]
}
