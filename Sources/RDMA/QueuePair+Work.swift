public import CVerbs

/// A send, or a write or read of the peer's memory.
public struct WorkRequest: Sendable {
  /// What the device does.
  public enum Operation: UInt32, Sendable {
    /// Writes local memory to the peer's; the peer notices nothing.
    case write = 0
    /// Sends local memory to a receive of the peer.
    case send = 2
    /// Reads the peer's memory into local memory.
    case read = 4
  }

  /// Comes back with the completion.
  public var id: UInt64
  /// What the device does.
  public var operation: Operation
  /// Address of local memory.
  public var address: UInt64
  /// Bytes of it.
  public var bytes: UInt32
  /// Its local key.
  public var key: UInt32
  /// A second piece of local memory that follows; 0 bytes for none.
  public var tailAddress: UInt64 = 0
  /// Bytes of it.
  public var tailBytes: UInt32 = 0
  /// Its local key.
  public var tailKey: UInt32 = 0
  /// For writes and reads: the peer's address.
  public var remoteAddress: UInt64 = 0
  /// For writes and reads: the peer's key of it.
  public var remoteKey: UInt32 = 0
  /// Whether success gives a completion; failure always does.
  public var isSignalled = true
  /// Whether the bytes are copied when posted, at most as many as were granted; no key needed then.
  public var isInline = false

  /// An operation on one piece of local memory.
  @inlinable
  public init(id: UInt64, operation: Operation, address: UInt64, bytes: UInt32, key: UInt32) {
    self.id = id
    self.operation = operation
    self.address = address
    self.bytes = bytes
    self.key = key
  }
}

/// What became of a work request.
public struct WorkCompletion {
  /// As libibverbs gives it.
  @usableFromInline var raw: ibv_wc

  /// For memory that polling fills.
  public init() { raw = ibv_wc() }

  /// Of the work request.
  @inlinable public var id: UInt64 { raw.wr_id }
  /// Whether it was done.
  @inlinable public var isSuccess: Bool { raw.status == IBV_WC_SUCCESS }
  /// Whether it was a receive; only a success tells.
  @inlinable public var isReceive: Bool { raw.opcode.rawValue & IBV_WC_RECV.rawValue != 0 }
  /// Bytes received.
  @inlinable public var bytes: Int { Int(raw.byte_len) }
  /// Whether it was dropped because the connection had ended, by whatever came before.
  @inlinable public var isFlushed: Bool { raw.status == IBV_WC_WR_FLUSH_ERR }
  /// Whether the peer no longer answers at all.
  public var isUnanswered: Bool { raw.status == IBV_WC_RETRY_EXC_ERR }

  /// The status in words (enum ibv_wc_status).
  public var reason: String {
    let words = String(cString: ibv_wc_status_str(raw.status))
    let code = raw.vendor_err == 0 ? "" : ", vendor's code 0x" + String(raw.vendor_err, radix: 16)
    return "\(words) (work completion status \(raw.status.rawValue)\(code))"
  }
}

extension QueuePair {
  /// Adds a request to the next batch; it must have room for it.
  @inlinable @inline(__always)
  public mutating func prepare(_ request: WorkRequest) {
    let place = preparedSends
    let segments = sendSegments + place &* Self.segmentsPerSend
    cv_fill_segment(segments, request.address, request.bytes, request.key)
    var count: Int32 = 1
    if request.tailBytes > 0 {
      cv_fill_segment(segments + 1, request.tailAddress, request.tailBytes, request.tailKey)
      count = 2
    }
    var flags: UInt32 = 0
    if request.isSignalled { flags |= IBV_SEND_SIGNALED.rawValue }
    if request.isInline { flags |= IBV_SEND_INLINE.rawValue }
    cv_fill_send(
      sends + place, request.id, segments, count, request.operation.rawValue, flags,
      request.remoteAddress, request.remoteKey)
    if place > 0 { sends[place &- 1].next = sends + place }
    preparedSends = place &+ 1
  }

  /// Posts the batch by one call, one doorbell; gives 0, or the errno of what refused it.
  @inlinable @inline(__always)
  public mutating func post() -> Int32 {
    guard preparedSends > 0 else { return 0 }
    preparedSends = 0
    var refused: UnsafeMutablePointer<ibv_send_wr>?
    return cv_post_sends(queue, sends, &refused)
  }

  /// Adds memory for a message to the next batch of receives.
  @inlinable @inline(__always)
  public mutating func prepareReceive(id: UInt64, address: UInt64, bytes: UInt32, key: UInt32) {
    let place = preparedReceives
    cv_fill_segment(receiveSegments + place, address, bytes, key)
    cv_fill_receive(receives + place, id, receiveSegments + place)
    if place > 0 { receives[place &- 1].next = receives + place }
    preparedReceives = place &+ 1
  }

  /// Posts the batch of receives; gives 0, or the errno of what refused it.
  @inlinable @inline(__always)
  public mutating func postReceives() -> Int32 {
    guard preparedReceives > 0 else { return 0 }
    preparedReceives = 0
    var refused: UnsafeMutablePointer<ibv_recv_wr>?
    return cv_post_receives(queue, receives, &refused)
  }

  /// Takes up to `capacity` completions, without waiting; -1 when the completion queue is broken.
  @inlinable @inline(__always)
  public func poll(into target: UnsafeMutablePointer<WorkCompletion>, capacity: Int) -> Int {
    // WorkCompletion is an ibv_wc and nothing else.
    let raw = UnsafeMutableRawPointer(target).assumingMemoryBound(to: ibv_wc.self)
    return Int(cv_poll(completions, Int32(truncatingIfNeeded: capacity), raw))
  }
}
