import Judgement
import Measure
import TestSupport
import Testing

@testable import Ledger

@Suite struct FleetBaselineTests {
  /// Machines with the medians given, three trials each.
  private func fleet(_ medians: [Double]) -> Baseline {
    let sessions = medians.map { [$0 * 0.999, $0, $0 * 1.001] }
    return GateSamples.baseline([("read", sessions)], kind: .fleet)
  }

  @Test(Requires.python("scipy")) func theMachineUnlikeTheOthersIsNamedAndLeftOut() throws {
    let medians = [1000.0, 1030, 960, 1015, 985, 1002, 700]
    let answers: [[Double]] = try PythonOracle.answers(
      """
      import numpy as np
      from scipy.stats import median_abs_deviation
      def answer(values):
        values = np.array(values)
        mad = median_abs_deviation(values)
        return [0.6745 * abs(values[-1] - np.median(values)) / mad,
          np.median(values[:-1]), median_abs_deviation(values[:-1])]
      """, to: [medians])
    let done = try FleetBaseline.complete(fleet(medians))
    let found = try #require(done.fleet)
    let outlier = try #require(found.outliers.first)
    #expect(found.outliers.count == 1 && outlier.machine == "m6" && outlier.metric == "iops")
    #expect((try #require(outlier.distance) - answers[0][0]).magnitude < 1e-9)
    #expect(outlier.sentence.contains("iops of disk/read is 700/s, of the fleet 1k/s"))
    #expect(found.machines == ["m0", "m1", "m2", "m3", "m4", "m5"])
    #expect(done.sessions.count == 6 && done.cases[0].samples.count == 18)
    let spread = try #require(found.spreads.first { $0.metric == "iops" })
    #expect(spread.machines == 6 && (spread.centre - answers[0][1]).magnitude < 1e-9)
    #expect((spread.deviation - answers[0][2]).magnitude < 1e-9)
  }

  @Test func machinesThatDifferByARoundingAreNoOutliers() throws {
    let done = try FleetBaseline.complete(fleet([1000, 1000, 1000, 1000, 1016]))
    #expect(done.fleet?.outliers.isEmpty == true)
  }

  @Test func fewMachinesAreNoFleet() throws {
    #expect {
      try FleetBaseline.complete(fleet([1, 1, 1, 1]))
    } throws: {
      "\($0)".contains("4 machines are no fleet")
    }
  }
}
