/// Rows in columns for people: the first to the left, the others to the right.
public struct TextTable: Sendable {
  private var rows: [[String]]

  /// A table with a head.
  public init(_ head: [String]) { rows = [head] }

  /// Adds a row of as many cells as the head has.
  public mutating func add(_ row: [String]) { rows.append(row) }

  /// Its lines, the head first, without spaces at their ends.
  public var lines: [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.indices.map { column in
        let blank = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + blank : blank + row[column]
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
