internal import Foundation
internal import Host
internal import Ledger
internal import Measure
internal import Networking
internal import Scenario

/// Runs one planned verbs trial to its record.
struct VerbsExecution {
  let system: ExaminedFabric
  let trial: PlannedTrial
  let workload: VerbsWorkload
  let clock: TickClock
  let topology: Topology

  /// Runs the trial; the caller has the record's series open.
  func run(
    _ progress: any RunProgress, series: SeriesWriter
  ) throws(RunError) -> (record: TrialRecord, histograms: TrialHistograms) {
    let startedAt = WallClock.now()
    let begin = MonotonicClock.now()
    let counters = RDMACounters.current()
    let observer = TrialObserver(trial, progress: progress, series: series)
    let outcome: VerbsOutcome
    do throws(FabricError) {
      outcome = try VerbsTrial(
        peer: system.peer, workload: workload, test: trial.seed, clock: clock, cpus: cpus
      ).run(VerbsFollower(observer, workload.operation))
    } catch {
      throw RunError(.unavailable, ["trial \(trial.id): \(error)"])
    }
    if let error = observer.seriesError { throw RunError(.io, [error.description]) }
    var record = TrialRecord(id: trial.id, key: trial.key, block: trial.block)
    record.startedAt = startedAt
    record.tookNs = MonotonicClock.now() - begin
    record.metrics = TrialMetrics.of(outcome, cpu: observer.cpu)
    record.disclosure = disclosure(outcome)
    (record.status, record.findings) = Self.judge(outcome)
    record.detail = try detail(outcome, observer.cpu, RDMACounters.current().since(counters))
    let name = "\(workload.operation.rawValue) latency"
    let distributions = outcome.latency.count > 0 ? [name: outcome.latency] : [:]
    return (record, TrialHistograms(distributions: distributions))
  }

  /// One CPU a worker, near the device; free for a device without a place, whose kernel part needs
  /// the CPUs too, and where workers outnumber CPUs: who polls would keep another from its CPU.
  private var cpus: [Int] {
    let path = "/sys/class/infiniband/\(system.device.name)/device/numa_node"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    let node = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap {
      $0 < 0 ? nil : $0
    }
    let places = topology.placement(workers: workload.queuePairs, near: node)
    return Set(places).count == workload.queuePairs ? places : []
  }

  // MARK: Results

  private static func judge(
    _ outcome: VerbsOutcome
  ) -> (TrialRecord.Status, [Finding]) {
    if let reason = outcome.stoppedEarly {
      return (.failed, [Finding(code: .stoppedEarly, severity: .error, message: reason)])
    }
    guard outcome.messages > 0 else {
      return (
        .failed,
        [
          Finding(
            code: .nothingMeasured, severity: .error,
            message: "no message completed in the measured time: measure for longer, or with "
              + "smaller messages or a smaller queue depth")
        ]
      )
    }
    guard let count = outcome.receiver, count.receivedMessages != count.sentMessages else {
      return (.valid, [])
    }
    return (
      .valid,
      [
        Finding(
          code: .receiverCountDisagrees, severity: .warning,
          message: "\(count.sentMessages) messages sent, \(count.receivedMessages) counted by the "
            + "receiver")
      ]
    )
  }

  /// What must stand beside the figures for them to mean anything.
  private func disclosure(_ outcome: VerbsOutcome) -> [String: String] {
    var facts: [String: String] = [
      "operation": workload.operation.rawValue,
      "measure": workload.measure.rawValue,
      "message size": workload.messageSize.text,
      "queue depth": workload.measure == .latency ? "1" : String(workload.queueDepth),
      "queue pairs": String(workload.queuePairs),
      "load": "closed loop",
      "completion": "polled by both sides",
      "peer": "\(system.peer.address):\(system.peer.port)",
      "latency is": latencyIs,
    ]
    guard let link = outcome.link else { return facts }
    facts["transport"] = link.transport
    facts["device"] = link.device
    facts["firmware"] = link.firmware
    facts["MTU"] = link.pathMTU.map { "\($0) B" } ?? "not told by the device"
    facts["inline"] =
      link.inlineBytes > 0
      ? "up to \(link.inlineBytes) B granted" : "none"
    facts["buffers"] = "\(link.buffers) of \(workload.messageSize.text) on each side"
    return facts
  }

  /// perftest's definitions, so that its figures can stand beside these.
  private var latencyIs: String {
    switch (workload.measure, workload.operation) {
    case (.bandwidth, _): "from posting to completion, of each message in the queue"
    case (.latency, .read): "from posting to completion"
    case (.latency, .send), (.latency, .write): "half the round trip"
    }
  }

  private func detail(
    _ outcome: VerbsOutcome, _ cpu: CPUUse?, _ rdma: RDMACounters
  ) throws(RunError) -> JSONValue {
    guard case .object(var members) = try Self.json(outcome.withoutDistribution) else {
      return .null
    }
    if let cpu { members["cpu"] = try Self.json(cpu) }
    members["rdmaCounters"] = try Self.json(rdma)
    members["workload"] = try Self.json(workload)
    members["seed"] = .string(String(trial.seed))
    members["kind"] = .string(trial.kind.rawValue)
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

/// Hands what a verbs trial tells to the observer of the run's trial.
private struct VerbsFollower: VerbsObserver {
  private let observer: TrialObserver
  private let operation: VerbsWorkload.Operation

  init(_ observer: TrialObserver, _ operation: VerbsWorkload.Operation) {
    self.observer = observer
    self.operation = operation
  }

  func measuringWillStart(after ramp: Nanoseconds) { observer.measuringWillStart(after: ramp) }
  func measuringDidEnd() { observer.measuringDidEnd() }
  func shouldStop() -> Bool { observer.shouldStop() }

  func secondPassed(_ second: VerbsSecond) {
    let isRead = operation == .read
    observer.messagesPassed(
      SeriesRow(
        second: second.second, readIOs: isRead ? second.messages : 0,
        readBytes: isRead ? second.bytes : 0, writeIOs: isRead ? 0 : second.messages,
        writeBytes: isRead ? 0 : second.bytes, trimIOs: 0, syncIOs: 0,
        meanLatencyNs: second.messages == 0 ? 0 : second.latencySumNs / second.messages,
        maxLatencyNs: second.latencyMaxNs, lateIOs: 0, errors: 0), second.messages)
  }
}

/// What of a plan a device cannot do.
enum FabricObstacles {
  static func of(_ trials: [PlannedTrial], on system: ExaminedFabric) -> [String] {
    var seen: Set<String> = []
    return trials.compactMap { trial in
      guard let workload = trial.work.verbs?.workload, workload.measure == .bandwidth,
        workload.queueDepth > system.device.deepestQueue
      else { return nil }
      let text =
        "workload \(trial.key.workload) on system \(trial.key.system): queue-depth: "
        + "\(workload.queueDepth) messages in flight are more than the "
        + "\(system.device.deepestQueue) that \(system.device.name) takes in one queue pair\n"
        + "  hint: use a smaller queue-depth, and more queue-pairs"
      return seen.insert(text).inserted ? text : nil
    }
  }
}
