internal import NIOCore

/// Answers the HTTP/2 PINGs of an etcd before the HTTP/2 layer counts them.
///
/// grpc-go, which etcd is built with, sends a PING with every few requests to estimate how much the
/// connection holds (internal/transport/bdp_estimator.go). swift-nio-http2 takes more than 200
/// within 30 s for an attack and closes the connection, and grpc-swift offers no way to raise that
/// bound. Each PING gets its acknowledgement (RFC 9113, section 6.7) here and goes no further;
/// everything else passes as it came.
final class PingAnswerer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Length (3 bytes), type, flags and stream (4 bytes), section 4.1.
  private static let headerLength = 9
  private static let pingType: UInt8 = 6
  private static let pingLength = 8
  private static let acknowledged: UInt8 = 1

  /// What came of a header, or a PING, that is not whole yet.
  private var held: ByteBuffer?
  /// Bytes still to come of the frame that is passing.
  private var passing = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var input = unwrapInboundIn(data)
    if var start = held {
      held = nil
      start.writeBuffer(&input)
      input = start
    }
    var answered = false
    // Frames that follow one another go on together.
    var start = input.readerIndex
    var at = start
    let end = input.writerIndex
    func pass() {
      guard at > start, let slice = input.getSlice(at: start, length: at - start) else { return }
      context.fireChannelRead(wrapInboundOut(slice))
    }
    while at < end {
      if passing > 0 {
        let taken = min(passing, end - at)
        at += taken
        passing -= taken
        continue
      }
      guard end - at >= Self.headerLength, let length = input.getInteger(at: at, as: UInt32.self),
        let type = input.getInteger(at: at + 3, as: UInt8.self),
        let flags = input.getInteger(at: at + 4, as: UInt8.self)
      else { break }
      guard type == Self.pingType, flags & Self.acknowledged == 0 else {
        passing = Self.headerLength + Int(length >> 8)
        continue
      }
      let whole = Self.headerLength + Self.pingLength
      guard end - at >= whole else { break }
      pass()
      if var answer = input.getSlice(at: at, length: whole) {
        answer.setInteger(flags | Self.acknowledged, at: answer.readerIndex + 4)
        context.write(wrapOutboundOut(answer), promise: nil)
        answered = true
      }
      at += whole
      start = at
    }
    pass()
    if at < end { held = input.getSlice(at: at, length: end - at) }
    if answered { context.flush() }
  }
}
