import Foundation
import FoundationXML
import Testing

/// Texts that are checked in under `Fixtures` and must not change unseen.
///
/// To renew them after a wanted change: `ASSAY_RENEW=1 swift test --filter ReportTests`, look at
/// each in a browser, and commit them with the change.
enum Golden {
  static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
  }

  static func expect(_ text: String, matches name: String) throws {
    let file = folder.appending(path: name)
    if ProcessInfo.processInfo.environment["ASSAY_RENEW"] != nil {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    if text != expected {
      let first = zip(text.split(separator: "\n"), expected.split(separator: "\n"))
        .first { $0 != $1 }
      let change = first.map { "\"\($0)\" was \"\($1)\"" } ?? "the length differs"
      Issue.record(
        """
        \(name) is drawn differently: \(change). \
        If that is wanted: ASSAY_RENEW=1 swift test --filter ReportTests, look at it, commit it.
        """)
    }
  }
}

/// Whether a text is well-formed XML, by libxml2.
struct XMLWellFormed {
  var isWellFormed: Bool
  var problem = ""

  init(_ text: String) {
    let parser = XMLParser(data: Data(text.utf8))
    isWellFormed = parser.parse()
    problem = parser.parserError.map { "line \(parser.lineNumber): \($0)" } ?? ""
  }
}
