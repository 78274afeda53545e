internal import Measure
internal import Storage

typealias StorageField = Field<StorageWorkload>

/// The table of `storage:` keys: everything that is known of them is here.
enum StorageFields {
  static let all: [StorageField] = what + where_ + load + syncs + end + content + bounds + ring

  static let members: [Member] = all.map { $0.member(StorageWorkload(pattern: .randomRead)) }

  /// A workload from checked values; nil without a pattern.
  static func workload(_ values: Value) -> StorageWorkload? {
    guard let pattern = values["pattern"]?.word.flatMap(StorageWorkload.Pattern.init(rawValue:))
    else { return nil }
    var workload = StorageWorkload(pattern: pattern)
    for field in all {
      if let value = values[field.name] { field.apply(value, &workload) }
    }
    return workload
  }

  private static let what: [StorageField] = [
    .word(
      "engine", \.engine, "how I/O reaches the kernel; a /dev/ng device defaults to io_uring_cmd"),
    StorageField(
      name: "pattern", kind: .word(StorageWorkload.Pattern.allCases.map(\.rawValue)),
      doc: "which addresses in which order, and which operations", required: true,
      apply: { value, workload in
        if let pattern = value.word.flatMap(StorageWorkload.Pattern.init(rawValue:)) {
          workload.pattern = pattern
        }
      },
      render: { .word($0.pattern.rawValue) }),
    .share("read-share", \.readShare, 0...1, "share of reads in a mixed pattern"),
    StorageField(
      name: "block-size", kind: blockKind,
      doc: "size of each I/O: one, a range, or a list of {size, weight}",
      apply: { value, workload in
        guard let sizes = blocks(value) else { return }
        workload.readBlock = sizes
        workload.writeBlock = sizes
      },
      render: { render($0.readBlock) }),
    StorageField(
      name: "write-block-size", kind: blockKind,
      doc: "size of each write and trim, where it is not block-size",
      apply: { value, workload in
        if let sizes = blocks(value) { workload.writeBlock = sizes }
      },
      render: { $0.writeBlock == $0.readBlock ? nil : render($0.writeBlock) }),
  ]

  private static let where_: [StorageField] = [
    StorageField(
      name: "distribution", kind: distributionKind, doc: "where random addresses fall",
      apply: { value, workload in workload.distribution = distribution(value) },
      render: { render($0.distribution) }),
    .flag(
      "random-map", \.randomMap,
      "whether a random pass touches every block once before any is touched again"),
    StorageField(
      name: "region-offset", kind: .size(least: 0), doc: "first byte that is used",
      apply: { value, workload in workload.regionOffset = value.size ?? .zero },
      render: { .size($0.regionOffset) }),
    .size("region-size", \.regionSize, "length that is used; without it, the rest of the target"),
    .word("job-regions", \.jobRegions, "how jobs share the region"),
  ]

  private static let load: [StorageField] = [
    .integer("jobs", \.jobs, 1...4096, "workers, each with its own queue"),
    .integer("queue-depth", \.queueDepth, 1...65536, "I/Os in flight per job"),
    .integer("submit-batch", \.submitBatch, 1...65536, "most I/Os handed over in one call"),
    .integer(
      "complete-batch", \.completeBatch, 1...65536, "fewest completions to wait for in one call"),
    StorageField(
      name: "rate", kind: .rate,
      doc: "open loop: I/Os start at this rate over all jobs, whether or not earlier ones ended",
      apply: { value, workload in applyRate(value, &workload) },
      render: { workload in
        switch workload.load {
        case .closed: nil
        case .open(.absolute(let rate), _): .rate(.perSecond(rate.perSecond))
        case .open(.shareOfMaximum(let share), _): .rate(.shareOfMaximum(share))
        }
      }),
    StorageField(
      name: "arrivals", kind: .word(StorageWorkload.Load.Arrivals.allCases.map(\.rawValue)),
      doc: "spacing of starts under a rate (default fixed)",
      apply: { value, workload in
        if case .open(let rate, _) = workload.load,
          let arrivals = value.word.flatMap(StorageWorkload.Load.Arrivals.init(rawValue:))
        {
          workload.load = .open(rate, arrivals: arrivals)
        }
      },
      render: { workload in
        if case .open(_, let arrivals) = workload.load { .word(arrivals.rawValue) } else { nil }
      }),
  ]

  private static let syncs: [StorageField] = [
    .flag("direct", \.direct, "whether the page cache is bypassed (O_DIRECT)"),
    .integer("fsync", \.fsyncEvery, 1...Int.max, "fsync after so many writes"),
    .integer("fdatasync", \.fdatasyncEvery, 1...Int.max, "fdatasync after so many writes"),
    .flag("end-fsync", \.endFsync, "one fsync after the last write"),
  ]

  private static let end: [StorageField] = [
    .duration("duration", \.duration, least: 1, "measured time"),
    .size("total-bytes", \.totalBytes, "bytes per job after which it ends"),
    StorageField(
      name: "total-count", kind: .integer(1...Int.max), doc: "I/Os per job after which it ends",
      apply: { value, workload in workload.totalCount = value.integer.map(Int64.init) },
      render: { $0.totalCount.map { .integer(Int($0)) } }),
    .duration("ramp", \.ramp, least: 0, "time before measuring; its I/Os are not recorded"),
  ]

  private static let content: [StorageField] = [
    StorageField(
      name: "data", kind: dataKind, doc: "what stands in the blocks that are written",
      apply: { value, workload in workload.data = data(value) },
      render: { render($0.data) }),
    .flag("refill", \.refill, "whether each write gets fresh data rather than a stamped buffer"),
    .word("verify", \.verify, "whether written blocks are checked"),
    StorageField(
      name: "precondition", kind: preconditionKind,
      doc: "what is written before: nothing, SNIA's twice the region, or so many passes",
      apply: { value, workload in workload.precondition = precondition(value) },
      render: { render($0.precondition) }),
    StorageField(
      name: "steady-state", kind: steadyKind,
      doc: "rounds until the result is steady (SNIA PTS 2.0.2); replaces duration",
      apply: { value, workload in workload.steadyState = steady(value) },
      render: { $0.steadyState.map(render) }),
  ]

  private static let bounds: [StorageField] = [
    StorageField(
      name: "on-error", kind: errorKind, doc: "what happens after an I/O error",
      apply: { value, workload in
        workload.errorPolicy = value["count-up-to"]?.integer.map { .count(upTo: $0) } ?? .stop
      },
      render: { workload in
        switch workload.errorPolicy {
        case .stop: .word("stop")
        case .count(let limit): .record([.init("count-up-to", .integer(limit))])
        }
      }),
    .duration("hang-bound", \.hangBound, least: 1, "an I/O at least this long counts as hung"),
    .duration(
      "late-bound", \.lateBound, least: 1,
      "under a rate: an I/O issued at least this long after its time counts as late"),
    .flag("timestamps", \.timestamps, "whether each I/O is timed; off shows what timing costs"),
  ]

  private static let ring: [StorageField] = [
    .flag("registered-buffers", \.registeredBuffers, "io_uring: buffers registered once"),
    .flag("registered-files", \.registeredFiles, "io_uring: the file registered once"),
    .flag("polled", \.polled, "io_uring: completions polled from the device (IOPOLL)"),
    .flag(
      "submission-thread", \.submissionThread,
      "io_uring: a kernel thread takes submissions (SQPOLL)"),
    StorageField(
      name: "placement", kind: placementKind, doc: "where workers run",
      apply: { value, workload in workload.placement = placement(value) },
      render: { render($0.placement) }),
  ]
}
