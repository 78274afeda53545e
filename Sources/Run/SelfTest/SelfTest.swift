public import Judgement
internal import Measure
internal import Storage

/// Tests Assay on the host that it runs on: what it costs there, and how often its judges err.
public enum SelfTest {
  /// Runs the test; `rounds` simulated experiments a row, the quick form 1000 and else 10 000.
  ///
  /// Throws ``RunError`` where a trial without a device cannot be set up.
  public static func run(
    isQuick: Bool, rounds: Int?, seed: UInt64, version: String
  ) throws(RunError) -> SelfTestResult {
    do throws(StorageError) {
      let noise = try RepeatabilityProbe.measure(
        trials: isQuick ? 20 : 40, duration: .milliseconds(isQuick ? 50 : 200))
      return SelfTestResult(
        version: version, isOptimised: isOptimised, seed: seed,
        costs: try ToolCostProbe.all(isQuick: isQuick), noise: noise,
        characteristics: OperatingCharacteristic.table(
          rounds: rounds ?? (isQuick ? 1000 : 10_000), seed: seed,
          hostVariation: noise.variation))
    } catch {
      throw RunError(.unavailable, ["\(error.message)\n  hint: \(error.hint)"])
    }
  }

  private static var isOptimised: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }
}
