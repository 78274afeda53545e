internal import CLinux
internal import Foundation
internal import Host
internal import Measure

/// Runs a program to its end, with a deadline.
///
/// Its output goes nowhere but into the message of a failure. It runs in a process group of its
/// own, so that a Ctrl-C meant for Assay does not reach it, and the deadline reaches what it
/// started.
enum CommandCall {
  /// What stands between asking a program to end and killing it.
  private static let grace = Nanoseconds.seconds(2)
  private static let keptOutput = 2048

  /// Gives the moment at which the program exited with 0.
  static func perform(
    _ words: [String], in folder: String? = nil, until deadline: Nanoseconds
  ) throws(OperationFailure) -> Nanoseconds {
    var ends: [Int32] = [-1, -1]
    guard cl_pipe(&ends) == 0 else {
      throw OperationFailure("no pipe: \(String(cString: strerror(errno)))")
    }
    let output = ends[0]
    defer { close(output) }
    let process: pid_t
    do throws(OperationFailure) {
      process = try spawn(words, in: folder, output: ends[1])
    } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    let handle = cl_pidfd_open(process)
    defer { if handle >= 0 { close(handle) } }
    var said: [UInt8] = []
    let ended = wait(handle, output, until: deadline, &said)
    let moment = MonotonicClock.now()
    guard ended else {
      stop(process, handle)
      throw OperationFailure("`\(words[0])` did not end in time\(tail(said))")
    }
    var status: Int32 = 0
    guard waitpid(process, &status, 0) == process else {
      throw OperationFailure("the exit status of `\(words[0])` is lost")
    }
    if status == 0 { return moment }
    let signal = status & 0x7F
    let how = signal == 0 ? "exited with \((status >> 8) & 0xFF)" : "was ended by signal \(signal)"
    throw OperationFailure("`\(words[0])` \(how)\(tail(said))")
  }

  private static func spawn(
    _ words: [String], in folder: String?, output: Int32
  ) throws(OperationFailure) -> pid_t {
    if let folder, access(folder, X_OK) != 0 {
      throw OperationFailure("the folder \(folder) that `\(words[0])` runs in is gone")
    }
    do throws(ChildProcess.StartFailure) {
      return try ChildProcess.start(words, in: folder, output: output)
    } catch {
      throw OperationFailure(
        "`\(words[0])` cannot be started: \(error.reason)",
        hint: error.code == ENOENT ? "give its full path, or install it" : nil)
    }
  }

  /// Waits for the end of a process; false at the deadline.
  private static func wait(
    _ handle: Int32, _ output: Int32, until deadline: Nanoseconds, _ said: inout [UInt8]
  ) -> Bool {
    var watched = [
      pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
      pollfd(fd: output, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let left = deadline - MonotonicClock.now()
      guard left > .zero else { return false }
      let count = poll(&watched, 2, Int32(clamping: left.count / 1_000_000 + 1))
      if count < 0 && errno != EINTR { return false }
      if watched[1].revents != 0 && !read(output, &said) { watched[1].fd = -1 }
      if watched[0].revents != 0 {
        _ = read(output, &said)
        return true
      }
    }
  }

  /// Takes what was written; false at its end.
  private static func read(_ output: Int32, _ said: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Foundation.read(output, &buffer, buffer.count)
      guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
      said = Array((said + buffer[..<count]).suffix(keptOutput))
    }
  }

  private static func stop(_ process: pid_t, _ handle: Int32) {
    var watched = [pollfd(fd: handle, events: Int16(POLLIN), revents: 0)]
    for signal in [SIGTERM, SIGKILL] {
      kill(-process, signal)
      if poll(&watched, 1, Int32(grace.count / 1_000_000)) > 0 { break }
    }
    // One that hangs in the kernel is not awaited.
    waitpid(process, nil, WNOHANG)
  }

  /// The last line that was written, for a message.
  private static func tail(_ said: [UInt8]) -> String {
    let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return "" }
    return ": \(last.prefix(200))"
  }
}
