internal import Deploy
internal import Foundation
internal import Host
internal import Ledger
internal import Measure
internal import Scenario
internal import Statistics
internal import Storage

/// Runs one planned storage trial to its record: preconditioning, rounds, validity, metrics.
struct StorageExecution {
  let system: ExaminedStorage
  let trial: PlannedTrial
  let workload: StorageWorkload
  let runSeed: UInt64
  let clock: TickClock
  let topology: Topology
  /// Closed-loop maximum that a relative rate is a share of.
  let maximum: Rate?
  /// Where the operation is written down; nil where none is to be taken back.
  let entry: ChangeEntry?

  /// What is done to the machine meanwhile.
  var operation: OnlineOperation? { trial.work.storage?.operation }

  /// Runs the trial; the caller has the record's series open.
  func run(
    _ progress: any RunProgress, series: SeriesWriter
  ) throws(RunError) -> (record: TrialRecord, histograms: TrialHistograms) {
    let startedAt = WallClock.now()
    let begin = MonotonicClock.now()
    let statisticsBefore = try? system.device?.device.statistics()
    let countersBefore = isOverRDMA ? RDMACounters.current() : nil
    let trafficBefore = system.function.map { FunctionTraffic.current(of: $0) }
    let online = operation.map { OnlineOperationRun($0, entry: entry) }
    let observer = TrialObserver(trial, progress: progress, series: series, operation: online)
    let (rounds, operation) = try measure(observer, online, progress)
    var record = TrialRecord(id: trial.id, key: trial.key, block: trial.block)
    let outcome = Self.merged(rounds.measured)
    let statisticsAfter = try? system.device?.device.statistics()
    record.startedAt = startedAt
    record.tookNs = MonotonicClock.now() - begin
    record.metrics = TrialMetrics.of(outcome, cpu: observer.cpu, operation: operation)
    let traffic = trafficSince(trafficBefore)
    record.disclosure = Disclosure.of(workload, system, rate: rate, traffic: traffic)
    if let operation { record.disclosure["operation"] = operation.text }
    var validity = TrialValidity(workload: workload, outcome: outcome, rate: rate)
    validity.judgeSteadyState(
      workload.steadyState, rounds.verdict, rounds: rounds.all.count)
    if let operation {
      validity.judge(operation)
    } else {
      validity.judgePlateau(observer.perSecond)
    }
    var difference: DiskStatistics?
    if let statisticsBefore, let statisticsAfter {
      difference = statisticsAfter - statisticsBefore
      validity.judgeKernelCounts(
        statisticsAfter - statisticsBefore, system: system, everything: Self.merged(rounds.all))
    }
    record.status = validity.status
    record.findings = validity.findings
    let moved = countersBefore.map { RDMACounters.current().since($0) }
    let beside = Evidence(
      cpu: observer.cpu, kernel: difference, rdma: moved, traffic: traffic, operation: operation)
    record.detail = try detail(outcome, beside, rounds)
    return (record, Self.histograms(of: outcome))
  }

  private func trafficSince(_ before: FunctionTraffic?) -> FunctionTraffic? {
    guard let before, let function = system.function else { return nil }
    return FunctionTraffic.current(of: function).since(before)
  }

  private var isOverRDMA: Bool {
    (system.fabrics?.place ?? system.facts.fabrics?.address)?.transport == .rdma
  }

  /// I/Os per second in all; nil for a closed loop.
  private var rate: Rate? {
    guard case .open(let rate, _) = workload.load else { return nil }
    switch rate {
    case .absolute(let rate): return rate
    case .shareOfMaximum(let share):
      return maximum.map { Rate(perSecond: $0.perSecond * share.value) }
    }
  }

  // MARK: Measuring

  /// The rounds of a trial: one, or as many as the steady state takes.
  private struct Rounds {
    /// Every round.
    var all: [StorageOutcome] = []
    /// The rounds whose numbers count: the window, or the one.
    var measured: [StorageOutcome] = []
    var verdict: SteadyState.Verdict?
  }

  /// Measures, and sees to its end what is done to the machine meanwhile: what was triggered is
  /// taken back whatever became of the I/O.
  private func measure(
    _ observer: TrialObserver, _ online: OnlineOperationRun?, _ progress: any RunProgress
  ) throws(RunError) -> (Rounds, OperationRecord?) {
    let rounds: Rounds
    do throws(RunError) {
      rounds = try measure(observer, progress)
    } catch {
      _ = online?.finish { true }
      throw error
    }
    if let failure = observer.operationFailure {
      throw RunError(.unavailable, ["trial \(trial.id): \(failure)"])
    }
    guard let operation, let seen = online?.finish({ progress.isInterrupted() }) else {
      return (rounds, nil)
    }
    return (rounds, OperationRecord(operation, seen, Self.merged(rounds.measured)))
  }

  private func measure(
    _ observer: TrialObserver, _ progress: any RunProgress
  ) throws(RunError) -> Rounds {
    guard let rule = workload.steadyState else {
      let outcome = try once(workload, seed: trial.seed, observer)
      return Rounds(all: [outcome], measured: [outcome], verdict: nil)
    }
    var rounds = Rounds()
    var round = workload
    round.duration = rule.round
    for number in 1...rule.maxRounds {
      let outcome = try once(
        round, seed: SplitMix64.scrambled(trial.seed &+ UInt64(number)), observer)
      rounds.all.append(outcome)
      round.ramp = .zero
      rounds.measured = Array(rounds.all.suffix(rule.window))
      if outcome.stoppedEarly != nil || progress.isInterrupted() { break }
      let verdict = SteadyState.evaluate(
        values: rounds.all.map(Self.iops), window: rule.window, range: rule.range, slope: rule.slope
      )
      rounds.verdict = verdict
      progress.phaseChanged(Self.describe(number, rule, verdict))
      if verdict?.isReached == true { break }
    }
    return rounds
  }

  private func once(
    _ workload: StorageWorkload, seed: UInt64, _ observer: TrialObserver
  ) throws(RunError) -> StorageOutcome {
    do {
      let placement = placement(of: workload)
      let outcome = try StorageTrial(
        facts: system.facts, workload: workload, seed: seed, stampSeed: runSeed, rate: rate,
        clock: clock, cpus: placement.cpus, node: placement.node, countsWindows: operation != nil
      ).run(observer)
      observer.roundEnded(after: outcome.elapsed)
      return outcome
    } catch {
      throw RunError(.unavailable, ["trial \(trial.id): \(error.message)\n  hint: \(error.hint)"])
    }
  }

  private func placement(of workload: StorageWorkload) -> (cpus: [Int], node: Int?) {
    switch workload.placement {
    case .free: return ([], nil)
    case .cpus(let cpus): return (cpus, nil)
    case .nearDevice:
      let node = system.device?.device.numaNode
      return (topology.placement(workers: workload.jobs, near: node), node)
    }
  }

  private static func iops(_ outcome: StorageOutcome) -> Double {
    let seconds = outcome.elapsed.inSeconds
    guard seconds > 0 else { return 0 }
    return Double(outcome.read.ios + outcome.write.ios + outcome.trim.ios) / seconds
  }

  private static func describe(
    _ number: Int, _ rule: StorageWorkload.SteadyStateRule, _ verdict: SteadyState.Verdict?
  ) -> String {
    guard let verdict else { return "round \(number) of at most \(rule.maxRounds)" }
    return "round \(number) of at most \(rule.maxRounds): range \(verdict.rangeFraction.text) "
      + "(\(rule.range.text)), slope \(verdict.slopeFraction.text) (\(rule.slope.text))"
  }

  // MARK: Results

  static func merged(_ outcomes: [StorageOutcome]) -> StorageOutcome {
    guard var sum = outcomes.first else { return StorageOutcome() }
    for outcome in outcomes.dropFirst() { sum.merge(outcome) }
    return sum
  }

  static func histograms(of outcome: StorageOutcome) -> TrialHistograms {
    var distributions: [String: LatencyDistribution] = [:]
    for (name, direction) in [
      ("read", outcome.read), ("write", outcome.write), ("trim", outcome.trim),
      ("sync", outcome.sync),
    ] where direction.ios > 0 {
      distributions["\(name) latency"] = direction.latency
      distributions["\(name) service"] = direction.service
      if direction.submission.count > 0 {
        distributions["\(name) submission"] = direction.submission
      }
    }
    return TrialHistograms(distributions: distributions)
  }

  /// What was seen beside the I/Os themselves.
  private struct Evidence {
    var cpu: CPUUse?
    var kernel: DiskStatistics?
    var rdma: RDMACounters?
    var traffic: FunctionTraffic?
    var operation: OperationRecord?
  }

  /// The engine's facts: the outcome without its distributions, which have a file of their own.
  private func detail(
    _ outcome: StorageOutcome, _ beside: Evidence, _ rounds: Rounds
  ) throws(RunError) -> JSONValue {
    guard case .object(var members) = try Self.json(outcome.withoutDistributions) else {
      return .null
    }
    if let cpu = beside.cpu { members["cpu"] = try Self.json(cpu) }
    if let operation = beside.operation { members["operation"] = try Self.json(operation) }
    if let kernel = beside.kernel { members["kernelCounts"] = try Self.json(kernel) }
    if let rdma = beside.rdma { members["rdmaCounters"] = try Self.json(rdma) }
    if let traffic = beside.traffic { members["functionTraffic"] = try Self.json(traffic) }
    if let facts = system.function { members["virtualFunction"] = try Self.json(facts) }
    if let facts = system.fabrics?.facts { members["fabrics"] = try Self.json(facts) }
    if let target = system.facts.fabrics { members["fabrics"] = try Self.json(target) }
    if let device = system.device { members["device"] = try Self.json(device) }
    if let ceiling = system.device?.device.pcieLink?.bytesPerSecond {
      members["linkBytesPerSecond"] = .number(ceiling)
    }
    members["workload"] = try Self.json(workload)
    members["seed"] = .string(String(trial.seed))
    members["kind"] = .string(trial.kind.rawValue)
    if let rate { members["offeredPerSecond"] = .number(rate.perSecond) }
    if rounds.all.count > 1 {
      members["roundsPerSecond"] = .array(rounds.all.map { .number(Self.iops($0)) })
    }
    return .object(members)
  }

  private static func json(_ value: some Encodable) throws(RunError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    } catch {
      throw RunError(.io, ["a trial's facts have no JSON form: \(error)"])
    }
  }
}
