internal import Judgement
internal import Ledger
internal import Measure
internal import Mustache

/// The page of a run: one file of HTML that fetches nothing and needs no script.
public struct PageReport: Sendable {
  private let library: MustacheLibrary

  /// Parses the templates.
  ///
  /// Throws where one is broken, which a test rules out.
  public init() throws {
    library = try PageFrame.library([
      "page": PageTemplate.page, "verdict": PageTemplate.verdict,
      "results": PageTemplate.results, "cpu": PageTemplate.cpu, "trials": PageTemplate.trials,
      "online": PageTemplate.online, "parts": PageTemplate.parts,
      "disclosure": PageTemplate.disclosure, "environment": PageTemplate.environment,
      "provenance": PageTemplate.provenance, "systems": PageTemplate.systems,
      "counts": PageTemplate.counts,
    ])
  }

  /// The page; the same input gives the same bytes.
  ///
  /// O(trials x (buckets + seconds)).
  public func render(_ input: ReportInput) -> String {
    let cases = CaseFigures.all(of: input)
    let workloads = WorkloadFigures.all(of: cases)
    var page = PageFrame.model(title: input.header.name, version: input.header.version)
    let columns = ResultsSection.used(workloads, CountedEvents(cases))
    page.merge(head(input, cases, columns)) { $1 }
    if let judgement = input.judgement { page["verdict"] = VerdictSection.model(judgement) }
    if let comparison = input.comparison, let systems = SystemsSection.model(comparison) {
      page["systems"] = systems
    }
    page["results"] = ResultsSection.model(workloads, CountedEvents(cases))
    if let parts = LatencyPartsSection.model(cases) { page["parts"] = parts }
    let bySize = SizeCurves(workloads).charts
    page["workloads"] =
      (bySize.isEmpty ? [] : [Self.section("Message sizes", bySize)])
      + workloads.map { Self.section($0.name, $0.charts) }
    if let operations = OperationSection.model(input) { page["online"] = operations }
    if let cpu = CPUSection.model(cases) { page["cpu"] = cpu }
    page["trialTable"] = ResultsSection.trials(input)
    page["disclosure"] = DisclosureSection.model(cases)
    if let environment = EnvironmentSection.model(input) { page["environment"] = environment }
    page["scenario"] = input.scenario
    page["methods"] =
      input.header.evidence == .published ? [MethodText.published] : MethodText.sentences(cases)
    page["hasHashes"] = !input.hashes.isEmpty
    page["hashes"] = input.hashes.sorted { $0.key < $1.key }.map {
      ["name": $0.key, "value": $0.value]
    }
    return library.render(page, withTemplate: "page") ?? ""
  }

  private static func section(_ name: String, _ charts: [Chart]) -> [String: Any] {
    [
      "name": name, "isSingle": charts.count == 1,
      "charts": charts.map { ["title": $0.title, "svg": $0.svg(as: .inline)] },
    ]
  }

  private func head(
    _ input: ReportInput, _ cases: [CaseFigures], _ columns: [String]
  ) -> [String: Any] {
    let header = input.header
    let caveats = RunCaveats.all(of: input, cases)
    let findings = PlacedFinding.all(of: input)
    let valid = input.trials.filter { $0.record.status == .valid }.count
    let isPublished = header.evidence == .published
    let facts =
      isPublished
      ? [
        ("published", String(header.startedAt.prefix(10))), ("record", header.id),
        ("cases", String(cases.count { !$0.findsMaximum })),
      ]
      : [
        ("started", header.startedAt), ("run", header.id), ("Assay", header.version),
        ("seed", String(header.seed)), ("cases", String(cases.count { !$0.findsMaximum })),
        ("valid trials", "\(valid) of \(input.trials.count)"),
        ("plan", input.isComplete ? "done" : "not finished"),
      ]
    return [
      "kind": isPublished ? "Published figures, no raw data" : "Assay run report",
      "name": header.name, "about": header.about.isEmpty ? [] : [header.about],
      "facts": facts.map { ["name": $0.0, "value": $0.1] },
      "hasCaveats": !caveats.isEmpty, "caveats": caveats, "hasFindings": !findings.isEmpty,
      "findings": findings.map {
        [
          "severity": $0.finding.severity.rawValue, "place": $0.place,
          "message": $0.finding.message, "code": $0.finding.code,
        ]
      },
      "method": isPublished ? MethodText.published : MethodText.underResults(cases, columns),
    ]
  }
}

/// The verdict on the page.
enum VerdictSection {
  static func model(_ judgement: RunJudgement) -> [String: Any] {
    let verdict = VerdictLines(judgement)
    return [
      "word": verdict.word,
      "kind": VerdictWord.kind(verdict.word), "hasLimits": !verdict.lines.isEmpty,
      "limits": verdict.lines.map {
        [
          "word": $0.word, "kind": VerdictWord.kind($0.word), "limit": $0.limit, "place": $0.place,
          "reason": $0.reason,
        ]
      },
    ]
  }
}

/// Tables of figures on the page.
enum ResultsSection {
  static func columns(_ counted: CountedEvents) -> [String] {
    [counted.rate, "bandwidth"] + LatencyColumn.allCases.map { $0 == .max ? "max" : $0.rawValue }
      + [counted.cost, "errors"]
  }

  /// The columns that some case has a value in.
  static func used(_ workloads: [WorkloadFigures], _ counted: CountedEvents) -> [String] {
    model(workloads, counted)["columns"] as? [String] ?? []
  }

  /// The tables of all workloads, without the columns in which no case has a value.
  static func model(_ workloads: [WorkloadFigures], _ counted: CountedEvents) -> [String: Any] {
    let cases = workloads.map { workload in
      workload.cases.map { lines($0, named: workload.name(of: $0)) }
    }
    let all = columns(counted)
    let used = all.indices.filter { column in
      cases.joined().joined().contains { !["", none].contains($0.cells[column].value) }
    }
    return [
      "columns": used.map { all[$0] },
      "groups": zip(workloads, cases).map { workload, cases in
        [
          "workload": workload.name,
          "cases": cases.map { lines in ["lines": lines.map { $0.model(used) }] },
        ] as [String: Any]
      },
    ]
  }

  private static let none = "–"

  /// A row of the table.
  private struct Line {
    var label: String
    var isPart: Bool
    var marks: [[String: String]]
    var trials: String
    var cells: [(value: String, range: [String])]

    func model(_ columns: [Int]) -> [String: Any] {
      [
        "label": label, "isPart": isPart, "mark": marks, "n": trials,
        "cells": columns.map {
          ["value": cells[$0].value, "range": cells[$0].range] as [String: Any]
        },
      ]
    }
  }

  private static func lines(_ figures: CaseFigures, named name: String) -> [Line] {
    figures.lines.enumerated().map { index, line in
      let isFirst = index == 0
      var marks: [[String: String]] = []
      if isFirst, !figures.isComparable {
        let why = "not disclosed: " + figures.undisclosed.joined(separator: ", ")
        marks = [["text": "not comparable", "why": why]]
      }
      if isFirst, figures.findsMaximum {
        let why = "its IOPS are what rates given in percent are a part of"
        marks.append(["text": "finds the maximum", "why": why])
      }
      let latencies = LatencyColumn.allCases.map { column in
        cell(line.text(of: column, ascii: false), line.perTrial[column])
      }
      let errors = figures.errors.map { Quantity($0.values.reduce(0, +), .count).text }
      let last =
        isFirst ? [spread(figures.cpuPerIO), cell(errors, nil)] : [("", []), ("", [])]
      return Line(
        label: isFirst ? name : line.direction, isPart: !isFirst, marks: marks,
        trials: isFirst ? ResultRows.trials(figures) : "",
        cells: [spread(line.iops), spread(line.bandwidth)] + latencies + last)
    }
  }

  private static func spread(_ spread: CaseFigures.Spread?) -> (value: String, range: [String]) {
    cell(spread?.text(ascii: false), spread)
  }

  private static func cell(
    _ text: String?, _ spread: CaseFigures.Spread?
  ) -> (value: String, range: [String]) {
    (text ?? none, spread?.range(ascii: false).map { [$0] } ?? [])
  }

  /// All trials, without the columns in which none has a value.
  static func trials(_ input: ReportInput) -> [String: Any] {
    let cells = input.trials.map(cells)
    let all = columns(CountedEvents(CaseFigures.all(of: input)))
    let used = all.indices.filter { column in cells.contains { $0[column] != none } }
    let rows = zip(input.trials, cells).map { trial, cells -> [String: Any] in
      let record = trial.record
      return [
        "id": record.id, "key": record.key.description,
        "block": record.block == 0 ? "maximum" : String(record.block),
        "status": record.status.rawValue, "cells": used.map { cells[$0] },
        "findings": record.findings.map(\.code).joined(separator: ", "),
      ]
    }
    return ["trials": rows, "columns": used.map { all[$0] }]
  }

  /// A trial's values of all columns.
  private static func cells(of trial: ReportInput.Trial) -> [String] {
    let latency = CaseFigures.latency(of: trial, CaseFigures.directions)
    func metric(_ names: String...) -> String {
      names.lazy.compactMap { trial.record.metric($0) }.first.map { Quantity($0).text } ?? none
    }
    let latencies = LatencyColumn.allCases.map { column in
      column.value(of: latency).map { Quantity($0, .time).text } ?? none
    }
    return [metric("iops", "message rate", "api request rate"), metric("bandwidth")] + latencies
      + [metric("cpu per io", "cpu per message"), metric("errors")]
  }
}

/// CPU time by case, where engines wrote it down.
enum CPUSection {
  private static let headers = [
    "workers", "worker CPU/IO", "user/IO", "kernel/IO", "worker cores", "switches/IO",
    "host CPU/IO", "host cores", "interrupts/IO",
  ]

  static func model(_ cases: [CaseFigures]) -> [String: Any]? {
    var rows: [(name: String, cells: [String])] = []
    var threads: [[String: String]] = []
    for figures in cases {
      let uses = figures.valid.compactMap { TrialCPU(detail: $0.record.detail) }
      guard !uses.isEmpty else { continue }
      let ios = uses.reduce(0.0) { $0 + Double($1.ios) }
      let elapsed = uses.reduce(0.0) { $0 + $1.elapsed }
      func sum(_ value: (TrialCPU) -> Double?) -> Double? {
        let values = uses.compactMap(value)
        return values.count == uses.count ? values.reduce(0, +) : nil
      }
      func perIO(_ time: Double?) -> String {
        time.flatMap { ios > 0 ? Quantity($0 / ios, .time).text : nil } ?? "–"
      }
      func cores(_ time: Double?) -> String {
        time.flatMap { elapsed > 0 ? Quantity.fixed($0 / 1e9 / elapsed, 2) : nil } ?? "–"
      }
      let workers = sum(\.workerTime)
      let switches = uses.reduce(0.0) { $0 + $1.workers.reduce(0) { $0 + $1.switches } }
      rows.append(
        (
          figures.key.description,
          [
            String(uses[0].workers.count), perIO(workers),
            perIO(sum { $0.workers.reduce(0) { $0 + $1.user } }),
            perIO(sum { $0.workers.reduce(0) { $0 + $1.system } }), cores(workers),
            ios > 0 ? Quantity(switches / ios, .count).text : "–", perIO(sum(\.hostBusy)),
            cores(sum(\.hostBusy)), perIO(sum(\.hostInterrupts)),
          ]
        ))
      threads += threadRows(figures, uses, ios)
    }
    guard !rows.isEmpty else { return nil }
    // Columns of which nothing is known are left out.
    let used = headers.indices.filter { column in rows.contains { $0.cells[column] != "–" } }
    return [
      "columns": ["case"] + used.map { headers[$0] },
      "rows": rows.map { row -> [String: Any] in
        ["name": row.name, "cells": used.map { row.cells[$0] }]
      }, "hasThreads": !threads.isEmpty, "threads": threads,
    ]
  }

  /// The ten largest names of a case.
  private static func threadRows(
    _ figures: CaseFigures, _ uses: [TrialCPU], _ ios: Double
  ) -> [[String: String]] {
    var byName: [String: Double] = [:]
    for thread in uses.flatMap(\.threads) { byName[thread.name, default: 0] += thread.time }
    return byName.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10).map {
      [
        "key": figures.key.description, "name": $0.key, "time": Quantity($0.value, .time).text,
        "perIO": ios > 0 ? Quantity($0.value / ios, .time).text : "–",
      ]
    }
  }
}
