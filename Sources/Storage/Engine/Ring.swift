internal import CLinux
internal import Glibc

/// The two rings of io_uring, mapped from the kernel: raw system calls, no liburing.
///
/// Layout and protocol: io_uring(7), include/uapi/linux/io_uring.h. One thread submits and reaps.
struct Ring: ~Copyable {
  /// What is asked of the kernel; what it refuses is dropped unless the user asked for it by name.
  struct Options {
    var entries: Int
    var polled = false
    var submissionThread = false
    /// 128-byte submissions and 32-byte completions, as NVMe passthrough needs.
    var wideEntries = false
  }

  let descriptor: Int32
  /// What the kernel granted, by its names.
  private(set) var granted: [String]
  /// Setup flags in force.
  let flags: UInt32

  private var enterDescriptor: Int32
  private var enterFlags: UInt32 = 0
  private let rings: UnsafeMutableRawPointer
  private let ringBytes: Int
  private let entries: UnsafeMutableRawPointer
  private let entryBytes: Int
  private let submissionShift: Int
  private let completionShift: Int
  private let submissionMask: UInt32
  private let completionMask: UInt32
  private let submissionTail: UnsafeMutablePointer<UInt32>
  private let submissionFlags: UnsafePointer<UInt32>
  private let completionHead: UnsafeMutablePointer<UInt32>
  private let completionTail: UnsafePointer<UInt32>
  private let completions: UnsafeMutableRawPointer
  private var tail: UInt32 = 0
  private var head: UInt32 = 0
  private var pending: UInt32 = 0

  init(_ options: Options) throws {
    var parameters = io_uring_params()
    let (descriptor, granted) = try Self.setUp(options, &parameters)
    let shifts =
      options.wideEntries ? (submission: 7, completion: 5) : (submission: 6, completion: 4)
    let mapped: (rings: UnsafeMutableRawPointer, ringBytes: Int, entries: UnsafeMutableRawPointer)
    do {
      mapped = try Self.map(
        descriptor, parameters, completionShift: shifts.completion,
        entryBytes: Int(parameters.sq_entries) << shifts.submission)
    } catch {
      close(descriptor)
      throw error
    }
    // Nothing below throws: a half-made ring would not be given back.
    self.descriptor = descriptor
    self.granted = granted
    enterDescriptor = descriptor
    flags = parameters.flags
    (submissionShift, completionShift) = shifts
    (rings, ringBytes, entries) = mapped
    entryBytes = Int(parameters.sq_entries) << shifts.submission

    func word(_ offset: UInt32) -> UnsafeMutablePointer<UInt32> {
      (mapped.rings + Int(offset)).assumingMemoryBound(to: UInt32.self)
    }
    submissionMask = word(parameters.sq_off.ring_mask).pointee
    completionMask = word(parameters.cq_off.ring_mask).pointee
    submissionTail = word(parameters.sq_off.tail)
    submissionFlags = UnsafePointer(word(parameters.sq_off.flags))
    completionHead = word(parameters.cq_off.head)
    completionTail = UnsafePointer(word(parameters.cq_off.tail))
    completions = mapped.rings + Int(parameters.cq_off.cqes)
    if Self.hasIndirection(parameters) {
      let array = word(parameters.sq_off.array)
      for index in 0..<parameters.sq_entries { array[Int(index)] = index }
    }
    registerOwnDescriptor()
  }

  deinit {
    // A ring is torn down by a kernel thread some time after its close; until then what it has
    // registered keeps the target open, and an unmount or a hot removal would find it busy.
    _ = cl_io_uring_register(descriptor, UInt32(IORING_UNREGISTER_FILES), nil, 0)
    _ = cl_io_uring_register(descriptor, UInt32(IORING_UNREGISTER_BUFFERS), nil, 0)
    munmap(entries, entryBytes)
    munmap(rings, ringBytes)
    close(descriptor)
  }

  /// Asks for every flag and drops, one at a time, what this kernel does not know (EINVAL).
  private static func setUp(
    _ options: Options, _ parameters: inout io_uring_params
  ) throws -> (Int32, [String]) {
    var required = UInt32(IORING_SETUP_CQSIZE)
    if options.polled { required |= UInt32(IORING_SETUP_IOPOLL) }
    if options.submissionThread { required |= UInt32(IORING_SETUP_SQPOLL) }
    if options.wideEntries {
      required |= UInt32(IORING_SETUP_SQE128) | UInt32(IORING_SETUP_CQE32)
    }
    // Newest first: the order in which an old kernel has to be met.
    var optional: [(name: String, flag: UInt32)] = [
      ("NO_SQARRAY", noSubmissionArray),
      ("SINGLE_ISSUER", UInt32(IORING_SETUP_SINGLE_ISSUER)),
    ]
    if !options.submissionThread {
      optional.insert(("DEFER_TASKRUN", UInt32(IORING_SETUP_DEFER_TASKRUN)), at: 1)
      optional.append(("COOP_TASKRUN", UInt32(IORING_SETUP_COOP_TASKRUN)))
    }
    while true {
      parameters = io_uring_params()
      parameters.flags = optional.reduce(required) { $0 | $1.flag }
      parameters.cq_entries = UInt32(options.entries)
      if options.submissionThread { parameters.sq_thread_idle = 1000 }
      let descriptor = cl_io_uring_setup(UInt32(options.entries), &parameters)
      if descriptor >= 0 {
        var names = optional.map(\.name)
        if options.polled { names.append("IOPOLL") }
        if options.submissionThread { names.append("SQPOLL") }
        if options.wideEntries { names.append("SQE128 CQE32") }
        return (descriptor, names)
      }
      let code = errno
      guard code == EINVAL, !optional.isEmpty else { throw setUpError(code, options) }
      optional.removeFirst()
    }
  }

  private static func setUpError(_ code: Int32, _ options: Options) -> EngineError {
    let hint =
      switch code {
      case EPERM:
        "io_uring is switched off: sysctl kernel.io_uring_disabled=0, or use engine: libaio"
      case ENOSYS: "this kernel has no io_uring: use engine: libaio or psync"
      case ENOMEM: "raise the locked-memory limit (ulimit -l), or lower the queue depth"
      default: "use engine: libaio or psync, or drop polled and submission-thread"
      }
    return EngineError(
      message: "io_uring_setup with \(options.entries) entries failed: "
        + String(cString: strerror(code)), hint: hint)
  }

  private static func hasIndirection(_ parameters: io_uring_params) -> Bool {
    parameters.flags & noSubmissionArray == 0
  }

  /// Maps both rings, which share one mapping since Linux 5.4, and the submission entries.
  private static func map(
    _ descriptor: Int32, _ parameters: io_uring_params, completionShift: Int, entryBytes: Int
  ) throws -> (rings: UnsafeMutableRawPointer, ringBytes: Int, entries: UnsafeMutableRawPointer) {
    let submissionBytes =
      hasIndirection(parameters)
      ? Int(parameters.sq_off.array) + Int(parameters.sq_entries) * 4 : 0
    let completionBytes =
      Int(parameters.cq_off.cqes) + Int(parameters.cq_entries) << completionShift
    let ringBytes = max(submissionBytes, completionBytes)
    let rings = try map(descriptor, bytes: ringBytes, at: Int(IORING_OFF_SQ_RING))
    do {
      let entries = try map(descriptor, bytes: entryBytes, at: Int(IORING_OFF_SQES))
      return (rings, ringBytes, entries)
    } catch {
      munmap(rings, ringBytes)
      throw error
    }
  }

  private static func map(
    _ descriptor: Int32, bytes: Int, at offset: Int
  ) throws -> UnsafeMutableRawPointer {
    let flags = MAP_SHARED | Int32(MAP_POPULATE)
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, descriptor, offset)
    guard let address, address != MAP_FAILED else {
      throw EngineError(
        message: "cannot map the io_uring: \(String(cString: strerror(errno)))",
        hint: "raise the locked-memory limit (ulimit -l), or lower the queue depth")
    }
    return address
  }

  /// A registered ring descriptor spares a file look-up in every io_uring_enter (Linux 5.18).
  private mutating func registerOwnDescriptor() {
    var update = io_uring_rsrc_update()
    update.offset = UInt32.max
    update.data = UInt64(descriptor)
    guard cl_io_uring_register(descriptor, UInt32(IORING_REGISTER_RING_FDS), &update, 1) == 1
    else { return }
    enterDescriptor = Int32(update.offset)
    enterFlags = UInt32(IORING_ENTER_REGISTERED_RING)
    granted.append("registered ring")
  }

  /// Registers one contiguous buffer area as buffer 0.
  mutating func register(buffers: UnsafeMutableRawPointer, bytes: Int) -> Bool {
    var vector = iovec(iov_base: buffers, iov_len: bytes)
    guard
      cl_io_uring_register(descriptor, UInt32(IORING_REGISTER_BUFFERS), &vector, 1) == 0
    else { return false }
    granted.append("registered buffers")
    return true
  }

  /// Registers every slot's buffer under the slot's number.
  ///
  /// A passthrough command must fit the device's segment limit, and Linux 6.1 counts against it all
  /// pages from the command's to the end of the registered buffer (blk_rq_map_user_bvec): one
  /// buffer for all slots fails with EINVAL but for its last slots.
  mutating func register(each area: BufferArea) -> Bool {
    var vectors = (0..<area.count).map { iovec(iov_base: area[$0], iov_len: area.stride) }
    let count = UInt32(vectors.count)
    guard
      cl_io_uring_register(descriptor, UInt32(IORING_REGISTER_BUFFERS), &vectors, count) == 0
    else { return false }
    granted.append("registered buffers")
    return true
  }

  /// Registers one file as file 0.
  mutating func register(file: Int32) -> Bool {
    var descriptorToRegister = file
    let status = cl_io_uring_register(
      descriptor, UInt32(IORING_REGISTER_FILES), &descriptorToRegister, 1)
    guard status == 0 else { return false }
    granted.append("registered file")
    return true
  }

  /// The next free submission entry; the caller has no more I/Os in flight than entries.
  @inline(__always)
  mutating func nextEntry() -> UnsafeMutablePointer<io_uring_sqe> {
    let place = Int(tail & submissionMask) << submissionShift
    tail &+= 1
    pending &+= 1
    return (entries + place).assumingMemoryBound(to: io_uring_sqe.self)
  }

  /// Hands over what is pending and waits for `minimum` completions, all in one call.
  @inline(__always)
  mutating func enter(waitingFor minimum: UInt32) -> Int32 {
    cl_store_release(submissionTail, tail)
    if flags & UInt32(IORING_SETUP_SQPOLL) != 0 { return enterBesideThread(minimum) }
    let wait = minimum > 0 ? UInt32(IORING_ENTER_GETEVENTS) : 0
    let taken = cl_io_uring_enter(
      enterDescriptor, pending, minimum, enterFlags | wait, nil, 0)
    if taken >= 0 {
      pending &-= UInt32(taken)
      return 0
    }
    return Self.tolerated(errno)
  }

  /// SQPOLL: the kernel's thread takes entries; it is woken only when it went to sleep.
  @inline(never)
  private mutating func enterBesideThread(_ minimum: UInt32) -> Int32 {
    pending = 0
    cl_full_barrier()
    var wants: UInt32 = 0
    if cl_load_relaxed(submissionFlags) & UInt32(IORING_SQ_NEED_WAKEUP) != 0 {
      wants |= UInt32(IORING_ENTER_SQ_WAKEUP)
    }
    if minimum > 0 { wants |= UInt32(IORING_ENTER_GETEVENTS) }
    guard wants != 0 else { return 0 }
    let status = cl_io_uring_enter(enterDescriptor, 0, minimum, enterFlags | wants, nil, 0)
    return status >= 0 ? 0 : Self.tolerated(errno)
  }

  /// Waits for one completion at most `nanoseconds`; 0 runs deferred work and looks.
  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    let status = cl_io_uring_wait(
      enterDescriptor, enterFlags | UInt32(IORING_ENTER_GETEVENTS), 0, nanoseconds > 0 ? 1 : 0,
      nanoseconds)
    return status >= 0 ? 0 : Self.tolerated(errno)
  }

  /// A signal, a time-out, or a full completion ring end a call without harm.
  private static func tolerated(_ code: Int32) -> Int32 {
    switch code {
    case EINTR, ETIME, EAGAIN, EBUSY: 0
    default: code
    }
  }

  /// Moves completions out; `result` turns the kernel's number into bytes or a negative errno.
  @inline(__always)
  mutating func reap(
    into target: UnsafeMutablePointer<Completion>, capacity: Int
  ) -> Int {
    let available = Int(cl_load_acquire(completionTail) &- head)
    let count = min(available, capacity)
    for index in 0..<count {
      let place =
        Int((head &+ UInt32(truncatingIfNeeded: index)) & completionMask) << completionShift
      let entry = (completions + place).assumingMemoryBound(to: io_uring_cqe.self)
      target[index] = Completion(
        slot: Int32(truncatingIfNeeded: entry.pointee.user_data), result: entry.pointee.res)
    }
    head &+= UInt32(truncatingIfNeeded: count)
    if count > 0 { cl_store_release(completionHead, head) }
    return count
  }
}

/// IORING_SETUP_NO_SQARRAY (Linux 6.6), newer than Debian 12's headers.
private let noSubmissionArray: UInt32 = 1 << 16
