internal import Measure

/// Something that others measured and published, as far as the model can do the same.
struct PublishedCase: Sendable {
  /// What must be true of the simulated value.
  enum Claim: Sendable {
    /// It is near a value.
    case near(Double, Bar)
    /// It is at most, at least, or between.
    case atMost(Double)
    case atLeast(Double)
    case between(Double, Double)

    func holds(_ simulated: Double) -> Bool {
      switch self {
      case .near(let value, let bar): bar.holds(simulated: simulated, real: value)
      case .atMost(let bound): simulated <= bound
      case .atLeast(let bound): simulated >= bound
      case .between(let low, let high): (low...high).contains(simulated)
      }
    }
  }

  struct Quantity: Sendable {
    let name: String
    let unit: String
    let claim: Claim
    /// Whether a parameter was chosen so that it is met: it proves nothing then.
    var isFitted = false
    /// Why it need not be met, where the publication itself says what stands in the way.
    var caveat: String?
  }

  /// The number of the row in the research notes, as `V1`.
  let id: String
  let scenario: String
  let source: String
  /// What the model was told, and where from.
  let parameters: String
  let quantities: [Quantity]
  /// The values of the quantities for a seed.
  let observe: @Sendable (UInt64) -> [Double]
}

extension PublishedCase.Quantity {
  /// Throughput within 15 %.
  static func rate(_ value: Double, _ name: String = "rate") -> Self {
    Self(name: name, unit: "1/s", claim: .near(value, .within(.percent(15))))
  }

  /// A mean or median within 25 %, ms.
  static func middle(_ name: String, _ value: Double) -> Self {
    Self(name: name, unit: "ms", claim: .near(value, .within(.percent(25))))
  }

  /// A 99th percentile within a factor of 1.5, ms.
  static func tail(_ name: String, _ value: Double) -> Self {
    Self(name: name, unit: "ms", claim: .near(value, .factor(1.5)))
  }

  /// The same, met by choice of a parameter.
  var fitted: Self {
    var quantity = self
    quantity.isFitted = true
    return quantity
  }

  func but(_ caveat: String) -> Self {
    var quantity = self
    quantity.caveat = caveat
    return quantity
  }
}
