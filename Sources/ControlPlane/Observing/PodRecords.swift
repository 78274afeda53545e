internal import Measure
internal import Simulation

/// What observing keeps of each pod, by the pod's place.
///
/// A start-up is cut at the instants at which something was committed or learned: each cut gives
/// the time since the one before to parts, so that they add up to the whole.
struct PodRecords: ~Copyable {
  /// One pod.
  struct Record: BitwiseCopyable {
    static let uncounted: UInt8 = 255
    /// Until when its time is given to parts.
    var mark = Nanoseconds.zero
    var parts = PartVector()
    /// The phase that it is counted under, or `uncounted`.
    var phase = Record.uncounted
    /// Whether its containers were ready once: from then on they are while their machine runs,
    /// whatever the API takes them for.
    var wasReady = false
    /// Whether it is counted as running and ready in truth.
    var serves = false
  }

  private var records = Table<Record>(capacity: 1024)
  /// Pods by phase, as committed.
  private(set) var phases = Table<Int32>(repeating: 0, count: 8)

  /// The record of a pod.
  subscript(pod: UInt32) -> Record {
    get { Int(pod) < records.count ? records[Int(pod)] : Record() }
    set {
      while records.count <= Int(pod) { records.append(Record()) }
      records[Int(pod)] = newValue
    }
  }

  /// Counts the pod under the phase it has now.
  mutating func count(_ pod: UInt32, _ phase: PodPhase) {
    grow(to: pod)
    let before = records[Int(pod)].phase
    guard before != phase.rawValue else { return }
    if before != Record.uncounted { phases[Int(before)] -= 1 }
    if phase == .gone {
      records[Int(pod)].phase = Record.uncounted
      records[Int(pod)].wasReady = false
    } else {
      phases[Int(phase.rawValue)] += 1
      if phase == .ready { records[Int(pod)].wasReady = true }
      records[Int(pod)].phase = phase.rawValue
    }
  }

  /// Notes whether the pod serves now; the difference that this makes.
  mutating func setServes(_ pod: UInt32, _ serves: Bool) -> Int32 {
    grow(to: pod)
    guard records[Int(pod)].serves != serves else { return 0 }
    records[Int(pod)].serves = serves
    return serves ? 1 : -1
  }

  // MARK: Start-up

  /// A pod has been wished for, and now is there.
  mutating func begin(_ pod: UInt32, wished: Nanoseconds) {
    grow(to: pod)
    records[Int(pod)].mark = wished
    records[Int(pod)].parts = PartVector()
  }

  /// All time since the last cut was spent on `part`.
  mutating func cut(_ pod: UInt32, _ part: LatencyPart, at now: Nanoseconds) {
    grow(to: pod)
    records[Int(pod)].parts[part] += (now - records[Int(pod)].mark).count
    records[Int(pod)].mark = now
  }

  /// A request for the pod is committed: before it was wished the time was spent on `waiting`, its
  /// client's limit counts as `limit`, the rest as the request's own parts.
  mutating func cut(
    _ pod: UInt32, by request: borrowing Request, waiting: LatencyPart, limit: LatencyPart,
    _ server: APIServerParameters, at now: Nanoseconds
  ) {
    grow(to: pod)
    let mark = records[Int(pod)].mark
    var parts = request.clientParts + request.serverParts(until: now, server)
    // What was wished before the last cut has its first part counted already.
    parts.removeFirst((mark - request.wished).count)
    if limit != .clientLimit {
      parts[limit] = parts[.clientLimit]
      parts[.clientLimit] = 0
    }
    parts[waiting] += max(0, (request.wished - mark).count)
    records[Int(pod)].parts += parts
    records[Int(pod)].mark = now
  }

  private mutating func grow(to pod: UInt32) {
    while records.count <= Int(pod) { records.append(Record()) }
  }
}

extension Observations {
  /// A request that changes a pod is committed.
  mutating func committed(
    _ request: borrowing Request, of pod: Pod, at now: Nanoseconds
  ) {
    switch (request.resource, request.verb) {
    case (.pod, .create):
      pods.begin(request.object, wished: pod.wished)
      cut(request, .controller, .clientLimit, at: now)
    case (.binding, _):
      guard pod.phase == .pending else { return }
      cut(request, .scheduler, .schedulerLimit, at: now)
    case (.podStatus, _):
      guard pod.phase == .bound || pod.phase == .running else { return }
      cut(request, .containerStart, .kubeletLimit, at: now)
    default: break
    }
  }

  private mutating func cut(
    _ request: borrowing Request, _ waiting: LatencyPart, _ limit: LatencyPart,
    at now: Nanoseconds
  ) {
    pods.cut(
      request.object, by: request, waiting: waiting, limit: limit, server, at: now)
  }

  /// A pod's image is on its node.
  mutating func imagePulled(for pod: UInt32, at now: Nanoseconds) {
    pods.cut(pod, .imagePull, at: now)
  }

  /// Takes in a pod that has become ready.
  mutating func podBecameReady(_ place: UInt32, _ pod: borrowing Pod) {
    guard pod.wished >= begin else { return }
    podStartup.record(UInt64((pod.ready - pod.wished).count))
    let parts = pods[place].parts
    startupParts.record(parts)
    let counted = (pod.ready - pod.created).count - parts[.imagePull]
    serviceLevels.notePod(counted, at: pod.ready)
  }
}

extension World {
  /// Takes note of what is committed (`Port.changed`) or learned (`Port.observed`).
  mutating func noteNews(_ event: Event, at now: Nanoseconds) {
    guard let change = ChangeKind(rawValue: event.lane) else { return }
    guard event.what == Port.changed else { return noteLearned(event, change, at: now) }
    switch change {
    case .podCreated, .podBound, .podRunning, .podReady, .podNotReady, .podFailed, .podDeleting,
      .podGone:
      observations.pods.count(event.index, pods[event.index].phase)
      noteServing(event.index, at: now)
    case .workloadChanged: noteService(of: Int(event.index), 0, at: now)
    default: break
    }
  }

  /// The scheduler has the pod, or the kubelet: news of it travelled until now.
  private mutating func noteLearned(
    _ event: Event, _ change: ChangeKind, at now: Nanoseconds
  ) {
    switch (event.component, change) {
    case (.scheduler, .podCreated) where pods[event.index].phase == .pending,
      (.kubelet, .podBound) where pods[event.index].phase == .bound:
      observations.pods.cut(event.index, .watch, at: now)
    default: break
    }
  }

  /// Counts all that is there at the start.
  ///
  /// O(pods).
  mutating func noteStart(at now: Nanoseconds) {
    for pod in 0..<UInt32(pods.peak) where pods[pod].phase != .gone {
      // A place that is free has a pod of no time and no node; at the start there are none.
      observations.pods.count(pod, pods[pod].phase)
      noteServing(pod, at: now)
    }
  }
}
