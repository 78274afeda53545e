internal import Measure

extension WorkerLoop where Engine: ~Copyable {
  /// Takes a free slot and prepares the next I/O of the stream in it.
  @inline(__always)
  mutating func prepareNext(start: UInt64, prepared: UInt64) {
    freeCount &-= 1
    let index = Int(free[freeCount])
    let slot = slots + index
    slot.pointee.start = start
    slot.pointee.prepared = prepared
    slot.pointee.moved = 0
    if syncIsDue {
      prepareSync(slot, index)
      return
    }
    let operation = only ?? (random.next() < readThreshold ? .read : .write)
    let length = (operation == .read ? readSizes : writeSizes).next(&random)
    let offset = offsets.next(index: sequence, length: length)
    slot.pointee.operation = operation
    slot.pointee.length = Int32(truncatingIfNeeded: length)
    slot.pointee.offset = offset
    slot.pointee.sequence = sequence
    sequence &+= 1
    countLeft &-= 1
    bytesLeft &-= Int64(length)
    if operation == .write {
      writesSinceSync &+= 1
      fill(buffers[index], length: length, offset: offset, sequence: slot.pointee.sequence)
    }
    engine.prepare(
      IORequest(
        slot: index, operation: operation, buffer: buffers[index], length: length, offset: offset))
  }

  @inline(never)
  mutating func prepareSync(_ slot: UnsafeMutablePointer<Slot>, _ index: Int) {
    writesSinceSync = 0
    slot.pointee.operation = .sync
    slot.pointee.length = 0
    slot.pointee.offset = 0
    engine.prepare(
      IORequest(slot: index, operation: .sync, buffer: buffers[index], length: 0, offset: 0))
  }

  /// Makes a block's content differ from every other's, as cheaply as the workload allows.
  @inline(__always)
  mutating func fill(
    _ buffer: UnsafeMutableRawPointer, length: Int, offset: Int64, sequence: UInt64
  ) {
    if job.check == .stampWrites {
      BlockStamp.fill(
        buffer, length: length, offset: offset, sequence: sequence, seed: job.stampSeed)
      return
    }
    guard job.data != .zeros else { return }
    if job.refill {
      BufferContent.fill(buffer, bytes: length, data: job.data, random: &random)
      return
    }
    var place = 0
    while place &+ 8 <= length {
      stamp &+= 0x9E37_79B9_7F4A_7C15
      buffer.storeBytes(of: stamp, toByteOffset: place, as: UInt64.self)
      place &+= 4096
    }
  }
}
