/// Text for XML and SVG.
enum XMLText {
  /// Text for an element or a quoted attribute, without the characters that XML 1.0 forbids.
  ///
  /// Forbidden are control characters but tab, line feed and carriage return, and U+FFFE and U+FFFF
  /// (XML 1.0, 5th ed., production 2). Line breaks become references, since an attribute's would
  /// be read as spaces (section 3.3.3).
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": break
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
