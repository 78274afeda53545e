import Foundation
import Testing

@testable import Report

@Suite struct ManualTests {
  private static let description = #"""
    {"serializationVersion": 0, "command": {
      "commandName": "tool", "abstract": "Proves.", "shouldDisplay": true,
      "discussion": "First line.\n\n  tool do --all\n\n  two\n\n.Last `line`.",
      "subcommands": [
        {"commandName": "set", "abstract": "Set it.", "shouldDisplay": true, "subcommands": [
          {"commandName": "name", "abstract": "Name it.", "shouldDisplay": true, "arguments": [
            {"kind": "positional", "shouldDisplay": true, "isOptional": false,
             "isRepeating": true, "valueName": "file", "abstract": "A <file> & more."},
            {"kind": "option", "shouldDisplay": true, "isOptional": true, "isRepeating": false,
             "valueName": "n", "defaultValue": "3", "abstract": "How \\ many.",
             "preferredName": {"kind": "long", "name": "dry-run"}},
            {"kind": "flag", "shouldDisplay": false, "isOptional": true, "isRepeating": false,
             "preferredName": {"kind": "long", "name": "secret"}}]}]},
        {"commandName": "help", "shouldDisplay": true}]}}
    """#

  private func page() throws -> String {
    let document = try JSONDecoder().decode(
      CommandDescription.Document.self, from: Data(Self.description.utf8))
    return try ManualPage.render(
      document.command, version: "1", date: "2026-01-02",
      .init(exitCodes: [.init("0", "done")], files: [.init("a/*", "files")], environment: []))
  }

  @Test func commandsStandWithAllTheirNamesAndOptions() throws {
    let lines = try page().split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.contains(".SS tool set name"))
    #expect(lines.contains(#"\fIfile\fR ..."#) && lines.contains(#"[\fB\-\-dry\-run\fR \fIn\fR]"#))
    #expect(lines.contains("A <file> & more."))
    #expect(lines.contains(#"How \e many."#) && lines.contains("Default: 3."))
    #expect(!lines.contains { $0.contains("secret") || $0.hasSuffix("help") })
    #expect(lines.contains("Done."))
  }

  @Test func literalLinesAndLeadingDotsKeepTheirForm() {
    #expect(ManualPage.text("  a -b\n\nc") == ".RS 4\n.nf\na \\-b\n.fi\n.RE\n.PP\nc")
    #expect(ManualPage.text(".x") == "\\&.x")
    #expect(ManualPage.text("a\n\n\nb") == "a\n.PP\nb")
    let long = String(repeating: "word `x` ", count: 60)
    #expect(ManualPage.text(long).split(separator: "\n").allSatisfy { $0.utf8.count <= 80 })
  }
}
