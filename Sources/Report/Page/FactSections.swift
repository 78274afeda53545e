internal import Ledger
internal import Measure

/// What was disclosed, and by which case it differs.
enum DisclosureSection {
  /// Rows of further metrics that a page has room for: of a hundred cases they would be half of it.
  private static let mostOther = 2_000

  static func model(_ cases: [CaseFigures]) -> [String: Any] {
    let names = Set(cases.flatMap(\.disclosure.keys)).sorted()
    let differing = names.filter { name in Set(cases.map { $0.disclosure[name] }).count > 1 }
    let common = names.filter { !differing.contains($0) }
    let missing = cases.filter { !$0.isComparable }
    let count = cases.reduce(0) { $0 + $1.otherMetrics.count }
    let isShown = count <= mostOther
    let other = (isShown ? cases : []).flatMap { figures in
      figures.otherMetrics.map { name, spread in
        [
          "key": figures.key.description, "name": name, "n": String(spread.values.count),
          "median": spread.text(ascii: false),
          "range": spread.range(ascii: false) ?? "",
        ]
      }
    }
    return [
      "hasCommon": !common.isEmpty,
      "common": common.map { ["name": $0, "value": cases[0].disclosure[$0] ?? ""] },
      "hasDiffering": !differing.isEmpty, "differing": differing,
      "cases": cases.map { figures -> [String: Any] in
        [
          "key": figures.key.description, "cells": differing.map { figures.disclosure[$0] ?? "–" },
        ]
      },
      "hasMissing": !missing.isEmpty,
      "missing": missing.map {
        ["key": $0.key.description, "what": $0.undisclosed.joined(separator: ", ")]
      }, "hasOther": !other.isEmpty, "other": other,
      "left": isShown ? [] : [String(count)],
    ]
  }
}

/// The machine, and what of it changed during the run.
enum EnvironmentSection {
  private static let short = 12

  static func model(_ input: ReportInput) -> [String: Any]? {
    let before = facts(input.environmentBefore)
    let after = facts(input.environmentAfter)
    var changes: [[String: String]] = []
    if case .object = input.environmentAfter {
      let passing = passing(input.environmentBefore).union(passing(input.environmentAfter))
      for name in Set(before.keys).union(after.keys).sorted()
      where before[name] != after[name] && !passing.contains(name) {
        changes.append([
          "name": name, "before": before[name] ?? "–", "after": after[name] ?? "–",
        ])
      }
    }
    var groups: [String: [(name: String, value: String)]] = [:]
    for (name, value) in before.sorted(by: { $0.key < $1.key }) {
      let parts = name.split(separator: " › ", maxSplits: 1)
      let isLone = parts.count < 2
      groups[isLone ? "machine" : String(parts[0]), default: []].append(
        (isLone ? name : String(parts[1]), value))
    }
    guard !groups.isEmpty else { return nil }
    return [
      "hasChanges": !changes.isEmpty, "changes": changes,
      "groups": groups.sorted { rank($0.key) < rank($1.key) }
        .map { name, facts -> [String: Any] in
          [
            "name": name, "isShort": facts.count <= short,
            "facts": facts.map { ["name": $0.name, "value": $0.value] },
          ]
        },
    ]
  }

  /// Facts of the machine itself come first.
  private static func rank(_ group: String) -> (Int, String) {
    (group == "machine" ? 0 : 1, group)
  }

  /// Names of facts that differ from moment to moment and mean nothing by it.
  private static func passing(_ value: JSONValue) -> Set<String> {
    switch value {
    case .object where value["class"] == .string("informational"):
      return value.factName.map { [$0] } ?? []
    case .object(let members):
      return members.values.reduce(into: []) { $0.formUnion(passing($1)) }
    case .array(let members): return members.reduce(into: []) { $0.formUnion(passing($1)) }
    case .null, .bool, .integer, .number, .string: return []
    }
  }

  /// Leaves by their path, facts as of `Host.Environment` by their key; lists are one leaf.
  static func facts(_ value: JSONValue) -> [String: String] {
    var result: [String: String] = [:]
    collect(value, "", &result)
    return result
  }

  private static func collect(_ value: JSONValue, _ path: String, _ into: inout [String: String]) {
    func below(_ name: String) -> String { path.isEmpty ? name : path + " › " + name }
    switch value {
    case .object(let members) where value.factName != nil:
      into[value.factName ?? path] = members["value"]?.text ?? ""
    case .object(let members):
      for (name, member) in members { collect(member, below(name), &into) }
    case .array(let members) where members.contains(where: \.isNested):
      for (index, member) in members.enumerated() {
        // Things that say their name are found again when their order changes.
        let name = member["name"]?.text ?? member["address"]?.text ?? String(index)
        collect(member, below(name), &into)
      }
    case .null where path.isEmpty: break
    case .null, .bool, .integer, .number, .string, .array: into[path] = value.text
    }
  }
}

extension JSONValue {
  /// The path of `{"key": "cpu.model", "value": ...}`: its key with the first dot as a step.
  fileprivate var factName: String? {
    guard case .string(let key)? = self["key"], self["value"] != nil else { return nil }
    guard let dot = key.firstIndex(of: ".") else { return key }
    return key[..<dot] + " › " + key[key.index(after: dot)...]
  }

  fileprivate var isNested: Bool {
    switch self {
    case .object, .array: true
    case .null, .bool, .integer, .number, .string: false
    }
  }
}

extension MethodText {
  /// How the figures came about, one sentence each.
  static func sentences(_ cases: [CaseFigures]) -> [String] {
    var sentences = [
      "A trial is one execution of a case with the target freshly opened: it is the unit of "
        + "replication. Ranges are of trials, never of seconds or single I/Os.",
      "Latency figures are of all I/Os of a case's valid trials together (merged histograms, "
        + "buckets at most 1.6 % wide); percentiles are never averaged.",
    ]
    if cases.contains(where: { $0.valid.count > 1 }) {
      sentences.append("A small range below a figure is of the trials' own figures.")
    }
    let open = cases.filter(\.isOpenLoop)
    if open.count < cases.count {
      sentences.append(
        "Closed loop: a new I/O starts when one ends, so a stall also stops the demand. Latency "
          + "counts from the I/O's preparation to its completion, and the tail is a lower bound "
          + "of what an independent client would see.")
    }
    if !open.isEmpty {
      sentences.append(
        "Open loop (\(open.map(\.key.description).joined(separator: ", "))): I/Os have intended "
          + "start times that do not wait for earlier ones. Latency counts from the intended time "
          + "to completion, queueing included.")
    }
    sentences.append(
      "A percentile curve ends where fewer than \(PercentileCurve.least) observations lie beyond; "
        + "the table shows a percentile from one observation beyond.")
    if cases.contains(where: { $0.valid.count > 2 }) {
      sentences.append(
        "A band around a percentile curve spans the curves of single trials, as far as ten "
          + "observations of each lie beyond.")
    }
    if cases.contains(where: \.findsMaximum) {
      sentences.append(
        "A trial that finds the maximum runs before those whose rate is a part of it; it is no "
          + "replicate and counts for no n.")
    }
    sentences.append(
      "Lines over time are drawn through the smallest and largest value of each share of the time "
        + "axis, so no extreme is lost. Invalid and failed trials count for nothing but are drawn.")
    return sentences
  }
}

/// What the figures mean.
enum MethodText {
  static let published =
    "Figures as published: Assay measured none of them. What stands under disclosure is all that "
    + "their source tells; ≥ and ≤ mark what it gives as a bound only."
  /// Under the results of a run, of the columns that they have; of ranges only where a case has
  /// several trials.
  static func underResults(_ cases: [CaseFigures], _ columns: [String]) -> String {
    let several = cases.contains { $0.valid.count > 1 }
    let counted = CountedEvents(cases)
    let rates = several ? "median of trials, range below" : "of the trial"
    let latencies =
      several
      ? "all \(counted.noun) of the valid trials together, range of the trials' own figures below"
      : "all \(counted.noun) of the trial"
    return "n: valid trials. "
      + (CountedEvents.list(counted.medians(among: columns)).map { "\($0): \(rates). " } ?? "")
      + "Latency: \(latencies)."
      + (columns.contains("errors") ? " Errors: sum of all trials." : "")
  }
}
