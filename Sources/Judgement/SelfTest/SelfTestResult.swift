public import Measure

/// What `assay selftest` found: what measuring costs on this host, and how often the judges err.
public struct SelfTestResult: Codable, Sendable {
  /// Version of this format.
  public var format = "assay-selftest-1"
  /// Assay's version.
  public var version: String
  /// Whether the build is optimised; the costs of one that is not are not Assay's.
  public var isOptimised: Bool
  /// The seed of the simulated experiments.
  public var seed: UInt64
  /// What clock, timer, histogram and I/O loop cost here.
  public var costs: [ToolCost]
  /// How much the same work differs here from trial to trial.
  public var noise: Repeatability
  /// How often the judges find a loss.
  public var characteristics: [OperatingCharacteristic]

  /// Whether every bound and every promise is kept.
  ///
  /// The costs of a build without optimisation do not count.
  public var isGood: Bool {
    (!isOptimised || costs.allSatisfy(\.isGood)) && characteristics.allSatisfy(\.isKept)
  }

  /// Collects what was found.
  public init(
    version: String, isOptimised: Bool, seed: UInt64, costs: [ToolCost], noise: Repeatability,
    characteristics: [OperatingCharacteristic]
  ) {
    self.version = version
    self.isOptimised = isOptimised
    self.seed = seed
    self.costs = costs
    self.noise = noise
    self.characteristics = characteristics
  }
}

/// One thing that measuring costs, or gets wrong, on a machine.
public struct ToolCost: Codable, Sendable {
  /// A stable name: `clock-read`, `timer-overshoot-p99` ...
  public var name: String
  /// What it is, for people.
  public var about: String
  /// The figure.
  public var value: Double
  /// Its unit: `ns`, `ppm`, `1`.
  public var unit: String
  /// The figure beyond which measurements suffer.
  public var bound: Double
  /// Whether the bound holds.
  public var isGood: Bool { value <= bound }

  /// States a cost.
  public init(name: String, about: String, value: Double, unit: String, bound: Double) {
    self.name = name
    self.about = about
    self.value = value
    self.unit = unit
    self.bound = bound
  }
}

/// How much the same work differs on a machine from one trial to the next.
public struct Repeatability: Codable, Sendable {
  /// CPU time for one I/O of each trial, ns; no device, so that only the machine varies.
  public var perTrialNs: [Double]
  /// Robust coefficient of variation: 1.4826 times the median absolute deviation, by the median.
  ///
  /// One stolen trial does not set it (Rousseeuw & Croux, Alternatives to the Median Absolute
  /// Deviation, 1993).
  public var variation: Fraction
  /// Largest less smallest, by the median.
  public var range: Fraction

  /// States the noise of trials.
  public init(perTrialNs: [Double], variation: Fraction, range: Fraction) {
    self.perTrialNs = perTrialNs
    self.variation = variation
    self.range = range
  }
}
