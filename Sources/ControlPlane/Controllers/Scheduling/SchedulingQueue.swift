internal import Measure
internal import Simulation

/// kube-scheduler's queue of pods: those to try, those in back-off, those that fitted nowhere
/// (pkg/scheduler/internal/queue/scheduling_queue.go).
struct SchedulingQueue: ~Copyable {
  private static let none = UInt32.max

  private let parameters: ControllerParameters
  private var active = PodHeap()
  private var backingOff = PodHeap()
  private var pods = Table<Entry>(capacity: 1024)
  /// The pods that fitted nowhere, linked in the order in which they came.
  private var first = SchedulingQueue.none
  private var last = SchedulingQueue.none
  private(set) var unschedulable = 0
  /// How many attempts were begun, and how many at the last move of all pods.
  private var cycle: UInt64 = 0
  private var movedAt: UInt64 = 0
  private var arrivals: UInt64 = 0

  /// Where a pod is.
  enum Place: UInt8 { case none, active, backingOff, unschedulable, inWork }

  struct Entry: BitwiseCopyable {
    var place = Place.none
    var attempts: UInt8 = 0
    /// Why it fitted nowhere: bits of `Misfit`.
    var misfits: UInt8 = 0
    var serial: UInt16 = 0
    /// When its last attempt ended.
    var tried = Nanoseconds.zero
    /// Its order among pods of one priority.
    var arrival: UInt64 = 0
    var next = SchedulingQueue.none
    var previous = SchedulingQueue.none
  }

  init(_ parameters: ControllerParameters) { self.parameters = parameters }

  /// Pods that wait for their turn.
  var waiting: Int { active.count }
  /// Pods in back-off.
  var backingOffCount: Int { backingOff.count }

  /// What is known of a pod.
  func entry(_ pod: UInt32) -> Entry { pods[Int(pod)] }

  /// Adds a pod that was just created.
  mutating func add(_ pod: UInt32, _ serial: UInt16, priority: Int32) {
    while pods.count <= Int(pod) { pods.append(Entry()) }
    remove(pod)
    arrivals += 1
    pods[Int(pod)] = Entry(serial: serial, arrival: arrivals)
    activate(pod, priority)
  }

  private mutating func activate(_ pod: UInt32, _ priority: Int32) {
    pods[Int(pod)].place = .active
    active.insert(pod, key: Self.key(priority, pods[Int(pod)].arrival))
  }

  /// Higher priority first, then who came first.
  private static func key(_ priority: Int32, _ arrival: UInt64) -> UInt64 {
    UInt64(UInt32(bitPattern: Int32.max &- priority)) << 32 | (arrival & 0xFFFF_FFFF)
  }

  /// The next pod to try; nil if none waits.
  mutating func next() -> UInt32? {
    while active.count > 0 {
      let pod = active.removeFirst()
      guard pods[Int(pod)].place == .active else { continue }
      pods[Int(pod)].place = .inWork
      if pods[Int(pod)].attempts < .max { pods[Int(pod)].attempts += 1 }
      cycle += 1
      return pod
    }
    return nil
  }

  /// Whether `serial` is still the pod that its place in the queue was for.
  func knows(_ pod: UInt32, _ serial: UInt16) -> Bool {
    Int(pod) < pods.count && pods[Int(pod)].serial == serial && pods[Int(pod)].place != .none
  }

  /// A pod could not be scheduled or bound: it waits for a change, or only its back-off where one
  /// came during the attempt (`AddUnschedulableIfNotPresent`).
  ///
  /// It has its turn behind all that wait now, since its timestamp is refreshed: otherwise those
  /// that fit nowhere would keep all that came later from ever being tried.
  mutating func putBack(_ pod: UInt32, misfits: UInt8, at now: Nanoseconds) {
    pods[Int(pod)].misfits = misfits
    pods[Int(pod)].tried = now
    arrivals += 1
    pods[Int(pod)].arrival = arrivals
    if movedAt >= cycle || misfits == 0 { backOff(pod) } else { park(pod) }
  }

  /// A pod that was just added waits out its back-off first: its binding failed.
  mutating func withdraw(_ pod: UInt32, at now: Nanoseconds) {
    pods[Int(pod)].attempts = max(1, pods[Int(pod)].attempts)
    pods[Int(pod)].tried = now
    backOff(pod)
  }

  private mutating func backOff(_ pod: UInt32) {
    pods[Int(pod)].place = .backingOff
    backingOff.insert(pod, key: UInt64(backOffEnd(of: pod).count))
  }

  private func backOffEnd(of pod: UInt32) -> Nanoseconds {
    let entry = pods[Int(pod)]
    let doublings = Int64(min(max(entry.attempts, 1) - 1, 20))
    let pause = Nanoseconds(parameters.podInitialBackOff.count << doublings)
    return entry.tried + min(parameters.podLongestBackOff, pause)
  }

  /// Those whose back-off is over can be tried (`flushBackoffQCompleted`).
  mutating func endBackOffs(_ world: borrowing World, at now: Nanoseconds) {
    while backingOff.count > 0, backingOff.firstKey <= UInt64(now.count) {
      let pod = backingOff.removeFirst()
      guard pods[Int(pod)].place == .backingOff else { continue }
      activate(pod, world.priority(of: pod))
    }
  }

  /// Something has changed that may help those that fitted nowhere for one of `misfits`.
  ///
  /// O(unschedulable pods), as in the real one.
  mutating func move(
    _ misfits: UInt8, _ world: borrowing World, at now: Nanoseconds
  ) {
    movedAt = cycle
    var pod = first
    while pod != Self.none {
      let next = pods[Int(pod)].next
      if pods[Int(pod)].misfits & misfits != 0 { release(pod, world, at: now) }
      pod = next
    }
  }

  /// A node has been added, or has changed: those that it would take are tried again
  /// (`preCheckForNode`: resources, affinity, taints).
  ///
  /// O(unschedulable pods), as in the real one.
  mutating func move(
    onto node: Int, _ cache: borrowing SchedulerCache, _ world: borrowing World,
    at now: Nanoseconds
  ) {
    movedAt = cycle
    var pod = first
    while pod != Self.none {
      let next = pods[Int(pod)].next
      if cache.takes(pod, on: node, world) { release(pod, world, at: now) }
      pod = next
    }
  }

  /// Those that have been unschedulable for too long (`flushUnschedulableQLeftover`).
  mutating func releaseOld(_ world: borrowing World, at now: Nanoseconds) {
    var pod = first
    while pod != Self.none {
      let next = pods[Int(pod)].next
      if now - pods[Int(pod)].tried > parameters.unschedulableLimit {
        release(pod, world, at: now)
      }
      pod = next
    }
  }

  private mutating func release(
    _ pod: UInt32, _ world: borrowing World, at now: Nanoseconds
  ) {
    unlink(pod)
    if backOffEnd(of: pod) > now {
      backOff(pod)
    } else {
      activate(pod, world.priority(of: pod))
    }
  }

  /// Takes a pod out: it is bound, or gone.
  mutating func remove(_ pod: UInt32) {
    guard Int(pod) < pods.count else { return }
    if pods[Int(pod)].place == .unschedulable { unlink(pod) }
    pods[Int(pod)].place = .none
  }

  private mutating func park(_ pod: UInt32) {
    pods[Int(pod)].place = .unschedulable
    pods[Int(pod)].previous = last
    pods[Int(pod)].next = Self.none
    if last == Self.none { first = pod } else { pods[Int(last)].next = pod }
    last = pod
    unschedulable += 1
  }

  private mutating func unlink(_ pod: UInt32) {
    let entry = pods[Int(pod)]
    if entry.next == Self.none {
      last = entry.previous
    } else {
      pods[Int(entry.next)].previous = entry.previous
    }
    if entry.previous == Self.none {
      first = entry.next
    } else {
      pods[Int(entry.previous)].next = entry.next
    }
    unschedulable -= 1
  }
}

/// Why a node does not take a pod, as bits.
enum Misfit {
  static let resources: UInt8 = 1
  static let taints: UInt8 = 2
  static let selector: UInt8 = 4
  static let spread: UInt8 = 8
}

extension World {
  func priority(of pod: UInt32) -> Int32 { workloads[Int(pods[pod].workload)].priority }
}

/// Pods by a key, least first: a binary heap.
///
/// Insertion and removal are O(log n).
struct PodHeap: ~Copyable {
  private var entries = Table<Entry>(capacity: 64)

  struct Entry: BitwiseCopyable {
    var key: UInt64
    var pod: UInt32
  }

  var count: Int { entries.count }
  var firstKey: UInt64 { entries[0].key }

  mutating func insert(_ pod: UInt32, key: UInt64) {
    let entry = Entry(key: key, pod: pod)
    var place = entries.append(entry)
    while place > 0 {
      let parent = (place - 1) / 2
      guard entry.key < entries[parent].key else { break }
      entries[place] = entries[parent]
      place = parent
    }
    entries[place] = entry
  }

  mutating func removeFirst() -> UInt32 {
    let pod = entries[0].pod
    let last = entries.removeLast()
    guard entries.count > 0 else { return pod }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].key < entries[child].key { child += 1 }
      guard entries[child].key < last.key else { break }
      entries[place] = entries[child]
      place = child
    }
    entries[place] = last
    return pod
  }

  mutating func removeAll() { entries.removeAll() }
}
