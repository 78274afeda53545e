import Measure
import Statistics
import TestSupport
import Testing

struct MultipleTestsTests {
  /// Families of 0 to 8 p values with ties, zeros and ones among them.
  private func families() -> [[Double]] {
    var random = SeededRandom(seed: 61)
    return (0..<250).map { round in
      (0..<round % 9).map { _ in
        let p = random.unit() * random.unit()
        return round.isMultiple(of: 3) ? (p * 20).rounded() / 20 : p
      }
    }
  }

  private func expectAgreement(_ ours: ([Double]) -> [Double], program: String) throws {
    let families = families()
    let answers: [[Double]] = try PythonOracle.answers(program, to: families)
    for (p, expected) in zip(families, answers) {
      #expect(zip(ours(p), expected).allSatisfy { ($0 - $1).magnitude < 1e-14 }, "\(p)")
      #expect(ours(p).count == p.count)
    }
  }

  /// By what it is: the closed test procedure of Bonferroni's test, over all sets of hypotheses.
  @Test(Requires.tool("python3")) func holmIsTheClosureOfBonferroni() throws {
    try expectAgreement(
      Holm.adjusted,
      program: """
        from itertools import combinations
        def answer(p):
          result = [0.0] * len(p)
          for size in range(1, len(p) + 1):
            for some in combinations(range(len(p)), size):
              joint = min(1.0, size * min(p[i] for i in some))
              for i in some: result[i] = max(result[i], joint)
          return result
        """)
  }

  /// By what it is: the least q whose line p(i) <= q i / m some larger or equal p value is under.
  @Test(Requires.tool("python3")) func benjaminiHochbergIsTheLineThatPassesAbove() throws {
    try expectAgreement(
      BenjaminiHochberg.adjusted,
      program: """
        def answer(p):
          rank = {x: sum(y <= x for y in p) for x in p}
          return [min(x * len(p) / rank[x] for x in p if x >= own) for own in p]
        """)
  }

  @Test func gatesAreStricterThanTablesAndBothStricterThanNothing() {
    for p in families() {
      let gate = Holm.adjusted(p)
      let table = BenjaminiHochberg.adjusted(p)
      #expect(zip(zip(p, table), gate).allSatisfy { $0.0 <= $0.1 && $0.1 <= $1 + 1e-15 })
      #expect(Holm.adjusted(p.reversed()) == gate.reversed())
    }
  }
}
