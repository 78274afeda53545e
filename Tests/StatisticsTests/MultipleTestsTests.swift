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

  @Test func theOrderOfTheTestsDoesNotMatter() {
    for p in families() {
      let adjusted = Holm.adjusted(p)
      #expect(zip(p, adjusted).allSatisfy { $0 <= $1 + 1e-15 })
      #expect(Holm.adjusted(p.reversed()) == adjusted.reversed())
    }
  }
}
