internal import CVerbs
internal import Glibc
internal import Measure

/// The kernel's objects behind a queue pair, torn down in the reverse order of their making.
///
/// Holds whatever was made so far, so that a half-made queue pair leaves nothing behind either.
final class VerbsObjects {
  let channel: UnsafeMutablePointer<rdma_event_channel>
  var identifier: UnsafeMutablePointer<rdma_cm_id>?
  var domain: UnsafeMutablePointer<ibv_pd>?
  var interrupts: UnsafeMutablePointer<ibv_comp_channel>?
  var completions: UnsafeMutablePointer<ibv_cq>?
  var regions: [UnsafeMutablePointer<ibv_mr>] = []
  /// Allocated for the queue pair; goes after its registration.
  var memory: [UnsafeMutableRawPointer] = []
  var hasQueuePair = false
  var mayDisconnect = false

  private static let managerDevice = "/dev/infiniband/rdma_cm"

  /// An event of the connection manager, copied out.
  struct Event {
    var kind: rdma_cm_event_type
    var status: Int32
    var data: [UInt8]
    /// The new connection's identifier where the event is a request.
    var identifier: UnsafeMutablePointer<rdma_cm_id>?
  }

  /// Opens a channel for events, which never blocks.
  init() throws(RDMAError) {
    errno = 0
    guard let made = rdma_create_event_channel() else {
      let code = errno == 0 ? ENODEV : errno
      // librdmacm says ENOENT for a device that it may not open, too.
      let isForbidden = access(Self.managerDevice, R_OK | W_OK) != 0 && errno == EACCES
      throw .failed("opening the RDMA connection manager", code: isForbidden ? EACCES : code)
    }
    channel = made
    guard cv_make_nonblocking(made.pointee.fd) == 0 else {
      let code = errno
      rdma_destroy_event_channel(made)
      throw .failed("setting up the RDMA connection manager", code: code)
    }
  }

  deinit {
    if let identifier {
      if mayDisconnect { rdma_disconnect(identifier) }
      if hasQueuePair { rdma_destroy_qp(identifier) }
    }
    for region in regions { ibv_dereg_mr(region) }
    for piece in memory { piece.deallocate() }
    if let completions { ibv_destroy_cq(completions) }
    if let interrupts { ibv_destroy_comp_channel(interrupts) }
    if let domain { ibv_dealloc_pd(domain) }
    if let identifier { rdma_destroy_id(identifier) }
    rdma_destroy_event_channel(channel)
  }

  /// Makes the identifier of a new connection or listener on this channel.
  func makeIdentifier() throws(RDMAError) -> UnsafeMutablePointer<rdma_cm_id> {
    guard rdma_create_id(channel, &identifier, nil, RDMA_PS_TCP) == 0, let identifier else {
      throw .failed("making an RDMA connection", code: errno)
    }
    return identifier
  }

  /// The next event if one is there, or nil.
  func takeEvent() -> Event? {
    var raw: UnsafeMutablePointer<rdma_cm_event>?
    guard rdma_get_cm_event(channel, &raw) == 0, let raw else { return nil }
    defer { rdma_ack_cm_event(raw) }
    let data = UnsafeRawBufferPointer(
      start: cv_private_data(raw), count: Int(cv_private_length(raw)))
    return Event(
      kind: raw.pointee.event, status: raw.pointee.status,
      data: data.baseAddress == nil ? [] : Array(data), identifier: raw.pointee.id)
  }

  /// Waits for the next event; nil when the deadline passes first.
  func nextEvent(deadline: Nanoseconds) -> Event? {
    while true {
      if let event = takeEvent() { return event }
      let left = deadline - MonotonicClock.now()
      guard left > .zero else { return nil }
      _ = cv_await(channel.pointee.fd, -1, left.count)
    }
  }

  /// Waits for one kind of event; any other is an error.
  func expect(
    _ kind: rdma_cm_event_type, of peer: String, deadline: Nanoseconds
  ) throws(RDMAError) -> Event {
    guard let event = nextEvent(deadline: deadline) else {
      throw RDMAError(
        "no answer from \(peer) to an RDMA connection request within its deadline",
        hint: "is the target up, and does it listen for RDMA (rather than TCP) on that port?",
        cause: .unreachable)
    }
    guard event.kind == kind else { throw ConnectionFailure.error(event, of: peer) }
    return event
  }
}
