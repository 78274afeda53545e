internal import CXxhash
internal import Measure

/// What verify writes into each block, and how it finds a block that is not what was written.
///
/// Header of 48 bytes, little-endian: magic, offset, sequence, seed, length, XXH3-64 of the block
/// with this field zero. The rest is SplitMix64 output that depends on all of them.
enum BlockStamp {
  static let headerBytes = 48
  /// "ASSAYBLK".
  static let magic: UInt64 = 0x4B4C_4259_4153_5341

  private enum Field {
    static let magic = 0
    static let offset = 8
    static let sequence = 16
    static let seed = 24
    static let length = 32
    static let checksum = 40
  }

  /// Fills a block for `offset` as the `sequence`-th of its job.
  static func fill(
    _ block: UnsafeMutableRawPointer, length: Int, offset: Int64, sequence: UInt64, seed: UInt64
  ) {
    store(magic, block, Field.magic)
    store(UInt64(bitPattern: offset), block, Field.offset)
    store(sequence, block, Field.sequence)
    store(seed, block, Field.seed)
    store(UInt64(length), block, Field.length)
    store(0, block, Field.checksum)
    var words = SplitMix64(
      state: seed ^ SplitMix64.scrambled(UInt64(bitPattern: offset)) ^ sequence &* 0x9E37_79B9)
    var place = headerBytes
    while place + 8 <= length {
      store(words.next(), block, place)
      place += 8
    }
    while place < length {
      block.storeBytes(of: 0, toByteOffset: place, as: UInt8.self)
      place += 1
    }
    store(XXH3_64bits(block, length), block, Field.checksum)
  }

  /// Compares a block with what was written; nil sequence accepts any.
  ///
  /// nil when it is right.
  static func check(
    _ block: UnsafeMutableRawPointer, length: Int, offset: Int64, sequence: UInt64?, seed: UInt64
  ) -> VerifyOutcome.BadBlock? {
    let found = describe(block, length: length)
    let expected =
      "offset \(offset), sequence \(sequence.map(String.init) ?? "any"), seed \(seed)"
    func bad(_ reason: String) -> VerifyOutcome.BadBlock {
      .init(offset: offset, reason: reason, expected: expected, found: found())
    }
    guard load(block, Field.magic) == magic else { return bad("no header of Assay") }
    let checksum = load(block, Field.checksum)
    store(0, block, Field.checksum)
    let actual = XXH3_64bits(block, length)
    store(checksum, block, Field.checksum)
    guard checksum == actual else { return bad("checksum does not match: the content changed") }
    if load(block, Field.offset) != UInt64(bitPattern: offset) {
      return bad("a whole block of another offset")
    }
    if load(block, Field.seed) != seed { return bad("a block of another run or job") }
    if load(block, Field.length) != UInt64(length) { return bad("a block of another size") }
    if let sequence, load(block, Field.sequence) != sequence {
      return bad("an older write of this block: a later one was lost")
    }
    return nil
  }

  /// Header fields where there is a header, else the first bytes.
  private static func describe(
    _ block: UnsafeMutableRawPointer, length: Int
  ) -> () -> String {
    {
      if load(block, Field.magic) == magic {
        return "offset \(load(block, Field.offset)), sequence \(load(block, Field.sequence)), "
          + "seed \(load(block, Field.seed))"
      }
      return "bytes "
        + (0..<min(length, 16)).map { index in
          let digits = String(block.load(fromByteOffset: index, as: UInt8.self), radix: 16)
          return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: " ")
    }
  }

  @inline(__always)
  private static func store(_ value: UInt64, _ block: UnsafeMutableRawPointer, _ place: Int) {
    block.storeBytes(of: value.littleEndian, toByteOffset: place, as: UInt64.self)
  }

  @inline(__always)
  private static func load(_ block: UnsafeMutableRawPointer, _ place: Int) -> UInt64 {
    UInt64(littleEndian: block.load(fromByteOffset: place, as: UInt64.self))
  }
}
