public import Measure

/// How far a simulated value may be from the real one.
public enum Bar: Hashable, Sendable {
  /// By so large a part of the real value, up or down.
  case within(Fraction)
  /// By so large a factor, up or down.
  case factor(Double)

  /// Whether `simulated` is near enough to `real`, which is above 0.
  public func holds(simulated: Double, real: Double) -> Bool {
    guard real > 0 else { return simulated == real }
    let ratio = simulated / real
    return switch self {
    case .within(let part): abs(ratio - 1) <= part.value
    case .factor(let factor): ratio <= factor && ratio * factor >= 1
    }
  }

  /// For people: `±15%`, `x/÷1.5`.
  public var text: String {
    switch self {
    case .within(let part): "±\(part.text)"
    case .factor(let factor): "x/÷\(factor)"
    }
  }
}

/// A quantity of something real, and the same of the model.
public struct Compared: Hashable, Codable, Sendable {
  /// As measured or published.
  public var real: Double
  /// As simulated.
  public var simulated: Double
  /// Simulated over real, less 1; 0 where there is nothing on either side.
  public var error: Double

  /// Holds one against the other.
  public init(real: Double, simulated: Double) {
    (self.real, self.simulated) = (real, simulated)
    error = real == 0 ? (simulated == 0 ? 0 : .infinity) : simulated / real - 1
  }

  /// The error for people: `+12 %`.
  public var errorText: String {
    guard error.isFinite else { return "-" }
    let percent = Int((error * 100).rounded())
    return (percent > 0 ? "+" : "") + "\(percent) %"
  }

  /// The mean of the errors without their signs; nil of none.
  public static func meanError(_ all: [Compared]) -> Double? {
    guard !all.isEmpty else { return nil }
    return all.reduce(0) { $0 + abs($1.error) } / Double(all.count)
  }
}
