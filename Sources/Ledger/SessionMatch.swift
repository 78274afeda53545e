/// Whether records are sessions of one scenario: replicates of the same cases.
enum SessionMatch {
  /// Holds a record against the first of a baseline: the scenario's name, the cases, and what
  /// defines the workload of each.
  ///
  /// Throws ``LedgerError`` that names the record and the first thing in which it differs. How many
  /// blocks each ran is free. O(trials x disclosures).
  static func require(_ record: RunRecord, as first: RunRecord) throws(LedgerError) {
    guard let difference = difference(record, first) else { return }
    throw LedgerError(
      .unfit, "\(record.folder) is of another scenario than \(first.folder): \(difference)",
      hint: "the records of a baseline replicate each other: set other scenarios under other names")
  }

  private static func difference(_ record: RunRecord, _ first: RunRecord) -> String? {
    if record.header.name != first.header.name {
      return "it ran \(record.header.name), the other \(first.header.name)"
    }
    let ours = CaseSamples.all(of: first)
    let theirs = CaseSamples.all(of: record)
    if let missing = ours.first(where: { one in !theirs.contains { $0.key == one.key } }) {
      return "it lacks the case \(missing.key)"
    }
    for its in theirs {
      guard let own = ours.first(where: { $0.key == its.key }) else {
        return "it has the case \(its.key) besides"
      }
      for name in DisclosureRules.ofTheWorkload.sorted() {
        let here = DisclosureRules.comparable(name, in: its.disclosure)
        let there = DisclosureRules.comparable(name, in: own.disclosure)
        guard here != there else { continue }
        return "the \(name) of \(its.key) is \(here ?? "not told") here, "
          + "\(there ?? "not told") there"
      }
    }
    return nil
  }
}
