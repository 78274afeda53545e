import ArgumentParser
import Ledger
import Measure
import Verify

/// `assay verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check records: hashes, and every number computed anew.",
    discussion: """
      Says which file was changed; and since all figures are computed anew from counters and \
      histograms, finds a number that was changed together with its hash. What another version of \
      Assay wrote is not compared byte for byte. Ends with 65 where a record is damaged.
      """)

  @Argument(help: ArgumentHelp("Folders of records.", valueName: "record"))
  var records: [String]

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let found = records.map { folder in
      RecordVerification.of(folder, version: Assay.version) { record in
        try ReportFormat.html.render(record)
      }
    }
    if json {
      try Output.json(found)
    } else {
      for verification in found { Output.result(VerificationText.lines(verification)) }
    }
    if found.contains(where: { !$0.isSound }) { throw ExitStatus.data.exit }
  }
}

/// A verification for people.
enum VerificationText {
  /// The most faults of a check that are shown; the JSON has all.
  private static let shown = 20

  static func lines(_ verification: RecordVerification) -> String {
    var lines = [verification.record]
    for check in verification.checks {
      let word =
        switch check.status {
        case .ok: "ok"
        case .failed: "FAILED"
        case .notCompared: "-"
        }
      let name = check.name.rawValue
      let head =
        "  " + word + String(repeating: " ", count: 8 - word.count) + name
        + String(repeating: " ", count: 12 - name.count)
      guard check.status == .failed else {
        lines.append(head + check.about)
        continue
      }
      lines.append(head + counted(check.faults.count, "fault"))
      lines += check.faults.prefix(shown).map { "            \($0.place): \($0.message)" }
      if check.faults.count > shown {
        lines.append("            and \(check.faults.count - shown) more; --json has all")
      }
    }
    return lines.joined(separator: "\n")
  }
}
