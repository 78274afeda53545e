internal import Measure

/// Reads files of published figures: YAML text to a typed table, or everything that is wrong.
public enum FiguresReader {
  static let document = Kind.record([
    Member(
      name: "assay-figures", kind: .integer(1...1), doc: "version of the format", required: true),
    Member(name: "name", kind: .name, doc: "name of the table", required: true),
    Member(name: "about", kind: .text, doc: "what the figures are of, in a sentence"),
    Member(name: "source", kind: .record(source), doc: "where they stand", required: true),
    Member(
      name: "systems", kind: .map(noun: "system", .record(system)), doc: "what was measured",
      required: true),
    Member(name: "rows", kind: .list(.record(row)), doc: "the table", required: true),
  ])

  private static let source = [
    Member(name: "article", kind: .text, doc: "title and publisher", required: true),
    Member(name: "date", kind: .date(orMonth: true), doc: "when it was published", required: true),
  ]

  private static let system = [
    Member(
      name: "disclosure", kind: .notes(noun: "fact"),
      doc: "what the source discloses of it; what it leaves out stays out", required: true),
    Member(name: "source", kind: .record(source), doc: "where its figures stand, if elsewhere"),
  ]

  private static let row = [
    Member(name: "workload", kind: .name, doc: "what was done", required: true),
    Member(name: "point", kind: .notes(noun: "swept key"), doc: "the point of a sweep"),
    Member(
      name: "disclosure", kind: .notes(noun: "fact"), doc: "what the source discloses of the row"),
    Member(
      name: "metrics", kind: .map(noun: "system", .figures),
      doc: "by system, figures by metric: iops: 682k/s; a bound is written \">= 1200s\"",
      required: true),
  ]

  /// Whether a text is such a file: it says so in its first key.
  public static func recognises(_ text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("assay-figures:") }
  }

  /// Reads `text`, which stands in `file` (named in messages only).
  ///
  /// Throws every error of the file at once, in its order.
  public static func read(
    text: String, file: String
  ) throws(ScenarioError) -> PublishedFigures {
    var (tree, value, checker) = try ScenarioReader.checked(text: text, file: file, as: document)
    let figures = value.map { table($0, tree, &checker) }
    let found = checker.diagnostics
    guard let figures, !found.hasErrors else { throw ScenarioError(diagnostics: found.ordered) }
    return figures
  }

  private static func table(
    _ document: Value, _ tree: Tree, _ checker: inout Checker
  ) -> PublishedFigures {
    let source = source(document["source"])
    var figures = PublishedFigures(
      name: document["name"]?.word ?? "", about: document["about"]?.word ?? "", source: source,
      systems: [], rows: [])
    figures.systems = (document["systems"]?.pairs ?? []).map { pair in
      .init(
        name: pair.key,
        source: pair.value["source"].map { Self.source($0) } ?? source,
        disclosure: texts(pair.value["disclosure"]))
    }
    let names = (tree["systems"]?.entries ?? []).map(\.key)
    var seen: Set<CaseKey> = []
    for (index, value) in (document["rows"]?.items ?? []).enumerated() {
      let row = row(value)
      for cell in row.cells {
        let path = "rows.\(index).metrics.\(cell.system)"
        let place = checker.keyPlaces[path] ?? checker.place(path)
        checker.unknown("system", cell.system, among: names, place)
        let key = CaseKey(system: cell.system, workload: row.workload, point: row.point)
        if !seen.insert(key).inserted {
          checker.error(
            "\(key) stands in two rows", place,
            hint: "one row a workload and point; a repetition is another file")
        }
      }
      figures.rows.append(row)
    }
    return figures
  }

  private static func source(_ value: Value?) -> PublishedFigures.Source {
    .init(article: value?["article"]?.word ?? "", date: value?["date"]?.word ?? "")
  }

  private static func texts(_ value: Value?) -> [String: String] {
    Dictionary((value?.pairs ?? []).map { ($0.key, $0.value.word ?? "") }) { _, last in last }
  }

  private static func row(_ value: Value) -> PublishedFigures.Row {
    let cells = (value["metrics"]?.pairs ?? []).map { pair in
      PublishedFigures.Cell(system: pair.key, figures: pair.value.pairs.compactMap(\.value.figure))
    }
    return PublishedFigures.Row(
      workload: value["workload"]?.word ?? "",
      point: (value["point"]?.pairs ?? []).map { "\($0.key)=\($0.value.word ?? "")" },
      disclosure: texts(value["disclosure"]), cells: cells)
  }
}
