internal import CLinux
internal import Glibc

/// io_uring over a file or block device.
struct UringEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { true }
  var features: [String] { ring.granted }

  private var ring: Ring
  private var done: InlineCompletions
  private let file: TargetFile
  private let dataSync: Bool
  private let polled: Bool
  private let readOpcode: UInt8
  private let writeOpcode: UInt8
  private let entryFlags: UInt8
  private let entryFile: Int32

  init(
    file: TargetFile, buffers: BufferArea, options: Ring.Options, dataSync: Bool,
    registeredBuffers: Bool, registeredFile: Bool
  ) throws {
    var ring = try Ring(options)
    done = InlineCompletions(capacity: options.entries)
    self.file = file
    self.dataSync = dataSync
    polled = options.polled
    let fixed = registeredBuffers && ring.register(buffers: buffers.base, bytes: buffers.bytes)
    readOpcode = UInt8((fixed ? IORING_OP_READ_FIXED : IORING_OP_READ).rawValue)
    writeOpcode = UInt8((fixed ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE).rawValue)
    // SQPOLL before Linux 5.11 needs registered files; they are never a disadvantage.
    let fixedFile = registeredFile && ring.register(file: file.descriptor)
    entryFlags = fixedFile ? 1 << UInt8(IOSQE_FIXED_FILE_BIT) : 0
    entryFile = fixedFile ? 0 : file.descriptor
    self.ring = ring
  }

  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    let opcode: UInt8
    switch request.operation {
    case .read: opcode = readOpcode
    case .write: opcode = writeOpcode
    case .sync, .trim: return prepareRare(request)
    }
    cl_sqe_fill(
      ring.nextEntry(), opcode, entryFlags, entryFile, UInt64(bitPattern: request.offset),
      UInt64(UInt(bitPattern: request.buffer)), UInt32(truncatingIfNeeded: request.length), 0, 0,
      UInt64(truncatingIfNeeded: request.slot))
  }

  /// A sync goes through the ring; a discard is done at once, as fio does it, and so is a sync
  /// beside polled I/O: an IOPOLL ring refuses what cannot be polled (EINVAL).
  @inline(never)
  private mutating func prepareRare(_ request: IORequest) {
    if request.operation == .sync && !polled {
      cl_sqe_fill(
        ring.nextEntry(), UInt8(IORING_OP_FSYNC.rawValue), entryFlags, entryFile, 0, 0, 0,
        dataSync ? UInt32(IORING_FSYNC_DATASYNC) : 0, 0, UInt64(truncatingIfNeeded: request.slot))
      return
    }
    done.append(file.completeAtOnce(request, dataSync: dataSync))
  }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    ring.enter(waitingFor: done.count > 0 ? 0 : UInt32(truncatingIfNeeded: minimum))
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    ring.wait(atMost: done.count > 0 ? 0 : nanoseconds)
  }

  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    let early = done.count == 0 ? 0 : done.move(to: completions, capacity: capacity)
    return early + ring.reap(into: completions + early, capacity: capacity - early)
  }
}

/// IORING_OP_NOP on a ring: what the kernel entry and this tool cost without any I/O.
struct NopRingEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { true }
  var features: [String] { ring.granted }

  private var ring: Ring
  private let lengths: UnsafeMutablePointer<Int32>

  init(options: Ring.Options) throws {
    ring = try Ring(options)
    lengths = .allocate(capacity: options.entries)
    lengths.initialize(repeating: 0, count: options.entries)
  }

  deinit { lengths.deallocate() }

  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    lengths[request.slot] = Int32(truncatingIfNeeded: request.length)
    cl_sqe_fill(
      ring.nextEntry(), UInt8(IORING_OP_NOP.rawValue), 0, -1, 0, 0, 0, 0, 0,
      UInt64(truncatingIfNeeded: request.slot))
  }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    ring.enter(waitingFor: UInt32(truncatingIfNeeded: minimum))
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 { ring.wait(atMost: nanoseconds) }

  /// A NOP moves nothing: its 0 becomes what was asked for, so that counts read as elsewhere.
  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    let count = ring.reap(into: completions, capacity: capacity)
    for index in 0..<count where completions[index].result == 0 {
      completions[index].result = lengths[Int(completions[index].slot)]
    }
    return count
  }
}
