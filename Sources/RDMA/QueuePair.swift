public import CVerbs
internal import Glibc
public import Measure

/// A reliable connection: queue pair, completion queue, protection domain and registered memory.
///
/// One thread owns it. Making and connecting allocate; preparing, posting and polling do not. The
/// order is: make it (``init(to:from:options:deadline:)`` or ``Listener``), register memory, post
/// receives, ``connect(privateData:deadline:)`` or ``accept(privateData:deadline:)``.
public struct QueuePair: ~Copyable {
  /// How large the queues are, and how lost packets are dealt with.
  public struct Options: Sendable {
    /// Sends, writes and reads that may be posted and not yet known to be complete.
    public var sendEntries: Int
    /// Receives that may be posted.
    public var receiveEntries: Int
    /// Bytes that a send may carry in its work request; what the device grants is in ``QueuePair``.
    public var inlineBytes: Int
    /// Times a packet is sent again before the connection is given up, 0 to 7.
    public var retries: UInt8 = 7
    /// Times a send is tried again at a peer without a posted receive; 7 is for ever.
    public var receiverNotReadyRetries: UInt8 = 7

    /// Options for queues of these sizes.
    public init(sendEntries: Int, receiveEntries: Int, inlineBytes: Int = 0) {
      self.sendEntries = sendEntries
      self.receiveEntries = receiveEntries
      self.inlineBytes = inlineBytes
    }
  }

  /// Facts of the device and its ports.
  public let device: RDMADevice
  /// Bytes that a send may carry in its work request, as granted.
  public let inlineBytes: Int
  /// What the peer sent along when it asked for, or accepted, the connection.
  ///
  /// The connection manager may have filled it up with zeros.
  public private(set) var peerData: [UInt8]
  /// Whether the connection stands.
  public private(set) var isConnected = false

  // The hot path touches these only.
  @usableFromInline let queue: UnsafeMutablePointer<ibv_qp>
  @usableFromInline let completions: UnsafeMutablePointer<ibv_cq>
  @usableFromInline let sends: UnsafeMutablePointer<ibv_send_wr>
  @usableFromInline let sendSegments: UnsafeMutablePointer<ibv_sge>
  @usableFromInline let receives: UnsafeMutablePointer<ibv_recv_wr>
  @usableFromInline let receiveSegments: UnsafeMutablePointer<ibv_sge>
  @usableFromInline var preparedSends = 0
  @usableFromInline var preparedReceives = 0

  private let objects: VerbsObjects
  private let identifier: UnsafeMutablePointer<rdma_cm_id>
  private let peer: String
  private let options: Options
  private var isArmed = false

  /// Segments of a send: a header and its data.
  @usableFromInline static var segmentsPerSend: Int { 2 }

  /// Finds device and route to a peer and makes a queue pair there, not yet connected.
  ///
  /// - Parameters:
  ///   - address: the peer's.
  ///   - source: this machine's address to come from; nil leaves it to the route.
  ///   - options: sizes of the queues.
  ///   - deadline: on CLOCK_MONOTONIC, for finding the route.
  /// - Throws: ``RDMAError`` where no RDMA device leads there, or it grants less.
  public init(
    to address: RDMAAddress, from source: RDMAAddress? = nil, options: Options,
    deadline: Nanoseconds
  ) throws(RDMAError) {
    let objects = try VerbsObjects()
    let identifier = try objects.makeIdentifier()
    let peer = "\(address)"
    let left = max(1, (deadline - MonotonicClock.now()).count / 1_000_000)
    let milliseconds = Int32(min(left, Int64(Int32.max)))
    let status = address.withSocketAddress { target in
      guard let source else { return rdma_resolve_addr(identifier, nil, target, milliseconds) }
      return source.withSocketAddress { rdma_resolve_addr(identifier, $0, target, milliseconds) }
    }
    guard status == 0 else { throw ConnectionFailure.unroutable(status: -errno, to: peer) }
    _ = try objects.expect(RDMA_CM_EVENT_ADDR_RESOLVED, of: peer, deadline: deadline)
    guard rdma_resolve_route(identifier, milliseconds) == 0 else {
      throw ConnectionFailure.unroutable(status: -errno, to: peer)
    }
    _ = try objects.expect(RDMA_CM_EVENT_ROUTE_RESOLVED, of: peer, deadline: deadline)
    try self.init(objects, identifier, peer: peer, peerData: [], options: options)
  }

  /// Makes the queues on an identifier whose device is known.
  init(
    _ objects: VerbsObjects, _ identifier: UnsafeMutablePointer<rdma_cm_id>, peer: String,
    peerData: [UInt8], options: Options
  ) throws(RDMAError) {
    guard let context = identifier.pointee.verbs else {
      throw .failed("finding the RDMA device to \(peer)", code: ENODEV)
    }
    let name = String(cString: ibv_get_device_name(context.pointee.device))
    let device = try RDMADevice.describe(context, name: name)
    let made = try objects.makeQueues(on: context, device: device, options: options)
    self.device = device
    queue = made.queue
    completions = made.completions
    inlineBytes = made.inlineBytes
    sends = .allocate(capacity: options.sendEntries)
    sends.initialize(repeating: ibv_send_wr(), count: options.sendEntries)
    let segments = options.sendEntries * Self.segmentsPerSend
    sendSegments = .allocate(capacity: segments)
    sendSegments.initialize(repeating: ibv_sge(), count: segments)
    receives = .allocate(capacity: options.receiveEntries)
    receives.initialize(repeating: ibv_recv_wr(), count: options.receiveEntries)
    receiveSegments = .allocate(capacity: options.receiveEntries)
    receiveSegments.initialize(repeating: ibv_sge(), count: options.receiveEntries)
    self.objects = objects
    self.identifier = identifier
    self.peer = peer
    self.peerData = peerData
    self.options = options
  }

  deinit {
    sends.deallocate()
    sendSegments.deallocate()
    receives.deallocate()
    receiveSegments.deallocate()
  }

  /// Asks the peer for the connection; its answer's data is then in ``peerData``.
  ///
  /// - Parameters:
  ///   - privateData: up to 56 bytes for the peer's listener.
  ///   - deadline: on CLOCK_MONOTONIC.
  /// - Throws: ``RDMAError`` where the peer refuses, or does not answer in time.
  public mutating func connect(
    privateData: [UInt8] = [], deadline: Nanoseconds
  ) throws(RDMAError) {
    let status = withParameters(privateData) { rdma_connect(identifier, $0) }
    guard status == 0 else { throw .failed("connecting to \(peer)", code: errno) }
    objects.mayDisconnect = true
    let event = try objects.expect(RDMA_CM_EVENT_ESTABLISHED, of: peer, deadline: deadline)
    peerData = event.data
    isConnected = true
  }

  /// Accepts the connection that a ``Listener`` was asked for.
  ///
  /// Throws ``RDMAError`` where the peer does not confirm it before `deadline` (CLOCK_MONOTONIC).
  public mutating func accept(
    privateData: [UInt8] = [], deadline: Nanoseconds
  ) throws(RDMAError) {
    let status = withParameters(privateData) { rdma_accept(identifier, $0) }
    guard status == 0 else { throw .failed("accepting a connection", code: errno) }
    objects.mayDisconnect = true
    _ = try objects.expect(RDMA_CM_EVENT_ESTABLISHED, of: peer, deadline: deadline)
    isConnected = true
  }

  /// Refuses the connection that a ``Listener`` was asked for, with up to 148 bytes for the peer.
  public consuming func reject(privateData: [UInt8] = []) {
    _ = privateData.withUnsafeBufferPointer {
      rdma_reject(identifier, $0.baseAddress, UInt8(clamping: $0.count))
    }
  }

  /// Ends the connection; what was posted completes as flushed.
  public mutating func disconnect() {
    isConnected = false
    guard objects.mayDisconnect else { return }
    objects.mayDisconnect = false
    rdma_disconnect(identifier)
  }

  private func withParameters(
    _ privateData: [UInt8], _ call: (UnsafeMutablePointer<rdma_conn_param>) -> Int32
  ) -> Int32 {
    privateData.withUnsafeBufferPointer { data in
      var parameters = rdma_conn_param()
      parameters.private_data = UnsafeRawPointer(data.baseAddress)
      parameters.private_data_len = UInt8(clamping: data.count)
      // As many RDMA reads in flight as both devices take (rdma_connect(3)).
      parameters.responder_resources = UInt8(RDMA_MAX_RESP_RES)
      parameters.initiator_depth = UInt8(RDMA_MAX_INIT_DEPTH)
      parameters.flow_control = 1
      parameters.retry_count = options.retries
      parameters.rnr_retry_count = options.receiverNotReadyRetries
      return call(&parameters)
    }
  }

  // MARK: Events

  /// Looks, without waiting, whether the connection still stands; nil when it does, else why not.
  ///
  /// A connection that ended is flushed: whatever was posted completes with an error.
  public mutating func checkConnection() -> RDMAError? {
    while let event = objects.takeEvent() {
      switch event.kind {
      case RDMA_CM_EVENT_DISCONNECTED, RDMA_CM_EVENT_DEVICE_REMOVAL:
        disconnect()
        return ConnectionFailure.error(event, of: peer)
      default: continue
      }
    }
    return nil
  }

  /// Sleeps until something completes or happens to the connection, at most `nanoseconds`.
  ///
  /// The first call after something completed only arms the interrupt and returns: the caller polls
  /// once more, since what completed before arming gives none. A signal may end it early.
  public mutating func sleep(atMost nanoseconds: Int64) {
    guard let interrupts = objects.interrupts else { return }
    guard isArmed else {
      isArmed = cv_arm(completions) == 0
      return
    }
    guard cv_await(interrupts.pointee.fd, objects.channel.pointee.fd, nanoseconds) > 0 else {
      return
    }
    var source: UnsafeMutablePointer<ibv_cq>?
    var context: UnsafeMutableRawPointer?
    guard ibv_get_cq_event(interrupts, &source, &context) == 0, let source else { return }
    ibv_ack_cq_events(source, 1)
    isArmed = false
  }

  // MARK: Memory

  /// Lets the device read and write memory, until this queue pair goes.
  ///
  /// - Parameters:
  ///   - base: first byte; must outlive this queue pair.
  ///   - bytes: how many.
  ///   - access: what the peer may do there.
  /// - Returns: the keys by which work requests name it, here and at the peer.
  /// - Throws: ``RDMAError``, with the limit's value where too little memory may be locked.
  /// - Complexity: O(bytes): each page is locked.
  public mutating func register(
    _ base: UnsafeMutableRawPointer, bytes: Int, access: RemoteAccess = []
  ) throws(RDMAError) -> MemoryKeys {
    let flags = IBV_ACCESS_LOCAL_WRITE.rawValue | access.rawValue
    guard let region = ibv_reg_mr(objects.domain, base, bytes, Int32(bitPattern: flags)) else {
      throw .failed(
        "registering \(max(1, bytes >> 10)) KiB of memory with \(device.name)", code: errno)
    }
    objects.regions.append(region)
    return MemoryKeys(local: region.pointee.lkey, remote: region.pointee.rkey)
  }

  /// Memory, zeroed and registered, that lives as long as this queue pair.
  ///
  /// Throws ``RDMAError`` like ``register(_:bytes:access:)``.
  public mutating func allocate(
    bytes: Int, access: RemoteAccess = []
  ) throws(RDMAError) -> (base: UnsafeMutableRawPointer, keys: MemoryKeys) {
    let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    objects.memory.append(base)
    return (base, try register(base, bytes: bytes, access: access))
  }

  /// What is wrong with the local port, such as that it is down; nil where nothing is.
  public func portProblem() -> String? {
    var port = ibv_port_attr()
    let number = identifier.pointee.port_num
    guard cv_query_port(identifier.pointee.verbs, number, &port) == 0 else {
      return "\(device.name) is gone"
    }
    guard port.state != IBV_PORT_ACTIVE else { return nil }
    return "port \(number) of \(device.name) is \(RDMADevice.stateWord(port.state))"
  }

  /// The largest packet of this connection in bytes; nil before it stands.
  public func pathMTU() -> Int? {
    var facts = ibv_qp_attr()
    var made = ibv_qp_init_attr()
    let mask = Int32(bitPattern: IBV_QP_PATH_MTU.rawValue)
    guard isConnected, ibv_query_qp(queue, &facts, mask, &made) == 0 else { return nil }
    return RDMADevice.bytes(of: facts.path_mtu)
  }
}

/// What the peer may do with registered memory.
public struct RemoteAccess: OptionSet, Sendable {
  /// Bits of enum ibv_access_flags.
  public let rawValue: UInt32
  /// Makes a set of such bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// It may read.
  public static let read = RemoteAccess(rawValue: IBV_ACCESS_REMOTE_READ.rawValue)
  /// It may write.
  public static let write = RemoteAccess(rawValue: IBV_ACCESS_REMOTE_WRITE.rawValue)
}

/// The names of registered memory.
public struct MemoryKeys: Hashable, Sendable {
  /// For work requests of this side.
  public var local: UInt32
  /// For the peer.
  public var remote: UInt32
}
