internal import CNghttp2
internal import Foundation

/// An HTTP/2 connection of a load generator: a socket, nghttp2's session, and what is to be sent.
///
/// The library frames and compresses; a call costs no allocation of ours.
struct LoadConnection {
  let socket: Int32
  let session: OpaquePointer
  /// What the socket has not taken yet: bytes `begin` to `end` of `output`.
  private let output: UnsafeMutablePointer<UInt8>
  private var begin = 0
  private var end = 0
  /// Whether the session may have something to send.
  var isDirty = true

  /// A write of as much as 256 puts of 256 bytes.
  private static let capacity = 256 << 10

  /// Connects to a port of this machine; callbacks get `user`.
  ///
  /// - Throws: ``LoadFault``.
  init(port: Int, _ callbacks: OpaquePointer, user: UnsafeMutableRawPointer) throws(LoadFault) {
    socket = try Self.connected(port)
    var session: OpaquePointer?
    guard nghttp2_session_client_new(&session, callbacks, user) == 0, let session,
      nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil, 0) == 0
    else {
      close(socket)
      throw LoadFault("no memory for an HTTP/2 session")
    }
    self.session = session
    output = .allocate(capacity: Self.capacity)
  }

  func release() {
    nghttp2_session_del(session)
    output.deallocate()
    close(socket)
  }

  private static func connected(_ port: Int) throws(LoadFault) -> Int32 {
    let fault = { LoadFault("port \(port): \(String(cString: strerror(errno)))") }
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw fault() }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isThere = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, size) == 0
      }
    }
    var one: Int32 = 1
    guard isThere,
      setsockopt(
        socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size)) == 0,
      fcntl(socket, F_SETFL, O_NONBLOCK) == 0, fcntl(socket, F_SETFD, FD_CLOEXEC) == 0
    else {
      defer { close(socket) }
      throw fault()
    }
    return socket
  }

  /// Sends what the session has, as far as the socket takes it.
  ///
  /// Frames go out together, in as few writes as possible. Throws ``LoadFault``.
  mutating func flush() throws(LoadFault) {
    while isDirty || begin < end {
      while isDirty, end < Self.capacity - Self.room {
        var frame: UnsafePointer<UInt8>?
        let length = nghttp2_session_mem_send(session, &frame)
        guard length >= 0 else { throw Self.fault(length) }
        guard length > 0, let frame else {
          isDirty = false
          break
        }
        memcpy(output + end, frame, length)
        end += length
      }
      guard begin < end else { return }
      let taken = send(socket, output + begin, end - begin, Int32(MSG_NOSIGNAL))
      guard taken >= 0 else {
        // The rest goes when epoll says that the socket takes more.
        if errno == EAGAIN || errno == EINTR { return }
        throw LoadFault("a connection to etcd: \(String(cString: strerror(errno)))")
      }
      begin += taken
      if begin == end { (begin, end) = (0, 0) }
    }
  }

  /// Whether the socket would not take all.
  var isHeldBack: Bool { begin < end }

  /// The largest frame (16 KiB of data), and its head.
  private static let room = 17 << 10

  /// Hands the session what has come; its callbacks hear of it.
  ///
  /// - Throws: ``LoadFault`` where etcd closed the connection or broke the protocol.
  mutating func receive(_ buffer: UnsafeMutableRawBufferPointer) throws(LoadFault) {
    while true {
      let count = recv(socket, buffer.baseAddress, buffer.count, 0)
      if count < 0, errno == EAGAIN || errno == EINTR { return }
      guard count > 0 else { throw LoadFault("etcd closed a connection") }
      let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let taken = nghttp2_session_mem_recv(session, bytes, count)
      guard taken == count else { throw Self.fault(taken) }
      // Acknowledgements of settings and pings, and wider windows, may be due.
      isDirty = true
      if count < buffer.count { return }
    }
  }

  private static func fault(_ code: Int) -> LoadFault {
    LoadFault("HTTP/2: \(String(cString: nghttp2_strerror(Int32(code))))")
  }
}

/// Why a load generator cannot go on.
struct LoadFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
