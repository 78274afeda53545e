/// Markdown (GitHub's) that keeps to a budget of bytes.
struct MarkdownText {
  /// The most bytes it may take.
  let most: Int
  /// What is written so far.
  private(set) var text = ""

  init(most: Int) { self.most = most }

  static func += (markdown: inout MarkdownText, text: String) { markdown.text += text }

  /// Appends as many lines as there is room for, and where the others are.
  mutating func append(_ lines: [String], of what: String, elsewhere: String) {
    // Room for the sentence that tells the cut, and for what follows a table.
    var room = most - text.utf8.count - 400
    for (index, line) in lines.enumerated() {
      room -= line.utf8.count
      if room < 0 {
        text += "\n\(lines.count - index) more \(what) are in \(elsewhere).\n"
        return
      }
      text += line
    }
  }

  /// The head of a table; the first `words` columns are text, the others numbers.
  static func head(_ headers: [String], words: Int) -> String {
    row(headers) + "|" + headers.indices.map { $0 < words ? ":--|" : "--:|" }.joined() + "\n"
  }

  /// One row of a table.
  static func row(_ cells: [String]) -> String {
    "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
  }

  /// A text in which nothing is markup.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "|", "*", "_", "`", "<", ">", "[", "]", "\\", "#": result += "\\" + String(character)
      case "\n", "\r": result += " "
      default: result.append(character)
      }
    }
    return result
  }
}
