internal import Measure

/// One member of the etcd cluster: what raft keeps, and what its loops are doing.
struct Member: BitwiseCopyable {
  static let nobody: UInt8 = 255

  /// Whether its process runs.
  var isRunning = true
  /// Whether it was killed rather than held: those who were connected to it know at once.
  var wasKilled = false
  /// How many times as long its disk takes.
  var diskFactor = 1.0
  /// Whether the network carries its messages.
  var isConnected = true
  var role = Role.follower
  var term: UInt32 = 1
  var vote = Member.nobody
  var lead = Member.nobody
  /// Ticks since it heard of a leader or voted, and how many make it campaign.
  var elapsed: Int32 = 0
  var timeout: Int32 = 0
  /// The last entry of its log, and that entry's term.
  var last: UInt64 = 0
  var lastTerm: UInt32 = 1
  /// How far its log is on disk, known to be committed, and applied.
  var synced: UInt64 = 0
  var commit: UInt64 = 0
  var applied: UInt64 = 0
  /// How far the apply loop may go: commits that the raft loop has taken, and has handed over.
  var offered: UInt64 = 0
  var delivered: UInt64 = 0
  /// The apply loop's keeper has not taken yet what it was handed; the raft loop waits for that.
  var isHandingOver = false
  var isHeldUp = false
  /// Raft's own goroutine takes a proposal.
  var isStepping = false
  /// The raft loop waits until raft hears that it is done; it was heard, and is to go on.
  var isAdvancing = false
  var isReturning = false
  /// The raft loop is in a turn, with a write of the log up to `writingTo`, until `writingUntil`.
  var isWriting = false
  var writingTo: UInt64 = 0
  var writingUntil = Nanoseconds.zero
  /// Whether the sync it is in takes so long that its thread loses its processor.
  var isHeld = false
  /// When its last sync began.
  var syncing = Nanoseconds.zero
  /// A tick fell due during the write; the ticker keeps one.
  var owesTick = false
  var votesFor: UInt8 = 0
  var votesAgainst: UInt8 = 0
  /// The apply loop is busy with entries up to `applyingTo`, or held by a commit of the backend.
  var isApplying = false
  var applyingTo: UInt64 = 0
  var isBackendBusy = false
  var isBackendDue = false
  var operations: Int32 = 0
  /// Requests that wait: for a leader, for a place in a batch, for a read's confirmation.
  var leaderless = RequestQueue()
  var reads = RequestQueue()
  var confirmingReads = RequestQueue()

  var isUp: Bool { isRunning && isConnected }

  enum Role: UInt8 { case follower, preCandidate, candidate, leader }
}
