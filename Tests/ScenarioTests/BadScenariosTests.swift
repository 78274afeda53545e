import Foundation
import Measure
import Scenario
import Testing

@Suite struct BadScenariosTests {
  /// Lines `# set: path=value` of a file of the corpus.
  static func overrides(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("# set: ") }.map { String($0.dropFirst(7)) }
  }

  /// Each file of the corpus has its messages beside it; ASSAY_GOLDEN=write writes them anew.
  @Test func everyBadScenarioIsRefusedWithItsMessages() throws {
    #expect(try files("Tests/ScenarioTests/Bad", ".yaml").count > 30)
    try expectRefusals("Tests/ScenarioTests/Bad") { text, file in
      _ = try ScenarioReader.read(text: text, file: file, overrides: Self.overrides(text))
    }
  }

  @Test func noInputWhateverCrashesTheReader() throws {
    let texts = try files("scenarios", ".yaml").map { try String(contentsOf: $0, encoding: .utf8) }
    var random = SeededRandom(seed: 3)
    var refused = 0
    for round in 0..<400 {
      var scalars = Array((texts[round % texts.count]).unicodeScalars)
      for _ in 0..<3 {
        let at = Int.random(in: 0..<scalars.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: scalars.remove(at: at)
        case 1:
          scalars[at] =
            ["\t", "-", ":", "9", "{", "\"", "é", "\u{0}"].randomElement(using: &random) ?? " "
        default: scalars.removeSubrange(at..<min(at + 20, scalars.count))
        }
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      do {
        _ = try ScenarioReader.read(text: String(text), file: "mutated.yaml")
      } catch {
        refused += 1
        #expect(error.diagnostics.contains { $0.severity == .error })
      }
    }
    #expect(refused > 0)
  }
}
