import Foundation
import Measure
import Testing

@testable import Ledger

@Suite struct FindingTests {
  @Test(arguments: FindingCode.allCases) func everyCodeIsExplainedInSentences(code: FindingCode) {
    let text = code.explanation
    for part in [text.seen, text.meaning, text.remedy] {
      #expect(part.count > 20 && part.hasSuffix("."), "\(code.rawValue): \(part)")
      #expect(part.first?.isUppercase == true || part.hasPrefix("fio"), "\(part)")
      #expect(!part.contains("\n"), "\(code.rawValue): lines are broken by who shows them")
    }
    #expect(code.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
  }

  @Test func noTwoCodesShareAText() {
    #expect(Set(FindingCode.allCases.map(\.explanation)).count == FindingCode.allCases.count)
  }

  @Test func aCodeOfAnotherVersionReads() throws {
    let line = #"{"code":"of-tomorrow","severity":"note","message":"m"}"#
    let finding = try JSONDecoder().decode(Finding.self, from: Data(line.utf8))
    #expect(finding.code == "of-tomorrow" && FindingCode(rawValue: finding.code) == nil)
  }
}
