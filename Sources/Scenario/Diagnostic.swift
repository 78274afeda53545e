/// Something wrong with a scenario, with its place.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  /// The file as the caller named it.
  public var file: String
  /// Where in it, or in which override.
  public var place: Place
  /// Whether the scenario can run all the same.
  public var severity: Severity
  /// What is wrong.
  public var message: String
  /// How to mend it.
  public var hint: String?
  /// The line of the file, where the place is one.
  public var excerpt: String?

  /// Where something stands.
  public enum Place: Hashable, Sendable {
    /// A line and column, both from 1; columns count Unicode scalars.
    case position(line: Int, column: Int)
    /// An override as given: `path=value`.
    case override(String)
    /// An argument of the command line as given.
    case argument(String)
    /// The file as a whole.
    case file
  }

  /// How bad it is.
  public enum Severity: String, Sendable {
    /// The scenario cannot run.
    case error
    /// It can, but perhaps not as meant.
    case warning
  }

  /// One line: `file:line:column: error: what is wrong`.
  public var headline: String {
    switch place {
    case .position(let line, let column):
      "\(file):\(line):\(column): \(severity.rawValue): \(message)"
    case .override(let text): "--set \(text): \(severity.rawValue): \(message)"
    case .argument(let text): "\(text): \(severity.rawValue): \(message)"
    case .file: "\(file): \(severity.rawValue): \(message)"
    }
  }

  /// The headline, the line it is about with a caret, and the hint.
  public var description: String {
    var lines = [headline]
    if case .position(let line, let column) = place, let excerpt {
      let gutter = String(repeating: " ", count: String(line).count)
      lines.append(" \(line) | \(excerpt)")
      lines.append(" \(gutter) | \(String(repeating: " ", count: max(column - 1, 0)))^")
    }
    if let hint { lines.append("  hint: \(hint)") }
    return lines.joined(separator: "\n")
  }
}

/// Everything that is wrong with a scenario, in the order of the file.
public struct ScenarioError: Error, Sendable, CustomStringConvertible {
  /// The errors, and the warnings between them.
  public var diagnostics: [Diagnostic]

  /// Every diagnostic, an empty line between two.
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n\n")
  }
}

/// Collects diagnostics of one file.
struct DiagnosticCollector {
  let file: String
  let lines: [Substring]
  private(set) var all: [Diagnostic] = []

  init(file: String, text: String) {
    self.file = file
    lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
  }

  var hasErrors: Bool { all.contains { $0.severity == .error } }

  mutating func add(
    _ message: String, at place: Diagnostic.Place, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) {
    var diagnostic = Diagnostic(
      file: file, place: place, severity: severity, message: message, hint: hint)
    if case .position(let line, _) = place, lines.indices.contains(line - 1) {
      // A tab is as wide as the terminal likes; the caret would miss.
      diagnostic.excerpt = String(lines[line - 1]).replacing("\t", with: " ")
    }
    if !all.contains(diagnostic) { all.append(diagnostic) }
  }

  /// The diagnostics in the order of the file, overrides last.
  var ordered: [Diagnostic] {
    func rank(_ diagnostic: Diagnostic) -> (Int, Int) {
      switch diagnostic.place {
      case .file: (0, 0)
      case .position(let line, let column): (line, column)
      case .override, .argument: (Int.max, 0)
      }
    }
    return all.enumerated().sorted { left, right in
      let (a, b) = (rank(left.element), rank(right.element))
      return a == b ? left.offset < right.offset : a < b
    }.map(\.element)
  }
}
