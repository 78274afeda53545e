import ArgumentParser
import Foundation
import Ledger
import Measure

/// Where text goes: results to stdout, everything else to stderr.
enum Output {
  /// Makes writing to a closed stdout or stderr an error like any other.
  ///
  /// Without it the next file that is opened, a record's or the device under test, would get the
  /// number of a stream that the caller closed, and the output with it; and a reader that goes away
  /// would end a run in the middle of a trial.
  static func prepare() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) == -1 {
      // For reading only, so that writing fails; open(2) takes the lowest free number.
      _ = open("/dev/null", O_RDONLY)
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Prints a result; ends the program with 74 where it cannot be written.
  ///
  /// A reader that has seen enough (`| head -1`) is no error.
  static func result(_ text: String) {
    let fault = write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
    guard let fault, fault != EPIPE else { return }
    note("assay: cannot write to stdout: \(String(cString: strerror(fault)))")
    exit(ExitStatus.io.rawValue)
  }

  /// Says something on stderr; what nobody hears does not stop a run.
  static func note(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

  /// Renews the last line of stderr.
  static func renew(_ line: String) { _ = write("\r\u{1B}[K\(line)", to: STDERR_FILENO) }

  /// Writes all of a text; gives the errno of what is in the way.
  private static func write(_ text: String, to stream: Int32) -> Int32? {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(stream, $0.baseAddress, $0.count) }
      if count < 0 {
        // A stop signal (which a run catches) or a full pipe that does not block: again.
        if errno == EINTR { continue }
        guard errno == EAGAIN else { return errno }
        var waiting = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
        poll(&waiting, 1, -1)
        continue
      }
      bytes = bytes.dropFirst(count)
    }
    return nil
  }

  /// Says what is wrong and ends with a code.
  static func fail(_ messages: [String], _ status: ExitStatus) -> ExitCode {
    for message in messages { note("assay: " + message) }
    return status.exit
  }

  /// Says why a file of the ledger cannot be read, written or used, with the code of that fault.
  static func fail(_ error: LedgerError) -> ExitCode {
    fail([error.description], ExitStatus(error.kind))
  }

  static func json(_ value: some Encodable) throws { result(try jsonText(value)) }

  /// One object on one line, for programs that follow along.
  static func jsonLine(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let data = try? encoder.encode(value) { result(String(decoding: data, as: UTF8.self)) }
  }

  /// JSON for people and programs: sorted keys, one a line.
  static func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Writes to a file, or to stdout for nil and `-`.
  static func write(_ text: String, to path: String?) throws {
    guard let path, path != "-" else { return result(text) }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      // Foundation, which replaces the file, would only tell that it failed.
      throw fail(["cannot write \(path): \(String(cString: strerror(EISDIR)))"], .io)
    }
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw fail(["cannot write \(path): \(reason(error))"], .io)
    }
  }

  /// Writes a long text piece by piece, to a file or to stdout for `-`.
  static func stream(
    to path: String, _ body: (_ write: (String) throws -> Void) throws -> Void
  ) throws {
    if path == "-" { return try body { if !$0.isEmpty { result($0) } } }
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard file >= 0 else {
      throw fail(["cannot write \(path): \(String(cString: strerror(errno)))"], .io)
    }
    defer { close(file) }
    try body { text in
      guard let fault = write(text, to: file) else { return }
      throw fail(["cannot write \(path): \(String(cString: strerror(fault)))"], .io)
    }
  }

  /// Seconds of the Unix epoch of a moment as records have it; nil for another text.
  static func epoch(of moment: String) -> Double? {
    let form = Date.ISO8601FormatStyle(includingFractionalSeconds: moment.contains("."))
    return (try? form.parse(moment))?.timeIntervalSince1970
  }

  /// Whether a text is a day of the calendar: `2026-11-21`.
  static func isDay(_ text: some StringProtocol) -> Bool {
    guard let parts = String(text).wholeMatch(of: #/(\d{4})-(\d\d)-(\d\d)/#)?.output else {
      return false
    }
    let day = DateComponents(
      calendar: Calendar(identifier: .gregorian), year: Int(parts.1), month: Int(parts.2),
      day: Int(parts.3))
    return day.isValidDate
  }

  /// A span for people: `45 s`, `9 min 30 s`, `1 h 4 min`.
  static func clock(_ span: Nanoseconds) -> String {
    let seconds = Int(span.inSeconds.rounded(.up))
    return switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
  }

  /// Why a file cannot be read or written, in strerror(3)'s words where Foundation is vague.
  static func reason(_ error: any Error) -> String {
    FaultReason.of(error)
  }

  /// Breaks a text at spaces to lines of at most 100 columns; a longer word stays whole.
  static func wrapped(_ text: String, first: String, indent: String) -> [String] {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > 100 {
        lines.append(line)
        (line, isEmpty) = (indent, true)
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }

  static var stdoutIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var stderrIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Colour only where a person looks, and not where NO_COLOR asks for none (no-color.org).
  static var wantsColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return stdoutIsTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
  }

  /// How many columns a text may have that goes to stdout, or to a file where one is named: nil is
  /// no bound, and where a program reads nothing is bounded.
  ///
  /// COLUMNS goes before what the terminal says, as in POSIX's Environment Variables, 8.3.
  static func columns(to path: String? = nil) -> Int? {
    guard stdoutIsTerminal, path == nil || path == "-" else { return nil }
    let stated = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 0
    return stated > 0 ? stated : columns(of: STDOUT_FILENO)
  }

  /// How many columns a terminal says that it has, from tty_ioctl(4); nil where it does not know.
  static func columns(of stream: Int32) -> Int? {
    var size = winsize()
    guard ioctl(stream, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  static var wantsUnicode: Bool {
    let environment = ProcessInfo.processInfo.environment
    let locale = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? ""
    return locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
  }
}
