/// How much fits in a line, a function, a file: what a reader holds at once.
enum SizeRules {
  static let columns = 100
  static let functionLines = 70
  static let fileLines = 500

  static func lineLength(_ source: SourceText) -> [Violation] {
    guard source.isCode else { return [] }
    return source.lines.enumerated().compactMap { index, line in
      // An address cannot be broken.
      guard line.count > columns, !line.contains("https://") else { return nil }
      return source.violation(
        index + 1, "\(line.count) columns, \(columns) allowed; break the line instead")
    }
  }

  static func fileLength(_ source: SourceText) -> [Violation] {
    let count = source.lines.count - (source.text.hasSuffix("\n") ? 1 : 0)
    guard source.isCode, count > fileLines else { return [] }
    return [
      source.violation(
        fileLines + 1, "\(count) lines, \(fileLines) allowed; give one concern its own file instead"
      )
    ]
  }

  static func functionLength(_ source: SourceText) -> [Violation] {
    guard source.isSwift else { return [] }
    return SwiftScan.functions(source.code).compactMap { function in
      let count = function.lastLine - function.firstLine + 1
      guard count > functionLines else { return nil }
      return source.violation(
        function.firstLine,
        "'\(function.name)' has \(count) lines, \(functionLines) allowed; name its parts instead")
    }
  }
}

/// What the rules need to know of Swift's grammar; works on masked code.
enum SwiftScan {
  struct Function: Equatable {
    var name: String
    var firstLine: Int
    var lastLine: Int
  }

  /// A word or a single punctuation mark, with its line and how many braces are open around it.
  struct Token {
    let text: Substring
    let line: Int
    let depth: Int
    /// The token stands directly after the one before it.
    let joined: Bool
  }

  static func tokens(_ code: String) -> [Token] {
    var tokens: [Token] = []
    var line = 1
    var depth = 0
    let text = code.utf8
    var at = text.startIndex
    var lastEnd: String.Index?
    while at < text.endIndex {
      let byte = text[at]
      if byte == UInt8(ascii: "\n") { line += 1 }
      guard byte > UInt8(ascii: " ") else {
        at = text.index(after: at)
        continue
      }
      var end = text.index(after: at)
      if isWord(byte) {
        while end < text.endIndex, isWord(text[end]) { end = text.index(after: end) }
      }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      tokens.append(Token(text: code[at..<end], line: line, depth: depth, joined: lastEnd == at))
      if byte == UInt8(ascii: "{") { depth += 1 }
      lastEnd = end
      at = end
    }
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...255:
      true
    default: false
    }
  }

  /// Every function, initialiser, subscript and computed property that has a body.
  static func functions(_ code: String) -> [Function] {
    let tokens = tokens(code)
    return tokens.indices.compactMap { index in
      let token = tokens[index]
      let isMember = index > 0 && tokens[index - 1].text == "."
      guard !isMember, ["func", "init", "deinit", "subscript", "var"].contains(token.text),
        let opening = body(of: token.text, after: index, in: tokens)
      else { return nil }
      let depth = tokens[opening].depth
      let closing = tokens[opening...].dropFirst().first { $0.text == "}" && $0.depth == depth }
      let named = ["func", "var"].contains(token.text) && index + 1 < tokens.count
      return Function(
        name: String(named ? tokens[index + 1].text : token.text), firstLine: token.line,
        lastLine: closing?.line ?? token.line)
    }
  }

  /// The brace that opens the body of the declaration at `start`, if it has one.
  private static func body(of kind: Substring, after start: Int, in tokens: [Token]) -> Int? {
    let next: Set<Substring> = [
      "func", "init", "deinit", "subscript", "var", "let", "case", "static", "public", "private",
      "internal", "mutating", "struct", "enum", "class", "extension", "protocol", "return", "if",
      "guard", "for", "}", ";",
    ]
    var parentheses = 0
    for index in tokens.indices[(start + 1)...] {
      let token = tokens[index]
      switch token.text {
      case "(", "[": parentheses += 1
      case ")", "]": parentheses -= 1
      case _ where parentheses > 0: continue
      case "{": return index
      // A stored property, or one whose value is made by a closure.
      case "=" where kind == "var": return nil
      case _ where next.contains(token.text): return nil
      case _ where kind == "var" && token.line > tokens[start].line + 3: return nil
      default: continue
      }
    }
    return nil
  }

  /// Whether a name is one of Swift's declaration words.
  static let declares: Set<Substring> = [
    "struct", "class", "enum", "protocol", "actor", "typealias", "func", "let", "var", "macro",
  ]
}
