import Measure
import Statistics
import TestSupport
import Testing

/// The bootstrap draw by draw: python draws by the same published generator, so nothing is left to
/// chance, and scipy takes the interval from those draws where it can.
struct BootstrapDrawTests {
  private struct Case: Codable {
    var runs: [[Double]]
    var confidence: Double
    var isBCa: Bool
    var isVariance: Bool
    var block: Int
    var resamples: Int
    var seed: Int
  }

  private struct Answer: Decodable {
    var value: Double
    var ends: [Double]
    /// nil where scipy has no such bootstrap, or says nothing.
    var scipy: [Double]?
  }

  /// Ties, tiny runs and runs of one value among them.
  private static func cases(_ count: Int) -> [Case] {
    var inputs = RankInputs(seed: 21)
    return (0..<count).map { place in
      let values = { inputs.sample(count: inputs.count($0), kind: place / 4) }
      let runs: [[Double]] =
        switch place % 4 {
        case 0: [values(1...12)]
        case 1: values(1...20).map { [$0] }
        default: (0..<inputs.count(2...6)).map { _ in values(1...7) }
        }
      return Case(
        runs: runs, confidence: [0.8, 0.9, 0.99][place % 3],
        isBCa: place / 2 % 2 == 1 || place < 40,
        isVariance: place % 5 == 0, block: place % 7 == 0 ? inputs.count(2...4) : 1,
        resamples: inputs.count(20...90), seed: place)
    }
  }

  /// Sums go in the same order as ours, so that draws that tie with the estimate do so in both.
  private static let oracle = """
    import warnings, numpy as np
    from types import SimpleNamespace
    from scipy.special import ndtr, ndtri
    from scipy.stats import bootstrap
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    M = (1 << 64) - 1
    def scramble(v):
      v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9 & M
      v = (v ^ v >> 27) * 0x94D049BB133111EB & M
      return v ^ v >> 31
    def generator(seed):
      state, s = seed ^ scramble(1), []
      for _ in range(4):
        state = state + 0x9E3779B97F4A7C15 & M
        s.append(scramble(state))
      rotated = lambda x, k: (x << k | x >> 64 - k) & M
      while True:
        yield rotated(s[0] + s[3] & M, 23) + s[0] & M
        t = s[1] << 17 & M
        s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t
        s[3] = rotated(s[3], 45)
    def total(values):
      sum = 0.0
      for v in values: sum += v
      return sum
    def mean(x): return total(x) / len(x)
    def variance(x):
      middle = mean(x)
      return total([(v - middle) * (v - middle) for v in x]) / len(x)
    def answer(case):
      runs = [[float(v) for v in run] for run in case["runs"]]
      block, c = case["block"], case["confidence"]
      f = variance if case["isVariance"] else mean
      flat = lambda parts: [v for part in parts for v in part]
      bits = generator(case["seed"])
      below = lambda n: next(bits) * n >> 64
      def drawn(run):
        length, out = min(block, len(run)), []
        while len(out) < len(run):
          start = below(len(run) - length + 1)
          out += run[start:start + length]
        return out[:len(run)]
      draws = np.array([f(flat([drawn(runs[below(len(runs))]) for _ in runs]))
                        for _ in range(case["resamples"])])
      value, x = f(flat(runs)), flat(runs)
      levels = np.array([(1 - c) / 2, (1 + c) / 2])
      scipy = None
      if case["isBCa"]:
        bias = ndtri(((draws < value).mean() + (draws <= value).mean()) / 2)
        if len(runs) > 1: left = [f(flat(runs[:i] + runs[i + 1:])) for i in range(len(runs))]
        elif len(x) > block:
          left = [f(x[:i] + x[i + block:]) for i in range(0, len(x), block)]
        else: left = [value]
        away = mean(left) - np.array(left)
        squares = (away ** 2).sum()
        a = (away ** 3).sum() / (6 * squares ** 1.5) if squares > 0 else 0.0
        moved = bias + ndtri(levels)
        wanted = ndtr(bias + moved / (1 - a * moved))
        levels = np.where(np.isnan(wanted), levels, wanted)
      if block == 1 and (len(runs) == 1 or len(x) == len(runs)) and len(x) > 1:
        known = SimpleNamespace(bootstrap_distribution=draws)
        ends = bootstrap((x,), lambda s: f(list(s)), n_resamples=0, vectorized=False,
          bootstrap_result=known, confidence_level=c,
          method="BCa" if case["isBCa"] else "percentile").confidence_interval
        if ends.low == ends.low and ends.high == ends.high: scipy = [ends.low, ends.high]
      return dict(value=value, ends=np.quantile(draws, levels), scipy=scipy)
    """

  @Test(Requires.python("scipy"))
  func intervalsOfTheSameDrawsAreThoseOfPythonAndScipy() throws {
    let cases = Self.cases(400)
    let answers: [Answer] = try PythonOracle.answers(Self.oracle, to: cases)
    for (one, answer) in zip(cases, answers) {
      let plan = HierarchicalBootstrap(
        blockLength: one.block, resamples: one.resamples, seed: UInt64(one.seed),
        method: one.isBCa ? .bca : .percentile)
      let ours = try #require(
        plan.interval(of: one.runs, confidence: Fraction(one.confidence)) {
          one.isVariance ? BootstrapTests.variance($0) : BootstrapTests.mean($0)
        })
      let scale = 1e-9 * (one.runs.joined().map(\.magnitude).max() ?? 0)
      #expect(ours.value == answer.value, "\(one)")
      for theirs in [answer.ends] + (answer.scipy.map { [$0] } ?? []) {
        #expect(agree(ours.lower, theirs[0], within: 1e-8, atLeast: scale), "\(one) \(answer)")
        #expect(agree(ours.upper, theirs[1], within: 1e-8, atLeast: scale), "\(one) \(answer)")
      }
    }
    #expect(answers.count { $0.scipy != nil } > 100)
  }
}
