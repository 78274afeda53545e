internal import Measure
internal import Storage

extension FioSectionMapper {
  private static let patterns: [String: StorageWorkload.Pattern] = [
    "read": .sequentialRead, "write": .sequentialWrite, "trim": .sequentialTrim,
    "randread": .randomRead, "randwrite": .randomWrite, "randtrim": .randomTrim,
    "rw": .sequentialMix, "readwrite": .sequentialMix, "randrw": .randomMix,
  ]

  /// rw, the mix, the random map and the distribution.
  mutating func mapPattern(_ workload: inout StorageWorkload) {
    if let setting = take("rw") {
      let parts = (setting.value ?? "").split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let word = parts.first.map(String.init) ?? ""
      if let pattern = Self.patterns[word] {
        workload.pattern = pattern
      } else if word == "trimwrite" || word == "randtrimwrite" {
        fail(setting, "trims before writes have no counterpart; use trim and write jobs")
      } else {
        let words = Self.patterns.keys.sorted() + ["trimwrite", "randtrimwrite"]
        fail(setting, "`\(word)` is no pattern", nearest: NearestWord.of(word, in: words))
      }
      if parts.count == 2 {
        fail(
          setting,
          "`:\(parts[1])` (offsets with holes, or repeated) has no counterpart; leave it out")
      }
    }
    if let setting = take("rw_sequencer"), peek("rw")?.value?.contains(":") != true {
      if setting.value != "sequential", setting.value != "identical" {
        fail(setting, "it is sequential or identical")
      }
    }
    mapMix(&workload)
    mapRandom(&workload)
    if peek("percentage_random")?.value == "100" { _ = take("percentage_random") }
  }

  private mutating func mapMix(_ workload: inout StorageWorkload) {
    let read = whole("rwmixread")
    let write = whole("rwmixwrite")
    switch last(of: "rwmixread", "rwmixwrite") {
    case "rwmixread": if let read { workload.readShare = .percent(Double(read)) }
    case "rwmixwrite": if let write { workload.readShare = .percent(Double(100 - write)) }
    default: break
    }
  }

  private mutating func mapRandom(_ workload: inout StorageWorkload) {
    let noMap = flag("norandommap") ?? false
    _ = take("softrandommap")
    if let setting = take("random_distribution") {
      do {
        workload.distribution = try Self.distribution(setting.value ?? "")
      } catch {
        fail(setting, error.message, nearest: error.nearest)
      }
    }
    // "If a non-uniform model is used, fio will disable use of the random map" (HOWTO).
    workload.randomMap =
      workload.pattern.isRandom && workload.distribution == .uniform && !noMap
  }

  static func distribution(_ text: String) throws(FioValueError) -> StorageWorkload.Distribution {
    let kinds = ["random", "zipf", "pareto", "normal", "zoned", "zoned_abs"]
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let values = FioValue()
    let kind = parts.first ?? ""
    if parts.count > 2, kind == "zipf" || kind == "pareto" {
      throw FioValueError("`\(text)`: a centre of the distribution has no counterpart")
    }
    switch kind {
    case "random": return .uniform
    case "zipf":
      // fio's default exponent, FIO_DEF_ZIPF of fio.h.
      let theta = parts.count == 1 ? 1.1 : try values.real(parts[1])
      guard theta > 0, theta != 1 else {
        throw FioValueError("`\(text)`: theta is above 0 and not 1")
      }
      return .zipf(theta: theta)
    case "pareto":
      // fio's default, FIO_DEF_PARETO of fio.h.
      let power = parts.count == 1 ? 0.2 : try values.real(parts[1])
      guard power > 0, power < 1 else {
        throw FioValueError("`\(text)`: the power is between 0 and 1")
      }
      guard power < 0.5 else {
        throw FioValueError("`\(text)`: a power of 0.5 or more has no counterpart")
      }
      return .pareto(h: power)
    case "zoned":
      if text.contains(",") {
        throw FioValueError("`\(text)`: zones for each direction have no counterpart")
      }
      return .zoned(try zones(Array(parts.dropFirst()), values))
    case "normal", "zoned_abs":
      throw FioValueError("`\(kind)` has no counterpart; use random, zipf, pareto or zoned")
    default:
      throw FioValueError(
        "`\(kind)` is no distribution", nearest: NearestWord.of(kind, in: kinds))
    }
  }

  /// `access/size` in percent; a zone without a size shares what the others leave.
  private static func zones(
    _ parts: [String], _ values: FioValue
  ) throws(FioValueError) -> [StorageWorkload.Distribution.Zone] {
    guard !parts.isEmpty else { throw FioValueError("zoned needs zones: zoned:60/10:40/90") }
    let pairs = try shares(parts) { text throws(FioValueError) in try values.real(text) }
    let access = pairs.reduce(0) { $0 + $1.first }
    let size = pairs.reduce(0) { $0 + $1.second }
    guard abs(access - 100) < 0.01, abs(size - 100) < 0.01 else {
      throw FioValueError("the zones' accesses are \(access)% and their sizes \(size)%, not 100%")
    }
    return pairs.map {
      .init(access: Fraction($0.first / access), size: Fraction($0.second / size))
    }
  }

  /// `a/b` pairs in which a missing `b` gets an even share of what is left of 100.
  private static func shares<First>(
    _ parts: [String], _ first: (String) throws(FioValueError) -> First
  ) throws(FioValueError) -> [(first: First, second: Double)] {
    var pairs: [(first: First, second: Double?)] = []
    for part in parts {
      let halves = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard let head = halves.first, !head.isEmpty, halves.count <= 2 else {
        throw FioValueError("`\(part)` is not of the form `value/percent`")
      }
      let tail = halves.count == 2 && !halves[1].isEmpty ? try FioValue().real(halves[1]) : nil
      pairs.append((try first(head), tail))
    }
    let given = pairs.reduce(0.0) { $0 + ($1.second ?? 0) }
    guard given <= 100.0001 else { throw FioValueError("the percentages add up to \(given)%") }
    let missing = pairs.count { $0.second == nil }
    let share = missing == 0 ? 0 : (100 - given) / Double(missing)
    return pairs.map { ($0.first, $0.second ?? share) }
  }

  // MARK: Block sizes

  /// bs, bsrange, bssplit: a split overrides a range, a range overrides a size.
  mutating func mapBlocks(_ workload: inout StorageWorkload) {
    var sizes: [StorageWorkload.BlockSizes?] = [nil, nil, nil]
    fill(&sizes, "bs", separators: ",") { values, part throws(FioValueError) in
      let size = try values.whole(part)
      guard size > 0 else { throw FioValueError("a block has at least one byte") }
      return .fixed(ByteCount(size))
    }
    fill(&sizes, "bsrange", separators: ",/") { values, part throws(FioValueError) in
      let ends = part.split(whereSeparator: { $0 == "-" || $0 == ":" }).map(String.init)
      guard ends.count == 2 else { throw FioValueError("`\(part)` is not a range like 4k-64k") }
      let bounds = [try values.whole(ends[0]), try values.whole(ends[1])]
      let from = bounds.min() ?? 0
      guard from > 0 else { throw FioValueError("a block has at least one byte") }
      return .range(from: ByteCount(from), to: ByteCount(bounds.max() ?? 0))
    }
    fill(&sizes, "bssplit", separators: ",") { values, part throws(FioValueError) in
      let pairs = try Self.shares(part.split(separator: ":").map(String.init)) {
        text throws(FioValueError) in try values.whole(text)
      }
      let total = pairs.reduce(0) { $0 + $1.second }
      guard abs(total - 100) < 1 else { throw FioValueError("the split adds up to \(total)%") }
      guard pairs.allSatisfy({ $0.first > 0 }) else {
        throw FioValueError("a block has at least one byte")
      }
      return .split(
        pairs.filter { $0.second > 0 }.map { .init(size: ByteCount($0.first), weight: $0.second) })
    }
    if let read = sizes[0] { workload.readBlock = read }
    if let write = sizes[workload.pattern.trims ? 2 : 1] { workload.writeBlock = write }
    let smallest = min(workload.readBlock.smallest, workload.writeBlock.smallest)
    if let alignment = whole("ba"), alignment != smallest.count {
      list("ba", "offsets are aligned to the smallest block")
    }
  }

  /// Reads a list for read, write, trim: an empty part keeps the default, a short list repeats.
  private mutating func fill(
    _ sizes: inout [StorageWorkload.BlockSizes?], _ name: String, separators: String,
    _ read: (FioValue, String) throws(FioValueError) -> StorageWorkload.BlockSizes
  ) {
    guard let setting = take(name) else { return }
    let parts = (setting.value ?? "").split(omittingEmptySubsequences: false) {
      separators.contains($0)
    }.map { $0.trimmed }
    do throws(FioValueError) {
      for index in 0..<3 {
        let part = parts[min(index, parts.count - 1)]
        if !part.isEmpty { sizes[index] = try read(values, part) }
      }
      if parts.count > 3, parts[3...].contains(where: { !$0.isEmpty }) {
        throw FioValueError("more than three values; they are for read, write and trim")
      }
    } catch {
      fail(setting, error.message, nearest: error.nearest)
    }
  }
}
