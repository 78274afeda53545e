internal import Glibc
internal import Host
internal import Measure
internal import RDMA

extension FabricsQueue {
  /// What came of one command.
  struct Answer {
    var result: UInt64
    /// Status code and type; 0 is success.
    var status: Int32
  }

  /// Sends one command on tag 0 and waits for its answer.
  ///
  /// Throws ``StorageError`` where none comes before the deadline, or the queue fails.
  mutating func ask(
    _ opcode: UInt8, namespace: UInt32 = 0, dataBytes: Int = 0, deadline: Nanoseconds,
    _ fill: (NVMeCommand) -> Void
  ) throws(StorageError) -> Answer {
    begin(opcode, namespace: namespace, dataBytes: dataBytes, fill)
    while true {
      if let answer = try takeAnswer() { return answer }
      let left = deadline - MonotonicClock.now()
      guard left > .zero else { break }
      wait(atMost: min(left.count, 100_000_000), spinning: false)
    }
    fail(ETIMEDOUT, "\(peer) does not answer an NVMe command")
    throw StorageError(
      "\(peer) took the connection and does not answer an NVMe command",
      hint: "is that port an NVMe over Fabrics target's? Its log may tell more")
  }

  /// Sends one command on tag 0 without waiting.
  mutating func begin(
    _ opcode: UInt8, namespace: UInt32 = 0, dataBytes: Int = 0, _ fill: (NVMeCommand) -> Void
  ) {
    let command = NVMeCommand(
      at: place(of: 0), opcode: opcode, id: identifier(of: 0), namespace: namespace)
    fill(command)
    if dataBytes > 0 {
      command.keyed(
        address: UInt64(UInt(bitPattern: data)), bytes: dataBytes, key: keys.remote)
    }
    send(0, bytes: 0)
    post()
  }

  /// The answer to the command on tag 0, if it has come.
  ///
  /// Throws ``StorageError`` where the queue has failed.
  mutating func takeAnswer() throws(StorageError) -> Answer? {
    drain()
    if let failureText {
      throw StorageError(
        "\(peer): \(failureText)", hint: "the target's log may tell why")
    }
    var completion = Completion(slot: 0, result: 0)
    guard done.move(to: &completion, capacity: 1) == 1 else { return nil }
    let status = completion.result < 0 ? completion.failure.nvmeStatus ?? 0 : 0
    return Answer(result: tags[0].result, status: status)
  }

  /// Sends Connect, which makes this connection a queue of a controller; gives its number.
  ///
  /// Throws ``StorageError`` which says what the target refused.
  mutating func connect(
    _ wish: Wish, address: FabricsAddress, host: FabricsHost, keepAlive: Nanoseconds,
    deadline: Nanoseconds
  ) throws(StorageError) -> UInt16 {
    let content = FabricsHandshake.connectData(
      hostIdentifier: host.identifier,
      controller: wish.queueID == 0 ? 0xFFFF : wish.controllerID,
      subsystem: address.subsystem, host: host.name)
    while true {
      data.copyMemory(from: content, byteCount: content.count)
      let milliseconds = UInt32(clamping: keepAlive.count / 1_000_000)
      let answer = try ask(
        NVMeCommand.Opcode.fabrics, dataBytes: content.count, deadline: deadline
      ) {
        $0.connect(
          queue: wish.queueID, lastEntry: UInt16(clamping: wish.commands),
          keepAliveMilliseconds: wish.queueID == 0 ? milliseconds : 0)
      }
      // The target may still be taking down the queue that had this number before.
      let isTaken = answer.status == 0x0C && wish.queueID != 0
      guard isTaken, MonotonicClock.now() + .milliseconds(50) < deadline else {
        guard answer.status == 0 else {
          throw FabricsRefusal.error(answer, of: address, host: host.name, queue: wish)
        }
        return UInt16(truncatingIfNeeded: answer.result)
      }
      usleep(50_000)
    }
  }
}

/// Why a target does not take a host, in words.
enum FabricsRefusal {
  /// A Connect that was refused.
  ///
  /// Status codes after the NVMe Base Specification 2.0, section 6.3 (Connect), and enum
  /// NVME_SC_CONNECT_* of include/linux/nvme.h.
  static func error(
    _ answer: FabricsQueue.Answer, of address: FabricsAddress, host: String,
    queue: FabricsQueue.Wish
  ) -> StorageError {
    let place = "\(address.address ?? ""):\(address.port ?? FabricsAddress.standardPort)"
    switch answer.status {
    case 0x182: return invalidParameter(answer, address, place, queue)
    case 0x184:
      return StorageError(
        "\(place) does not allow this host (\(host)) to use \(address.subsystem)",
        hint: "allow that name at the target (nvmet: allowed_hosts of the subsystem), or give one "
          + "that is allowed with `host-nqn`")
    case 0x181:
      return StorageError(
        "the controller of \(address.subsystem) at \(place) is busy, or has no room left",
        hint: "disconnect other hosts, or try again later")
    case 0x180:
      return StorageError(
        "\(place) does not know this format of Connect", hint: "is its firmware up to date?")
    case 0x191:
      return StorageError(
        "\(address.subsystem) at \(place) demands authentication (DH-HMAC-CHAP)",
        hint: "the user-space initiator has none: use the kernel's, or allow this host without")
    default:
      return StorageError(
        "\(place) refused to connect \(address.subsystem): NVMe status "
          + "0x\(String(answer.status, radix: 16))",
        hint: "the target's log tells more")
    }
  }

  /// The result names the field that is wrong: an offset into the command, or with bit 16 set into
  /// the data.
  private static func invalidParameter(
    _ answer: FabricsQueue.Answer, _ address: FabricsAddress, _ place: String,
    _ queue: FabricsQueue.Wish
  ) -> StorageError {
    let isData = answer.result & 1 << 16 != 0
    switch (isData, answer.result & 0xFFFF) {
    case (true, 256):
      return StorageError(
        "there is no subsystem \(address.subsystem) at \(place)",
        hint: "`nvme discover -t rdma -a \(address.address ?? "ADDRESS") -s "
          + "\(address.port ?? FabricsAddress.standardPort)` lists those that are offered")
    case (false, 42):
      return StorageError(
        "\(place) has no I/O queue \(queue.queueID) for this host",
        hint: "use fewer jobs: each has a queue of its own")
    case (false, 44):
      return StorageError(
        "\(place) has no queue of \(queue.commands + 1) entries", hint: "use a smaller queue depth")
    default:
      return StorageError(
        "\(place) refused to connect \(address.subsystem): a wrong value at byte "
          + "\(answer.result & 0xFFFF) of Connect's \(isData ? "data" : "command")",
        hint: "check host and subsystem names")
    }
  }

  /// A connection that did not come about.
  static func error(_ cause: RDMAError) -> StorageError {
    guard case .rejected(_, let data) = cause.cause, let reason = FabricsHandshake.refusal(data)
    else { return StorageError(cause.message, hint: cause.hint) }
    return StorageError(
      "\(cause.message): \(reason)",
      hint: "use fewer jobs or a smaller queue depth; the target's log tells more")
  }
}
