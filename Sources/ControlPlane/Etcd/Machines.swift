internal import Measure
internal import Simulation

/// The CPUs of the machines that etcd's members, and in a calibration their clients, run on.
///
/// First come first served: the Go scheduler's queues are, and so is a kernel's among threads that
/// run for far less than a time slice.
struct Machines: ~Copyable {
  /// CPU time that something needs.
  private struct Work: BitwiseCopyable {
    /// What happens when it has had it; of a batch, when `batch` is set, the first of several.
    var event: Event
    var cost: Nanoseconds
    /// The place of the work behind it in the queue, or of the next job in its batch.
    var behind = Work.nobody
    /// The gate whose batch this is, or `nobody`.
    var gate = Work.nobody
    /// The last job of its batch.
    var lastJob = Work.nobody

    static let nobody = UInt32.max
  }

  private struct Machine: BitwiseCopyable {
    var busy: Int32 = 0
    var waiting: Int32 = 0
    var first: UInt32 = 0
    var last: UInt32 = 0
  }

  private var machines: Table<Machine>
  private var works = Slab<Work>(capacity: 64)
  /// The batch of each gate that waits for a CPU, or `nobody`.
  private var gates: Table<UInt32>
  private let cpus: Int32
  /// What an idle CPU takes to begin.
  private let wakeUp: Nanoseconds

  init(_ parameters: EtcdParameters) {
    let count = parameters.placement == .oneMachine ? 1 : parameters.members
    machines = Table(repeating: Machine(), count: count)
    gates = Table(capacity: 1)
    cpus = Int32(parameters.cpus)
    wakeUp = parameters.wakeUp
  }

  /// Makes so many gates.
  mutating func makeGates(_ count: Int) {
    for _ in 0..<count { gates.append(Work.nobody) }
  }

  /// The machine of a member.
  func home(of member: Int) -> Int { machines.count == 1 ? 0 : member }

  /// Whether work of `cost` on a machine would begin and end now.
  func isFree(_ machine: Int, for cost: Nanoseconds) -> Bool {
    cost == .zero && wakeUp == .zero && machines[machine].busy < cpus
  }

  /// Lets `event` happen when a CPU has been spent on it for `cost`; its handler calls ``leave``.
  mutating func spend(
    _ cost: Nanoseconds, then event: Event, on machine: Int, _ loop: inout Loop
  ) {
    guard machines[machine].busy == cpus else {
      machines[machine].busy += 1
      return loop.schedule(event, after: wakeUp + cost)
    }
    enqueue(works.insert(Work(event: event, cost: cost)), on: machine)
  }

  /// The same for a job of a gate on machine 0: whatever waits at the gate until a CPU begins is
  /// one batch, whose `fixed` cost is spent once; ``endBatch`` has its events.
  mutating func spend(
    _ cost: Nanoseconds, and fixed: Nanoseconds, then event: Event, at gate: Int,
    _ loop: inout Loop
  ) {
    let job = works.insert(Work(event: event, cost: cost))
    let batch = gates[gate]
    if batch != Work.nobody {
      works[works[batch].lastJob].behind = job
      works[batch].lastJob = job
      works[batch].cost = works[batch].cost + cost
      return
    }
    let first = works.insert(
      Work(event: event, cost: fixed + cost, gate: UInt32(gate), lastJob: job))
    // The batch's first job stands in its event's place until it begins.
    works[first].event = Event(component: .load, what: Port.batch, index: job)
    if machines[0].busy < cpus {
      machines[0].busy += 1
      loop.schedule(works.remove(first).event, after: wakeUp + fixed + cost)
    } else {
      gates[gate] = first
      enqueue(first, on: 0)
    }
  }

  /// Takes the next event of a batch that has had its CPU, and where it goes on; nil at its end.
  mutating func takeJob(_ place: UInt32) -> (event: Event, next: UInt32)? {
    guard place != Work.nobody else { return nil }
    let job = works.remove(place)
    return (job.event, job.behind)
  }

  private mutating func enqueue(_ place: UInt32, on machine: Int) {
    if machines[machine].waiting == 0 {
      machines[machine].first = place
    } else {
      works[machines[machine].last].behind = place
    }
    machines[machine].last = place
    machines[machine].waiting += 1
  }

  /// Something has had its CPU; what waits longest gets it.
  mutating func leave(_ machine: Int, _ loop: inout Loop) {
    guard machines[machine].waiting > 0 else {
      machines[machine].busy -= 1
      return
    }
    let work = works.remove(machines[machine].first)
    machines[machine].first = work.behind
    machines[machine].waiting -= 1
    if work.gate != Work.nobody { gates[Int(work.gate)] = Work.nobody }
    loop.schedule(work.event, after: work.cost)
  }
}
