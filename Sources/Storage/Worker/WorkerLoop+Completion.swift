internal import Glibc
internal import Measure
internal import Synchronization

extension WorkerLoop where Engine: ~Copyable {
  /// Records `count` completions; those that share a batch share one histogram update.
  @inline(__always)
  mutating func complete(_ count: Int, at tick: UInt64) {
    if tick >= recorder.windowEnd { recorder.closeWindows(at: tick) }
    var times: UInt64 = 0
    var bytes: UInt64 = 0
    var first = Slot()
    for index in 0..<count {
      let completion = completions[index]
      let slot = slots + Int(completion.slot)
      if completion.result != slot.pointee.length || checksReads {
        if !settle(completion, slot, at: tick) { continue }
      }
      if times > 0 && slot.pointee.start == first.start && slot.pointee.issued == first.issued
        && slot.pointee.operation == first.operation
      {
        times &+= 1
      } else {
        if times > 0 { record(first, times: times, bytes: bytes, at: tick) }
        first = slot.pointee
        times = 1
        bytes = 0
      }
      bytes &+= UInt64(truncatingIfNeeded: slot.pointee.length &+ slot.pointee.moved)
      free[freeCount] = completion.slot
      freeCount &+= 1
    }
    guard times > 0 else { return }
    record(first, times: times, bytes: bytes, at: tick)
    recorder.completed(at: tick)
  }

  @inline(__always)
  mutating func record(_ slot: Slot, times: UInt64, bytes: UInt64, at tick: UInt64) {
    recorder.record(
      slot.operation, start: slot.start, prepared: slot.prepared, issued: slot.issued, ended: tick,
      times: times, bytes: bytes, submission: Engine.isAsynchronous)
  }

  @inline(__always)
  mutating func completeUntimed(_ count: Int) {
    for index in 0..<count {
      let completion = completions[index]
      let slot = slots + Int(completion.slot)
      if completion.result != slot.pointee.length {
        if !settle(completion, slot, at: clock.now()) { continue }
      }
      recorder.count(
        slot.pointee.operation, times: 1,
        bytes: UInt64(truncatingIfNeeded: slot.pointee.length &+ slot.pointee.moved))
      free[freeCount] = completion.slot
      freeCount &+= 1
    }
  }

  /// The uncommon completions: short, failed, or to be verified.
  ///
  /// True when the I/O is done well.
  @inline(never)
  mutating func settle(
    _ completion: Completion, _ slot: UnsafeMutablePointer<Slot>, at tick: UInt64
  ) -> Bool {
    if completion.result == slot.pointee.length {
      verify(slot, buffer: buffers[Int(completion.slot)])
      return true
    }
    if completion.result > 0 && completion.result < slot.pointee.length {
      recorder.countShort(slot.pointee.operation)
      resume(completion, slot)
      return false
    }
    if completion.result == -EINTR || completion.result == -EAGAIN {
      resume(Completion(slot: completion.slot, result: 0), slot)
      return false
    }
    fail(completion, slot, at: tick)
    free[freeCount] = completion.slot
    freeCount &+= 1
    return false
  }

  /// Asks for the rest of a short I/O; its times go on.
  mutating func resume(_ completion: Completion, _ slot: UnsafeMutablePointer<Slot>) {
    slot.pointee.moved += completion.result
    slot.pointee.length -= completion.result
    let index = Int(completion.slot)
    engine.prepare(
      IORequest(
        slot: index, operation: slot.pointee.operation,
        buffer: buffers[index] + Int(slot.pointee.moved), length: Int(slot.pointee.length),
        offset: slot.pointee.offset + Int64(slot.pointee.moved)))
    let failed = engine.submit(waitingFor: 0)
    if failed != 0 { stopIssuing(engineError: failed) }
  }

  mutating func fail(
    _ completion: Completion, _ slot: UnsafeMutablePointer<Slot>, at tick: UInt64
  ) {
    let cause = completion.failure
    if case .replay = job.check { verification.blocksUnreadable += 1 }
    if job.check == .compare { verification.blocksUnreadable += 1 }
    if slot.pointee.operation == .write && failedWrites.count < 4096 {
      failedWrites.append(slot.pointee.offset)
    }
    let after = clock.nanoseconds(tick > measureStart ? tick &- measureStart : 0)
    recorder.record(
      IOError(
        operation: slot.pointee.operation.name,
        offset: slot.pointee.offset + Int64(slot.pointee.moved), length: Int(slot.pointee.length),
        errno: cause.errno, nvmeStatus: cause.nvmeStatus, atNs: Nanoseconds(Int64(after))),
      at: tick)
    if errors.count.wrappingAdd(1, ordering: .relaxed).newValue > job.errorLimit {
      issuing = false
      if failure == nil {
        failure =
          "\(slot.pointee.operation.name) of \(slot.pointee.length) bytes at offset "
          + "\(slot.pointee.offset) failed: \(completion.reason)"
          + (engine.failureText.map { "; \($0)" } ?? "")
      }
    }
  }

  mutating func verify(
    _ slot: UnsafeMutablePointer<Slot>, buffer: UnsafeMutableRawPointer
  ) {
    guard slot.pointee.operation == .read else { return }
    let sequence: UInt64?
    switch job.check {
    case .none, .stampWrites: return
    case .replay: sequence = slot.pointee.sequence
    case .compare: sequence = nil
    }
    if job.unwritten.contains(slot.pointee.offset) {
      verification.blocksUnreadable += 1
      return
    }
    verification.blocksChecked += 1
    let bad = BlockStamp.check(
      buffer, length: Int(slot.pointee.length + slot.pointee.moved), offset: slot.pointee.offset,
      sequence: sequence, seed: job.stampSeed)
    guard let bad else { return }
    verification.blocksBad += 1
    if verification.firstBad.map({ bad.offset < $0.offset }) ?? true { verification.firstBad = bad }
  }
}
