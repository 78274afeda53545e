import Foundation
import Measure
import Statistics
import TestSupport
import Testing

/// Both rank tests against scipy and, where scipy knows no exact answer, against counting.
struct RankTestTests {
  private struct Case: Codable {
    var a: [Double]
    var b: [Double] = []
    var isExact: Bool
  }

  private struct Answer: Decodable {
    var less: Double
    var greater: Double
    var twoSided: Double
    /// Of the form that scipy gives with one alternative.
    var statistic: Double
  }

  private func agree(_ test: RankTest, _ answer: Answer) -> Bool {
    func close(_ x: Double, _ y: Double) -> Bool { (x - y).magnitude <= 1e-9 * y + 1e-15 }
    return test.statistic == answer.statistic && close(test.pLess, answer.less)
      && close(test.pGreater, answer.greater) && close(test.pTwoSided, answer.twoSided)
  }

  @Test(Requires.python("scipy")) func signedRanksAreScipys() throws {
    var inputs = RankInputs(seed: 31)
    var cases: [Case] = []
    var ours: [RankTest] = []
    for round in 0..<400 {
      let count =
        round % 4 == 0
        ? inputs.count(51...120) : round % 4 == 1 ? inputs.count(1...8) : inputs.count(9...50)
      let values = inputs.sample(count: count, kind: round, shift: 0.3)
      let test = try #require(WilcoxonSignedRank.test(values))
      #expect(test.isExact == (values.count { $0 != 0 } <= 50))
      ours.append(test)
      cases.append(Case(a: values, isExact: test.isExact))
    }
    let answers: [Answer] = try PythonOracle.answers(Self.signedRank, to: cases)
    for (index, (test, answer)) in zip(ours, answers).enumerated() {
      #expect(agree(test, answer), "\(cases[index]) \(test) \(answer)")
    }
    #expect(ours.count { $0.isExact } > 250 && ours.count { !$0.isExact } > 70)
  }

  /// scipy is exact without ties only; with them all sign patterns are gone through, or counted in
  /// python's whole numbers.
  static let signedRank = """
    import itertools, numpy as np
    from collections import Counter
    from scipy.stats import wilcoxon, rankdata
    def counted(d):
      ranks = rankdata(np.abs(d)) if len(d) else np.array([])
      seen = ranks[d > 0].sum()
      if len(d) <= 10:
        signs = np.array(list(itertools.product([0, 1], repeat=len(d))))
        sums = signs @ ranks
        return seen, np.mean(sums <= seen), np.mean(sums >= seen)
      ways = Counter({0: 1})
      for rank in ranks:
        more = Counter(ways)
        for total, count in ways.items(): more[total + rank] += count
        ways = more
      less = sum(count for total, count in ways.items() if total <= seen)
      greater = sum(count for total, count in ways.items() if total >= seen)
      return seen, less / 2 ** len(d), greater / 2 ** len(d)
    def answer(case):
      d = np.array([float(v) for v in case["a"] if v != 0])
      ties = len(set(abs(d))) < len(d)
      if len(d) == 0 or (case["isExact"] and ties):
        seen, less, greater = counted(d)
        two = min(1, 2 * min(less, greater))
      else:
        tests = {kind: wilcoxon(d, alternative=kind, correction=True)
                 for kind in ("less", "greater", "two-sided")}
        seen = tests["less"].statistic
        less, greater, two = (tests[kind].pvalue for kind in ("less", "greater", "two-sided"))
      return dict(statistic=seen, less=less, greater=greater, twoSided=two)
    """

  @Test(Requires.python("scipy")) func mannWhitneyIsScipys() throws {
    var inputs = RankInputs(seed: 32)
    var cases: [Case] = []
    var ours: [RankTest] = []
    for round in 0..<400 {
      let sizes: [ClosedRange<Int>] = [1...8, 9...20, 29...90, 1...50]
      let a = inputs.sample(count: inputs.count(sizes[round % 4]), kind: round)
      let b = inputs.sample(count: inputs.count(sizes[round % 4]), kind: round, shift: 0.4)
      let test = try #require(MannWhitney.test(a, b))
      #expect(test.isExact == (a.count * b.count <= 784))
      // All values equal: scipy has no answer, ours is p = 1.
      guard Set(a + b).count > 1 || test.isExact else {
        #expect(test.pLess == 1 && test.pGreater == 1 && test.pTwoSided == 1)
        continue
      }
      ours.append(test)
      cases.append(Case(a: a, b: b, isExact: test.isExact))
    }
    let answers: [Answer] = try PythonOracle.answers(Self.mannWhitney, to: cases)
    for (index, (test, answer)) in zip(ours, answers).enumerated() {
      #expect(agree(test, answer), "\(cases[index]) \(test) \(answer)")
    }
    #expect(ours.count { $0.isExact } > 200 && ours.count { !$0.isExact } > 90)
  }

  static let mannWhitney = """
    import itertools, math, numpy as np
    from scipy.stats import mannwhitneyu, rankdata
    def counted(a, b):
      n, N = len(a), len(a) + len(b)
      ranks = rankdata(a + b)
      seen = ranks[:n].sum()
      if math.comb(N, n) <= 5000:
        sums = np.array([sum(pick) for pick in itertools.combinations(ranks, n)])
        less, greater = np.mean(sums <= seen), np.mean(sums >= seen)
      else:
        ways = [np.zeros(N * (N + 1) + 1, dtype=object) for _ in range(n + 1)]
        ways[0][0] = 1
        for rank in ranks:
          shift = int(2 * rank)
          for taken in range(n, 0, -1):
            ways[taken][shift:] += ways[taken - 1][:-shift]
        all = math.comb(N, n)
        less = int(ways[n][: int(2 * seen) + 1].sum()) / all
        greater = int(ways[n][int(2 * seen):].sum()) / all
      return seen - n * (n + 1) / 2, less, greater
    def answer(case):
      a, b = case["a"], case["b"]
      ties = len(set(a + b)) < len(a + b)
      if case["isExact"] and ties:
        seen, less, greater = counted(a, b)
        two = min(1, 2 * min(less, greater))
      else:
        method = "exact" if case["isExact"] else "asymptotic"
        tests = {kind: mannwhitneyu(a, b, alternative=kind, method=method)
                 for kind in ("less", "greater", "two-sided")}
        seen = tests["less"].statistic
        less, greater, two = (tests[kind].pvalue for kind in ("less", "greater", "two-sided"))
      return dict(statistic=seen, less=less, greater=greater, twoSided=two)
    """

  @Test func nothingToTestHasNoTest() {
    #expect(WilcoxonSignedRank.test([]) == nil && WilcoxonSignedRank.test([1, .nan]) == nil)
    #expect(MannWhitney.test([], [1]) == nil && MannWhitney.test([1], [.nan]) == nil)
    let zeros = WilcoxonSignedRank.test([0, 0])
    #expect(zeros?.pLess == 1 && zeros?.pGreater == 1 && zeros?.statistic == 0)
  }

  @Test func swappingSamplesSwapsTheAlternatives() throws {
    var inputs = RankInputs(seed: 33)
    for round in 0..<60 {
      let a = inputs.sample(count: inputs.count(1...40), kind: round)
      let b = inputs.sample(count: inputs.count(1...40), kind: round, shift: 0.5)
      let one = try #require(MannWhitney.test(a, b))
      let other = try #require(MannWhitney.test(b.reversed(), a.reversed()))
      #expect((one.pLess - other.pGreater).magnitude < 1e-12)
      #expect((one.pGreater - other.pLess).magnitude < 1e-12)
      #expect(one.statistic + other.statistic == Double(a.count * b.count))
      let signed = try #require(WilcoxonSignedRank.test(a))
      let mirrored = try #require(WilcoxonSignedRank.test(a.map { -$0 }))
      #expect((signed.pLess - mirrored.pGreater).magnitude < 1e-12)
    }
  }
}
