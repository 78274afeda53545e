internal import Measure

/// A thread, or a goroutine, that takes all that waits for it in one turn on a CPU.
struct WorkerThread: BitwiseCopyable {
  /// The member whose it is, or `Machines.Process.clients`.
  let process: UInt8
  /// CPU of each turn.
  let turnCPU: Nanoseconds
  let kind: Kind
  /// It waits for a CPU, or has one.
  var isOn = false
  /// The jobs that wait for its turn, and those that it has taken.
  var first = Machines.Work.nobody
  var last = Machines.Work.nobody
  var taken = Machines.Work.nobody

  enum Kind: UInt8 {
    case usual
    /// It waits for what comes over the network.
    case polled
    /// It lets all others go first, so that it finds more to do at once (grpc-go, controlbuf.go,
    /// `loopyWriter.run`).
    case yields
  }
}
