internal import Glibc
internal import Host
internal import Measure
internal import RDMA

/// A submission and completion queue of a controller over one RDMA connection.
///
/// A command's tag is its place in the queue and in the memory of capsules; its identifier on the
/// wire is the tag with a generation above, so that an answer to an older command is told from one
/// to the newest. Used by one thread.
struct FabricsQueue: ~Copyable {
  /// Bits of an identifier that are the tag.
  static var tagBits: Int { 12 }
  /// Most tags.
  static var mostTags: Int { 1 << tagBits }
  /// No completion for so long, with commands in flight, is the end of the queue.
  static var silenceLimit: Nanoseconds { .seconds(20) }
  /// What a port may take to hear of its link.
  private static var portPatience: Nanoseconds { .milliseconds(100) }

  /// Why a queue is of no more use.
  struct Failure {
    var errno: Int32
    var reason: String
  }

  /// One command.
  struct Tag {
    var result: UInt64 = 0
    var bytes: Int32 = 0
    var generation: UInt16 = 0
    var isOutstanding = false
  }

  /// What queue and memory are asked for.
  struct Wish {
    var queueID: UInt16
    /// 0 for the admin queue's Connect, which creates the controller.
    var controllerID: UInt16 = 0
    /// Commands that may be in flight.
    var commands: Int
    /// Data memory of its own, for commands of the setup.
    var dataBytes = 4096
    /// Tags; above ``commands`` where the rest waits its turn.
    var tags: Int
  }

  var pair: QueuePair
  let peer: String
  /// Commands that may be in flight: one less than the queue has entries.
  private(set) var credits: Int
  private(set) var outstanding = 0
  private(set) var failure: Failure?
  var done: InlineCompletions

  let tags: UnsafeMutablePointer<Tag>
  let tagCount: Int
  let commands: UnsafeMutableRawPointer
  private let responses: UnsafeMutableRawPointer
  let data: UnsafeMutableRawPointer
  let keys: MemoryKeys
  private let work: UnsafeMutablePointer<WorkCompletion>
  private let workCapacity: Int
  private let responseCount: Int
  private let sendsAreInline: Bool

  private let sendEntries: Int
  private let signalInterval: Int
  private var sendsFree: Int
  private var sendsSinceSignal = 0
  private var sendsPrepared = 0
  private var lastAnswer = Nanoseconds.zero
  private var hasMoved = true

  /// Mark of a send's identifier; below it stands how many sends its completion frees.
  private static var sendMark: UInt64 { 1 << 32 }

  /// Connects a queue pair and posts its receives; the Connect command is yet to be sent.
  init(_ wish: Wish, to address: RDMAAddress, deadline: Nanoseconds) throws(RDMAError) {
    let entries = wish.commands + 1
    // Sends are known to be done some time after their command's answer.
    let sendEntries = 2 * wish.commands + 16
    var pair = try QueuePair(
      to: address,
      options: .init(
        sendEntries: sendEntries, receiveEntries: entries, inlineBytes: NVMeCommand.bytes),
      deadline: deadline)
    let commandBytes = wish.tags * NVMeCommand.bytes
    let responseBytes = entries * NVMeResponse.bytes
    let memory = try pair.allocate(
      bytes: commandBytes + responseBytes + wish.dataBytes, access: [.read, .write])
    try pair.connect(
      privateData: FabricsHandshake.request(
        queue: wish.queueID, entries: UInt16(clamping: entries), controller: wish.controllerID),
      deadline: deadline)
    peer = "\(address)"
    credits = min(wish.commands, FabricsHandshake.receiveQueueSize(pair.peerData) ?? wish.commands)
    sendsAreInline = pair.inlineBytes >= NVMeCommand.bytes
    keys = memory.keys
    data = memory.base
    commands = memory.base + wish.dataBytes
    responses = memory.base + wish.dataBytes + commandBytes
    self.pair = pair
    self.sendEntries = sendEntries
    sendsFree = sendEntries
    signalInterval = max(1, wish.commands / 2)
    tagCount = wish.tags
    tags = .allocate(capacity: wish.tags)
    tags.initialize(repeating: Tag(), count: wish.tags)
    done = InlineCompletions(capacity: wish.tags)
    responseCount = entries
    workCapacity = min(entries, 64)
    work = .allocate(capacity: workCapacity)
    work.initialize(repeating: WorkCompletion(), count: workCapacity)
    for index in 0..<entries { receive(index) }
    let refused = self.pair.postReceives()
    if refused != 0 { fail(refused, "posting receives failed") }
  }

  deinit {
    tags.deallocate()
    work.deallocate()
  }

  // MARK: Commands

  /// The data structure that the last command of the setup was answered with.
  var received: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: data, count: 4096)) }

  /// The address of a tag's command.
  @inline(__always)
  func place(of tag: Int) -> UnsafeMutableRawPointer { commands + tag &* NVMeCommand.bytes }

  /// The identifier that a tag's next command has on the wire.
  @inline(__always)
  func identifier(of tag: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: tag) | tags[tag].generation << UInt16(Self.tagBits)
  }

  /// Whether another command may be sent.
  @inline(__always)
  var hasCredit: Bool { outstanding < credits }

  /// Adds the command that stands at a tag to the next batch, with data in the capsule or without.
  ///
  /// There must be a credit.
  @inline(__always)
  mutating func send(
    _ tag: Int, bytes: Int32, capsuleData: UInt64 = 0, capsuleBytes: UInt32 = 0,
    capsuleKey: UInt32 = 0
  ) {
    tags[tag].bytes = bytes
    tags[tag].isOutstanding = true
    outstanding &+= 1
    sendsSinceSignal &+= 1
    let isSignalled = sendsSinceSignal >= signalInterval
    var request = WorkRequest(
      id: Self.sendMark, operation: .send, address: UInt64(UInt(bitPattern: place(of: tag))),
      bytes: UInt32(NVMeCommand.bytes), key: keys.local)
    request.isSignalled = isSignalled
    if isSignalled {
      request.id |= UInt64(truncatingIfNeeded: sendsSinceSignal)
      sendsSinceSignal = 0
    }
    if capsuleBytes > 0 {
      request.tailAddress = capsuleData
      request.tailBytes = capsuleBytes
      request.tailKey = capsuleKey
    } else {
      request.isInline = sendsAreInline
    }
    pair.prepare(request)
    sendsPrepared &+= 1
  }

  /// Posts the batch.
  @inline(__always)
  mutating func post() {
    guard sendsPrepared > 0 else { return }
    if sendsFree < sendsPrepared { awaitSends() }
    guard failure == nil else {
      // What was prepared has failed with the rest.
      sendsPrepared = 0
      return
    }
    sendsFree &-= sendsPrepared
    sendsPrepared = 0
    hasMoved = true
    let refused = pair.post()
    if refused != 0 {
      fail(refused, "posting commands failed: \(String(cString: strerror(refused)))")
    }
  }

  /// Waits until earlier sends are known to be done; answers may come before that.
  @inline(never)
  private mutating func awaitSends() {
    let end = MonotonicClock.now() + Self.silenceLimit
    while sendsFree < sendsPrepared && failure == nil {
      drain()
      if MonotonicClock.now() > end {
        fail(ETIMEDOUT, "sent capsules are not acknowledged")
      }
    }
  }

  // MARK: Completions

  /// Takes what has completed; never waits.
  @inline(__always)
  mutating func drain() {
    while failure == nil {
      let count = pair.poll(into: work, capacity: workCapacity)
      guard count > 0 else {
        if count < 0 { fail(EIO, "the completion queue is broken") }
        break
      }
      for index in 0..<count { take(work[index]) }
      let refused = pair.postReceives()
      if refused != 0 { fail(refused, "posting receives failed") }
      if count < workCapacity { break }
    }
  }

  @inline(__always)
  private mutating func take(_ completion: borrowing WorkCompletion) {
    guard completion.isSuccess else { return fail(completion) }
    if completion.id & Self.sendMark != 0 {
      sendsFree &+= Int(truncatingIfNeeded: completion.id & 0xFFFF_FFFF)
      return
    }
    let index = Int(truncatingIfNeeded: completion.id)
    let response = NVMeResponse(at: responses + index &* NVMeResponse.bytes)
    let tag = Int(response.id) & (Self.mostTags &- 1)
    guard completion.bytes >= NVMeResponse.bytes, tag < tagCount, tags[tag].isOutstanding,
      response.id == identifier(of: tag)
    else { return fail(EPROTO, "an answer came to no command in flight") }
    receive(index)
    tags[tag].isOutstanding = false
    tags[tag].generation &+= 1
    tags[tag].result = response.result
    outstanding &-= 1
    hasMoved = true
    let failed = Completion.failed(nvmeStatus: Int32(response.status))
    done.append(
      Completion(
        slot: Int32(truncatingIfNeeded: tag),
        result: response.status & 0x7FF == 0 ? tags[tag].bytes : failed))
  }

  @inline(__always)
  private mutating func receive(_ index: Int) {
    pair.prepareReceive(
      id: UInt64(truncatingIfNeeded: index),
      address: UInt64(UInt(bitPattern: responses + index &* NVMeResponse.bytes)),
      bytes: UInt32(NVMeResponse.bytes), key: keys.local)
  }

  @inline(never)
  private mutating func fail(_ completion: borrowing WorkCompletion) {
    // A flush only follows: what came before it tells why.
    if completion.isFlushed, let ended = pair.checkConnection() {
      return fail(ENOTCONN, ended.message)
    }
    let code = completion.isUnanswered ? ETIMEDOUT : completion.isFlushed ? ENOTCONN : EIO
    let silent = completion.isUnanswered ? "; \(peer) does not answer" : ""
    fail(code, completion.reason + silent)
  }

  /// Why the queue is of no more use, where it is not, and what is wrong with this side's port.
  var failureText: String? { failure.map { $0.reason + portProblem } }

  /// What is wrong with this side's port, to be put behind what has failed.
  ///
  /// Waits a little: packets are refused some time before the device hears that its link is down.
  var portProblem: String {
    let end = MonotonicClock.now() + Self.portPatience
    while true {
      if let problem = pair.portProblem() { return "; \(problem)" }
      guard MonotonicClock.now() < end else { return "" }
      usleep(1000)
    }
  }

  /// Ends the queue: all commands in flight are done, with an error.
  @inline(never)
  mutating func fail(_ code: Int32, _ reason: String) {
    guard failure == nil else { return }
    failure = Failure(errno: code, reason: reason)
    for tag in 0..<tagCount where tags[tag].isOutstanding {
      tags[tag].isOutstanding = false
      done.append(Completion(slot: Int32(tag), result: -code))
    }
    outstanding = 0
    pair.disconnect()
  }

  // MARK: Waiting

  /// Sleeps or spins until something completes, at most `nanoseconds`; a signal may end it early.
  mutating func wait(atMost nanoseconds: Int64, spinning: Bool) {
    let before = done.count
    drain()
    guard done.count == before, failure == nil, nanoseconds > 0 else { return }
    let end = MonotonicClock.now().count + nanoseconds
    var now = end - nanoseconds
    if !spinning {
      // The first call may only arm the interrupt; what came before that the drain between finds.
      pair.sleep(atMost: nanoseconds)
      drain()
      if done.count == before && failure == nil { pair.sleep(atMost: nanoseconds) }
      drain()
      now = MonotonicClock.now().count
    }
    while spinning && done.count == before && failure == nil && now < end {
      for _ in 0..<64 where done.count == before { drain() }
      now = MonotonicClock.now().count
    }
    if done.count == before { look(at: Nanoseconds(now)) }
  }

  /// Looks, where nothing completes, whether the connection stands and the target still answers.
  @inline(never)
  private mutating func look(at now: Nanoseconds) {
    if hasMoved {
      hasMoved = false
      lastAnswer = now
    }
    if let ended = pair.checkConnection() { return fail(ENOTCONN, ended.message) }
    guard outstanding > 0, now - lastAnswer > Self.silenceLimit else { return }
    fail(
      ETIMEDOUT,
      "\(peer) has not answered any of \(outstanding) commands for "
        + "\(Int(Self.silenceLimit.inSeconds)) s")
  }
}
