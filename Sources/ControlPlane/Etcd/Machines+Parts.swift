internal import Measure
internal import Simulation

extension Machines {
  /// CPU time that something needs.
  struct Work: BitwiseCopyable {
    static let nobody = UInt32.max

    /// What happens when it has had it.
    var event: Event
    var cost: Nanoseconds
    /// The place of the work behind it: in a queue of its program, or in its thread's.
    var behind = Work.nobody
    /// The thread that waits for its turn here, or `nobody`.
    var thread = Work.nobody
    /// Of a client's thread: the direction of the connection it is for, or `noSocket`.
    var socket: UInt8 = Work.noSocket

    static let noSocket: UInt8 = 255
    /// Sockets from here on are read, those before written.
    static let firstReadSocket: UInt8 = 32
  }

  /// A CPU, and what the thread that has it does.
  struct CPU: BitwiseCopyable {
    enum State: UInt8 { case idle, working, free, looking }

    var state = State.idle
    var program: UInt8 = 0
    /// When the thread got it.
    var since = Nanoseconds.zero
    /// When its work ends, negative where that is not known; when it began to look for some.
    var moment = Nanoseconds.zero
    /// Tells one look for work from the next.
    var look: UInt32 = 0
    /// The processor of Go's that its thread has.
    var processor: UInt16 = 0
    /// The program, the kernel apart, that had it last.
    var warm: UInt8 = 0
  }

  /// A process.
  struct Program: BitwiseCopyable {
    let machine: UInt16
    /// CPU that each of its threads needs to go on after sleep, and burns before it.
    var wakeCPU: Nanoseconds
    let restCPU: Nanoseconds
    /// Threads that may have a CPU at once.
    let most: Int32
    /// How much waits in the queues of its processors.
    var local: Int32 = 0
    /// The work that waits for any processor.
    var common = MachineQueue()
    /// What has come over the network while all threads had work.
    var network = MachineQueue()
    var waiting: Int32 { local + common.count }
    /// Threads that have a CPU or wait for one, and those that wait.
    var awake: Int32 = 0
    var coming: Int32 = 0
  }

  /// What a thread of a program needs to run its work, with a queue of its own (runtime/proc.go:
  /// a P); a program has as many as threads may run at once.
  struct Processor: BitwiseCopyable {
    /// What was woken last, which goes first (`runnext`).
    var next = Work.nobody
    var queue = MachineQueue()
    /// Work that it has taken up.
    var turns: UInt32 = 0
    /// Whether a thread has it.
    var isHeld = false
    var waiting: Int32 { queue.count + (next == Work.nobody ? 0 : 1) }
  }

  /// Where work waits.
  enum Position {
    /// Behind all that its processor has.
    case behind
    /// Woken just now, before all that its processor has (runtime/proc.go, `runnext`).
    case next
    /// For any processor: its thread was in the kernel, or it lets others go first.
    case common
    /// It has come over the network, which a thread looks at that has nothing else.
    case network
  }

  /// A thread that waits for a CPU, in the queue of one of them.
  struct Waiter: BitwiseCopyable {
    var program: UInt8
    var processor: UInt16
    var cpu: UInt16
    var slept: Bool
    var since: Nanoseconds
  }
}
