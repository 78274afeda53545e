internal import Ledger
internal import Measure
internal import Statistics

/// Where the time of a simulated latency goes, and what holds the cluster back, case by case.
struct LatencyParts: Sendable {
  /// The case.
  var key: CaseKey
  /// What most trials tell as their bottleneck, of pods or requests and of machines that join, with
  /// how many of them do.
  var bottlenecks: [(of: String, text: String, trials: Int)]
  /// How many valid trials there are.
  var trials: Int
  /// The latencies that were taken apart.
  var latencies: [Latency]

  /// A percentile of a latency, as the mean over trials.
  struct Latency: Sendable {
    /// `mutating api latency p99`.
    var name: String
    /// Of all parts together, ns.
    var total: Double
    /// The parts, ns, in the order in which they pass.
    var parts: [(name: String, time: Double)]
  }

  /// Those of all cases that have any.
  static func all(of cases: [CaseFigures]) -> [LatencyParts] { cases.compactMap(LatencyParts.init) }

  private init?(_ figures: CaseFigures) {
    let found = figures.valid.compactMap { $0.record.detail["observations"] }
    guard !found.isEmpty else { return nil }
    key = figures.key
    trials = figures.valid.count
    bottlenecks = [("bottleneck", "bottleneck"), ("joinBottleneck", "bottleneck of joining")]
      .compactMap { member, name in
        var counts: [String: Int] = [:]
        for text in found.compactMap({ $0[member]?["resource"]?.text }) {
          counts[text, default: 0] += 1
        }
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }
          .map { (of: name, text: $0.key, trials: $0.value) }
      }
    latencies = Self.latencies(found)
    guard !latencies.isEmpty || !bottlenecks.isEmpty else { return nil }
  }

  private static func latencies(_ found: [JSONValue]) -> [Latency] {
    var order: [String] = []
    var sums: [String: [(name: String, time: Double)]] = [:]
    var counts: [String: Double] = [:]
    for trial in found {
      guard case .array(let compositions)? = trial["compositions"] else { continue }
      for composition in compositions {
        guard let name = composition["name"]?.text,
          case .array(let parts)? = composition["parts"]
        else { continue }
        if sums[name] == nil { order.append(name) }
        counts[name, default: 0] += 1
        for part in parts {
          guard let part = (part["name"]?.text, part["timeNs"]?.number) as? (String, Double) else {
            continue
          }
          let place = sums[name]?.firstIndex { $0.name == part.0 }
          if let place {
            sums[name]?[place].time += part.1
          } else {
            sums[name, default: []].append((name: part.0, time: part.1))
          }
        }
      }
    }
    return order.compactMap { name in
      guard let parts = sums[name], let count = counts[name] else { return nil }
      let means = parts.map { (name: $0.name, time: $0.time / count) }
      let total = means.reduce(0) { $0 + $1.time }
      return total > 0 ? Latency(name: name, total: total, parts: means) : nil
    }
  }

  /// Lines for a terminal: each latency with its largest parts, and the bottleneck.
  func lines(ascii: Bool) -> [String] {
    let texts = latencies.map { latency in
      let largest = latency.parts.sorted { $1.time < $0.time }.prefix(3).filter {
        $0.time >= 0.05 * latency.total
      }
      let parts = largest.map { part in
        "\(part.name) \(Self.percent(part.time / latency.total))"
      }
      let total = Quantity(latency.total, .time).text(ascii: ascii)
      return "\(key): \(latency.name) \(total): " + parts.joined(separator: ", ")
    }
    return texts + bottleneckLines.map { "\(key): \($0)" }
  }

  /// What holds it back, with how many trials say so; nothing where none does.
  var bottleneckLines: [String] {
    bottlenecks.map { found in
      "\(found.of): \(found.text)"
        + (found.trials < trials ? " (in \(found.trials) of \(trials) trials)" : "")
    }
  }

  static func percent(_ share: Double) -> String { Quantity.fixed(share * 100, 0) + " %" }
}

/// Where time goes, on the page.
enum LatencyPartsSection {
  /// The tables of all latencies: a column a case, a row a part; nil where nothing was simulated.
  static func model(_ cases: [CaseFigures]) -> [String: Any]? {
    let all = LatencyParts.all(of: cases)
    guard !all.isEmpty else { return nil }
    let names = all.flatMap { $0.latencies.map(\.name) }.uniqued()
    return [
      "tables": names.map { table($0, all) },
      "bottlenecks": all.flatMap { parts in
        parts.bottleneckLines.map { ["name": parts.key.description, "text": $0] }
      },
    ]
  }

  private static func table(_ name: String, _ all: [LatencyParts]) -> [String: Any] {
    let shown = all.compactMap { parts in
      parts.latencies.first { $0.name == name }.map { (key: parts.key, latency: $0) }
    }
    // A part that is next to nothing everywhere says nothing.
    let parts = shown.flatMap { $0.latency.parts.map(\.name) }.uniqued().filter { part in
      shown.contains { share(part, $0.latency) >= 0.005 }
    }
    return [
      "name": name, "columns": shown.map(\.key.description),
      "totals": shown.map { Quantity($0.latency.total, .time).text },
      "rows": parts.map { part -> [String: Any] in
        [
          "name": part,
          "cells": shown.map { column -> [String: Any] in
            let share = share(part, column.latency)
            return [
              "value": Quantity(share * column.latency.total, .time).text,
              "share": LatencyParts.percent(share),
              "width": Quantity.fixed(min(max(share, 0), 1) * 100, 1),
              "rest": Quantity.fixed(100 - min(max(share, 0), 1) * 100, 1),
            ]
          },
        ]
      },
    ]
  }

  private static func share(_ part: String, _ latency: LatencyParts.Latency) -> Double {
    (latency.parts.first { $0.name == part }?.time ?? 0) / latency.total
  }
}
