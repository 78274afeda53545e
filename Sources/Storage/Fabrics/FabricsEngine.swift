internal import Glibc
internal import Host
internal import Measure
internal import RDMA

/// How a worker reaches a controller that the trial holds.
struct FabricsRoute: Sendable {
  var target: FabricsTarget
  var host: FabricsHost
  /// From 1; the admin queue is 0.
  var queueID: UInt16 = 1
}

/// NVMe over Fabrics by RDMA, in user space: no block layer, no kernel on the way.
///
/// One queue pair, polled or awaited; a batch is one doorbell. Data is moved by the target, by RDMA
/// from and to the worker's buffers, which are registered once; small writes go along in the
/// command's capsule where the target takes that.
struct FabricsEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { true }
  let features: [String]

  private var queue: FabricsQueue
  private let buffers: MemoryKeys
  private let namespace: UInt32
  private let blockShift: UInt64
  private let capsuleBytes: Int
  private let spins: Bool
  /// Requests above the queue's credits, in order.
  private let waiting: UnsafeMutablePointer<IORequest>
  private let waitingMask: Int
  private var waitingHead = 0
  private var waitingCount = 0

  /// A wait ends after so long, so that its caller sees the clock.
  private static var longestWait: Int64 { 20_000_000 }
  /// Bytes of a range of Dataset Management.
  private static var rangeBytes: Int { 16 }

  init(
    route: FabricsRoute, buffers: BufferArea, queueDepth: Int, polled: Bool
  ) throws(StorageError) {
    let deadline = MonotonicClock.now() + .seconds(15)
    let target = route.target
    let entries = min(
      target.queueEntries, target.address.queueSize ?? .max, FabricsQueue.mostTags)
    let wanted = min(entries - 1, target.commandsPerQueue ?? .max)
    let wish = FabricsQueue.Wish(
      queueID: route.queueID, controllerID: target.controllerID,
      commands: max(1, min(queueDepth, wanted)), dataBytes: max(4096, queueDepth * Self.rangeBytes),
      tags: queueDepth)
    var queue = try FabricsSession.connected(wish, target.address, deadline)
    _ = try queue.connect(
      wish, address: target.address, host: route.host, keepAlive: .zero, deadline: deadline)
    let keys: MemoryKeys
    do throws(RDMAError) {
      keys = try queue.pair.register(buffers.base, bytes: buffers.bytes, access: [.read, .write])
    } catch {
      throw StorageError(error.message, hint: error.hint)
    }
    self.buffers = keys
    features = Self.describe(queue, wish, target, queueDepth: queueDepth, polled: polled)
    self.queue = queue
    namespace = target.address.namespace
    blockShift = UInt64(target.blockBytes.trailingZeroBitCount)
    capsuleBytes = target.inCapsuleBytes
    spins = polled
    var capacity = 1
    while capacity < queueDepth { capacity *= 2 }
    waiting = .allocate(capacity: capacity)
    waitingMask = capacity - 1
  }

  deinit { waiting.deallocate() }

  private static func describe(
    _ queue: borrowing FabricsQueue, _ wish: FabricsQueue.Wish, _ target: FabricsTarget,
    queueDepth: Int, polled: Bool
  ) -> [String] {
    var list = [
      "NVMe over RDMA in user space, device \(queue.pair.device.name)",
      "queue of \(wish.commands + 1) entries",
    ]
    if queue.credits < queueDepth {
      list.append("\(queue.credits) commands in flight of \(queueDepth) asked for")
    }
    if let mtu = queue.pair.pathMTU() { list.append("path MTU \(mtu) B") }
    list.append(
      target.inCapsuleBytes > 0
        ? "writes to \(target.inCapsuleBytes) B in the capsule" : "no data in capsules")
    if queue.pair.inlineBytes >= NVMeCommand.bytes { list.append("inline sends") }
    if polled { list.append("completions polled") }
    return list
  }

  /// Why the queue is of no more use.
  var failureText: String? { queue.failureText }

  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    guard queue.failure == nil else { return }
    if queue.hasCredit && waitingCount == 0 { return encode(request) }
    waiting[(waitingHead &+ waitingCount) & waitingMask] = request
    waitingCount &+= 1
  }

  @inline(__always)
  private mutating func encode(_ request: IORequest) {
    guard request.operation == .read || request.operation == .write else {
      return encodeRare(request)
    }
    let isWrite = request.operation == .write
    let tag = request.slot
    let length = request.length
    let command = NVMeCommand(
      at: queue.place(of: tag),
      opcode: isWrite ? NVMeCommand.Opcode.write : NVMeCommand.Opcode.read,
      id: queue.identifier(of: tag), namespace: namespace)
    command.blocks(
      first: UInt64(bitPattern: request.offset) >> blockShift,
      count: UInt32(truncatingIfNeeded: UInt64(truncatingIfNeeded: length) >> blockShift))
    let address = UInt64(UInt(bitPattern: request.buffer))
    let bytes = Int32(truncatingIfNeeded: length)
    if isWrite && length <= capsuleBytes {
      command.inCapsule(bytes: length)
      queue.send(
        tag, bytes: bytes, capsuleData: address,
        capsuleBytes: UInt32(truncatingIfNeeded: length), capsuleKey: buffers.local)
    } else {
      command.keyed(address: address, bytes: length, key: buffers.remote)
      queue.send(tag, bytes: bytes)
    }
  }

  /// Flush, and a trim by Dataset Management.
  @inline(never)
  private mutating func encodeRare(_ request: IORequest) {
    let tag = request.slot
    let isTrim = request.operation == .trim
    let command = NVMeCommand(
      at: queue.place(of: tag),
      opcode: isTrim ? NVMeCommand.Opcode.datasetManagement : NVMeCommand.Opcode.flush,
      id: queue.identifier(of: tag), namespace: namespace)
    if isTrim {
      // Range: context attributes, length in blocks, first block (NVM Command Set 1.0, 3.2.3).
      let range = queue.data + tag * Self.rangeBytes
      range.storeBytes(of: 0, as: UInt32.self)
      let blocks = UInt32(truncatingIfNeeded: UInt64(request.length) >> blockShift)
      range.storeBytes(of: blocks.littleEndian, toByteOffset: 4, as: UInt32.self)
      let first = UInt64(bitPattern: request.offset) >> blockShift
      range.storeBytes(of: first.littleEndian, toByteOffset: 8, as: UInt64.self)
      command.deallocateOneRange()
      command.keyed(
        address: UInt64(UInt(bitPattern: range)), bytes: Self.rangeBytes, key: queue.keys.remote)
    }
    queue.send(tag, bytes: Int32(truncatingIfNeeded: request.length))
  }

  /// Sends what waited for credits, and fails it where the queue has failed.
  @inline(__always)
  private mutating func admit() {
    while waitingCount > 0 {
      if let failure = queue.failure {
        queue.done.append(
          Completion(slot: Int32(waiting[waitingHead].slot), result: -failure.errno))
      } else {
        guard queue.hasCredit else { break }
        encode(waiting[waitingHead])
      }
      waitingHead = (waitingHead &+ 1) & waitingMask
      waitingCount &-= 1
    }
    queue.post()
  }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    queue.post()
    queue.drain()
    admit()
    if minimum > queue.done.count && queue.failure == nil { awaitCompletions(minimum) }
    return broken
  }

  @inline(never)
  private mutating func awaitCompletions(_ minimum: Int) {
    let end = MonotonicClock.now() + Nanoseconds(Self.longestWait)
    while queue.done.count < minimum && queue.failure == nil {
      let left = end - MonotonicClock.now()
      guard left > .zero else { break }
      let before = queue.done.count
      queue.wait(atMost: left.count, spinning: spins)
      admit()
      // Nothing new: a signal has ended the wait.
      if queue.done.count == before && !spins { break }
    }
  }

  /// What failed is first given back; only then is the engine said to be of no more use.
  @inline(__always)
  private var broken: Int32 {
    guard let failure = queue.failure, queue.done.count == 0 else { return 0 }
    return failure.errno
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    queue.wait(atMost: nanoseconds, spinning: spins)
    admit()
    return broken
  }

  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    queue.done.move(to: completions, capacity: capacity)
  }
}
