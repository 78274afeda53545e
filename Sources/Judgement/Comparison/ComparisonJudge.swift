internal import Ledger
internal import Measure
internal import Statistics

/// Sets arms beside each other.
///
/// First whether they may stand there: the machines, the disclosure and the origin of the figures.
/// Then each metric of each case: the ratio with its interval, from trials of one block against
/// each other where they ran in turn (Kalibera & Jones 2013: the effect's size with its interval,
/// replicated where the variance arises), and a verdict by the whole interval. Pure.
public enum ComparisonJudge {
  /// Compares every arm with the first.
  ///
  /// Throws ``ComparisonRefusal`` where the machines of two records differ in a fact of class
  /// `mustMatch` which the rules do not name as meant. Traps without an arm. O(rows x trials log
  /// trials), paired; unpaired as ``RatioEffect/unpaired(reference:subject:confidence:)``.
  public static func compare(
    _ arms: [ComparisonArm], rules: ComparisonRules = ComparisonRules()
  ) throws(ComparisonRefusal) -> Comparison {
    precondition(!arms.isEmpty, "a comparison needs a reference")
    let parts = arms.indices.dropFirst().map { arm in
      ArmDifferences(rules: rules, reference: arms[0], subject: arms[arm], arm: arm)
    }
    let refused = parts.flatMap { $0.facts() }.filter(\.forbids)
    guard refused.isEmpty else {
      throw ComparisonRefusal(differences: refused, labels: arms.map(\.label))
    }
    var comparison = Comparison(
      confidence: rules.confidence, tolerance: rules.tolerance, arms: arms.map(\.kept),
      differences: [], caveats: [], rows: [], unmatched: [])
    var caveats = ComparisonCaveats(arms: arms, rules: rules)
    for part in parts { comparison.add(part, &caveats) }
    comparison.caveats = caveats.all(of: comparison)
    return comparison
  }
}

extension Comparison {
  /// Adds what one arm comes to against the reference.
  fileprivate mutating func add(_ part: ArmDifferences, _ caveats: inout ComparisonCaveats) {
    let facts = part.facts()
    differences += facts
    caveats.add(part, facts: facts)
    let matched = CaseMatch(reference: part.reference, subject: part.subject)
    unmatched += matched.loneOfReference.map { Unmatched(arm: 0, key: $0) }
      .filter { !unmatched.contains($0) }
    unmatched += matched.loneOfSubject.map { Unmatched(arm: part.arm, key: $0) }
    var known = Set<Difference>()
    for pair in matched.pairs {
      let disclosed = part.disclosure(pair.reference, pair.subject)
      for difference in disclosed where known.insert(difference).inserted {
        differences.append(difference)
      }
      let judge = CaseComparer(part: part, pair: pair, disclosed: disclosed)
      let found = judge.rows()
      rows += found
      caveats.add(part, pair: pair, rows: found)
    }
  }
}

extension Comparison.Difference {
  /// Whether figures may not be compared because of it: both sides tell, and tell differently.
  var forbids: Bool {
    self.class == .mustMatch && !isMeant && reference != nil && subject != nil
  }
}

/// Which case of one arm belongs to which of another.
struct CaseMatch {
  /// Two cases with the same workload and point.
  struct Pair {
    var reference: CaseSamples
    var subject: CaseSamples

    /// Whether they are of one session and ran in turn.
    var isInterleaved: Bool {
      let both = reference.samples + subject.samples
      return Set(both.map(\.session)).count == 1
        && BlockOrder.isInTurn(both.map { ($0.block, $0.place) })
    }
  }

  /// Cases that both have, in the reference's order.
  private(set) var pairs: [Pair] = []
  /// Cases that only the reference has.
  private(set) var loneOfReference: [CaseKey] = []
  /// Cases that only the subject has.
  private(set) var loneOfSubject: [CaseKey] = []

  /// Matches by system, workload and point; by workload and point where one of the arms is of one
  /// system, or each has one only.
  ///
  /// O(cases).
  init(reference: ComparisonArm, subject: ComparisonArm) {
    let isOfOne =
      reference.systems.count <= 1 && subject.systems.count <= 1
      || reference.system != nil && subject.system != nil
    struct Place: Hashable {
      var system: String
      var workload: String
      var point: [String]

      init(_ key: CaseKey, _ isOfOne: Bool) {
        system = isOfOne ? "" : key.system
        workload = key.workload
        point = key.point.sorted()
      }
    }
    var theirs: [Place: CaseSamples] = [:]
    for found in subject.cases { theirs[Place(found.key, isOfOne)] = found }
    var matched: Set<CaseKey> = []
    for found in reference.cases {
      if let its = theirs[Place(found.key, isOfOne)] {
        pairs.append(Pair(reference: found, subject: its))
        matched.insert(its.key)
      } else {
        loneOfReference.append(found.key)
      }
    }
    loneOfSubject = subject.cases.map(\.key).filter { !matched.contains($0) }
  }
}
