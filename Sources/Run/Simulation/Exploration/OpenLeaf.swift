internal import Foundation
internal import Measure

/// A leaf of a scenario that takes different values: `systems.a.cluster.etcd.round-trip=1ms..5ms`.
public struct OpenLeaf: Hashable, Codable, Sendable {
  /// Where it stands in the scenario.
  public var path: String
  /// What follows each number: `ms`, `/s`; empty for bare numbers.
  public var unit: String
  /// The least value, in the unit.
  public var low: Double
  /// The value where others are varied, in the unit; nil is the middle.
  public var base: Double?
  /// The largest value, in the unit.
  public var high: Double
  /// Whether it takes whole numbers only, as those that it was given by.
  public var isWhole: Bool

  /// Reads `path=LOW..HIGH`, or `path=LOW..BASE..HIGH`.
  ///
  /// Throws ``RunError`` for anything else.
  public init(_ text: String) throws(RunError) {
    func wrong(_ what: String) -> RunError {
      RunError(
        .usage, ["\(text): \(what)\n  hint: write it like systems.a.cluster.nodes=500..5000"])
    }
    let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard halves.count == 2 else { throw wrong("a path, an equals sign and a range are due") }
    let ends = halves[1].components(separatedBy: "..")
    guard 2...3 ~= ends.count else { throw wrong("a range is two values parted by two dots") }
    var numbers: [Double] = []
    var units: Set<String> = []
    for end in ends {
      let digits = end.prefix { $0.isNumber || $0 == "." }
      guard let number = Double(digits) else { throw wrong("\"\(end)\" begins with no number") }
      numbers.append(number)
      units.insert(String(end.dropFirst(digits.count)))
    }
    guard units.count == 1 else { throw wrong("all values of a range are of one unit") }
    guard zip(numbers, numbers.dropFirst()).allSatisfy(<) else {
      throw wrong("the values of a range rise")
    }
    path = halves[0]
    unit = units.first ?? ""
    (low, high) = (numbers[0], numbers[numbers.count - 1])
    base = numbers.count == 3 ? numbers[1] : nil
    isWhole = numbers.allSatisfy { $0 == $0.rounded() } && ["", "/s"].contains(unit)
  }

  /// A value as the scenario has it.
  public func text(_ value: Double) -> String {
    (isWhole ? decimalText(value.rounded()) : significant(value, 6)) + unit
  }

  /// Up to `count` values from low to high, each the same multiple of the one before where that is
  /// possible.
  public func steps(_ count: Int) -> [Double] {
    let last = Double(max(count - 1, 1))
    let values = (0..<max(count, 2)).map { step in
      let part = Double(step) / last
      let value = low > 0 ? low * pow(high / low, part) : low + (high - low) * part
      return isWhole ? value.rounded() : value
    }
    return values.reduce(into: []) { kept, value in
      if kept.last != value { kept.append(value) }
    }
  }
}
