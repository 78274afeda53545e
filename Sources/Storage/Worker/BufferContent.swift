internal import Measure

/// Data that is written: incompressible by default, so that no layer can cheat by compressing it.
enum BufferContent {
  static func fill(
    _ buffer: UnsafeMutableRawPointer, bytes: Int, data: StorageWorkload.DataPattern,
    random: inout SeededRandom
  ) {
    let randomBytes: Int
    switch data {
    case .random: randomBytes = bytes
    case .zeros: randomBytes = 0
    case .compressible(let share): randomBytes = Int(Double(bytes) * (1 - share.value))
    }
    let words = randomBytes / 8
    let target = buffer.assumingMemoryBound(to: UInt64.self)
    for index in 0..<words { target[index] = random.next() }
    let rest = buffer + words * 8
    rest.initializeMemory(as: UInt8.self, repeating: 0, count: bytes - words * 8)
  }
}
