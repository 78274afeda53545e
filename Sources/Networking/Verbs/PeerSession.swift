internal import CLinux
internal import Glibc
internal import Host
internal import Measure
internal import RDMA
internal import Synchronization

/// One connection that the peer serves, on a thread of its own.
final class PeerSession: @unchecked Sendable {
  let request: PeerRequest
  let place: String
  let memory: MessageMemory
  /// What it did, final once ``isDone``.
  private(set) var messages: UInt64 = 0
  private(set) var bytes: UInt64 = 0
  /// Why it ended, where that is worth a word.
  private(set) var failure: String?

  private let options: QueuePair.Options
  private var asking: ConnectionRequest?
  private let done = Atomic<Bool>(false)
  private let ending = Atomic<Bool>(false)
  private var thread: NativeThread?

  /// How long a peer may take to confirm that it is connected.
  private static let confirmLimit = Nanoseconds.seconds(10)
  /// How long a test may overrun what it asked for before it is let go.
  private static let grace = Nanoseconds.seconds(120)
  private static let batch = 64
  private static let pollsPerLook = 64
  /// How long an exchange may rest before its thread sleeps instead of polling.
  private static let busySpan = Nanoseconds.milliseconds(100)

  init(_ asking: consuming ConnectionRequest, _ request: PeerRequest, deepestQueue: Int) {
    self.request = request
    memory = MessageMemory(request)
    place = asking.peer
    let isExchange = request.measure == .latency
    // Twice what can be in flight, so that the sender never waits for a receive.
    let receives = request.operation == .send ? max(2 * request.depth, 64) : 1
    options = QueuePair.Options(
      sendEntries: isExchange ? 16 : 1, receiveEntries: min(receives, max(1, deepestQueue)),
      inlineBytes: isExchange && request.operation != .read ? request.inlineBytes : 0)
    self.asking = consume asking
  }

  var isDone: Bool { done.load(ordering: .acquiring) }

  /// Asks it to end soon.
  func end() { ending.store(true, ordering: .relaxed) }

  func start() -> Bool {
    thread = NativeThread { self.body() }
    return thread != nil
  }

  func join() { thread?.join() }

  private func body() {
    defer { done.store(true, ordering: .releasing) }
    guard let asking = asking.take() else { return }
    cl_sharp_timers()
    do throws(RDMAError) {
      var pair = try asking.queuePair(options)
      let base: UnsafeMutableRawPointer
      let keys: MemoryKeys
      do {
        (base, keys) = try pair.allocate(bytes: memory.bytes, access: [.read, .write])
      } catch {
        pair.reject(privateData: PeerAnswer(code: .failed).bytes)
        throw error
      }
      var server = PeerExchange(
        request: request, memory: memory, base: base, key: keys.local,
        isInline: request.inlineBytes > 0 && request.messageSize <= pair.inlineBytes)
      try server.postReceives(options.receiveEntries, on: &pair)
      let answer = PeerAnswer(
        address: UInt64(UInt(bitPattern: base)), key: keys.remote)
      try pair.accept(
        privateData: answer.bytes, deadline: MonotonicClock.now() + Self.confirmLimit)
      serve(&server, &pair)
    } catch {
      failure = error.message
    }
  }

  private func serve(_ server: inout PeerExchange, _ pair: inout QueuePair) {
    let deadline =
      MonotonicClock.now() + .milliseconds(Int64(request.milliseconds)) + Self.grace
    let completions = UnsafeMutablePointer<WorkCompletion>.allocate(capacity: Self.batch)
    completions.initialize(repeating: WorkCompletion(), count: Self.batch)
    defer {
      completions.deallocate()
      (messages, bytes) = (server.messages, server.bytes)
    }
    // Writes and reads past this CPU leave nothing to do but to wait for the end.
    let isActive =
      request.operation == .send
      || (request.operation == .write && request.measure == .latency)
    var idle = 0
    var lastMoved = MonotonicClock.now()
    var nextLook = Nanoseconds.zero
    while true {
      let count = pair.poll(into: completions, capacity: Self.batch)
      guard count >= 0 else {
        failure = "the completion queue is broken"
        return
      }
      switch server.handle(completions, count, on: &pair) {
      case .ended: return
      case .failed(let reason):
        failure = reason
        return
      case .moved:
        idle = 0
        continue
      case .idle: break
      }
      idle &+= 1
      guard idle % Self.pollsPerLook == 0 || !isActive else { continue }
      let now = MonotonicClock.now()
      if idle <= Self.pollsPerLook { lastMoved = now }
      if now >= nextLook {
        nextLook = now + .milliseconds(1)
        if pair.checkConnection() != nil || ending.load(ordering: .relaxed) { return }
        guard now < deadline else {
          failure = "let go: it took longer than it had asked for"
          return
        }
      }
      let rested = now - lastMoved
      if isActive && rested < Self.busySpan {
        // As the other side does: a soft device's kernel thread may need the processor.
        if rested > .microseconds(20) { sched_yield() }
      } else {
        // Memory that a peer writes wakes nobody: look again soon.
        pair.sleep(atMost: isActive && request.operation == .write ? 1_000_000 : 100_000_000)
      }
    }
  }
}

/// What the peer does with what arrives: counts it, and answers where the test is an exchange.
struct PeerExchange: ~Copyable {
  enum Step {
    case idle, moved, ended
    case failed(String)
  }

  private let request: PeerRequest
  private let memory: MessageMemory
  private let base: UnsafeMutableRawPointer
  private let key: UInt32
  private let isInline: Bool
  private(set) var messages: UInt64 = 0
  private(set) var bytes: UInt64 = 0
  /// The last byte of the message that is due next, where it is written past this CPU.
  private var due: UInt8 = 1
  private var repliesInFlight = 0

  /// Identifies replies among completions; receives have the place of their memory.
  private static let reply = UInt64.max
  private static let mostReplies = 16

  init(
    request: PeerRequest, memory: MessageMemory, base: UnsafeMutableRawPointer, key: UInt32,
    isInline: Bool
  ) {
    self.request = request
    self.memory = memory
    self.base = base
    self.key = key
    self.isInline = isInline
  }

  private func address(_ slot: Int) -> UInt64 {
    UInt64(UInt(bitPattern: base)) &+ memory.offset(slot)
  }

  /// Memory for so many messages, before the first may come.
  mutating func postReceives(_ count: Int, on pair: inout QueuePair) throws(RDMAError) {
    guard request.operation == .send else { return }
    for slot in 0..<count { prepareReceive(slot, on: &pair) }
    let code = pair.postReceives()
    guard code == 0 else {
      throw RDMAError("posting receives failed", hint: "see dmesg", cause: .other(errno: code))
    }
  }

  @inline(__always)
  private func prepareReceive(_ slot: Int, on pair: inout QueuePair) {
    pair.prepareReceive(
      id: UInt64(truncatingIfNeeded: slot), address: address(slot),
      bytes: UInt32(request.messageSize), key: key)
  }

  /// Deals with completions, and looks at memory that the other side writes.
  @inline(__always)
  mutating func handle(
    _ completions: UnsafeMutablePointer<WorkCompletion>, _ count: Int, on pair: inout QueuePair
  ) -> Step {
    var received = 0
    for index in 0..<count {
      guard completions[index].isSuccess else {
        // Receives are flushed when the other side has gone, as it does at the end.
        return completions[index].isFlushed ? .ended : .failed(completions[index].reason)
      }
      guard completions[index].isReceive else {
        repliesInFlight &-= 1
        continue
      }
      received &+= 1
      bytes &+= UInt64(truncatingIfNeeded: completions[index].bytes)
      prepareReceive(Int(truncatingIfNeeded: completions[index].id), on: &pair)
    }
    if received > 0 {
      guard pair.postReceives() == 0 else { return .failed("posting receives failed") }
      messages &+= UInt64(truncatingIfNeeded: received)
      publishCount()
      if request.measure == .latency {
        // One at a time by the rules of the test; who sends more gets no more answers than fit.
        guard received == 1, reply(to: 0, on: &pair) else {
          return .failed("more messages than the test allows")
        }
      }
      return .moved
    }
    if request.operation == .write, request.measure == .latency { return lookAtMemory(&pair) }
    return count > 0 ? .moved : .idle
  }

  /// For the other side to read: how many messages and bytes were received.
  @inline(__always)
  private func publishCount() {
    let words = base.assumingMemoryBound(to: UInt64.self)
    words[1] = bytes.bigEndian
    words[0] = messages.bigEndian
  }

  @inline(__always)
  private mutating func lookAtMemory(_ pair: inout QueuePair) -> Step {
    let landing = UnsafePointer(
      (base + Int(memory.offset(1)) + request.messageSize - 1).assumingMemoryBound(to: UInt8.self))
    guard cl_load_byte_acquire(landing) == due else { return .idle }
    (base + Int(memory.offset(0)) + request.messageSize - 1)
      .assumingMemoryBound(to: UInt8.self).pointee = due
    due &+= 1
    messages &+= 1
    bytes &+= UInt64(truncatingIfNeeded: request.messageSize)
    return reply(to: 1, on: &pair) ? .moved : .failed("a reply could not be posted")
  }

  /// Sends or writes the message back.
  @inline(__always)
  private mutating func reply(to slot: Int, on pair: inout QueuePair) -> Bool {
    guard repliesInFlight < Self.mostReplies else { return false }
    var work = WorkRequest(
      id: Self.reply, operation: request.operation == .send ? .send : .write,
      address: address(0), bytes: UInt32(request.messageSize), key: key)
    work.isInline = isInline
    if request.operation == .write {
      work.remoteAddress = request.address &+ memory.offset(slot)
      work.remoteKey = request.key
    }
    repliesInFlight &+= 1
    pair.prepare(work)
    return pair.post() == 0
  }
}
