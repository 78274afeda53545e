internal import Measure
internal import RDMA

/// One queue pair to the peer that stands, with its memory on both sides.
struct VerbsConnection: ~Copyable {
  var pair: QueuePair
  /// This side's memory: the peer's count, then the messages.
  let base: UnsafeMutableRawPointer
  let key: UInt32
  let request: PeerRequest
  let memory: MessageMemory
  /// The peer's memory, laid out alike.
  let remote: PeerAnswer
  /// Whether messages travel inside the work request.
  let isInline: Bool
  let link: VerbsLink

  /// How long a connection may take to stand.
  private static let limit = Nanoseconds.seconds(10)
  /// A reply, a receive, and the answer of the peer's count, besides messages.
  private static let extraEntries = 4

  /// Connects for a workload; `test` is common to its queue pairs.
  ///
  /// Throws ``FabricError`` where the peer refuses, or a device is not there or grants too little.
  static func open(
    _ workload: VerbsWorkload, to peer: FabricPeer, test: UInt64
  ) throws(FabricError) -> VerbsConnection {
    let deadline = MonotonicClock.now() + limit
    var request = PeerRequest(workload, test: test)
    let memory = MessageMemory(request)
    do throws(RDMAError) {
      let address = try RDMAAddress(host: peer.address, port: peer.port)
      let options = QueuePair.Options(
        sendEntries: request.depth + extraEntries, receiveEntries: extraEntries,
        inlineBytes: request.inlineBytes)
      var pair = try QueuePair(to: address, options: options, deadline: deadline)
      let (base, keys) = try pair.allocate(bytes: memory.bytes, access: [.write])
      request.address = UInt64(UInt(bitPattern: base))
      request.key = keys.remote
      if workload.operation == .send, workload.measure == .latency {
        pair.prepareReceive(
          id: VerbsLoop.reply, address: request.address + memory.offset(1),
          bytes: UInt32(request.messageSize), key: keys.local)
        let code = pair.postReceives()
        guard code == 0 else {
          throw RDMAError("posting a receive failed", hint: "see dmesg", cause: .other(errno: code))
        }
      }
      try pair.connect(privateData: request.bytes, deadline: deadline)
      let remote = try answer(pair.peerData, peer)
      let isInline = request.inlineBytes > 0 && request.messageSize <= pair.inlineBytes
      let link = VerbsLink(
        device: pair.device.name, firmware: pair.device.firmware,
        transport: pair.device.transport, pathMTU: pair.pathMTU(),
        inlineBytes: request.inlineBytes > 0 ? pair.inlineBytes : 0, buffers: memory.slots)
      return VerbsConnection(
        pair: pair, base: base, key: keys.local, request: request, memory: memory, remote: remote,
        isInline: isInline, link: link)
    } catch {
      throw FabricError(error, from: peer)
    }
  }

  /// Asks whether a peer of this version is there, without a test.
  ///
  /// Throws ``FabricError`` where it is not.
  static func probe(_ peer: FabricPeer) throws(FabricError) {
    let deadline = MonotonicClock.now() + limit
    var request = PeerRequest()
    request.purpose = .probe
    do throws(RDMAError) {
      let address = try RDMAAddress(host: peer.address, port: peer.port)
      var pair = try QueuePair(
        to: address, options: .init(sendEntries: 1, receiveEntries: 1), deadline: deadline)
      try pair.connect(privateData: request.bytes, deadline: deadline)
    } catch {
      if case .rejected(_, let data) = error.cause, let answer = try? PeerAnswer(data),
        answer.code == .alive
      {
        return
      }
      throw FabricError(error, from: peer)
    }
    throw FabricError(
      "what listens on \(peer.address):\(peer.port) is no peer of Assay",
      hint: "start `assay peer --address \(peer.address) --port \(peer.port)` there")
  }

  /// The peer's memory, from what came with its acceptance.
  private static func answer(
    _ data: [UInt8], _ peer: FabricPeer
  ) throws(RDMAError) -> PeerAnswer {
    if let answer = try? PeerAnswer(data), answer.code == .accepted { return answer }
    // As if it had refused: what it sent tells the same.
    throw RDMAError(
      "\(peer.address):\(peer.port) accepted, but not as a peer of Assay",
      hint: "start `assay peer` there", cause: .rejected(reason: 28, data: data))
  }
}

extension VerbsConnection {
  /// The operation as work requests name it.
  var workOperation: WorkRequest.Operation {
    switch request.operation {
    case .send: .send
    case .write: .write
    case .read: .read
    }
  }
}

extension PeerRequest {
  /// What a workload asks of the peer.
  init(_ workload: VerbsWorkload, test: UInt64) {
    let size = Int(workload.messageSize.count)
    let span = workload.ramp + workload.duration
    self.init(
      operation: workload.operation, measure: workload.measure, messageSize: size,
      depth: workload.measure == .latency ? 1 : workload.queueDepth,
      inlineBytes: workload.operation != .read && size <= workload.inlineSize.count ? size : 0,
      milliseconds: Int(span.count / 1_000_000), test: test)
  }
}

extension RDMADevice {
  /// What its packets are: `InfiniBand`, or the newest RoCE of which a port has an address.
  var transport: String {
    let active = ports.filter { $0.state == "active" }
    let kinds = Set((active.isEmpty ? ports : active).flatMap(\.gids).map(\.kind))
    return ["InfiniBand", "RoCE v2", "RoCE v1"].first(where: kinds.contains) ?? "unknown"
  }
}
