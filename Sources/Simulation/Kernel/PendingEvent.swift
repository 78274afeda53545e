/// An event that waits, with its key beside it: a comparison and a move touch one cache line.
@usableFromInline
struct PendingEvent<Payload: BitwiseCopyable>: BitwiseCopyable {
  @usableFromInline var key: EventKey
  @usableFromInline var payload: Payload

  @inlinable @inline(__always) init(key: EventKey, payload: Payload) {
    self.key = key
    self.payload = payload
  }

  @inlinable @inline(__always) var time: Int64 { key.time }
}
