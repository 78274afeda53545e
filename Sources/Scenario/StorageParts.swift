internal import Measure
internal import Storage

/// Keys of `storage:` whose values have parts: their kinds, and the way to and from the workload.
extension StorageFields {
  static let blockKind = Kind.anyOf([
    .sizes,
    .list(
      .record([
        Member(name: "size", kind: .size(least: 1), doc: "size of the I/O", required: true),
        Member(
          name: "weight", kind: .number(above: 0, below: .infinity),
          doc: "how often, relative to the others", required: true),
      ])),
  ])

  static let distributionKind = Kind.anyOf([
    .word(["uniform"]),
    .variant(
      noun: "distribution",
      [
        [
          Member(
            name: "zipf", kind: .number(above: 0, below: .infinity),
            doc: "Zipf with this exponent", required: true)
        ],
        [
          Member(
            name: "pareto", kind: .number(above: 0, below: 0.5),
            doc: "self-similar: 1-h of accesses on a share h of blocks", required: true)
        ],
        [Member(name: "zones", kind: zonesKind, doc: "zones from the start", required: true)],
      ]),
  ])

  private static let zonesKind = Kind.list(
    .record([
      Member(name: "access", kind: .share(0...1), doc: "share of accesses", required: true),
      Member(name: "size", kind: .share(0...1), doc: "share of the region", required: true),
    ]))

  static let dataKind = Kind.anyOf([
    .word(["random", "zeros"]),
    .record([
      Member(
        name: "compressible", kind: .share(0...1), doc: "part of each block that is zeros",
        required: true)
    ]),
  ])

  static let preconditionKind = Kind.anyOf([
    .word(["none", "snia"]),
    .record([
      Member(
        name: "fill", kind: .integer(1...100), doc: "sequential passes over the region",
        required: true)
    ]),
  ])

  static let errorKind = Kind.anyOf([
    .word(["stop"]),
    .record([
      Member(
        name: "count-up-to", kind: .integer(0...Int.max),
        doc: "errors are counted; past so many the trial fails", required: true)
    ]),
  ])

  static let placementKind = Kind.anyOf([
    .word(["near-device", "free"]),
    .record([
      Member(
        name: "cpus", kind: .list(.integer(0...65535)), doc: "pinned to these CPUs in turn",
        required: true)
    ]),
  ])

  static let steadyKind: Kind = {
    let rule = StorageWorkload.SteadyStateRule()
    return .anyOf([
      .word(["snia"]),
      .record([
        Member(
          name: "round", kind: .duration(least: 1), doc: "length of one round",
          standard: rule.round.text),
        Member(
          name: "window", kind: .integer(2...1000), doc: "rounds in the window",
          standard: String(rule.window)),
        Member(
          name: "range", kind: .share(0...1), doc: "most that max - min may be, of the mean",
          standard: rule.range.text),
        Member(
          name: "slope", kind: .share(0...1), doc: "most that the linear fit may move, of the mean",
          standard: rule.slope.text),
        Member(
          name: "max-rounds", kind: .integer(2...100_000), doc: "rounds after which it is given up",
          standard: String(rule.maxRounds)),
      ]),
    ])
  }()

  static func blocks(_ value: Value) -> StorageWorkload.BlockSizes? {
    switch value {
    case .size(let size): return .fixed(size)
    case .sizes(let from, let to): return .range(from: from, to: to)
    case .list(let items):
      return .split(
        items.compactMap { item in
          guard let size = item["size"]?.size, let weight = item["weight"]?.number else {
            return nil
          }
          return .init(size: size, weight: weight)
        })
    default: return nil
    }
  }

  static func render(_ blocks: StorageWorkload.BlockSizes) -> Value {
    switch blocks {
    case .fixed(let size): .size(size)
    case .range(let from, let to): .sizes(from: from, to: to)
    case .split(let sizes):
      .list(
        sizes.map {
          .record([.init("size", .size($0.size)), .init("weight", .number($0.weight))])
        })
    }
  }

  static func distribution(_ value: Value) -> StorageWorkload.Distribution {
    if let theta = value["zipf"]?.number { return .zipf(theta: theta) }
    if let h = value["pareto"]?.number { return .pareto(h: h) }
    guard let zones = value["zones"] else { return .uniform }
    return .zoned(
      zones.items.map {
        .init(access: $0["access"]?.share ?? Fraction(0), size: $0["size"]?.share ?? Fraction(0))
      })
  }

  static func render(_ distribution: StorageWorkload.Distribution) -> Value {
    switch distribution {
    case .uniform: .word("uniform")
    case .zipf(let theta): .record([.init("zipf", .number(theta))])
    case .pareto(let h): .record([.init("pareto", .number(h))])
    case .zoned(let zones):
      .record([
        .init(
          "zones",
          .list(
            zones.map {
              .record([.init("access", .share($0.access)), .init("size", .share($0.size))])
            }))
      ])
    }
  }

  /// Sets the rate; block sizes must have been set, since bytes per second depend on them.
  static func applyRate(_ value: Value, _ workload: inout StorageWorkload) {
    guard case .rate(let rate) = value else { return }
    switch rate {
    case .perSecond(let rate):
      workload.load = .open(.absolute(Rate(perSecond: rate)), arrivals: .fixed)
    case .bytesPerSecond(let bytes):
      let rate = Rate(perSecond: bytes / meanBytes(workload))
      workload.load = .open(.absolute(rate), arrivals: .fixed)
    case .shareOfMaximum(let share):
      workload.load = .open(.shareOfMaximum(share), arrivals: .fixed)
    }
  }

  /// The expected size of an I/O of either direction, bytes.
  static func meanBytes(_ workload: StorageWorkload) -> Double {
    let (read, write) = (workload.readBlock.meanBytes, workload.writeBlock.meanBytes)
    switch (workload.pattern.reads, workload.pattern.writes) {
    case (true, true):
      return workload.readShare.value * read + (1 - workload.readShare.value) * write
    case (true, false): return read
    case (false, _): return write
    }
  }

  static func data(_ value: Value) -> StorageWorkload.DataPattern {
    if let share = value["compressible"]?.share { return .compressible(share) }
    return value.word == "zeros" ? .zeros : .random
  }

  static func render(_ data: StorageWorkload.DataPattern) -> Value {
    switch data {
    case .random: .word("random")
    case .zeros: .word("zeros")
    case .compressible(let share): .record([.init("compressible", .share(share))])
    }
  }

  static func precondition(_ value: Value) -> StorageWorkload.Precondition {
    if let passes = value["fill"]?.integer { return .fill(passes: passes) }
    return value.word == "snia" ? .snia : .none
  }

  static func render(_ precondition: StorageWorkload.Precondition) -> Value {
    switch precondition {
    case .none: .word("none")
    case .snia: .word("snia")
    case .fill(let passes): .record([.init("fill", .integer(passes))])
    }
  }

  static func steady(_ value: Value) -> StorageWorkload.SteadyStateRule {
    var rule = StorageWorkload.SteadyStateRule()
    if let round = value["round"]?.duration { rule.round = round }
    if let window = value["window"]?.integer { rule.window = window }
    if let range = value["range"]?.share { rule.range = range }
    if let slope = value["slope"]?.share { rule.slope = slope }
    if let rounds = value["max-rounds"]?.integer { rule.maxRounds = rounds }
    return rule
  }

  static func render(_ rule: StorageWorkload.SteadyStateRule) -> Value {
    if rule == .init() { return .word("snia") }
    return .record([
      .init("round", .duration(rule.round)), .init("window", .integer(rule.window)),
      .init("range", .share(rule.range)), .init("slope", .share(rule.slope)),
      .init("max-rounds", .integer(rule.maxRounds)),
    ])
  }

  static func placement(_ value: Value) -> StorageWorkload.Placement {
    if let cpus = value["cpus"] { return .cpus(cpus.items.compactMap(\.integer)) }
    return value.word == "free" ? .free : .nearDevice
  }

  static func render(_ placement: StorageWorkload.Placement) -> Value {
    switch placement {
    case .nearDevice: .word("near-device")
    case .free: .word("free")
    case .cpus(let cpus): .record([.init("cpus", .list(cpus.map { .integer($0) }))])
    }
  }
}
