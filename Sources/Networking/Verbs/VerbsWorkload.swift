public import Measure

/// What is done over an RDMA fabric: messages by verbs, perftest's vocabulary in units.
///
/// A value of this type is complete: every default is spelled out, so a record shows what ran.
public struct VerbsWorkload: Hashable, Codable, Sendable {
  /// What moves the bytes.
  public var operation: Operation
  /// One message at a time and how long it takes, or many and how much passes.
  public var measure = Measure.latency
  /// Bytes of each message.
  public var messageSize = ByteCount(64)
  /// Messages in flight per queue pair when bandwidth is measured.
  public var queueDepth = 128
  /// Queue pairs, each with a worker of its own.
  public var queuePairs = 1
  /// Measured time.
  public var duration = Nanoseconds.seconds(5)
  /// Time before measuring starts; its messages are not recorded.
  public var ramp = Nanoseconds.zero
  /// Messages up to this size travel inside the work request.
  public var inlineSize = ByteCount(64)

  /// The largest message of a test.
  public static let largestMessage = ByteCount.mebibytes(1024)

  /// Makes a workload with the defaults of the scenario file.
  public init(operation: Operation) { self.operation = operation }

  /// What moves the bytes.
  public enum Operation: String, CaseIterable, Codable, Sendable {
    /// Send and receive: both sides take part.
    case send
    /// RDMA write: the other side's memory is written past its CPU.
    case write
    /// RDMA read: the other side's memory is read past its CPU.
    case read
  }

  /// What is measured.
  public enum Measure: String, CaseIterable, Codable, Sendable {
    /// One message in flight at a time.
    case latency
    /// ``VerbsWorkload/queueDepth`` messages in flight.
    case bandwidth
  }
}
