internal import CAio
internal import CLinux
internal import Glibc

/// Linux native AIO: one io_submit a batch; completions are read from the shared ring.
///
/// The kernel maps the completion ring into the process (struct aio_ring, fs/aio.c), so finished
/// I/Os are taken without a system call, and io_getevents is called only to wait.
struct LibaioEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { true }
  let features: [String]

  private let file: TargetFile
  private let dataSync: Bool
  private let context: io_context_t
  private let depth: Int
  private let blocks: UnsafeMutablePointer<iocb>
  private let batch: UnsafeMutablePointer<UnsafeMutablePointer<iocb>?>
  private let events: UnsafeMutablePointer<io_event>
  private var batchCount = 0
  private var done: InlineCompletions
  private let ringIsMapped: Bool

  init(file: TargetFile, queueDepth: Int, dataSync: Bool) throws {
    var made: io_context_t?
    let status = io_setup(Int32(queueDepth), &made)
    guard status == 0, let made else {
      throw EngineError(
        message: "io_setup for \(queueDepth) I/Os failed: \(String(cString: strerror(-status)))",
        hint: "raise /proc/sys/fs/aio-max-nr, or lower the queue depth")
    }
    self.file = file
    self.dataSync = dataSync
    context = made
    depth = queueDepth
    blocks = .allocate(capacity: queueDepth)
    blocks.initialize(repeating: iocb(), count: queueDepth)
    batch = .allocate(capacity: queueDepth)
    batch.initialize(repeating: nil, count: queueDepth)
    events = .allocate(capacity: queueDepth)
    done = InlineCompletions(capacity: queueDepth)
    ringIsMapped = AioRing(context: made).isKnown
    features = ringIsMapped ? ["completion ring read in user space"] : []
  }

  deinit {
    io_destroy(context)
    blocks.deallocate()
    batch.deallocate()
    events.deallocate()
  }

  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    let block = blocks + request.slot
    switch request.operation {
    case .read:
      io_prep_pread(block, file.descriptor, request.buffer, request.length, request.offset)
    case .write:
      io_prep_pwrite(block, file.descriptor, request.buffer, request.length, request.offset)
    case .sync:
      if dataSync {
        io_prep_fdsync(block, file.descriptor)
      } else {
        io_prep_fsync(block, file.descriptor)
      }
    case .trim:
      done.append(file.completeAtOnce(request, dataSync: dataSync))
      return
    }
    block.pointee.data = UnsafeMutableRawPointer(bitPattern: request.slot)
    batch[batchCount] = block
    batchCount += 1
  }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    var handed = 0
    while handed < batchCount {
      let taken = Int(io_submit(context, batchCount - handed, batch + handed))
      if taken > 0 { handed += taken } else if taken != -Int(EINTR) { break }
    }
    if handed < batchCount {
      guard let failure = resubmitLater(from: handed) else { return 0 }
      return failure
    }
    batchCount = 0
    if minimum > 0 && done.count == 0 && AioRing(context: context).ready < minimum {
      return wait(minimum: minimum, atMost: nil)
    }
    return 0
  }

  /// Keeps what the kernel did not take: EAGAIN is no failure, the rest goes with the next batch.
  @inline(never)
  private mutating func resubmitLater(from handed: Int) -> Int32? {
    for index in handed..<batchCount { batch[index - handed] = batch[index] }
    batchCount -= handed
    let status = -io_submit(context, batchCount, batch)
    if status <= 0 {
      let taken = Int(-status)
      for index in taken..<batchCount { batch[index - taken] = batch[index] }
      batchCount -= taken
      return nil
    }
    return status == EAGAIN || status == EINTR ? nil : Int32(status)
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    if done.count > 0 || AioRing(context: context).ready > 0 { return 0 }
    return wait(minimum: nanoseconds > 0 ? 1 : 0, atMost: nanoseconds)
  }

  /// Sleeps in io_getevents; what it returns is kept for the next reap.
  @inline(never)
  private mutating func wait(minimum: Int, atMost nanoseconds: Int64?) -> Int32 {
    var span = timespec(
      tv_sec: Int((nanoseconds ?? 0) / 1_000_000_000),
      tv_nsec: Int((nanoseconds ?? 0) % 1_000_000_000))
    let room = depth - done.count
    let got = withUnsafeMutablePointer(to: &span) { span in
      io_getevents(context, min(minimum, room), room, events, nanoseconds == nil ? nil : span)
    }
    for index in 0..<max(Int(got), 0) { done.append(Self.completion(of: events[index])) }
    return got >= 0 || got == -EINTR ? 0 : -got
  }

  @inline(__always)
  private static func completion(of event: io_event) -> Completion {
    Completion(
      slot: Int32(truncatingIfNeeded: Int(bitPattern: event.data)),
      result: Int32(truncatingIfNeeded: Int(bitPattern: UInt(event.res))))
  }

  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    var count = done.count == 0 ? 0 : done.move(to: completions, capacity: capacity)
    if ringIsMapped {
      let ring = AioRing(context: context)
      count += ring.take(into: completions + count, capacity: capacity - count)
    } else if count == 0 {
      _ = wait(minimum: 0, atMost: 0)
      count = done.move(to: completions, capacity: capacity)
    }
    return count
  }
}

/// The completion ring that the kernel maps at the context's address (struct aio_ring, fs/aio.c).
struct AioRing {
  private let base: UnsafeMutableRawPointer

  @inline(__always)
  init(context: io_context_t) { base = UnsafeMutableRawPointer(context) }

  /// Whether the layout is the one that is known: AIO_RING_MAGIC and no incompatible feature.
  var isKnown: Bool {
    base.load(fromByteOffset: 16, as: UInt32.self) == 0xa10a_10a1
      && base.load(fromByteOffset: 24, as: UInt32.self) == 0
  }

  private var head: UnsafeMutablePointer<UInt32> {
    (base + 8).assumingMemoryBound(to: UInt32.self)
  }
  private var tail: UnsafePointer<UInt32> {
    UnsafePointer((base + 12).assumingMemoryBound(to: UInt32.self))
  }
  private var capacity: UInt32 { base.load(fromByteOffset: 4, as: UInt32.self) }

  /// How many completions wait in the ring.
  @inline(__always)
  var ready: Int {
    let head = cl_load_relaxed(head)
    let tail = cl_load_acquire(tail)
    return Int(tail >= head ? tail - head : tail + capacity - head)
  }

  /// Takes up to `capacity` completions.
  @inline(__always)
  func take(into completions: UnsafeMutablePointer<Completion>, capacity room: Int) -> Int {
    var position = cl_load_relaxed(head)
    let end = cl_load_acquire(tail)
    let events = (base + 32).assumingMemoryBound(to: io_event.self)
    var count = 0
    while position != end && count < room {
      let event = events + Int(position)
      completions[count] = Completion(
        slot: Int32(truncatingIfNeeded: Int(bitPattern: event.pointee.data)),
        result: Int32(truncatingIfNeeded: Int(bitPattern: UInt(event.pointee.res))))
      count += 1
      position += 1
      if position == capacity { position = 0 }
    }
    cl_store_release(head, position)
    return count
  }
}
