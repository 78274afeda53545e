import ArgumentParser
import Foundation
import Judgement
import Ledger
import Measure
import Report

/// `assay compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Set records, or the systems of one, beside each other.",
    discussion: """
      One record compares its systems with the first of them. Several records compare with the \
      first record; RECORD:SYSTEM takes one system of a record. Trials that ran in turn \
      (design: {order: abba}) are compared in pairs, which drift does not fool.

        assay compare results/runs/RECORD                      dpu against local, case by case
        assay compare BEFORE AFTER --metric latency --tolerance 3%
        assay compare MONDAY:dpu TUESDAY:dpu --format markdown

      Machines that differ in what decides figures are refused with code 5, unless --despite \
      names the difference as what is compared. The verdicts do not change the exit code: \
      that is what `assay gate` is for.
      """)

  @Argument(
    help: ArgumentHelp("A record's folder, or RECORD:SYSTEM.", valueName: "record"))
  var records: [String]

  @Option(
    help: ArgumentHelp(
      "What the others are compared with: a system, or one of the records as given.",
      valueName: "name"))
  var reference: String?

  @OptionGroup var rules: ComparisonArguments

  @Option(help: "terminal, markdown, html, json or csv.")
  var format = ComparisonFormat.terminal

  @Option(help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the result as JSON; the same as --format json.")
  var json = false

  func run() throws {
    let rules = try rules.rules()
    let given = try ComparisonArms.read(records, reference: reference)
    try ComparisonArguments.check(rules, given.flatMap(\.arm.facts), given.flatMap(\.arm.cases))
    let comparison: Comparison
    do {
      comparison = try ComparisonJudge.compare(given.map(\.arm), rules: rules)
    } catch {
      throw Output.fail([error.description], .refused)
    }
    guard !comparison.rows.isEmpty else {
      throw Output.fail([Self.nothing(comparison)], .data)
    }
    try Output.write(
      try (json ? .json : format)
        .render(comparison, of: given.map(\.record), columns: Output.columns(to: output)),
      to: output)
    // Figures are there, and yet none may be held against the other.
    let isRefused = comparison.rows.allSatisfy { row in
      row.verdict == .notComparable
        && [row.reference.median, row.subject.median].allSatisfy { $0 ?? 0 > 0 }
    }
    if isRefused {
      throw Output.fail(["no row is comparable; the reasons stand in the result"], .refused)
    }
  }

  private static func nothing(_ comparison: Comparison) -> String {
    let places = comparison.unmatched.prefix(6).map {
      "  \($0.key) of \(comparison.arms[$0.arm].label) has no counterpart"
    }
    return
      (["nothing to compare: no case and metric is on both sides"] + places
      + [
        "  hint: cases match by system, workload and point; RECORD:SYSTEM sets systems of "
          + "different names beside each other, --metric all shows every metric"
      ])
      .joined(separator: "\n")
  }
}

/// Forms of `assay compare`.
enum ComparisonFormat: String, CaseIterable, ExpressibleByArgument {
  case terminal, markdown, html, json, csv

  /// Renders a comparison; `records` are those behind its arms, in their order.
  func render(
    _ comparison: Comparison, of records: [RunRecord], columns: Int?
  ) throws -> String {
    switch self {
    case .terminal:
      ComparisonTerminal(
        unicode: Output.wantsUnicode, colour: Output.wantsColour, width: columns
      ).render(comparison)
    case .markdown: ComparisonMarkdown().render(comparison)
    case .html: try page(comparison, of: records)
    case .csv: ComparisonCSV.render(comparison)
    case .json: try Output.jsonText(comparison)
    }
  }

  private func page(_ comparison: Comparison, of records: [RunRecord]) throws -> String {
    do {
      // Systems of one record share its input.
      var known: [String: ReportInput] = [:]
      let inputs = try records.map { record -> ReportInput in
        let input = try known[record.folder] ?? ReportInput(record, hasSeries: false)
        known[record.folder] = input
        return input
      }
      return try ComparisonPage().render(comparison, inputs: inputs, version: Assay.version)
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}

/// What a comparison is asked for, on the command line.
struct ComparisonArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A metric to show, a family such as latency, or all; repeatable.", valueName: "metric"))
  var metric: [String] = []

  @Option(
    help: ArgumentHelp("The relative difference that does not matter.", valueName: "share"))
  var tolerance = "5%"

  @Option(help: ArgumentHelp("Confidence of the intervals.", valueName: "share"))
  var confidence = "95%"

  @Option(
    help: ArgumentHelp(
      "A difference that is meant, such as kernel.release or disclosure.load; repeatable.",
      valueName: "key"))
  var despite: [String] = []

  func rules() throws -> ComparisonRules {
    ComparisonRules(
      confidence: try share(confidence, "--confidence") { $0 > 0 && $0 < 1 },
      tolerance: try share(tolerance, "--tolerance") { $0 >= 0 && $0 < 1 },
      metrics: try choice(), despite: Set(despite))
  }

  /// Checks what is meant with --despite against what the records tell.
  static func check(
    _ rules: ComparisonRules, _ facts: [EnvironmentFact], _ cases: [CaseSamples]
  ) throws {
    do {
      try rules.check(facts, cases)
    } catch {
      throw Output.fail(["--despite \(error.word): \(error)"], .usage)
    }
  }

  private func choice() throws -> MetricChoice {
    do {
      return try MetricChoice.reading(metric)
    } catch {
      throw Output.fail(["--metric \(error.word): \(error)"], .usage)
    }
  }

  private func share(
    _ text: String, _ option: String, _ isFit: (Double) -> Bool
  ) throws -> Fraction {
    do {
      let share = try QuantityText.share(text)
      if isFit(share.value) { return share }
      throw Output.fail(["\(option) \(text): it lies between 0% and 100%"], .usage)
    } catch let error as QuantityError {
      // 0.95 is more likely 95% than 0.95%.
      let number = Double(text).flatMap { $0 > 0 && $0 < 1 ? Fraction($0).text : nil }
      let hint = (number.map { "write \($0)" } ?? error.hint).map { "; \($0)" } ?? ""
      throw Output.fail(["\(option) \(text): \(error.message)\(hint)"], .usage)
    }
  }
}

/// Reads what is compared.
enum ComparisonArms {
  typealias Given = (arm: ComparisonArm, record: RunRecord)

  /// The arms with their records in order, the reference first.
  static func read(_ words: [String], reference: String?) throws -> [Given] {
    if words.count == 1, let word = words.first { return try systems(word, reference) }
    var given: [(word: String, record: RunRecord, system: String?)] = []
    for word in words {
      let (path, system) = parts(word)
      let record =
        try given.first { $0.record.folder == path }?.record
        ?? RecordReading.read(path, details: .omitted)
      if given.contains(where: { $0.record.header.id == record.header.id && $0.system == system }) {
        throw Output.fail(["\(word) is given twice: it is as it is"], .usage)
      }
      if let system { try check(system, path, record) }
      given.append((word, record, system))
    }
    let labels = labels(given.map { ($0.record.header, $0.system) })
    var arms = zip(given, labels).map { given, label -> Given in
      (ComparisonArm(record: given.record, system: given.system, label: label), given.record)
    }
    if let reference {
      let place = zip(given, labels).enumerated().first {
        [$0.element.0.word, $0.element.1, $0.element.0.record.header.name, $0.element.0.system]
          .contains(reference)
      }?.offset
      guard let place else {
        throw Output.fail(
          ["--reference \(reference): not one of \(labels.joined(separator: ", "))"], .usage)
      }
      arms.insert(arms.remove(at: place), at: 0)
    }
    return arms
  }

  /// The systems of one record.
  private static func systems(_ word: String, _ reference: String?) throws -> [Given] {
    let (path, system) = parts(word)
    let record = try RecordReading.read(path, details: .omitted)
    if let system { try check(system, path, record) }
    var arms = ComparisonArm.systems(of: record)
    guard arms.count > 1, system == nil else {
      let only = system ?? arms.first?.label ?? "none"
      throw Output.fail(
        ["\(word): one system (\(only)) has nothing to be compared with; give a second record"],
        .usage)
    }
    if let reference {
      try check(reference, path, record, option: "--reference")
      let place = arms.firstIndex { $0.system == reference } ?? 0
      arms.insert(arms.remove(at: place), at: 0)
    }
    return arms.map { ($0, record) }
  }

  /// `RECORD:SYSTEM`, where there is no folder of the whole name.
  private static func parts(_ word: String) -> (path: String, system: String?) {
    guard !FileManager.default.fileExists(atPath: word), let colon = word.lastIndex(of: ":"),
      colon > word.startIndex, word.index(after: colon) < word.endIndex
    else { return (word, nil) }
    return (String(word[..<colon]), String(word[word.index(after: colon)...]))
  }

  private static func check(
    _ system: String, _ path: String, _ record: RunRecord, option: String? = nil
  ) throws {
    let names = ComparisonArm.systemNames(of: record)
    guard !names.contains(system) else { return }
    let near = NearestWord.of(system, in: names).map { "; did you mean \($0)?" } ?? ""
    let place = option.map { "\($0) \(system)" } ?? "\(path):\(system)"
    throw Output.fail(
      ["\(place): the record's systems are \(names.joined(separator: ", "))\(near)"], .usage)
  }

  /// The shortest names that tell the arms apart: the system, the scenario, the record.
  private static func labels(_ arms: [(header: RunHeader, system: String?)]) -> [String] {
    let forms: [(RunHeader) -> String] = [
      { $0.name }, { $0.name + "-" + ($0.id.split(separator: "-").last ?? "") }, { $0.id },
    ]
    let shortest = arms.map { $0.system ?? $0.header.name }
    let longer = forms.map { form in
      arms.map { form($0.header) + ($0.system.map { ":" + $0 } ?? "") }
    }
    return ([shortest] + longer).first { Set($0).count == arms.count } ?? longer[2]
  }
}
