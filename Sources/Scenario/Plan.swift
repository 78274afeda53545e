internal import Deploy
internal import Host
public import Measure
internal import Storage

/// A scenario expanded: what will run, in which order, on what, and what it writes.
///
/// Pure: the same scenario and seed give the same plan. Kept as `plan.json`, which `--resume` reads
/// back.
public struct Plan: Hashable, Codable, Sendable {
  /// Version of this format.
  public var format = "assay-plan-2"
  /// The scenario's name.
  public var name: String
  /// The scenario's own description.
  public var about: String
  /// The seed from which every random thing of the run derives.
  public var seed: UInt64
  /// Order and repetitions.
  public var design: Design
  /// When the limits are judged while the run goes on; nil is once, after the last trial.
  public var looks: Looks?
  /// The cases that are run alone, in the scenario's order; nil is all of the scenario.
  public var only: [CaseKey]?
  /// What must hold.
  public var limits: [Limit]
  /// The trials in the order in which they run.
  public var trials: [PlannedTrial]

  /// The confidence by which each judgement of a limit is made: with looks their nominal one.
  public var confidence: Fraction { looks?.nominal ?? design.confidence }

  /// Whether no trial touches anything: every system is a model.
  public var isSimulated: Bool {
    !trials.isEmpty && trials.allSatisfy { $0.work.simulation != nil }
  }

  /// The estimate of the whole: its trials, and each file that is made, once.
  public var estimate: TrialEstimate { Self.estimate(of: trials) }

  static func estimate(of trials: some Sequence<PlannedTrial>) -> TrialEstimate {
    var sum = TrialEstimate()
    var made: Set<String> = []
    for trial in trials {
      if case .storage(let work) = trial.work, case .file(let file) = work.target,
        let size = file.size, made.insert(file.path).inserted
      {
        var making = TrialEstimate()
        making.unknownTime = ["making \(file.path), \(size.text), unless it is there"]
        making.writesAtMost = size
        sum.add(making)
      }
      sum.add(trial.estimate)
    }
    return sum
  }
}

/// One trial of a plan.
public struct PlannedTrial: Hashable, Codable, Sendable {
  /// Its name: `t0001`, in the order of the plan.
  public var id: String
  /// The case that it replicates.
  public var key: CaseKey
  /// Which block of the design, from 1; 0 for ``Kind/findMaximum``.
  public var block: Int
  /// What it is for.
  public var kind: Kind
  /// The trial that finds the maximum of which the rate is a share.
  public var maximumFrom: String?
  /// What is done to what.
  public var work: Work
  /// The seed of its random things.
  ///
  /// Every system gets the same in the same block (common random numbers), so that a comparison
  /// does not compare draws; it does not depend on the order.
  public var seed: UInt64
  /// How long it takes and what it writes, as far as that can be known.
  public var estimate: TrialEstimate

  /// What a trial is for.
  public enum Kind: String, Codable, Sendable {
    /// Its numbers count.
    case measure
    /// Closed loop, to find the maximum that a rate is a share of; its numbers stand apart.
    case findMaximum = "find-maximum"
  }
}

/// How long trials take and what they write, as far as that can be known beforehand.
public struct TrialEstimate: Hashable, Codable, Sendable {
  /// Time that is known: ramp and duration, or the fewest rounds.
  public var knownNs = Nanoseconds.zero
  /// The most that the timed part can take: larger with steady state.
  public var atMostNs = Nanoseconds.zero
  /// What comes on top and cannot be known: a fill, an end by bytes.
  public var unknownTime: [String] = []
  /// Bytes that are written at most, where a bound is known.
  public var writesAtMost = ByteCount.zero
  /// What is written on top without a known bound.
  public var unknownWrites: [String] = []

  /// Nothing.
  public init() {}

  /// Adds another trial; each reason is kept once.
  mutating func add(_ other: TrialEstimate) {
    knownNs = .init(knownNs.count.addingClamped(other.knownNs.count))
    atMostNs = .init(atMostNs.count.addingClamped(other.atMostNs.count))
    writesAtMost = .init(writesAtMost.count.addingClamped(other.writesAtMost.count))
    for reason in other.unknownTime where !unknownTime.contains(reason) {
      unknownTime.append(reason)
    }
    for reason in other.unknownWrites where !unknownWrites.contains(reason) {
      unknownWrites.append(reason)
    }
  }
}

extension Plan {
  /// Expands a scenario; `seed` is the scenario's, or what the runner drew.
  ///
  /// With planned looks the plan has the blocks of all of them; the runner may end earlier.
  public static func expand(_ scenario: Scenario, seed: UInt64, looks: Looks? = nil) -> Plan {
    var design = scenario.design
    if let looks { design.blocks = looks.count * looks.blocksEach }
    var plan = Plan(
      name: scenario.name, about: scenario.about, seed: seed, design: design, looks: looks,
      limits: scenario.limits, trials: [])
    var maxima: [CaseKey: String] = [:]
    for slot in slots(scenario, seed: seed, looks) {
      guard let target = scenario.system(slot.system)?.target,
        let work = work(slot.point.workload, on: target, of: slot.workload)
      else { continue }
      var trial = PlannedTrial(
        id: "", key: slot.key, block: slot.block, kind: .measure, maximumFrom: nil, work: work,
        seed: trialSeed(seed, work, slot.key, block: slot.block), estimate: TrialEstimates.of(work))
      if case .storage(let work) = work, case .open(.shareOfMaximum, _) = work.workload.load {
        let key = CaseKey(
          system: slot.system, workload: slot.workload.name,
          point: slot.point.labels.filter {
            !$0.hasPrefix("rate=") && !$0.hasPrefix("arrivals=")
          })
        if maxima[key] == nil { maxima[key] = plan.add(maximum(of: trial, work, key, seed)) }
        trial.maximumFrom = maxima[key]
      }
      plan.add(trial)
    }
    return plan
  }

  /// What is done to a target; nil where the workload is of another kind than the target.
  private static func work(
    _ workload: Workload, on target: Target, of parent: ScenarioWorkload
  ) -> Work? {
    switch (workload, target) {
    case (.storage(let workload), .storage(let target)):
      .storage(
        StorageWork(
          target: target,
          workload: resolved(workload, on: target, namesEngine: parent.namesEngine),
          operation: parent.operation))
    case (.verbs(let workload), .fabric(let peer)):
      .verbs(VerbsWork(peer: peer, workload: workload))
    case (.simulation(let load), .cluster(let model)):
      .simulation(SimulationWork(cluster: model, load: load))
    case (.storage, _), (.verbs, _), (.simulation, _): nil
    }
  }

  /// The engine that a target needs where the scenario names none: passthrough for a generic NVMe
  /// device, the empty ring for no device.
  static func resolved(
    _ workload: StorageWorkload, on target: StorageTarget, namesEngine: Bool
  ) -> StorageWorkload {
    guard !namesEngine else { return workload }
    var workload = workload
    switch target {
    case .device(let path) where path.hasPrefix("/dev/ng"): workload.engine = .nvmePassthrough
    case .none: workload.engine = .nopRing
    case .fabrics(let address) where address.initiator == .userSpace:
      workload.engine = .nvmfRDMA
    case .device, .file, .fabrics, .virtualFunction: break
    }
    return workload
  }

  @discardableResult
  mutating func add(_ trial: PlannedTrial) -> String {
    var trial = trial
    let number = String(trials.count + 1)
    trial.id = "t" + String(repeating: "0", count: max(0, 4 - number.count)) + number
    trials.append(trial)
    return trial.id
  }

  /// The same workload without its rate, and with nothing done meanwhile.
  private static func maximum(
    of trial: PlannedTrial, _ work: StorageWork, _ key: CaseKey, _ seed: UInt64
  ) -> PlannedTrial {
    var closed = work
    closed.workload.load = .closed
    closed.operation = nil
    var found = trial
    found.work = .storage(closed)
    found.key = key
    found.block = 0
    found.kind = .findMaximum
    found.seed = trialSeed(seed, key, block: 0)
    found.estimate = TrialEstimates.of(found.work)
    return found
  }

  /// The seed of a trial: of a simulation from its block alone, else also from workload and point.
  ///
  /// What a simulated cluster is like, or its load, cannot have been picked to suit the draws: all
  /// trials of a block share them, so that a comparison along a sweep is one with common random
  /// numbers, too (Law, Simulation Modeling and Analysis, 5th ed. 2015, section 11.2).
  private static func trialSeed(
    _ seed: UInt64, _ work: Work, _ key: CaseKey, block: Int
  ) -> UInt64 {
    guard case .simulation = work else { return trialSeed(seed, key, block: block) }
    var random = SeededRandom(seed: seed, stream: 0x7369_6D75_6C61_7465)
    var drawn = random.next()
    for _ in 0..<max(block, 1) { drawn = random.next() }
    return drawn
  }

  /// Derives a trial's seed from its workload, point and block by a stream of its own.
  private static func trialSeed(_ seed: UInt64, _ key: CaseKey, block: Int) -> UInt64 {
    let name = ([key.workload] + key.point + ["block \(block)"]).joined(separator: "\n")
    // FNV-1a, 64 bits (draft-eastlake-fnv): the stream must not depend on Swift's seeded hashing.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    var random = SeededRandom(seed: seed, stream: hash)
    return random.next()
  }

  // MARK: Order

  private struct Slot {
    var system: String
    var workload: ScenarioWorkload
    var point: SweepPoint
    var block: Int
    var key: CaseKey {
      CaseKey(system: system, workload: workload.name, point: point.labels)
    }
  }

  /// The slots of every look one after the other, so that each look is a whole design.
  private static func slots(_ scenario: Scenario, seed: UInt64, _ looks: Looks?) -> [Slot] {
    // A stream of its own, so that the order takes nothing from the trials' draws.
    var random = SeededRandom(seed: seed, stream: 0x006F_7264_6572)
    guard let looks else {
      return slots(scenario, blocks: 1...max(scenario.design.blocks, 1), &random)
    }
    return (1...max(looks.count, 1)).flatMap {
      slots(scenario, blocks: looks.blocks(of: $0), &random)
    }
  }

  private static func slots(
    _ scenario: Scenario, blocks: ClosedRange<Int>, _ random: inout SeededRandom
  ) -> [Slot] {
    let cells = scenario.workloads.flatMap { workload in
      workload.points.map { (workload: workload, point: $0) }
    }
    switch scenario.design.order {
    case .abba:
      // Every second block runs backwards: drift hits all systems and points of a workload alike.
      // Workloads stay apart, since one may leave the target in another state than the next needs.
      return scenario.workloads.flatMap { workload in
        blocks.flatMap { block in
          let forward = workload.points.flatMap { point in
            workload.systems.map {
              Slot(system: $0, workload: workload, point: point, block: block)
            }
          }
          return block % 2 == 1 ? forward : forward.reversed()
        }
      }
    case .sequential:
      return cells.flatMap { workload, point in
        workload.systems.flatMap { system in
          blocks.map { Slot(system: system, workload: workload, point: point, block: $0) }
        }
      }
    case .random:
      return blocks.flatMap { block in
        let slots = cells.flatMap { workload, point in
          workload.systems.map { Slot(system: $0, workload: workload, point: point, block: block) }
        }
        return shuffled(slots, &random)
      }
    }
  }

  /// Fisher and Yates, spelled out: the standard library may change its shuffle between versions.
  private static func shuffled(_ slots: [Slot], _ random: inout SeededRandom) -> [Slot] {
    var slots = slots
    for last in stride(from: slots.count - 1, to: 0, by: -1) {
      slots.swapAt(last, Int(random.below(UInt64(last + 1))))
    }
    return slots
  }
}

extension Int64 {
  /// The sum, or the largest number where it does not fit.
  func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
  /// The product, or the largest number where it does not fit.
  func multipliedClamped(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
