internal import Host
internal import Measure
internal import Storage

/// Finds keys of a storage workload that contradict each other or its systems.
struct StorageRules {
  struct Problem {
    var path: String
    var message: String
    var hint: String?
    var severity = Diagnostic.Severity.error
  }

  /// Of the workload: `workloads.random-read`.
  let path: String
  /// The values that the file gives.
  let given: Value
  /// Swept keys.
  let axes: [String]
  /// Keys whose value could not be read; `*` where it could be any.
  let broken: Set<String>
  private(set) var problems: [Problem] = []
  /// How many points ignore a key; a key is at fault only when every point does.
  private var ignored: [String: (count: Int, problem: Problem)] = [:]

  /// What a rule about a key also looks at: with that broken, the rule has nothing to say.
  private static let leansOn: [String: Set<String>] = [
    "submit-batch": ["queue-depth"], "complete-batch": ["queue-depth"], "arrivals": ["rate"],
    "late-bound": ["rate"], "block-size": ["direct"], "write-block-size": ["direct"],
    "region-offset": ["direct", "region-size"], "region-size": ["block-size"],
    "total-bytes": ["block-size"], "direct": ["block-size", "engine"], "polled": ["direct"],
    "verify": ["pattern", "block-size", "write-block-size"],
    "": ["duration", "total-bytes", "total-count", "region-size", "steady-state"],
  ]

  init(path: String, given: Value, axes: [String], broken: Set<String>) {
    self.broken = broken
    self.path = path
    self.given = given
    self.axes = axes
  }

  /// Checks every point, by itself and against every system.
  mutating func check(_ workload: ScenarioWorkload, systems: [ScenarioSystem]) {
    for point in workload.points.compactMap(\.workload.storage) {
      blocks(point)
      pattern(point)
      load(point)
      syncs(point)
      end(point)
      engine(point)
      for system in systems {
        guard case .storage(let medium) = system.target else { continue }
        target(
          Plan.resolved(point, on: medium, namesEngine: workload.namesEngine), medium,
          named: system.name)
      }
    }
    for (_, entry) in ignored where entry.count == workload.points.count {
      problems.append(entry.problem)
    }
  }

  private func names(_ key: String) -> Bool { given[key] != nil || axes.contains(key) }

  private func place(_ key: String) -> String {
    axes.contains(key) ? "\(path).sweep.\(key)" : "\(path).storage.\(key)"
  }

  /// Whether a rule about `key` cannot be judged, because something that it needs is not known.
  private func isOpen(_ key: String) -> Bool {
    let needs = Self.leansOn[key, default: []].union([key])
    return broken.contains("*") || !broken.isDisjoint(with: needs)
  }

  private mutating func wrong(
    _ key: String, _ message: String, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) {
    guard !isOpen(key) else { return }
    problems.append(
      Problem(path: place(key), message: message, hint: hint, severity: severity))
  }

  /// The key is given, but this point has no use for it.
  private mutating func unused(_ key: String, _ message: String, hint: String? = nil) {
    guard names(key), !isOpen(key) else { return }
    let problem = Problem(path: place(key), message: message, hint: hint)
    ignored[key, default: (0, problem)].count += 1
  }

  private mutating func blocks(_ workload: StorageWorkload) {
    for (key, sizes) in [
      ("block-size", workload.readBlock), ("write-block-size", workload.writeBlock),
    ] where key == "block-size" || names(key) {
      if workload.direct, uneven(sizes) {
        wrong(
          names(key) ? key : "direct",
          "direct I/O needs block sizes that are multiples of 512 bytes",
          hint: "give direct: false, or another size")
      }
      if let region = workload.regionSize, region < sizes.largest {
        wrong(
          "region-size",
          "region-size \(region.text) is smaller than a block of \(sizes.largest.text)")
      }
      if let total = workload.totalBytes, total < sizes.smallest {
        wrong(
          "total-bytes",
          "total-bytes \(total.text) is smaller than a block of \(sizes.smallest.text)")
      }
    }
    if workload.direct, workload.regionOffset.count % 512 != 0 {
      wrong(
        "region-offset", "direct I/O needs a region-offset that is a multiple of 512 bytes",
        hint: "give direct: false, or another offset")
    }
  }

  private func uneven(_ sizes: StorageWorkload.BlockSizes) -> Bool {
    switch sizes {
    case .fixed(let size): size.count % 512 != 0
    case .range(let from, _): from.count % 512 != 0
    case .split(let sizes): sizes.contains { $0.size.count % 512 != 0 }
    }
  }

  private mutating func pattern(_ workload: StorageWorkload) {
    let pattern = workload.pattern
    let mixed = pattern.reads && pattern.writes
    if !mixed {
      unused(
        "read-share", "read-share means nothing with \(pattern.rawValue)",
        hint: "use \(pattern.isRandom ? "random-mix" : "sequential-mix"), or leave it out")
    }
    if pattern.reads, !mixed {
      for key in ["write-block-size", "refill", "data"] {
        unused(key, "\(key) means nothing with \(pattern.rawValue), which writes nothing")
      }
    }
    if !pattern.isRandom {
      for key in ["distribution", "random-map"] {
        unused(
          key, "\(key) means nothing with \(pattern.rawValue), whose addresses are not drawn",
          hint: "use a random- pattern, or leave it out")
      }
    } else if workload.randomMap, workload.distribution != .uniform {
      wrong(
        "random-map", "random-map touches all blocks alike, which contradicts the distribution",
        hint: "leave out one of the two")
    }
    if case .zoned(let zones) = workload.distribution {
      let sums = [
        ("access", zones.reduce(0) { $0 + $1.access.value }),
        ("size", zones.reduce(0) { $0 + $1.size.value }),
      ]
      for (name, sum) in sums where abs(sum - 1) > 1e-9 {
        let percent = (sum * 10_000).rounded() / 100
        wrong(
          "distribution", "the \(name) shares of the zones add up to \(decimalText(percent))%",
          hint: "they must add up to 100%")
      }
    }
    verify(workload, mixed)
  }

  private mutating func verify(_ workload: StorageWorkload, _ mixed: Bool) {
    let pattern = workload.pattern
    switch workload.verify {
    case .off: break
    case .writeThenRead where !pattern.writes || mixed:
      wrong(
        "verify", "verify: write-then-read contradicts \(pattern.rawValue)",
        hint: "use \(pattern.isRandom ? "random-write" : "sequential-write")")
    case .read where !pattern.reads || mixed:
      wrong(
        "verify", "verify: read contradicts \(pattern.rawValue)",
        hint: "use \(pattern.isRandom ? "random-read" : "sequential-read")")
    case .writeThenRead, .read: break
    }
    let sizes = pattern.writes ? workload.writeBlock : workload.readBlock
    guard workload.verify != .off, pattern.isRandom, sizes.smallest != sizes.largest else { return }
    wrong(
      "verify", "verify of drawn addresses needs one block size: blocks of several sizes overlap",
      hint: "give one block-size, or a sequential pattern")
  }

  private mutating func load(_ workload: StorageWorkload) {
    if case .closed = workload.load {
      for key in ["arrivals", "late-bound"] {
        unused(
          key, "\(key) means nothing without a rate", hint: "give rate: 1000/s, or leave it out")
      }
    } else if !workload.timestamps {
      wrong("timestamps", "a rate needs timestamps", hint: "leave out one of the two")
    }
    if let batch = workload.submitBatch, batch > workload.queueDepth {
      wrong(
        "submit-batch", "submit-batch \(batch) is more than queue-depth \(workload.queueDepth)")
    }
    if let batch = workload.completeBatch, batch > workload.queueDepth {
      wrong(
        "complete-batch",
        "complete-batch \(batch) is more than queue-depth \(workload.queueDepth)",
        hint: "it would wait for I/Os that are never in flight")
    }
  }

  private mutating func syncs(_ workload: StorageWorkload) {
    if workload.fsyncEvery != nil, workload.fdatasyncEvery != nil {
      wrong("fdatasync", "fsync and fdatasync contradict each other", hint: "give one of the two")
    }
    if !workload.pattern.writes {
      for key in ["fsync", "fdatasync"] {
        unused(
          key, "\(key) counts writes, and \(workload.pattern.rawValue) has none",
          hint: "use a pattern that writes, or leave it out")
      }
    }
  }

  private mutating func end(_ workload: StorageWorkload) {
    if workload.steadyState != nil {
      if names("duration") {
        wrong(
          "duration", "duration contradicts steady-state, whose rounds are the duration",
          hint: "leave out one of the two")
      }
      for key in ["total-bytes", "total-count"] where names(key) {
        wrong(key, "\(key) contradicts steady-state, whose rounds are timed")
      }
      if let rule = workload.steadyState, rule.maxRounds < rule.window {
        wrong("steady-state", "max-rounds \(rule.maxRounds) is less than window \(rule.window)")
      }
    } else if workload.duration == nil, workload.totalBytes == nil, workload.totalCount == nil,
      workload.regionSize == nil, !isOpen("")
    {
      problems.append(
        Problem(
          path: "\(path).storage", message: "nothing says when the workload ends",
          hint: "give duration: 30s, total-bytes, total-count, or region-size for one pass"))
    }
  }

  private mutating func engine(_ workload: StorageWorkload) {
    let engine = workload.engine
    if engine == .psync, workload.queueDepth > 1 {
      wrong(
        "queue-depth", "psync has one I/O in flight, not \(workload.queueDepth)",
        hint: "use jobs: \(workload.queueDepth), or another engine")
    }
    let isRing = engine == .ioUring || engine == .nvmePassthrough || engine == .nopRing
    if !isRing {
      for key in ["registered-buffers", "registered-files", "polled", "submission-thread"]
      where key != "polled" || engine != .nvmfRDMA {
        unused(key, "\(key) means nothing with engine \(engine.rawValue)")
      }
    }
    if isRing, workload.polled, !workload.direct {
      wrong(
        "polled", "polled completions need direct I/O", hint: "leave out one of the two")
    }
    if engine == .libaio, !workload.direct {
      wrong(
        "direct", "libaio without direct I/O blocks in submission",
        hint: "use io_uring for buffered I/O", severity: .warning)
    }
  }

  private mutating func target(
    _ workload: StorageWorkload, _ target: StorageTarget, named name: String
  ) {
    var size: ByteCount?
    let engine = workload.engine
    switch target {
    case .device(let path):
      let isGeneric = path.hasPrefix("/dev/ng")
      if engine == .nvmePassthrough, !isGeneric {
        wrong(
          "engine", "io_uring_cmd needs an NVMe generic device, and \(name) is \(path)",
          hint: "name /dev/ng0n1 instead of /dev/nvme0n1")
      } else if isGeneric, engine != .nvmePassthrough, engine != .nopRing, engine != .null {
        wrong(
          "engine", "\(name) (\(path)) takes NVMe commands only, not \(engine.rawValue)",
          hint: "use io_uring_cmd, or name the block device")
      }
    case .file(let file):
      size = file.size
      if engine == .nvmePassthrough {
        wrong("engine", "io_uring_cmd needs an NVMe generic device, and \(name) is a file")
      }
    case .fabrics(let address):
      let isOurs = address.initiator == .userSpace
      let fits =
        switch engine {
        case .nvmfRDMA: isOurs
        case .nvmePassthrough, .nopRing, .null: false
        case .psync, .libaio, .ioUring: !isOurs
        }
      if !fits {
        wrong(
          "engine", "\(engine.rawValue) does not fit \(name), \(address.text)",
          hint: "leave the engine out: \(isOurs ? "nvmf-rdma" : "io_uring") is taken then")
      }
    case .virtualFunction(let place):
      switch engine {
      case .psync, .libaio, .ioUring: break
      case .nvmePassthrough, .nvmfRDMA, .nopRing, .null:
        wrong(
          "engine", "\(engine.rawValue) does not fit \(name), \(place.text)",
          hint: "leave the engine out: io_uring is taken then")
      }
    case .none(let given):
      size = given
      if engine != .nopRing, engine != .null {
        wrong(
          "engine", "\(engine.rawValue) needs a device or a file, and \(name) is none",
          hint: "use io_uring_nop or null")
      }
    }
    guard let size else { return }
    let largest = max(workload.readBlock.largest, workload.writeBlock.largest)
    let (end, overflow) = workload.regionOffset.count.addingReportingOverflow(
      workload.regionSize?.count ?? largest.count)
    guard overflow || end > size.count else { return }
    if workload.regionSize != nil {
      wrong("region-size", "the region ends beyond \(name), which is \(size.text)")
    } else if names("region-offset") {
      wrong("region-offset", "the region starts beyond \(name), which is \(size.text)")
    } else {
      wrong("block-size", "a block of \(largest.text) is larger than \(name), \(size.text)")
    }
  }
}
