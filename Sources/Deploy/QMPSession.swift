internal import CLinux
internal import Foundation
internal import Measure

/// A conversation with QEMU's monitor, with a deadline.
///
/// The protocol is that of docs/interop/qmp-spec.txt: one JSON object a line, a greeting, the
/// negotiation of capabilities, then commands; answers carry the id of their command, events none.
struct QMPSession: ~Copyable {
  private let descriptor: Int32
  private let socket: String
  private let deadline: Nanoseconds
  private var pending: [UInt8] = []

  /// Gives the moment at which the last command had returned.
  static func perform(
    _ call: QMPCall, until deadline: Nanoseconds
  ) throws(OperationFailure) -> Nanoseconds {
    var session = try QMPSession(call.socket, until: deadline)
    // Who comes second to a port that stays open is told that the negotiation is over: no matter.
    _ = try session.answer(to: ["execute": "qmp_capabilities"])
    var moment = MonotonicClock.now()
    for text in call.commands {
      guard case .object(let command)? = Self.json(Array(text.utf8)) else {
        throw OperationFailure("\"\(text)\" is no QMP command")
      }
      let answer = try session.answer(to: command)
      moment = MonotonicClock.now()
      guard let error = answer["error"] else { continue }
      var reason = "refused"
      if case .string(let text)? = error["desc"] { reason = text }
      throw OperationFailure("QMP \(text): \(reason)")
    }
    return moment
  }

  private init(_ socket: String, until deadline: Nanoseconds) throws(OperationFailure) {
    self.socket = socket
    self.deadline = deadline
    descriptor = cl_open_stream(socket)
    guard descriptor >= 0 else {
      throw OperationFailure(
        "cannot open \(socket): \(String(cString: strerror(errno)))",
        hint: "name the socket of QEMU's -qmp option, or a port that is joined to it")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private mutating func answer(
    to command: [String: JSONValue]
  ) throws(OperationFailure) -> JSONValue {
    let id = JSONValue.string("assay-\(FreshSeed.draw())")
    var command = command
    command["id"] = id
    guard let text = try? JSONEncoder().encode(command) else {
      throw OperationFailure("a QMP command has no JSON form")
    }
    try send(Array(text) + [UInt8(ascii: "\n")])
    while true {
      guard let answer = Self.json(try line()), answer["id"] == id else { continue }
      return answer
    }
  }

  private func send(_ bytes: [UInt8]) throws(OperationFailure) {
    var sent = 0
    while sent < bytes.count {
      try wait(for: POLLOUT)
      let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno != EAGAIN && errno != EINTR { throw broken() }
      sent += max(count, 0)
    }
  }

  private mutating func line() throws(OperationFailure) -> [UInt8] {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        return line
      }
      try wait(for: POLLIN)
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { throw broken() }
      pending += buffer.prefix(max(count, 0))
    }
  }

  private func wait(for events: Int32) throws(OperationFailure) {
    var watched = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
      let left = deadline - MonotonicClock.now()
      guard left > .zero else { throw OperationFailure("\(socket): QEMU does not answer in time") }
      if poll(&watched, 1, Int32(clamping: left.count / 1_000_000 + 1)) > 0 { return }
    }
  }

  private func broken() -> OperationFailure {
    OperationFailure("\(socket): QEMU has hung up")
  }

  private static func json(_ bytes: [UInt8]) -> JSONValue? {
    bytes.withUnsafeBufferPointer { try? JSONReader.value(of: $0) }
  }
}
