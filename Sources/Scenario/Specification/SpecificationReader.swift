public import Measure

/// Reads specifications and waivers: YAML text to typed values, or everything that is wrong.
public enum SpecificationReader {
  static let document = Kind.record([
    Member(
      name: "assay-spec", kind: .integer(1...1), doc: "version of the format", required: true),
    Member(name: "name", kind: .name, doc: "name of the specification", required: true),
    Member(name: "version", kind: .text, doc: "its version, as its author counts", required: true),
    Member(name: "about", kind: .text, doc: "what it is for, in a sentence"),
    Member(name: "source", kind: .text, doc: "where it comes from", required: true),
    Member(
      name: "decision", kind: .word(["guard", "simple"]),
      doc: "by the whole confidence interval, or by the estimate alone", standard: "guard"),
    Member(
      name: "confidence", kind: .share(0.5...0.9999), doc: "confidence of the intervals",
      standard: Design().confidence.text),
    Member(name: "limits", kind: .list(.record(limit)), doc: "what must hold", required: true),
  ])

  private static let limit = [
    Member(name: "id", kind: .name, doc: "its name, for reports and waivers", required: true),
    Member(name: "limit", kind: .limit, doc: "as in a scenario", required: true),
    Member(name: "about", kind: .text, doc: "what it is for"),
    Member(name: "source", kind: .text, doc: "where it comes from, if elsewhere"),
    Member(
      name: "severity", kind: .word(Limit.Severity.allCases.map(\.rawValue)),
      doc: "whether its violation fails the whole", standard: Limit.Severity.fail.rawValue),
  ]

  static let waivers = Kind.list(
    .record([
      Member(name: "limit", kind: .name, doc: "the id of a limit", required: true),
      Member(name: "system", kind: .name, doc: "the system it is for; without it, every system"),
      Member(name: "who", kind: .text, doc: "who answers for it", required: true),
      Member(name: "why", kind: .text, doc: "why the failure is borne", required: true),
      Member(
        name: "until", kind: .date(orMonth: false), doc: "the last day on which it holds",
        required: true),
    ]))

  /// Whether a text is a specification: it says so in its first key.
  public static func recognises(_ text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("assay-spec:") }
  }

  /// What a specification is held against: the names that a run has.
  public struct Names: Sendable {
    /// The run's cases.
    public var cases: [CaseKey]
    /// The system that plays each role of the specification: `--as ROLE=SYSTEM`.
    public var roles: [String: String]

    /// Names the cases of a run and who plays which role.
    public init(cases: [CaseKey], roles: [String: String] = [:]) {
      self.cases = cases
      self.roles = roles
    }

    /// Puts the run's systems for the roles.
    func bind(_ limit: inout Limit) {
      limit.system = limit.system.map { roles[$0] ?? $0 }
      if case .ratio(let factor, let other) = limit.bound {
        limit.bound = .ratio(factor, of: roles[other] ?? other)
      }
    }
  }

  /// Reads `text`, which stands in `file` (named in messages only).
  ///
  /// With `names`, limits get the run's names by their roles, and a name that the run has not is an
  /// error. Throws every error of the file at once, in its order.
  public static func read(
    text: String, file: String, names: Names? = nil
  ) throws(ScenarioError) -> Specification {
    var (_, value, checker) = try ScenarioReader.checked(text: text, file: file, as: document)
    let specification = value.map { build($0, names, &checker) }
    let found = checker.diagnostics
    guard let specification, !found.hasErrors else {
      throw ScenarioError(diagnostics: found.ordered)
    }
    return specification
  }

  /// Reads a list of waivers; whether their limits exist is for the qualification to say.
  ///
  /// Throws every error of the file at once, in its order.
  public static func readWaivers(
    text: String, file: String
  ) throws(ScenarioError) -> [Waiver] {
    let (_, value, checker) = try ScenarioReader.checked(text: text, file: file, as: waivers)
    let found = checker.diagnostics
    guard let value, !found.hasErrors else { throw ScenarioError(diagnostics: found.ordered) }
    return value.items.enumerated().map { index, item in
      var place = file
      if case .position(let line, _) = checker.place(".\(index)") { place += ":\(line)" }
      return Waiver(
        limit: item["limit"]?.word ?? "", system: item["system"]?.word,
        who: item["who"]?.word ?? "", why: item["why"]?.word ?? "",
        until: item["until"]?.word ?? "", place: place)
    }
  }

  private static func build(
    _ document: Value, _ names: Names?, _ checker: inout Checker
  ) -> Specification {
    var specification = Specification(
      name: document["name"]?.word ?? "", version: document["version"]?.word ?? "",
      about: document["about"]?.word ?? "", source: document["source"]?.word ?? "",
      decision: document["decision"]?.word,
      confidence: document["confidence"]?.share ?? Design().confidence, limits: [])
    var seen: Set<String> = []
    for (index, value) in (document["limits"]?.items ?? []).enumerated() {
      guard var limit = value["limit"]?.limit, let id = value["id"]?.word else { continue }
      let path = "limits.\(index)"
      if !seen.insert(id).inserted {
        checker.error("the id \"\(id)\" is given twice", checker.place("\(path).id"))
      }
      if let severity = value["severity"]?.word.flatMap(Limit.Severity.init(rawValue:)) {
        limit.severity = severity
      }
      if let names { names.bind(&limit) }
      specification.limits.append(
        .init(
          id: id, limit: limit, about: value["about"]?.word ?? "",
          source: value["source"]?.word ?? specification.source))
    }
    // Over the limits that could be read, also where the rest of their entry is wrong.
    for (limit, place) in checker.limits {
      checker.ratio(limit, place)
      if let names { check(limit, against: names, place, &checker) }
    }
    checker.contradictions()
    if let names { roles(of: names, &checker) }
    return specification
  }

  // MARK: Names

  private static func check(
    _ limit: Limit, against names: Names, _ place: Diagnostic.Place, _ checker: inout Checker
  ) {
    // A role whose player is not there is said once, with the roles.
    for role in limit.systems where names.roles[role] == nil {
      known("system", role, names.cases.map(\.system), place, &checker)
    }
    if let workload = limit.workload {
      known("workload", workload, names.cases.map(\.workload), place, &checker)
    }
    let about = names.cases.filter { limit.workload == nil || limit.workload == $0.workload }
    for condition in limit.conditions
    where !about.isEmpty && !about.contains(where: { $0.point.contains(condition.label) }) {
      let points = Set(about.flatMap(\.point)).sorted()
      let word = ["workload": "for", "system": "of"][condition.key]
      let rather = word.map { "write \"METRIC \($0) \(condition.value)\" for that" }
      checker.error(
        "the run has no case with \(condition.key) = \(condition.value)", place,
        hint: rather
          ?? (points.isEmpty
            ? "it swept over nothing" : "it has \(points.joined(separator: ", "))"))
    }
  }

  private static func known(
    _ noun: String, _ name: String, _ all: [String], _ place: Diagnostic.Place,
    _ checker: inout Checker
  ) {
    let names = Set(all).sorted()
    guard !names.contains(name) else { return }
    let near = NearestWord.of(name, in: names).map { "did you mean \"\($0)\"? " } ?? ""
    let list = "the run's \(noun)s are \(names.joined(separator: ", "))"
    let role = noun == "system" ? "; say who plays it with --as \(name)=SYSTEM" : ""
    checker.error("the run has no \(noun) \"\(name)\"", place, hint: near + list + role)
  }

  private static func roles(of names: Names, _ checker: inout Checker) {
    let systems = Set(names.cases.map(\.system)).sorted()
    let all = checker.limits.flatMap(\.limit.systems)
    for (role, system) in names.roles.sorted(by: { $0.key < $1.key }) {
      let place = Diagnostic.Place.argument("--as \(role)=\(system)")
      // A limit that could not be read may be the one that names it.
      if !all.contains(role), !checker.hasUnreadLimit {
        let near = NearestWord.of(role, in: all).map { "did you mean \"\($0)\"?" }
        let list = "its roles are \(Set(all).sorted().joined(separator: ", "))"
        checker.error(
          "no limit of the specification names \"\(role)\"", place,
          hint: near ?? (all.isEmpty ? "its limits are about every system" : list))
      }
      checker.unknown("system", system, among: systems, place)
    }
  }
}

extension Limit {
  /// The systems that it names.
  fileprivate var systems: [String] {
    var names = [system].compactMap { $0 }
    if case .ratio(_, let other) = bound { names.append(other) }
    return names
  }
}
