import Foundation
import Judgement
import TestSupport
import Testing

extension Program {
  /// `assay selftest`, quick, with few experiments a row: the table is in JudgementTests.
  @Suite struct SelfTests {
    private let words = ["selftest", "--quick", "--rounds", "10"]

    @Test(Requires.ioUring) func theTableIsPrintedAndTheSameForASeed() throws {
      let shop = try Workshop()
      let json = try shop.assay(words + ["--seed", "1", "--json"])
      let found = try JSONDecoder().decode(SelfTestResult.self, from: Data(json.stdout.utf8))
      // The code is the verdict's, whatever this machine is like at the moment.
      #expect(json.status == (found.isGood ? 0 : 1), "\(json)")
      #expect(found.format == "assay-selftest-1" && found.seed == 1)
      #expect(found.characteristics.count == 8 && found.costs.count > 3)
      #expect(found.characteristics.allSatisfy { $0.rounds == 10 })
      #expect(found.noise.perTrialNs.count == 20 && found.noise.perTrialNs.allSatisfy { $0 > 0 })

      let text = try shop.assay(words + ["--seed", "1"])
      #expect(text.status == (text.stdout.hasSuffix("Verdict: PASS\n") ? 0 : 1), "\(text)")
      let table = text.stdout
      #expect(table.contains("How often a loss is found in simulated experiments, seed 1:"))
      #expect(table.contains("3 standard errors of 10 experiments"))
      let heads = [
        "gate, baseline of 1 session ", "gate, baseline of 8 sessions", "compare, A B B A",
      ]
      for head in heads + ["compare, A A ... B B"] { #expect(table.contains(head), "\(table)") }
      #expect(table.contains(#/compare, A A \.\.\. B B .+ warned of/#), "\(table)")

      // The program's table is that of its seed, and of the noise that it found.
      let own = OperatingCharacteristic.table(
        rounds: 10, seed: 1, hostVariation: found.noise.variation)
      #expect(found.characteristics.map(\.found) == own.map(\.found))
    }

    @Test func noRoundsAreNoTest() throws {
      let shop = try Workshop()
      let result = try shop.assay(["selftest", "--rounds", "0"])
      #expect(result.status == 64 && result.stderr.contains("from 1"), "\(result)")
    }
  }
}
