/// Rows of CSV (RFC 4180).
enum CSVText {
  /// One row with its end of line.
  static func row(_ cells: [String]) -> String {
    cells.map(quoted).joined(separator: ",") + "\r\n"
  }

  /// A number with every digit, whole ones without a point; nothing for nil.
  static func number(_ value: Double?) -> String {
    guard let value else { return "" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
