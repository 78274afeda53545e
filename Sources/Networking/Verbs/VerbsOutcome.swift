public import Measure

/// Everything that one verbs trial observed.
public struct VerbsOutcome: Codable, Sendable {
  /// What moved the bytes.
  public var operation: VerbsWorkload.Operation
  /// Messages completed in the measured time: for latency, round trips.
  public var messages: UInt64 = 0
  /// Their bytes, one way.
  public var bytes: UInt64 = 0
  /// Half the round trip of a send or write, the whole time of a read; where bandwidth is measured,
  /// from posting to completion.
  public var latency = LatencyDistribution()
  /// Measured time, without the ramp.
  public var elapsed = Nanoseconds.zero
  /// One entry a queue pair.
  public var workers: [VerbsWorkerOutcome] = []
  /// What the connection turned out to be; nil where there was none.
  public var link: VerbsLink?
  /// Sends and what the receiver counted of them, ramp included; nil for other tests.
  public var receiver: ReceiverCount?
  /// Why the trial ended before its time; nil when it did not.
  public var stoppedEarly: String?

  /// An outcome in which nothing happened yet.
  public init(operation: VerbsWorkload.Operation) { self.operation = operation }

  /// The same without its latency distribution, for a record that keeps that apart.
  public var withoutDistribution: VerbsOutcome {
    var bare = self
    bare.latency = LatencyDistribution()
    return bare
  }
}

/// Both ends' count of the same sends.
public struct ReceiverCount: Hashable, Codable, Sendable {
  /// Messages whose completion this side saw.
  public var sentMessages: UInt64 = 0
  /// Messages that the peer took from its completion queue.
  public var receivedMessages: UInt64 = 0
  /// Their bytes, by the length of each.
  public var receivedBytes: UInt64 = 0

  mutating func merge(_ other: ReceiverCount) {
    sentMessages += other.sentMessages
    receivedMessages += other.receivedMessages
    receivedBytes += other.receivedBytes
  }
}

/// What one worker did and used.
public struct VerbsWorkerOutcome: Codable, Sendable {
  /// Messages that it completed.
  public var messages: UInt64 = 0
  /// Its CPU time in the measured window; it polls, so this is about all of the window.
  public var cpuNs = Nanoseconds.zero
  /// The part in user mode.
  public var userNs = Nanoseconds.zero
  /// The part in the kernel.
  public var systemNs = Nanoseconds.zero
  /// Voluntary context switches.
  public var voluntarySwitches = 0
  /// Involuntary context switches.
  public var involuntarySwitches = 0
  /// The CPU to which it was pinned; nil when free.
  public var cpu: Int?
}

/// What carries a connection.
public struct VerbsLink: Hashable, Codable, Sendable {
  /// The device of this side.
  public var device: String
  /// Firmware's version, as the device tells it.
  public var firmware: String
  /// `InfiniBand`, `RoCE v2` ...
  public var transport: String
  /// Largest packet of the connection, bytes; nil where the device does not tell.
  public var pathMTU: Int?
  /// Bytes that fit inside a work request, as granted; 0 where none was asked for.
  public var inlineBytes: Int
  /// Messages that have memory of their own on each side; others share it.
  public var buffers: Int
}

/// One second of a trial over all queue pairs.
public struct VerbsSecond: Hashable, Sendable {
  /// Seconds since measuring started, from 0.
  public var second = 0
  /// Messages completed.
  public var messages: UInt64 = 0
  /// Their bytes.
  public var bytes: UInt64 = 0
  /// Sum of their latencies, ns.
  public var latencySumNs: UInt64 = 0
  /// The largest latency, ns.
  public var latencyMaxNs: UInt64 = 0

  mutating func add(_ other: VerbsSecond) {
    messages += other.messages
    bytes += other.bytes
    latencySumNs &+= other.latencySumNs
    latencyMaxNs = max(latencyMaxNs, other.latencyMaxNs)
  }
}

/// Follows a verbs trial while it runs; called from the thread that runs it.
public protocol VerbsObserver {
  /// All queue pairs stand; measuring starts after the ramp.
  func measuringWillStart(after ramp: Nanoseconds)
  /// A second is complete over all queue pairs.
  func secondPassed(_ second: VerbsSecond)
  /// The last message has completed.
  func measuringDidEnd()
  /// Asked about fifty times a second: whether the trial should end now.
  func shouldStop() -> Bool
}
