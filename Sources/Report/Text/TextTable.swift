/// Rows under headers for a terminal: words stand left, numbers right, within a width.
///
/// What is too wide breaks where words do, the widest column first; a number is never broken.
/// Where that takes too many lines or breaks a word the numbers stand in several tables, each with
/// the words before.
struct TextTable {
  /// The header's lines, then each row's.
  typealias Lines = (header: [String], rows: [[String]])

  private let headers: [String]
  private let rows: [[String]]
  /// How many of the columns from the left are words.
  private let words: Int
  /// The columns that have any text.
  private let used: [Int]

  /// Between two columns.
  private static let gap = 2
  /// A row of more lines than this is harder to read than two tables.
  private static let mostLines = 3
  /// A column of words is not made narrower; a terminal that is too narrow even so breaks lines.
  private static let narrowest = 6
  /// Of numbers: `detects` and `bandwidth` stay nearly whole.
  private static let narrowestHeader = 8

  init(_ headers: [String], _ rows: [[String]], words: Int) {
    self.headers = headers
    self.rows = rows
    self.words = words
    used = headers.indices.filter { column in
      !headers[column].isEmpty || rows.contains { !$0[column].isEmpty }
    }
  }

  /// The table, or where the width does not hold it several of the same rows; O(cells).
  func laid(within width: Int?) -> [Lines] {
    let left = used.filter { $0 < words }
    let right = used.filter { $0 >= words }
    let whole = used.map { column in
      ([headers] + rows).map { $0[column].count }.max() ?? 0
    }
    guard let width, Self.span(whole) > width else { return [lines(used, whole)] }
    // Of a number's column the header may break, the number not.
    let numbers = right.map { column in
      max(
        rows.map { $0[column].count }.max() ?? 0,
        min(headers[column].count, Self.narrowestHeader))
    }
    let natural = Array(whole.prefix(left.count))
    let narrow = Self.narrowed(natural, to: width - Self.span(numbers) - Self.gap)
    let isReadable = rows.allSatisfy { row in
      zip(left, narrow).allSatisfy {
        Self.longestWord(row[$0]) <= $1 && Self.broken(row[$0], to: $1).count <= Self.mostLines
      }
    }
    if right.isEmpty || isReadable && Self.span(narrow + numbers) <= width {
      return [lines(used, narrow + numbers)]
    }
    let beside = Self.narrowed(natural, to: width / 2)
    return Self.bands(numbers, within: width - Self.span(beside) - Self.gap).map { band in
      lines(left + right[band], beside + numbers[band])
    }
  }

  private static func span(_ widths: [Int]) -> Int {
    widths.reduce(0, +) + gap * max(widths.count - 1, 0)
  }

  /// Takes from the widest column until all fit, or none can give more.
  private static func narrowed(_ widths: [Int], to room: Int) -> [Int] {
    var widths = widths
    while span(widths) > room, let widest = widths.max(), widest > narrowest,
      let place = widths.firstIndex(of: widest)
    {
      widths[place] -= 1
    }
    return widths
  }

  /// Runs of columns, each as long as the room holds, and of one at least.
  private static func bands(_ widths: [Int], within room: Int) -> [Range<Int>] {
    var bands: [Range<Int>] = []
    for column in widths.indices {
      if let last = bands.last, span(Array(widths[last.lowerBound...column])) <= room {
        bands[bands.count - 1] = last.lowerBound..<column + 1
      } else {
        bands.append(column..<column + 1)
      }
    }
    return bands
  }

  private func lines(_ columns: [Int], _ widths: [Int]) -> Lines {
    (lines(of: headers, columns, widths), rows.map { lines(of: $0, columns, widths) })
  }

  /// One row, of as many lines as its longest cell needs.
  private func lines(of row: [String], _ columns: [Int], _ widths: [Int]) -> [String] {
    let cells = zip(columns, widths).map { Self.broken(row[$0], to: $1) }
    return (0..<max(cells.map(\.count).max() ?? 1, 1)).map { index in
      var line = ""
      for (place, cell) in cells.enumerated() {
        let text = index < cell.count ? cell[index] : ""
        let space = String(repeating: " ", count: max(widths[place] - text.count, 0))
        line += (place == 0 ? "" : "  ") + (columns[place] < words ? text + space : space + text)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// What of a text cannot be broken but where the width ends.
  private static func longestWord(_ text: String) -> Int {
    var longest = 0
    var length = 0
    for character in text {
      length = character == " " ? 0 : length + 1
      longest = max(longest, length)
      if marks.contains(character) { length = 0 }
    }
    return longest
  }

  private static let marks: Set<Character> = ["/", ",", "-", "="]

  /// Breaks a text after spaces and the marks of paths, lists and compounds; a longer word where
  /// the width ends.
  static func broken(_ text: String, to width: Int) -> [String] {
    guard text.count > width else { return [text] }
    var lines: [String] = []
    var rest = Substring(text)
    while rest.count > width {
      let end = rest.index(rest.startIndex, offsetBy: width)
      // A space that ends the line may stand beyond it.
      let last = rest[...end].lastIndex { $0 == " " }
      let mark = rest[..<end].lastIndex { marks.contains($0) }.map { rest.index(after: $0) }
      let cut = max(last ?? rest.startIndex, mark ?? rest.startIndex)
      let place = cut > rest.startIndex ? cut : end
      lines.append(String(rest[..<place]))
      rest = rest[place...].drop { $0 == " " }
    }
    return lines + (rest.isEmpty ? [] : [String(rest)])
  }
}
