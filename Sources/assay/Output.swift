import ArgumentParser
import Foundation
import Measure

/// Where text goes: results to stdout, everything else to stderr.
enum Output {
  static func result(_ text: String) {
    FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  /// Says what is wrong and ends with a code.
  static func fail(_ messages: [String], _ status: ExitStatus) -> ExitCode {
    for message in messages { note("assay: " + message) }
    return status.exit
  }

  static func json(_ value: some Encodable) throws { result(try jsonText(value)) }

  /// JSON for people and programs: sorted keys, one a line.
  static func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Writes to a file, or to stdout for nil and `-`.
  static func write(_ text: String, to path: String?) throws {
    guard let path, path != "-" else { return result(text) }
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw fail(["cannot write \(path): \(reason(error))"], .io)
    }
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
    let code: Int32? =
      switch (error as? CocoaError)?.code {
      case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
      case .fileReadNoPermission, .fileWriteNoPermission: EACCES
      case .fileWriteOutOfSpace: ENOSPC
      default: nil
      }
    return code.map { String(cString: strerror($0)) } ?? error.localizedDescription
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

  static var wantsUnicode: Bool {
    let environment = ProcessInfo.processInfo.environment
    let locale = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? ""
    return locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
  }
}
