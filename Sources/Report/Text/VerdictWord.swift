/// How a verdict reads: the same word on the terminal, in Markdown and on a page.
enum VerdictWord {
  /// `PASS`, `INCONCLUSIVE`, `NOT RUN`.
  static func of(_ verdict: some RawRepresentable<String>) -> String {
    verdict.rawValue.uppercased().replacing("-", with: " ")
  }

  /// The page's class that colours a word, or a line that begins with it; the word itself says the
  /// same without colour.
  static func kind(_ word: String) -> String {
    if word.hasPrefix("PASS") { return "good" }
    // FAILED trials as well.
    return word.hasPrefix("FAIL") ? "bad" : "doubtful"
  }
}
