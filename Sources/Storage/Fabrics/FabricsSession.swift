internal import Glibc
internal import Host
internal import Measure
internal import RDMA

/// A controller of our own at a target: its admin queue, enabled, identified and kept alive.
///
/// A trial has one; its workers connect I/O queues to it. Used by one thread.
final class FabricsSession {
  let target: FabricsTarget
  let host: FabricsHost
  private var queue: FabricsQueue
  private let keepAlive: Nanoseconds
  private var nextKeepAlive: Nanoseconds
  private var sentKeepAlive: Nanoseconds?

  /// For each step of connecting.
  private static let patience = Nanoseconds.seconds(15)
  /// After so long without a sign of this host the target gives it up; signs come thrice as often.
  private static let standardKeepAlive = Nanoseconds.seconds(30)
  /// Entries of an admin queue, at least 32 (NVMe Base Specification 2.0, Connect).
  private static let adminCommands = 31

  /// Connects, enables the controller and asks who it and the namespace are.
  ///
  /// Throws ``StorageError`` with what the target, the network or this machine lacks.
  init(_ address: FabricsAddress) throws(StorageError) {
    let deadline = MonotonicClock.now() + Self.patience
    let host = FabricsHost.current(name: address.host)
    let keepAlive = address.keepAlive ?? Self.standardKeepAlive
    let wish = FabricsQueue.Wish(queueID: 0, commands: Self.adminCommands, tags: 1)
    var queue = try Self.connected(wish, address, deadline)
    let controller = try queue.connect(
      wish, address: address, host: host, keepAlive: keepAlive, deadline: deadline)
    let capabilities = try Self.enable(&queue, deadline)
    target = try Self.identify(
      &queue, address, controller: controller, capabilities: capabilities, deadline)
    self.queue = queue
    self.host = host
    self.keepAlive = keepAlive
    nextKeepAlive = MonotonicClock.now()
  }

  /// Tells the controller to shut down (CC.SHN), so that it writes back what it caches.
  deinit {
    guard queue.failure == nil, sentKeepAlive == nil else { return }
    let deadline = MonotonicClock.now() + .seconds(2)
    try? Self.set(&queue, .configuration, to: Self.enabled | 1 << 14, deadline)
    while MonotonicClock.now() < deadline {
      // SHST, bits 3:2 of CSTS: 10b is done.
      guard let status = try? Self.get(&queue, .status, deadline), status >> 2 & 3 != 2 else {
        return
      }
      usleep(1000)
    }
  }

  static func connected(
    _ wish: FabricsQueue.Wish, _ address: FabricsAddress, _ deadline: Nanoseconds
  ) throws(StorageError) -> FabricsQueue {
    do throws(RDMAError) {
      let place = try RDMAAddress(
        host: address.address ?? "", port: address.port ?? FabricsAddress.standardPort)
      return try FabricsQueue(wish, to: place, deadline: deadline)
    } catch {
      throw FabricsRefusal.error(error)
    }
  }

  // MARK: Controller

  /// CC: enabled, I/O entries of 64 and 16 bytes, the NVM command set, pages of 4 KiB.
  private static let enabled: UInt64 = 1 | 6 << 16 | 4 << 20

  /// Enables the controller and waits until it is ready; gives its capabilities.
  private static func enable(
    _ queue: inout FabricsQueue, _ deadline: Nanoseconds
  ) throws(StorageError) -> UInt64 {
    let capabilities = try get(&queue, .capabilities, deadline)
    try set(&queue, .configuration, to: enabled, deadline)
    while true {
      let status = try get(&queue, .status, deadline)
      if status & 1 != 0 { return capabilities }
      // CFS, bit 1: the controller's fatal status.
      guard status & 2 == 0, MonotonicClock.now() < deadline else {
        throw StorageError(
          "the controller at \(queue.peer) does not become ready (CSTS "
            + "0x\(String(status, radix: 16)))", hint: "the target's log tells why")
      }
      usleep(1000)
    }
  }

  private static func get(
    _ queue: inout FabricsQueue, _ property: FabricsProperty, _ deadline: Nanoseconds
  ) throws(StorageError) -> UInt64 {
    let answer = try queue.ask(NVMeCommand.Opcode.fabrics, deadline: deadline) {
      $0.propertyGet(property)
    }
    return try checked(answer, "reading property \(property)", queue.peer)
  }

  private static func set(
    _ queue: inout FabricsQueue, _ property: FabricsProperty, to value: UInt64,
    _ deadline: Nanoseconds
  ) throws(StorageError) {
    let answer = try queue.ask(NVMeCommand.Opcode.fabrics, deadline: deadline) {
      $0.propertySet(property, to: UInt32(truncatingIfNeeded: value))
    }
    _ = try checked(answer, "setting property \(property)", queue.peer)
  }

  @discardableResult
  private static func checked(
    _ answer: FabricsQueue.Answer, _ action: String, _ peer: String
  ) throws(StorageError) -> UInt64 {
    guard answer.status == 0 else {
      throw StorageError(
        "\(action) at \(peer) failed with NVMe status 0x\(String(answer.status, radix: 16))",
        hint: "the target's log may tell why")
    }
    return answer.result
  }

  private static func identify(
    _ queue: inout FabricsQueue, _ address: FabricsAddress, controller: UInt16,
    capabilities: UInt64, _ deadline: Nanoseconds
  ) throws(StorageError) -> FabricsTarget {
    let version = try get(&queue, .version, deadline)
    var answer = try queue.ask(
      NVMeCommand.Opcode.identify, dataBytes: 4096, deadline: deadline
    ) { $0.identify(1) }
    try checked(answer, "identifying the controller", queue.peer)
    let limits = ControllerLimits(data: queue.received)
    let identity = NVMeIdentity(data: queue.received)
    guard limits.takesKeyedDescriptors else {
      throw StorageError(
        "the controller at \(queue.peer) takes no keyed SGLs, which RDMA needs",
        hint: "is it a target for NVMe over RDMA?")
    }
    answer = try queue.ask(
      NVMeCommand.Opcode.identify, namespace: address.namespace, dataBytes: 4096,
      deadline: deadline
    ) { $0.identify(0) }
    // Invalid Namespace or Format (0Bh), or a namespace that is not active: all zeros, NSZE too.
    guard answer.status == 0, NVMeData(queue.received).number(0, 8) > 0 else {
      throw StorageError(
        "\(address.subsystem) at \(queue.peer) has no namespace \(address.namespace)",
        hint: "`nvme list-ns` on a connected host lists them; give another `namespace`")
    }
    let space = NVMeNamespace(number: address.namespace, data: queue.received)
    let block = space.layout?.block ?? .zero
    let metadata = space.layout?.metadata ?? .zero
    guard ByteCount(512)...ByteCount.mebibytes(1) ~= block, metadata == .zero else {
      throw StorageError(
        "namespace \(address.namespace) of \(address.subsystem) is formatted to blocks of "
          + "\(block.count) B with \(metadata.count) B of metadata",
        hint: "the user-space initiator takes blocks of 512 B to 1 MiB without metadata")
    }
    // MDTS counts in pages of CAP.MPSMIN (bits 51:48); NLB has 16 bits, a keyed length 24.
    let blockBytes = Int(block.count)
    let page = 12 + Int(capabilities >> 48 & 0xF)
    let most = [
      limits.transferExponent == 0 ? Int.max : 1 << min(limits.transferExponent + page, 40),
      blockBytes << 16, (1 << 24) - blockBytes,
    ]
    let tertiary = version & 0xFF
    return FabricsTarget(
      address: address, controllerID: controller, model: identity.model ?? "",
      serial: identity.serial ?? "", firmware: identity.firmware ?? "",
      version: "\(version >> 16).\(version >> 8 & 0xFF)" + (tertiary == 0 ? "" : ".\(tertiary)"),
      device: queue.pair.device.name, queueEntries: Int(capabilities & 0xFFFF) + 1,
      commandsPerQueue: limits.commandsPerQueue, inCapsuleBytes: limits.inCapsuleBytes,
      largestCommandBytes: most.reduce(.max, min), deallocates: limits.deallocates,
      hasWriteCache: identity.hasWriteCache, sizeBytes: space.size, blockBytes: blockBytes)
  }

  /// What is wrong with this side's port, to be put behind what has failed.
  var portProblem: String { queue.portProblem }

  // MARK: Queues

  /// Asks for I/O queues, one for each job.
  ///
  /// Throws ``StorageError`` where the target grants fewer.
  func grant(queues count: Int) throws(StorageError) {
    let deadline = MonotonicClock.now() + Self.patience
    let answer = try queue.ask(NVMeCommand.Opcode.setFeatures, deadline: deadline) {
      $0.setQueueCount(count)
    }
    let result = try Self.checked(answer, "asking for \(count) I/O queues", queue.peer)
    // Both counts of the answer count from 0.
    let granted = Int(min(result & 0xFFFF, result >> 16 & 0xFFFF)) + 1
    guard granted < count else { return }
    throw StorageError(
      "\(target.address.subsystem) at \(queue.peer) grants \(granted) I/O queues, and \(count) "
        + "jobs need one each",
      hint: "use at most \(granted) jobs, or allow the host more (nvmet: attr_qid_max)")
  }

  /// Makes what was written durable, by a queue that lives for this alone; the errno of a failure.
  func flush() -> Int32 {
    let deadline = MonotonicClock.now() + Self.patience
    let wish = FabricsQueue.Wish(
      queueID: 1, controllerID: target.controllerID, commands: 1, tags: 1)
    do {
      var queue = try Self.connected(wish, target.address, deadline)
      _ = try queue.connect(
        wish, address: target.address, host: host, keepAlive: .zero, deadline: deadline)
      let answer = try queue.ask(
        NVMeCommand.Opcode.flush, namespace: target.address.namespace, deadline: deadline
      ) { _ in }
      return answer.status == 0 ? 0 : EIO
    } catch {
      return EIO
    }
  }

  /// Sends a keep-alive when one is due; gives why the session is lost, where it is.
  func tend() -> String? {
    let now = MonotonicClock.now()
    do {
      if let sent = sentKeepAlive {
        guard let answer = try queue.takeAnswer() else {
          guard now - sent > keepAlive else { return nil }
          return "\(queue.peer) has not answered a keep-alive for \(Int(keepAlive.inSeconds)) s"
        }
        sentKeepAlive = nil
        if answer.status != 0 {
          return "\(queue.peer) refused a keep-alive: NVMe status 0x"
            + String(answer.status, radix: 16)
        }
      }
      if let ended = queue.pair.checkConnection() {
        queue.fail(ENOTCONN, ended.message)
        return ended.message
      }
    } catch {
      return error.message
    }
    guard keepAlive > .zero, now >= nextKeepAlive else { return nil }
    queue.begin(NVMeCommand.Opcode.keepAlive) { _ in }
    sentKeepAlive = now
    nextKeepAlive = now + Nanoseconds(keepAlive.count / 3)
    return nil
  }
}
