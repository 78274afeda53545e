internal import CLinux
internal import CNghttp2
internal import Foundation
internal import Measure

/// The one thread of a load generator: it sends gRPC calls and times their answers.
///
/// What a call needs is allocated before the first is sent. The generator shares the machine with
/// the etcd that it loads: all that has come is taken up, and all that is due sent, in one turn.
struct LoadLoop {
  /// When a call is sent.
  enum Schedule {
    /// So many clients, each with one call at a time, until the end of the window.
    case closed(clients: Int)
    /// A Poisson process until the end of the window.
    case poisson(Rate)
    /// Each message once, so many at a time.
    case onceEach(atOnce: Int)
  }

  /// A call, or the place for one; of a closed loop, a client.
  struct Call: BitwiseCopyable {
    var intended = Nanoseconds.zero
    var begun = Nanoseconds.zero
    var message: UInt32 = 0
    /// Bytes of the message that are framed.
    var framed: UInt32 = 0
    var connection: UInt16 = 0
    /// `grpc-status`; negative as long as none has come.
    var status: Int16 = -1
    var failuresInARow: UInt8 = 0
  }

  struct State: ~Copyable {
    let messages: LoadMessages
    let schedule: Schedule
    let window: Range<Nanoseconds>
    var calls: [Call]
    /// Calls of an open loop that are free.
    var free: [UInt32] = []
    /// Clients that were refused, and when each tries again.
    var paused: [(call: UInt32, until: Nanoseconds)] = []
    var connections: [LoadConnection] = []
    var random: SeededRandom
    var gaps: SeededRandom
    /// When the next call of an open loop is due, and how many there were.
    var next = Nanoseconds.zero
    var sent = 0
    var outstanding = 0
    var latency = LatencyHistogram()
    var service = LatencyHistogram()
    var failed = 0
    var unfinished = 0
    /// What etcd said with the last failure.
    var words = ""
    var fault: LoadFault?
  }

  let state: UnsafeMutablePointer<State>

  /// Failures of one client in a row that end the run.
  private static let patience: UInt8 = 10
  /// A client that was refused does not come back at once.
  private static let pauseAfterFailure = Nanoseconds.milliseconds(10)
  /// Calls of an open loop that may wait at once; beyond, it is saturated.
  private static let outstandingLimit = 20_000
  /// How long an open loop waits for answers after its window.
  private static let afterWindow = Nanoseconds.seconds(10)

  init(
    _ messages: LoadMessages, _ schedule: Schedule, _ window: Range<Nanoseconds>, seed: UInt64
  ) {
    let places =
      switch schedule {
      case .closed(let clients), .onceEach(let clients): clients
      case .poisson: Self.outstandingLimit
      }
    var first = State(
      messages: messages, schedule: schedule, window: window,
      calls: Array(repeating: Call(), count: places),
      random: SeededRandom(seed: seed, stream: 0),
      gaps: SeededRandom(seed: seed, stream: 2 << 32))
    first.paused.reserveCapacity(places)
    if case .poisson = schedule { first.free = (0..<UInt32(places)).reversed() }
    state = .allocate(capacity: 1)
    state.initialize(to: first)
  }

  func release() {
    for connection in state.pointee.connections { connection.release() }
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// Sends and hears until the end; `isStopped` ends it early.
  ///
  /// - Throws: ``LoadFault``.
  func run(ports: [Int], isStopped: () -> Bool) throws(LoadFault) {
    let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poll >= 0 else { throw LoadFault("epoll: \(String(cString: strerror(errno)))") }
    defer { close(poll) }
    try connect(ports, poll)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var ready = [epoll_event](repeating: epoll_event(), count: ports.count)
    begin()
    while !isStopped() {
      try sendDue()
      let now = MonotonicClock.now()
      guard !isOver(now) else { return }
      var wait = Self.span(until: wake(now), from: now)
      let count = epoll_pwait2(poll, &ready, Int32(ready.count), &wait, nil)
      for place in 0..<max(0, Int(count)) {
        try state.pointee.connections[Int(ready[place].data.u32)].receive(buffer)
      }
      if let fault = state.pointee.fault { throw fault }
    }
  }

  private func connect(_ ports: [Int], _ poll: Int32) throws(LoadFault) {
    guard let callbacks = Self.callbacks() else {
      throw LoadFault("no memory for an HTTP/2 session")
    }
    defer { nghttp2_session_callbacks_del(callbacks) }
    for (number, port) in ports.enumerated() {
      let connection = try LoadConnection(port: port, callbacks, user: state)
      state.pointee.connections.append(connection)
      var interest = epoll_event()
      // Edges of EPOLLOUT come only after a socket took no more.
      interest.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLET.rawValue
      interest.data.u32 = UInt32(number)
      guard epoll_ctl(poll, EPOLL_CTL_ADD, connection.socket, &interest) == 0 else {
        throw LoadFault("epoll: \(String(cString: strerror(errno)))")
      }
    }
  }

  // MARK: When

  private func begin() {
    let now = MonotonicClock.now()
    switch state.pointee.schedule {
    case .closed(let clients), .onceEach(let clients):
      for client in 0..<clients { sendNext(UInt32(client), now) }
    case .poisson(let rate):
      state.pointee.next = now
      drawNext(rate)
    }
  }

  private func drawNext(_ rate: Rate) {
    // Inverse of the exponential distribution; 1 - u lies in (0, 1].
    let gap = -log(1 - state.pointee.gaps.unit()) / rate.perSecond
    state.pointee.next = state.pointee.next + Nanoseconds(Int64(gap * 1e9))
  }

  /// Submits what is due by now, and lets the sockets have all that was submitted.
  private func sendDue() throws(LoadFault) {
    let now = MonotonicClock.now()
    while let first = state.pointee.paused.first, first.until <= now {
      state.pointee.paused.removeFirst()
      sendNext(first.call, now)
    }
    if case .poisson(let rate) = state.pointee.schedule {
      while state.pointee.next <= min(now, state.pointee.window.upperBound) {
        arrive(at: state.pointee.next, now)
        drawNext(rate)
      }
    }
    for place in state.pointee.connections.indices {
      try state.pointee.connections[place].flush()
    }
    if let fault = state.pointee.fault { throw fault }
  }

  private func arrive(at intended: Nanoseconds, _ now: Nanoseconds) {
    guard let call = state.pointee.free.popLast() else {
      if state.pointee.window.contains(intended) { state.pointee.unfinished += 1 }
      return
    }
    let message = state.pointee.random.below(UInt64(state.pointee.messages.count))
    submit(call, message: Int(message), over: state.pointee.sent, intended, now)
  }

  /// A client of a closed loop sends its next call, if there is one.
  private func sendNext(_ client: UInt32, _ now: Nanoseconds) {
    let message: Int
    if case .onceEach = state.pointee.schedule {
      message = state.pointee.sent
      guard message < state.pointee.messages.count else { return }
    } else {
      guard now < state.pointee.window.upperBound else { return }
      message = Int(state.pointee.random.below(UInt64(state.pointee.messages.count)))
    }
    submit(client, message: message, over: Int(client), now, now)
  }

  private func isOver(_ now: Nanoseconds) -> Bool {
    let end = state.pointee.window.upperBound
    switch state.pointee.schedule {
    case .closed: return now >= end
    case .poisson:
      let isDone = now >= end && state.pointee.outstanding == 0
      guard isDone || now >= end + Self.afterWindow else { return false }
      for call in state.pointee.calls where call.intended >= state.pointee.window.lowerBound {
        state.pointee.unfinished += 1
      }
      return true
    case .onceEach:
      return state.pointee.sent == state.pointee.messages.count
        && state.pointee.outstanding == 0
    }
  }

  /// When the loop goes on though nothing comes, 50 ms from now at the latest.
  private func wake(_ now: Nanoseconds) -> Nanoseconds {
    var wake = now + .milliseconds(50)
    if let first = state.pointee.paused.first { wake = min(wake, first.until) }
    let end = state.pointee.window.upperBound
    if case .poisson = state.pointee.schedule, state.pointee.next < end {
      wake = min(wake, state.pointee.next)
    }
    return now < end ? min(wake, end) : wake
  }

  private static func span(until: Nanoseconds, from now: Nanoseconds) -> timespec {
    let left = max((until - now).count, 0)
    return timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
  }

  // MARK: Calls

  private func submit(
    _ call: UInt32, message: Int, over number: Int, _ intended: Nanoseconds, _ now: Nanoseconds
  ) {
    let connection = number % state.pointee.connections.count
    let place = Int(call)
    state.pointee.calls[place].intended = intended
    state.pointee.calls[place].begun = now
    state.pointee.calls[place].message = UInt32(message)
    state.pointee.calls[place].framed = 0
    state.pointee.calls[place].status = -1
    state.pointee.calls[place].connection = UInt16(connection)
    var body = nghttp2_data_provider()
    body.source.fd = Int32(call)
    body.read_callback = Self.readMessage
    let headers = state.pointee.messages.headers
    let stream = nghttp2_submit_request(
      state.pointee.connections[connection].session, nil, headers.baseAddress, headers.count,
      &body, UnsafeMutableRawPointer(bitPattern: Int(call) + 1))
    guard stream > 0 else {
      state.pointee.fault = LoadFault("HTTP/2: \(String(cString: nghttp2_strerror(stream)))")
      return
    }
    state.pointee.connections[connection].isDirty = true
    state.pointee.sent += 1
    state.pointee.outstanding += 1
  }

  /// A call's stream is closed: its answer is there, or none will come.
  fileprivate func ended(_ call: UInt32) {
    let now = MonotonicClock.now()
    let ended = state.pointee.calls[Int(call)]
    state.pointee.outstanding -= 1
    let isGood = ended.status == 0
    let isOpen = state.pointee.isOpen
    let isCounted = state.pointee.window.contains(isOpen ? ended.intended : now)
    if isGood, isCounted {
      state.pointee.latency.record(UInt64((now - ended.intended).count))
      if isOpen { state.pointee.service.record(UInt64((now - ended.begun).count)) }
    } else if !isGood, isCounted || !isOpen {
      state.pointee.failed += 1
    }
    if isOpen {
      state.pointee.calls[Int(call)].intended = .zero
      return state.pointee.free.append(call)
    }
    state.pointee.calls[Int(call)].failuresInARow = isGood ? 0 : ended.failuresInARow + 1
    if isGood { return sendNext(call, now) }
    failed(call, now)
  }

  /// A client was refused: it tries again, unless that has no prospect.
  private func failed(_ client: UInt32, _ now: Nanoseconds) {
    let call = state.pointee.calls[Int(client)]
    // 14 is `UNAVAILABLE` (gRPC, doc/statuscodes.md).
    let isHopeless = call.status < 0 || call.status == 14
    guard !isHopeless, call.failuresInARow < Self.patience else {
      state.pointee.fault = LoadFault("etcd says \(call.status): \(state.pointee.words)")
      return
    }
    state.pointee.paused.append((client, now + Self.pauseAfterFailure))
  }
}

extension LoadLoop.State {
  var isOpen: Bool { if case .poisson = schedule { true } else { false } }
}

// What nghttp2 calls: C functions, which get the state as `user_data`.
extension LoadLoop {
  private static func callbacks() -> OpaquePointer? {
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      session, frame, name, nameLength, value, valueLength, _, user in
      guard let frame, let name, let value, let loop = LoadLoop(user) else { return 0 }
      // Of all headers of an answer, only `grpc-status` and `grpc-message` matter.
      if nameLength == 11, memcmp(name, "grpc-status", 11) == 0 {
        var status: Int16 = 0
        for place in 0..<min(valueLength, 2) { status = status * 10 + Int16(value[place] & 15) }
        guard let call = LoadLoop.call(session, frame.pointee.hd.stream_id) else { return 0 }
        loop.state.pointee.calls[Int(call)].status = status
      } else if nameLength == 12, memcmp(name, "grpc-message", 12) == 0, valueLength > 0 {
        let words = UnsafeBufferPointer(start: value, count: valueLength)
        loop.state.pointee.words = String(decoding: words, as: UTF8.self)
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { session, stream, _, user in
      guard let loop = LoadLoop(user), let call = LoadLoop.call(session, stream) else { return 0 }
      loop.ended(call)
      return 0
    }
    return callbacks
  }

  /// Gives the library the next bytes of a call's message.
  private static let readMessage: nghttp2_data_source_read_callback = {
    _, _, buffer, room, flags, source, user in
    guard let buffer, let flags, let source, let loop = LoadLoop(user) else {
      return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    let place = Int(source.pointee.fd)
    let call = loop.state.pointee.calls[place]
    let message = loop.state.pointee.messages[Int(call.message)]
    let begin = Int(call.framed)
    let size = loop.state.pointee.messages.size(of: Int(call.message))
    let length = min(room, size - begin)
    memcpy(buffer, message.advanced(by: begin), length)
    loop.state.pointee.calls[place].framed += UInt32(length)
    if begin + length == size {
      flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
    }
    return length
  }

  private static func call(_ session: OpaquePointer?, _ stream: Int32) -> UInt32? {
    let user = nghttp2_session_get_stream_user_data(session, stream)
    return user.map { UInt32(Int(bitPattern: $0) - 1) }
  }

  private init?(_ user: UnsafeMutableRawPointer?) {
    guard let user else { return nil }
    state = user.assumingMemoryBound(to: State.self)
  }
}
