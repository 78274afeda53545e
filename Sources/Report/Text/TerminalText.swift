internal import Ledger

/// How text is written to a terminal: bold and colour where they are wanted, ASCII where not more
/// is understood, and tables.
struct TerminalText: Sendable {
  /// Whether the terminal shows UTF-8.
  var unicode: Bool
  /// Whether escape sequences for colour may be written.
  var colour: Bool

  /// How a text stands out, with the parameter of its escape sequence (ECMA-48, SGR).
  enum Tint: String {
    case plain = "0"
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  func bold(_ text: String) -> String { paint(text, .bold) }
  func dim(_ text: String) -> String { paint(text, .dim) }
  func paint(_ text: String, _ tint: Tint) -> String {
    colour && tint != .plain ? "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Rows under headers; the first `words` columns are text and stand left, numbers stand right.
  ///
  /// A column without header and text is left out. O(cells).
  func table(_ headers: [String], _ rows: [[String]], words: Int) -> [String] {
    let all = [headers] + rows
    let used = headers.indices.filter { column in
      !headers[column].isEmpty || rows.contains { !$0[column].isEmpty }
    }
    let widths = used.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.enumerated().map { index, row in
      let cells = zip(used, widths).map { column, width in
        let space = String(repeating: " ", count: width - row[column].count)
        return column < words ? row[column] + space : space + row[column]
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return index == 0 ? bold(line) : line
    }
  }

  /// Lines as one text, ending in a new line.
  ///
  /// Without UTF-8 other characters of findings and names become `?`; the common ones their ASCII
  /// kin.
  func text(_ lines: [String]) -> String {
    let text = lines.joined(separator: "\n") + "\n"
    return unicode ? text : Self.ascii(text)
  }

  private static func ascii(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "µ": result += "u"
      case "–", "—": result += "-"
      case "…": result += "..."
      case "≤": result += "<="
      case "≥": result += ">="
      case "×": result += "x"
      default: result += character.isASCII ? String(character) : "?"
      }
    }
    return result
  }
}

extension Finding.Severity {
  var tint: TerminalText.Tint {
    switch self {
    case .error: .red
    case .warning: .yellow
    case .note: .dim
    }
  }
}
