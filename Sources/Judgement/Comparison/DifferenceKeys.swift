public import Ledger
public import Measure

/// A word that names no difference there could be, so that meaning it would change nothing.
public struct UnknownDifference: Error, Hashable, Sendable, CustomStringConvertible {
  /// The word.
  public var word: String
  /// What was probably meant; nil where nothing is near.
  public var nearest: String?
  /// All that can be meant, sorted.
  public var known: [String]

  /// What is wrong, and what there is: a line a group, `cpu cpu.model cpu.threads`.
  public var description: String {
    var groups: [(name: Substring, words: [String])] = []
    for word in known {
      let name = word.prefix { $0 != "." }
      if groups.last?.name != name { groups.append((name, [])) }
      groups[groups.count - 1].words.append(word)
    }
    let near = nearest.map { "; did you mean \($0)?" } ?? ""
    return
      (["the records tell nothing that is called \"\(word)\"\(near)", "  hint: it can be"]
      + groups.map { "    " + $0.words.joined(separator: " ") })
      .joined(separator: "\n")
  }
}

extension ComparisonRules {
  /// Checks that every difference that is meant is one there could be: a fact of the machines, a
  /// disclosure, or the part of a key up to a point.
  ///
  /// Throws ``UnknownDifference`` for the first word, in order of the alphabet, that is none: what
  /// is meant and misspelt would else be taken for a difference that is not meant, or for nothing.
  /// O(words x keys), and of an unknown one x length².
  public func check(
    _ facts: [EnvironmentFact], _ cases: [CaseSamples]
  ) throws(UnknownDifference) {
    guard !despite.isEmpty else { return }
    var keys = Set(facts.filter { $0.class != .informational }.map(\.key))
    var names = DisclosureRules.ofTheWorkload
    for kind in DisclosureRules.Kind.allCases {
      names.formUnion(DisclosureRules.required(for: kind))
    }
    for samples in cases { names.formUnion(samples.disclosure.keys) }
    keys.formUnion(names.map(ArmDifferences.key))
    // A part up to a point means all below it.
    for key in keys {
      for point in key.indices where key[point] == "." { keys.insert(String(key[..<point])) }
    }
    let known = keys.sorted()
    for word in despite.sorted() where !keys.contains(word) {
      throw UnknownDifference(
        word: word, nearest: NearestWord.of(word, in: known), known: known)
    }
  }
}
