/// One contiguous, page-aligned area with a buffer for each slot.
struct BufferArea {
  var base: UnsafeMutableRawPointer
  var bytes: Int
  /// Distance between the buffers of neighbouring slots.
  var stride: Int

  /// How many buffers there are.
  var count: Int { stride > 0 ? bytes / stride : 0 }

  @inline(__always)
  subscript(slot: Int) -> UnsafeMutableRawPointer { base + slot &* stride }
}
