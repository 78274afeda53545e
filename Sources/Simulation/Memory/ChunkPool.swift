/// Pieces of memory of one size, given out and taken back without the allocator in between.
///
/// Memory comes in blocks that are never moved, each a quarter of all before it, so that what is
/// not in use stays below a quarter. A chunk that was freed is the next one given out.
@usableFromInline
struct ChunkPool: ~Copyable {
  @usableFromInline let bytes: Int
  @usableFromInline let alignment: Int
  /// Chunks that were freed, each holding the address of the next.
  @usableFromInline var free: UnsafeMutableRawPointer?
  /// What is left of the newest block.
  @usableFromInline var fresh: UnsafeMutableRawPointer
  @usableFromInline var freshCount: Int
  @usableFromInline var blocks: Table<UnsafeMutableRawPointer>
  /// How many chunks all blocks hold.
  @usableFromInline var total: Int

  /// Makes a pool of chunks of `bytes`, with room for `count` of them before memory grows.
  @inlinable init(bytes: Int, alignment: Int, count: Int) {
    self.bytes = bytes
    self.alignment = alignment
    total = max(count, 8)
    freshCount = total
    fresh = .allocate(byteCount: bytes * total, alignment: alignment)
    blocks = Table(capacity: 32)
    blocks.append(fresh)
  }

  @inlinable deinit {
    for index in blocks.indices { blocks[index].deallocate() }
  }

  /// Bytes of all blocks.
  @inlinable var reservedBytes: Int { total * bytes }

  /// A chunk of undefined content.
  ///
  /// O(1) amortised.
  @inlinable @inline(__always) mutating func take() -> UnsafeMutableRawPointer {
    if let chunk = free {
      free = chunk.load(as: UnsafeMutableRawPointer?.self)
      return chunk
    }
    if freshCount == 0 { grow() }
    freshCount &-= 1
    defer { fresh += bytes }
    return fresh
  }

  /// Takes `chunk` back.
  ///
  /// O(1).
  @inlinable @inline(__always) mutating func put(_ chunk: UnsafeMutableRawPointer) {
    chunk.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
    free = chunk
  }

  @inlinable @inline(never) mutating func grow() {
    freshCount = max(total / 4, 8)
    fresh = .allocate(byteCount: bytes * freshCount, alignment: alignment)
    blocks.append(fresh)
    total += freshCount
  }
}
