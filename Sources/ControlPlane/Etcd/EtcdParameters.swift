public import Measure

/// An etcd cluster: how many members, on what disks, with which timers.
///
/// Mechanics and their constants are those of etcd 3.4/3.5 (etcdserver/raft.go, raft/raft.go,
/// mvcc/backend/backend.go); what depends on the machine is fitted to measurements of it.
public struct EtcdParameters: Hashable, Codable, Sendable {
  /// How many voting members there are.
  public var members = 3
  /// `--heartbeat-interval`: one tick (etcd's default).
  public var heartbeatInterval = Nanoseconds.milliseconds(100)
  /// `--election-timeout` (etcd's default).
  public var electionTimeout = Nanoseconds.milliseconds(1000)
  /// `--pre-vote`: off by default in 3.4, on in 3.5.
  public var preVote = false
  /// One write and fdatasync of the write-ahead log.
  public var walSync = LatencyLaw.localNVMe
  /// The same where no page is written for the first time; nil where that makes no difference.
  ///
  /// The log's segments are allocated ahead (fallocate(2)). On ext4 and xfs the first write to a
  /// page of one turns an unwritten extent into a written one, which the sync has to commit to the
  /// file system's journal too.
  public var walOverwrite: LatencyLaw?
  /// From one member to another and back.
  public var roundTrip = Nanoseconds.microseconds(200)
  /// How many entries one write of the log takes at most; etcd has no such bound, and 1 shows what
  /// batches are worth.
  public var entriesPerWrite = Int.max
  /// CPU of one turn of the raft loop, which every write of the log and every commit handed on is.
  public var cycleCost = Nanoseconds.microseconds(60)
  /// What each entry adds to a turn of the raft loop.
  public var entryCost = Nanoseconds.microseconds(2)
  /// CPU that raft's own goroutine spends on a proposal, one after the other (raft/node.go, `run`).
  public var proposalCPU = Nanoseconds.zero
  /// CPU that taking in a request costs before its own goroutine begins: its frames are read, and
  /// the goroutine is made.
  public var requestCPU = Nanoseconds.zero
  /// CPU of a put on the member that takes it, proposal and answer together.
  public var putCPU = Nanoseconds.microseconds(80)
  /// CPU of a read of one object.
  public var readCPU = Nanoseconds.microseconds(30)
  /// How much of `putCPU` is spent before the entry is proposed.
  public var putCPUBeforeProposal = Fraction.percent(60)
  /// Where the members run.
  public var placement = Placement.machineEach
  /// CPUs of a machine.
  public var cpus = 8
  /// What an idle CPU takes until it runs what woke it: an interrupt, and on a virtual machine the
  /// way through the hypervisor, which a CPU that is busy is spared.
  public var wakeUp = Nanoseconds.zero
  /// How far CPU times are from their means: sigma of a lognormal distribution, 0 for not at all.
  public var cpuSpread = 0.0
  /// CPU that a thread of etcd needs to go on when it was asleep: the kernel wakes it, and it
  /// polls the network and takes up the goroutine that is ready.
  public var processWakeCPU = Nanoseconds.zero
  /// CPU that a thread needs more where another program had the CPU before: its caches are cold.
  public var switchCPU = Nanoseconds.zero
  /// CPU that a thread without work burns before it sleeps: the Go scheduler looks for work once
  /// more (runtime/proc.go, `findRunnable`), and the kernel puts the thread to sleep.
  public var restCPU = Nanoseconds.zero
  /// CPU that reading a client's connection costs each time, however much waits there.
  public var socketReadCPU = Nanoseconds.zero
  /// CPU that writing it costs: over the loopback, the receiver's part of TCP and waking it too.
  public var socketWriteCPU = Nanoseconds.zero
  /// CPU that a message of raft costs the member that sends it, and the one that gets it.
  public var messageCPU = Nanoseconds.zero
  /// CPU that a write of the log costs the kernel's own threads, its journal and driver, where the
  /// loop waits for the disk.
  public var syncCPU = Nanoseconds.zero
  /// CPU that a member spends while the disk holds up a write of its log: Go's monitor looks every
  /// 20 us (runtime/proc.go, `sysmon`), and gives the processor of the thread to another.
  public var syncHoldCPU = Nanoseconds.zero
  /// CPU that it then needs to go on: the thread is woken, and looks for a processor.
  public var syncReturnCPU = Nanoseconds.zero
  /// What the one apply loop spends on an entry.
  public var applyCost = Nanoseconds.microseconds(8)
  /// How often the backend commits (`--backend-batch-interval`, default 100 ms).
  public var backendInterval = Nanoseconds.milliseconds(100)
  /// After how many operations it commits at once (`--backend-batch-limit`).
  public var backendLimit = 10_000
  /// One commit of the backend, during which nothing is applied, without its share by operation.
  public var backendCommit = LatencyLaw.backend
  /// What each operation adds to a commit of the backend.
  public var backendCommitPerOperation = Nanoseconds.microseconds(2)
  /// `--quota-backend-bytes` (default 2 GiB).
  public var quota = ByteCount.gibibytes(2)
  /// How often the API server compacts (its `--etcd-compaction-interval`, default 5 min).
  public var compactionInterval = Nanoseconds.seconds(300)
  /// Proposals are refused while so many entries are committed and not applied
  /// (`maxGapBetweenApplyAndCommitIndex`).
  public var maximumLag = 5000

  /// Where the members of a cluster run.
  public enum Placement: String, Hashable, Codable, Sendable {
    /// Each on a machine of its own, as deployments have them.
    case machineEach
    /// All on one machine and disk, with their clients, as `assay calibrate etcd` has them.
    case oneMachine
  }

  /// The defaults of etcd 3.4 on local NVMe disks.
  public init() {}
}
