internal import Ledger
internal import Measure

/// Why a comparison was refused: the arms were not measured under the same conditions.
public struct ComparisonRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// The differences that make figures incomparable.
  public var differences: [Comparison.Difference]
  /// The arms' labels, in the comparison's order.
  public var labels: [String]

  /// What differs, and how to compare all the same.
  public var description: String {
    let lines = differences.map { difference in
      "  \(difference.key): \(difference.reference ?? "not known") in \(labels[0]), "
        + "\(difference.subject ?? "not known") in \(labels[difference.arm])"
    }
    var keys: [String] = []
    for difference in differences where !keys.contains(difference.key) {
      keys.append(difference.key)
    }
    return "not comparable: the machines differ in what decides figures\n"
      + lines.joined(separator: "\n") + "\n  hint: if that is what you compare, add "
      + keys.map { "--despite \($0)" }.joined(separator: " ")
  }
}

/// What an arm's machine and disclosure have different from the reference's.
struct ArmDifferences {
  let rules: ComparisonRules
  let reference: ComparisonArm
  let subject: ComparisonArm
  /// The subject's place among the arms.
  let arm: Int

  /// Whether both were measured in one run, on one machine.
  var isOneRecord: Bool { reference.id == subject.id }

  /// Whether a model computed both.
  var isSimulated: Bool { reference.evidence == .simulated && subject.evidence == .simulated }

  /// Facts of the machine that differ, or are known of one only.
  ///
  /// Facts that change from run to run are left out. Nothing where one machine is not known at all,
  /// or both are simulated: then no figure depends on the machine.
  func facts() -> [Comparison.Difference] {
    guard !isOneRecord, !isSimulated, !reference.facts.isEmpty, !subject.facts.isEmpty else {
      return []
    }
    let ours = values(reference.facts)
    let theirs = values(subject.facts)
    var classes: [String: EnvironmentFact.Class] = [:]
    for fact in reference.facts + subject.facts { classes[fact.key] = fact.class }
    return Set(ours.keys).union(theirs.keys).sorted().compactMap { key in
      guard ours[key] != theirs[key], let kind = classes[key], kind != .informational else {
        return nil
      }
      return Comparison.Difference(
        arm: arm, key: key, reference: ours[key], subject: theirs[key], class: kind,
        isMeant: rules.means(key))
    }
  }

  private func values(_ facts: [EnvironmentFact]) -> [String: String] {
    Dictionary(facts.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// What two cases disclose differently: of the workload, which must be the same, and of the
  /// system, which may be what is compared.
  func disclosure(_ ours: CaseSamples, _ theirs: CaseSamples) -> [Comparison.Difference] {
    let names = Set(ours.disclosure.keys).union(theirs.disclosure.keys)
      .map { $0.replacing("-", with: " ") }
    return Set(names).sorted().compactMap { name in
      let mine = DisclosureRules.comparable(name, in: ours.disclosure)
      let its = DisclosureRules.comparable(name, in: theirs.disclosure)
      guard mine != its else { return nil }
      let key = Self.key(name)
      let isOfTheSystem = !DisclosureRules.ofTheWorkload.contains(name)
      let isOtherSystem = ours.key.system != theirs.key.system
      return Comparison.Difference(
        arm: arm, key: key, reference: mine, subject: its,
        class: isOfTheSystem || mine == nil || its == nil ? .shouldMatch : .mustMatch,
        isMeant: rules.means(key) || (isOfTheSystem && isOtherSystem))
    }
  }

  /// The key under which a disclosure stands among the differences.
  static func key(_ name: String) -> String { "disclosure." + name.replacing(" ", with: "-") }
}
