internal import Measure

/// What is wrong with limits whatever they are held against.
extension Checker {
  /// A ratio that does not say whose it is, or compares a thing with itself.
  mutating func ratio(_ limit: Limit, _ place: Diagnostic.Place) {
    guard case .ratio(_, let other) = limit.bound else { return }
    if limit.system == nil {
      error(
        "the limit compares with \"\(other)\" but does not say which system", place,
        hint: "write \"\(limit.metric) of <system> \(limit.comparison.rawValue) ...\"")
    } else if limit.system == other {
      error("the limit compares \"\(other)\" with itself", place)
    }
  }

  /// Two limits that no value holds both of, where they are about the same case.
  ///
  /// O(limits²).
  mutating func contradictions() {
    for (index, (later, place)) in limits.enumerated() {
      for (earlier, there) in limits[..<index] where later.contradicts(earlier) {
        var line = ""
        if case .position(let number, _) = there { line = " on line \(number)" }
        error(
          "\"\(later.text)\" contradicts \"\(earlier.text)\"\(line)", place,
          hint: "nothing holds both; change one, or say with of, for and when where each applies")
      }
    }
  }
}

extension Limit {
  /// Whether some case that both are about can hold only one of them.
  func contradicts(_ other: Limit) -> Bool {
    guard metric == other.metric, isAboutSameCases(as: other) else { return false }
    // Of two shares of trials, both are of the same trials only if they add up to more than all.
    let shares = [share, other.share].compactMap { $0?.value }
    guard shares.isEmpty || shares.reduce(0, +) > 1 && shares.count == 2 else { return false }
    let values: (Double, Double)
    switch (bound, other.bound) {
    case (.value(let mine), .value(let its)): values = (mine, its)
    case (.ratio(let mine, let one), .ratio(let its, let another)) where one == another:
      values = (mine, its)
    default: return false
    }
    let (mine, its) = (comparison, other.comparison)
    if mine == .equal { return !its.holds(values.0, values.1) }
    if its == .equal { return !mine.holds(values.1, values.0) }
    guard mine.isLowerBound != its.isLowerBound else { return false }
    let (least, most) = mine.isLowerBound ? values : (values.1, values.0)
    let isOpen = mine == .above || mine == .below || its == .above || its == .below
    return least > most || (least == most && isOpen)
  }

  private func isAboutSameCases(as other: Limit) -> Bool {
    func meet(_ left: String?, _ right: String?) -> Bool {
      left == nil || right == nil || left == right
    }
    return meet(system, other.system) && meet(workload, other.workload)
      && conditions.allSatisfy { mine in
        other.conditions.allSatisfy { $0.key != mine.key || $0.value == mine.value }
      }
  }
}

extension Limit.Comparison {
  fileprivate var isLowerBound: Bool { self == .atLeast || self == .above }
}
