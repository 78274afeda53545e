/// A parameter that a sweep varies, and how far.
public struct Factor: Hashable, Codable, Sendable {
  /// The parameter's name.
  public var name: String
  /// Its least value, in the parameter's unit.
  public var low: Double
  /// Its value where other parameters are varied.
  public var base: Double
  /// Its largest value.
  public var high: Double

  /// States a factor, with its base in the middle unless one is given.
  ///
  /// Traps unless low < high, both finite, and low <= base <= high.
  public init(_ name: String, low: Double, base: Double? = nil, high: Double) {
    let base = base ?? low / 2 + high / 2
    precondition(low < high && (high - low).isFinite, "a factor has two levels")
    precondition(low <= base && base <= high, "the base of a factor lies between its levels")
    self.name = name
    self.low = low
    self.base = base
    self.high = high
  }

  /// The value that lies this part of the way from low to high.
  public func value(at part: Double) -> Double { low + part * (high - low) }
}

extension Array where Element == Factor {
  /// Points of the unit cube, such as those of ``LatinHypercube``, as values of the factors.
  ///
  /// Traps unless each point has as many coordinates as there are factors.
  public func values(at points: [[Double]]) -> [[Double]] {
    points.map { point in
      precondition(point.count == count, "a point has one coordinate a factor")
      return zip(self, point).map { $0.value(at: $1) }
    }
  }
}
