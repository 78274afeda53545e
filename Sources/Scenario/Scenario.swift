public import Deploy
public import Measure

/// A scenario as read and checked: what is tested, what is done to it, how often, what must hold.
public struct Scenario: Hashable, Sendable {
  /// Its name: a-z, 0-9 and hyphens.
  public var name: String
  /// What it is for, in the author's words.
  public var about: String
  /// The seed of every random thing; nil lets the runner pick one.
  public var seed: UInt64?
  /// What is tested, in the file's order.
  public var systems: [ScenarioSystem]
  /// What is done to it, in the file's order.
  public var workloads: [ScenarioWorkload]
  /// Order and repetitions.
  public var design: Design
  /// What must hold.
  public var limits: [Limit]

  /// The system called `name`.
  public func system(_ name: String) -> ScenarioSystem? { systems.first { $0.name == name } }
}

/// A thing under test.
public struct ScenarioSystem: Hashable, Sendable {
  /// Its name in the scenario.
  public var name: String
  /// What it is.
  public var target: Target

  /// Names a system.
  public init(name: String, target: Target) {
    self.name = name
    self.target = target
  }
}

/// What is done to systems, with its sweep.
public struct ScenarioWorkload: Hashable, Sendable {
  /// Its name in the scenario.
  public var name: String
  /// The workload without its sweep.
  public var base: Workload
  /// Whether the file names the I/O engine; else the system may choose a better default.
  public var namesEngine: Bool
  /// The swept keys in the file's order with their values as text.
  public var sweep: [SweepAxis]
  /// Every point of the sweep, the last key moving fastest; without a sweep one without a label.
  public var points: [SweepPoint]
  /// The systems that it runs against.
  public var systems: [String]
  /// What is done to the machine while it runs; nil is nothing.
  public var operation: OnlineOperation?
}

/// One swept key.
public struct SweepAxis: Hashable, Sendable {
  /// The key.
  public var key: String
  /// Its values as they are written.
  public var values: [String]
}

/// One point of a sweep.
public struct SweepPoint: Hashable, Sendable {
  /// `key=value` in the file's order.
  public var labels: [String]
  /// The workload at this point.
  public var workload: Workload
}

/// Order and repetitions of trials.
public struct Design: Hashable, Codable, Sendable {
  /// The order of trials.
  public var order: Order
  /// How often every case is run.
  public var blocks: Int
  /// Confidence of the intervals that limits are judged by.
  public var confidence: Fraction

  /// Orders of trials.
  public enum Order: String, CaseIterable, Codable, Sendable {
    /// A B, B A, A B ... over all points of a workload: drift hits every system and point alike.
    case abba
    /// All blocks of one system, then all of the next.
    case sequential
    /// All cases of a block in drawn order, block after block.
    case random
  }

  /// Makes a design.
  public init(order: Order = .abba, blocks: Int = 1, confidence: Fraction = .percent(95)) {
    self.order = order
    self.blocks = blocks
    self.confidence = confidence
  }
}
