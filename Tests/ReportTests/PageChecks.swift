import Crypto
import Foundation
import Testing

@testable import Report

/// What every page must be.
enum PageChecks {
  static func expectSound(_ page: String) throws {
    expectNothingFetched(page)
    try expectPolicy(page)
    expectNested(page)
    expectNoEmptyChart(page)
  }

  static func expectNothingFetched(_ page: String) {
    #expect(!page.contains("http://") && !page.contains("https://"))
    #expect(page.matches(of: /\ssrc\s*=|url\(|@import|<link|<iframe|\sstyle=|\son\w+=/).isEmpty)
    for match in page.matches(of: /href="([^"]*)"/) { #expect(match.1.hasPrefix("#")) }
  }

  /// The policy allows the one style and the one script by their hashes, and nothing else.
  static func expectPolicy(_ page: String) throws {
    let policy = try #require(
      page.firstMatch(of: /http-equiv="Content-Security-Policy" content="([^"]*)"/)?.1)
    #expect(policy.hasPrefix("default-src 'none'; "))
    #expect(!policy.contains("unsafe"))
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
      let parts = page.components(separatedBy: "<\(element)>")
      #expect(parts.count == 2, "a page has one \(element)")
      let text = try #require(parts.last?.components(separatedBy: "</\(element)>").first)
      let hash = Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
      #expect(policy.contains("\(directive) 'sha256-\(hash)';"), "\(element) is not allowed to be")
    }
  }

  static func expectNested(_ page: String) {
    // HTML's void elements closed and the script's operators taken out, the rest is XML.
    let body = page.replacing(/<meta[^>]*>/, with: "").replacing("<!DOCTYPE html>", with: "")
      .replacing(/<script>[\s\S]*<\/script>/, with: "")
    let parser = XMLWellFormed(body)
    #expect(parser.isWellFormed, "\(parser.problem)")
    #expect(!body.contains("{{") && !body.contains("[]"))
    #expect(page.ranges(of: "<h1>").count == 1)
    let identifiers = body.matches(of: /\sid="([^"]*)"/).map(\.1)
    #expect(Set(identifiers).count == identifiers.count, "identifiers occur twice")
    #expect(body.matches(of: /<th(?![a-z])(?![^>]*scope=)[^>]*>/).isEmpty, "a th without scope")
  }

  static func expectNoEmptyChart(_ page: String) {
    for part in page.components(separatedBy: "<svg").dropFirst() {
      let chart = part.components(separatedBy: "</svg>")[0]
      #expect(
        chart.matches(of: /<(?:path class="(?:l [^>]*L|[pxbo] )|rect class="cell")/).count > 0)
    }
  }
}
