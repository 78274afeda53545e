internal import Ledger

/// How text is written to a terminal: bold and colour where they are wanted, ASCII where not more
/// is understood, and tables.
struct TerminalText: Sendable {
  /// Whether the terminal shows UTF-8.
  var unicode: Bool
  /// Whether escape sequences for colour may be written.
  var colour: Bool
  /// How many columns the terminal has; nil is no bound.
  var width: Int?

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
  /// A column without header and text is left out. `tints` colour whole rows. O(cells).
  func table(
    _ headers: [String], _ rows: [[String]], words: Int, tints: [Tint] = []
  ) -> [String] {
    TextTable(headers, rows, words: words).laid(within: width).flatMap { part in
      part.header.map(bold)
        + part.rows.enumerated().flatMap { index, lines in
          lines.map { index < tints.count ? paint($0, tints[index]) : $0 }
        }
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
