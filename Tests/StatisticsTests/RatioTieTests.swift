import Foundation
import Measure
import Statistics
import TestSupport
import Testing

/// Ratios where many are equal, and equivalence, against the oracles of the rank tests.
struct RatioTieTests {
  private struct Case: Codable {
    var reference: [Double]
    var subject: [Double]
    var lower: Double
    var upper: Double
    var isPaired: Bool
  }

  private struct Answer: Decodable {
    var ratio: Double
    var againstLower: Double
    var againstUpper: Double
    var isExact: [Bool]
  }

  /// Powers of two, whose ratios tie exactly, or values of four digits, which tie now and then.
  private static func cases(_ count: Int) -> [Case] {
    var inputs = RankInputs(seed: 55)
    return (0..<count).map { round in
      let isPaired = round.isMultiple(of: 2)
      let sizes = [1...7, 2...30, 20...60][round / 2 % 3]
      let first = inputs.count(sizes)
      let second = isPaired ? first : inputs.count(sizes)
      let isPower = round / 6 % 2 == 0
      func values(_ count: Int) -> [Double] {
        inputs.sample(count: count, kind: isPower ? 2 : 0).map {
          isPower ? 1024 * exp2($0) : (1000 * exp($0 / 10)).rounded()
        }
      }
      return Case(
        reference: values(first), subject: values(second),
        lower: isPower ? [0.25, 0.5][inputs.count(0...1)] : 0.95,
        upper: isPower ? [2, 4][inputs.count(0...1)] : 1.05, isPaired: isPaired)
    }
  }

  @Test(Requires.python("scipy")) func effectsAndEquivalenceHoldWithTies() throws {
    let cases = Self.cases(300)
    let answers: [Answer] = try PythonOracle.answers(
      """
      import math, numpy as np
      def load(program):
        scope = {}
        exec(program, scope)
        return scope["answer"]
      signed = load('''\(RankTestTests.signedRank)''')
      between = load('''\(RankTestTests.mannWhitney)''')
      def answer(case):
        reference, subject = case["reference"], case["subject"]
        p, exact = [], []
        if case["isPaired"]:
          logs = [math.log(s / r) for r, s in zip(reference, subject)]
          first, second = np.triu_indices(len(logs))
          center = np.median((np.array(logs)[first] + np.array(logs)[second]) / 2)
        else:
          r, s = [math.log(v) for v in reference], [math.log(v) for v in subject]
          center = np.median(np.subtract.outer(s, r))
        for bound, side in ((case["lower"], "greater"), (case["upper"], "less")):
          if case["isPaired"]:
            moved = [v - math.log(bound) for v in logs]
            exact.append(sum(v != 0 for v in moved) <= 50)
            test = signed(dict(a=moved, isExact=exact[-1]))
          else:
            exact.append(len(r) * len(s) <= 784)
            # Ranks are the same without logarithms, whose rounding would part what ties.
            moved = [v / bound for v in subject]
            test = between(dict(a=moved, b=reference, isExact=exact[-1]))
          p.append(test[side])
        return dict(ratio=math.exp(center), againstLower=p[0], againstUpper=p[1], isExact=exact)
      """, to: cases)
    for (one, answer) in zip(cases, answers) {
      let tolerance = one.lower...one.upper
      let effect: RatioEffect
      let equivalence: RatioEquivalence
      if one.isPaired {
        effect = try .paired(
          reference: one.reference, subject: one.subject, confidence: .percent(90))
        equivalence = try .paired(
          reference: one.reference, subject: one.subject, within: tolerance)
      } else {
        effect = try .unpaired(
          reference: one.reference, subject: one.subject, confidence: .percent(90))
        equivalence = try .unpaired(
          reference: one.reference, subject: one.subject, within: tolerance)
      }
      #expect(agree(effect.ratio, answer.ratio, within: 1e-12), "\(one)")
      let (low, high) = (equivalence.againstLower, equivalence.againstUpper)
      #expect([low.isExact, high.isExact] == answer.isExact)
      #expect(agree(low.pGreater, answer.againstLower, within: 1e-9), "\(one) \(low) \(answer)")
      #expect(agree(high.pLess, answer.againstUpper, within: 1e-9), "\(one) \(high) \(answer)")
      #expect(
        agree(equivalence.p, max(answer.againstLower, answer.againstUpper), within: 1e-9), "\(one)")
    }
    #expect(answers.contains { $0.isExact[0] } && answers.contains { !$0.isExact[0] })
    let found = answers.count { max($0.againstLower, $0.againstUpper) < 0.05 }
    #expect(found > 20 && found < 200, "\(found)")
  }
}
