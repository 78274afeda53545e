import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

@Suite struct IOWorkerTests {
  /// One large read that io_uring is told to give to a worker (IOSQE_ASYNC), on a ring of the raw
  /// system calls.
  @Test(Requires.ioUring) func workOfOurIoUringThreadsIsSeen() throws {
    var parameters = io_uring_params()
    let ring = cl_io_uring_setup(2, &parameters)
    try #require(ring >= 0)
    defer { close(ring) }
    let zero = cl_open("/dev/zero", O_RDONLY, 0)
    defer { close(zero) }
    let length = 256 << 20
    let memory = try NUMAMemory(size: ByteCount(Int64(length)), node: nil)

    let share = MAP_SHARED | MAP_POPULATE
    // Offsets IORING_OFF_SQ_RING and IORING_OFF_SQES of the kernel's header.
    let queue = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, share, ring, 0))
    let entries = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, share, ring, 0x1000_0000))
    try #require(queue != MAP_FAILED && entries != MAP_FAILED)
    defer {
      munmap(queue, 4096)
      munmap(entries, 4096)
    }
    let before = try CPUSnapshot.capture()
    // opcode IORING_OP_READ, flags IOSQE_ASYNC, file, offset, address, length.
    entries.storeBytes(of: 22, toByteOffset: 0, as: UInt8.self)
    entries.storeBytes(of: 1 << 4, toByteOffset: 1, as: UInt8.self)
    entries.storeBytes(of: zero, toByteOffset: 4, as: Int32.self)
    entries.storeBytes(of: UInt64(UInt(bitPattern: memory.base)), toByteOffset: 16, as: UInt64.self)
    entries.storeBytes(of: UInt32(length), toByteOffset: 24, as: UInt32.self)
    queue.storeBytes(of: 0, toByteOffset: Int(parameters.sq_off.array), as: UInt32.self)
    queue.storeBytes(of: 1, toByteOffset: Int(parameters.sq_off.tail), as: UInt32.self)
    // Submit one, wait for one (IORING_ENTER_GETEVENTS).
    #expect(cl_io_uring_enter(ring, 1, 1, 1, nil, 0) == 1)
    let use = try CPUSnapshot.capture() - before
    let worker = try #require(use.ioWorkers.first)
    #expect(worker.name == "iou-wrk" && worker.appearedCount == 1)
    #expect(worker.cpuTime > .milliseconds(2))
    #expect(use.process >= worker.cpuTime)
  }
}
