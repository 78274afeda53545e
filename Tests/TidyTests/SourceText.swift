/// A broken rule of the house, and how to mend it.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  /// `what is wrong; use Y instead`.
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// A text file of the repository; rules are pure functions of it.
struct SourceText {
  /// Relative to the repository's root.
  let path: String
  let text: String
  /// Swift only: `text` with comments and literals blanked, of the same lines and columns.
  let code: String
  let lines: [Substring]
  let codeLines: [Substring]

  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
    code = path.hasSuffix(".swift") ? SwiftMask.blank(text) : text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    codeLines = code.split(separator: "\n", omittingEmptySubsequences: false)
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isScript: Bool { path.hasPrefix("scripts/") || path == ".ci/run" }
  var isCode: Bool { isSwift || isScript || path.hasSuffix(".c") || path.hasSuffix(".h") }

  /// `Storage` of `Sources/Storage/Rings/Ring.swift`; nil outside Sources.
  var module: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }

  func violation(_ line: Int, _ message: String) -> Violation {
    Violation(path: path, line: line, message: message)
  }
}

/// Blanks what is not code in Swift text, so that rules see neither comments nor literals.
///
/// Code inside `\(…)` of a string stays. Newlines stay, so lines keep their numbers.
struct SwiftMask {
  private let bytes: [UInt8]
  private var kept: [UInt8]
  private var at = 0

  static func blank(_ text: String) -> String {
    var mask = SwiftMask(text)
    mask.code(untilParenthesis: false)
    return String(decoding: mask.kept, as: UTF8.self)
  }

  private init(_ text: String) {
    bytes = Array(text.utf8)
    kept = bytes.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
  }

  private func sees(_ word: StaticString) -> Bool {
    guard at + word.utf8CodeUnitCount <= bytes.count else { return false }
    for offset in 0..<word.utf8CodeUnitCount
    where bytes[at + offset] != word.utf8Start[offset] { return false }
    return true
  }

  private mutating func keep() {
    kept[at] = bytes[at]
    at += 1
  }

  private mutating func code(untilParenthesis: Bool) {
    var depth = 0
    while at < bytes.count {
      if sees("//") {
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
      } else if sees("/*") {
        blockComment()
      } else if bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "#") {
        literalOrHash()
      } else if sees("/"), slashOpensRegex {
        regex(closing: [UInt8(ascii: "/")])
      } else {
        if sees("(") { depth += 1 }
        if sees(")") {
          depth -= 1
          if untilParenthesis, depth == 0 { return keep() }
        }
        keep()
      }
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if sees("/*") {
        depth += 1
        at += 2
      } else if sees("*/") {
        depth -= 1
        at += 2
      } else {
        at += 1
      }
    } while depth > 0 && at < bytes.count
  }

  private mutating func literalOrHash() {
    var end = at
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    let hashes = end - at
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") || bytes[end] == UInt8(ascii: "/"),
      hashes > 0 || bytes[end] == UInt8(ascii: "\"")
    else { return keep() }
    at = end
    let closing = Array(repeating: UInt8(ascii: "#"), count: hashes)
    if sees("/") {
      regex(closing: [UInt8(ascii: "/")] + closing)
    } else {
      let quotes = Array(repeating: UInt8(ascii: "\""), count: sees("\"\"\"") ? 3 : 1)
      at += quotes.count
      string(closing: quotes + closing, hashes: hashes)
    }
  }

  private func starts(_ word: [UInt8]) -> Bool {
    bytes[at...].starts(with: word)
  }

  private mutating func string(closing: [UInt8], hashes: Int) {
    let escape = [UInt8(ascii: "\\")] + Array(repeating: UInt8(ascii: "#"), count: hashes)
    while at < bytes.count {
      if starts(closing) {
        at += closing.count
        return
      }
      if starts(escape) {
        at += escape.count
        if sees("(") { code(untilParenthesis: true) } else { at += 1 }
      } else if closing.first != closing.dropFirst().first, sees("\n") {
        return  // A single-line string does not pass its line: a bare quote in odd text.
      } else {
        at += 1
      }
    }
  }

  /// Where a value may begin and no space follows; elsewhere `/` divides.
  private var slashOpensRegex: Bool {
    guard at + 1 < bytes.count, bytes[at + 1] > UInt8(ascii: " ") else { return false }
    var before = at - 1
    while before >= 0, bytes[before] == UInt8(ascii: " ") { before -= 1 }
    guard before >= 0 else { return false }
    guard "(,=:{[\n".utf8.contains(bytes[before]) else { return false }
    let rest = bytes[(at + 1)...].prefix { $0 != UInt8(ascii: "\n") }
    return rest.contains(UInt8(ascii: "/"))
  }

  private mutating func regex(closing: [UInt8]) {
    at += 1
    while at < bytes.count, !starts(closing) {
      at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    at = min(at + closing.count, bytes.count)
  }
}
