internal import CLinux
internal import Glibc

/// NVMe commands through IORING_OP_URING_CMD on `/dev/ngXnY`, past the block layer (Linux 5.19).
///
/// Commands after the NVM Command Set Specification 1.0: Flush 00h, Write 01h, Read 02h.
struct PassthroughEngine: StorageEngine, ~Copyable {
  static var isAsynchronous: Bool { true }
  var features: [String] { ring.granted + ["NVMe passthrough"] }

  private var ring: Ring
  private var done: InlineCompletions
  private let file: TargetFile
  private let blockShift: UInt64
  private let polled: Bool
  private let commandFlags: UInt32
  private let entryFlags: UInt8
  private let entryFile: Int32
  private let lengths: UnsafeMutablePointer<Int32>

  init(
    file: TargetFile, buffers: BufferArea, options: Ring.Options, registeredBuffers: Bool,
    registeredFile: Bool
  ) throws {
    var ring = try Ring(options)
    done = InlineCompletions(capacity: options.entries)
    polled = options.polled
    self.file = file
    blockShift = UInt64(file.logicalBlock.trailingZeroBitCount)
    // A registered buffer counts page by page against the segments of a command; memory mapped for
    // each command may be joined to fewer.
    let fits = buffers.stride / Self.pageBytes <= file.commandSegments
    let fixed = registeredBuffers && fits && ring.register(each: buffers)
    commandFlags = fixed ? UInt32(IORING_URING_CMD_FIXED) : 0
    let fixedFile = registeredFile && ring.register(file: file.descriptor)
    entryFlags = fixedFile ? 1 << UInt8(IOSQE_FIXED_FILE_BIT) : 0
    entryFile = fixedFile ? 0 : file.descriptor
    self.ring = ring
    lengths = .allocate(capacity: options.entries)
    lengths.initialize(repeating: 0, count: options.entries)
  }

  deinit { lengths.deallocate() }

  private static var pageBytes: Int { 4096 }

  @inline(__always)
  mutating func prepare(_ request: IORequest) {
    if request.operation == .sync && polled { return flushAtOnce(request) }
    let opcode: UInt8
    switch request.operation {
    case .read: opcode = 0x02
    case .write: opcode = 0x01
    case .sync: opcode = 0x00
    case .trim: preconditionFailure("a trim is refused before the run")
    }
    lengths[request.slot] = Int32(truncatingIfNeeded: request.length)
    let isData = request.operation != .sync
    cl_sqe_fill_nvme(
      ring.nextEntry(), entryFlags, entryFile, isData ? commandFlags : 0,
      UInt16(truncatingIfNeeded: isData ? request.slot : 0),
      UInt64(truncatingIfNeeded: request.slot), opcode, file.namespaceID,
      isData ? UInt64(UInt(bitPattern: request.buffer)) : 0,
      UInt32(truncatingIfNeeded: request.length),
      isData ? UInt64(bitPattern: request.offset) >> blockShift : 0,
      UInt32(truncatingIfNeeded: UInt64(request.length) >> blockShift))
  }

  /// Sends the Flush of a polled ring by ioctl.
  ///
  /// Linux 6.1 polls a command without data through a stray pointer (nvme_ns_chr_uring_cmd_iopoll):
  /// seen to crash the kernel.
  @inline(never)
  private mutating func flushAtOnce(_ request: IORequest) {
    done.append(file.completeAtOnce(request, dataSync: false))
  }

  @inline(__always)
  mutating func submit(waitingFor minimum: Int) -> Int32 {
    ring.enter(waitingFor: done.count > 0 ? 0 : UInt32(truncatingIfNeeded: minimum))
  }

  mutating func wait(atMost nanoseconds: Int64) -> Int32 {
    ring.wait(atMost: done.count > 0 ? 0 : nanoseconds)
  }

  /// The kernel gives 0, an NVMe status above 0, or a negative errno; never a length.
  @inline(__always)
  mutating func reap(into completions: UnsafeMutablePointer<Completion>, capacity: Int) -> Int {
    let early = done.count == 0 ? 0 : done.move(to: completions, capacity: capacity)
    let count = early + ring.reap(into: completions + early, capacity: capacity - early)
    for index in early..<count {
      let result = completions[index].result
      if result == 0 {
        completions[index].result = lengths[Int(completions[index].slot)]
      } else if result > 0 {
        completions[index].result = Completion.failed(nvmeStatus: result)
      }
    }
    return count
  }
}
