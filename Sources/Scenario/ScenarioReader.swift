internal import ControlPlane
internal import Deploy
internal import Measure
internal import Storage

/// Reads scenario files: YAML text to a typed scenario, or everything that is wrong with it.
public enum ScenarioReader {
  /// A scenario and what is odd about it.
  public struct Reading: Sendable {
    /// The scenario, checked.
    public var scenario: Scenario
    /// What can run, but perhaps not as meant.
    public var warnings: [Diagnostic]
  }

  /// Reads `text`, which stands in `file` (named in messages only), with overrides `path=value`.
  ///
  /// Latencies that the scenario takes from records are looked for by `records`; without it their
  /// keys keep their defaults. Throws every error of the file at once, in its order, those of
  /// overrides last.
  public static func read(
    text: String, file: String, overrides: [String] = [], records: RecordedLatencies? = nil
  ) throws(ScenarioError) -> Reading {
    let (tree, document, checker) = try checked(
      text: text, file: file, as: Grammar.document, overrides: overrides)
    var builder = Builder(checker: checker, tree: tree, records: records)
    let scenario = document.map { builder.scenario($0) }
    let found = builder.checker.diagnostics
    guard let scenario, !found.hasErrors else { throw ScenarioError(diagnostics: found.ordered) }
    return Reading(scenario: scenario, warnings: found.ordered)
  }

  /// Reads the scenario of a record: the overrides that it was run with stand below it as comments.
  ///
  /// Throws as ``read(text:file:overrides:)``.
  public static func read(
    recorded text: String, records: RecordedLatencies? = nil
  ) throws(ScenarioError) -> Reading {
    let mark = "# --set "
    let overrides = text.split(separator: "\n").filter { $0.hasPrefix(mark) }
      .map { String($0.dropFirst(mark.count)) }
    return try read(text: text, file: "scenario.yaml", overrides: overrides, records: records)
  }

  /// The file as a value of `kind` where it is one; what is wrong so far is in the checker.
  ///
  /// `overrides` is nil for files that take none.
  static func checked(
    text: String, file: String, as kind: Kind, overrides: [String]? = nil
  ) throws(ScenarioError) -> (tree: Tree, value: Value?, checker: Checker) {
    var diagnostics = DiagnosticCollector(file: file, text: text)
    guard var tree = TreeReader.read(text, into: &diagnostics) else {
      throw ScenarioError(diagnostics: diagnostics.ordered)
    }
    if let hint = misplaced(tree, as: kind) {
      diagnostics.add(hint.what, at: tree.place, hint: hint.hint)
      throw ScenarioError(diagnostics: diagnostics.ordered)
    }
    Overrides.apply(overrides ?? [], to: &tree, &diagnostics)
    var checker = Checker(diagnostics, takesOverrides: overrides != nil)
    return (tree, checker.value(tree, kind, ""), checker)
  }

  /// What a file is, and what reads it, where it is of another kind than the one that is due.
  ///
  /// Said in one error: key by key such a file is wrong everywhere.
  private static func misplaced(_ tree: Tree, as kind: Kind) -> (what: String, hint: String)? {
    let formats = [
      ("assay", "a scenario", "`assay run FILE` runs it"),
      ("assay-spec", "a specification", "`assay qualify RECORD --spec FILE` holds a record to it"),
      ("assay-figures", "a table of figures", "`assay import FILE` makes a record of it"),
    ]
    guard case .record(let members) = kind, let due = members.first?.name,
      let expected = formats.first(where: { $0.0 == due }), tree[due] == nil,
      let found = formats.first(where: { tree[$0.0] != nil })
    else { return nil }
    return ("this is \(found.1), and \(expected.1) is due", found.2)
  }
}

/// Makes the typed scenario, and finds what the grammar alone cannot.
struct Builder {
  var checker: Checker
  let tree: Tree
  private let records: RecordedLatencies?
  private var blocks = 1

  init(checker: Checker, tree: Tree, records: RecordedLatencies?) {
    self.checker = checker
    self.tree = tree
    self.records = records
  }

  mutating func scenario(_ document: Value) -> Scenario {
    var seed: UInt64?
    if case .seed(let given)? = document["seed"] { seed = given }
    var systems: [ScenarioSystem] = []
    for pair in document["systems"]?.pairs ?? [] {
      if let system = made(pair) { systems.append(system) }
    }
    let design = design(document["design"])
    blocks = design.blocks
    let workloads = (document["workloads"]?.pairs ?? []).compactMap { workload($0, systems) }
    let scenario = Scenario(
      name: document["name"]?.word ?? "", about: document["about"]?.word ?? "", seed: seed,
      systems: systems, workloads: workloads, design: design,
      limits: limits(workloads))
    if workloads.count == tree["workloads"]?.entries?.count {
      let used = Set(workloads.flatMap(\.systems))
      for system in systems where !used.contains(system.name) {
        checker.diagnostics.add(
          "no workload runs against \"\(system.name)\"",
          at: checker.keyPlaces["systems.\(system.name)"] ?? .file, severity: .warning)
      }
    }
    return scenario
  }

  private mutating func made(_ pair: Value.Pair) -> ScenarioSystem? {
    guard var target = SystemGrammar.target(pair.value) else { return nil }
    for problem in TargetRules.problems(of: target, pair.value, named: pair.key) {
      let place = checker.keyPlaces[problem.path] ?? checker.place(problem.path)
      checker.diagnostics.add(
        problem.message, at: place, hint: problem.hint, severity: problem.severity)
    }
    if case .cluster(var model) = target {
      takeMeasured(&model, pair)
      target = .cluster(model)
    }
    return ScenarioSystem(name: pair.key, target: target)
  }

  /// Gives the model the latencies that its keys take from records.
  private mutating func takeMeasured(_ model: inout ClusterModel, _ pair: Value.Pair) {
    guard let records else { return }
    for group in ClusterFields.groups {
      for field in group.fields {
        let key = "\(group.name).\(field.name)"
        let given = pair.value["cluster"]?[group.name]?[field.name]
        guard let latency = RecordedLatency(given, for: key, of: pair.key) else { continue }
        do throws(RecordedLatencyError) {
          let measured = try records(latency)
          field.apply(.measured(measured.distribution), &model)
          model.sources[key] = measured.source
        } catch {
          let path = "systems.\(pair.key).cluster.\(key).from-record"
          checker.diagnostics.add(error.message, at: checker.place(path), hint: error.hint)
        }
      }
    }
  }

  private func design(_ value: Value?) -> Design {
    var design = Design()
    if let order = value?["order"]?.word.flatMap(Design.Order.init(rawValue:)) {
      design.order = order
    }
    if let blocks = value?["blocks"]?.integer { design.blocks = blocks }
    if let confidence = value?["confidence"]?.share { design.confidence = confidence }
    return design
  }

  private mutating func workload(
    _ pair: Value.Pair, _ systems: [ScenarioSystem]
  ) -> ScenarioWorkload? {
    let path = "workloads.\(pair.key)"
    guard let kind = WorkloadGrammar(of: pair.value), let values = pair.value[kind.rawValue] else {
      return nil
    }
    let named = chosen(pair.value["systems"], path, kind, systems)
    guard let base = kind.workload(values) else { return nil }
    let axes = pair.value["sweep"]?.pairs ?? []
    let size = axes.reduce(1) { product, axis in
      let (value, overflow) = product.multipliedReportingOverflow(by: axis.value.items.count)
      return overflow ? Int.max : value
    }
    guard size <= 10_000 else {
      checker.error(
        "the sweep has more than 10000 points", checker.place(path + ".sweep"),
        hint: "sweep fewer keys at a time, in several workloads")
      return nil
    }
    for axis in axes where Set(axis.value.items).count != axis.value.items.count {
      checker.error(
        "the sweep over \(axis.key) tries a value twice",
        checker.place("\(path).sweep.\(axis.key)"))
    }
    let points = Self.points(axes, values)
    let workload = ScenarioWorkload(
      name: pair.key, base: base,
      namesEngine: values["engine"] != nil || axes.contains { $0.key == "engine" },
      sweep: axes.map { SweepAxis(key: $0.key, values: $0.value.items.map(\.text)) },
      points: points.compactMap { point in
        kind.workload(point.values).map { .init(labels: point.labels, workload: $0) }
      },
      systems: named.map(\.name),
      operation: operation(
        pair.value["operation"], path, base, times: points.count * named.count * blocks))
    // Where it would run nowhere, only its own contradictions are looked for.
    if kind == .storage {
      var rules = StorageRules(
        path: path, given: values, axes: axes.map(\.key), broken: broken(path, kind))
      rules.check(workload, systems: named)
      for problem in rules.problems {
        checker.diagnostics.add(
          problem.message, at: checker.keyPlaces[problem.path] ?? checker.place(problem.path),
          hint: problem.hint, severity: problem.severity)
      }
    }
    if kind == .simulation {
      let rules = SimulationRules(path: path, axes: axes.map(\.key), broken: broken(path, kind))
      for problem in rules.problems(of: workload, on: named) {
        checker.diagnostics.add(
          problem.message, at: checker.keyPlaces[problem.path] ?? checker.place(problem.path),
          hint: problem.hint, severity: problem.severity)
      }
    }
    if kind == .verbs {
      let rules = VerbsRules(
        path: path, given: values, axes: axes.map(\.key), broken: broken(path, kind))
      for problem in rules.problems(of: workload) {
        checker.diagnostics.add(
          problem.message, at: checker.keyPlaces[problem.path] ?? checker.place(problem.path),
          hint: problem.hint)
      }
    }
    return workload
  }

  private mutating func operation(
    _ value: Value?, _ path: String, _ workload: Workload, times: Int
  ) -> OnlineOperation? {
    guard let value, case .storage(let storage) = workload else { return nil }
    let place = "\(path).operation"
    guard let operation = OperationGrammar.operation(value) else { return nil }
    let problems = OperationRules.problems(of: operation, value, beside: storage)
    for problem in problems + [OperationRules.warning(operation, times: times)].compactMap(\.self) {
      let at = problem.path.isEmpty ? place : "\(place).\(problem.path)"
      checker.diagnostics.add(
        problem.message, at: checker.keyPlaces[at] ?? checker.place(at), hint: problem.hint,
        severity: problem.severity)
    }
    return operation
  }

  /// The keys of a workload whose value is not known for errors; `*` when one could be any.
  private func broken(_ path: String, _ kind: WorkloadGrammar) -> Set<String> {
    let parts = ["\(path).\(kind.rawValue).", "\(path).sweep."]
    var keys = Set(
      checker.broken.flatMap { broken in
        parts.filter(broken.hasPrefix).map { String(broken.dropFirst($0.count)) }
      })
    if checker.broken.contains("\(path).sweep") { keys.insert("*") }
    return keys
  }

  /// The systems that a workload names; without a list, all that it can run against.
  private mutating func chosen(
    _ names: Value?, _ path: String, _ kind: WorkloadGrammar, _ systems: [ScenarioSystem]
  ) -> [ScenarioSystem] {
    guard let names else {
      let fitting = systems.filter { kind.fits($0.target) }
      if fitting.isEmpty, !systems.isEmpty {
        checker.error(
          "no system here is one for \(kind.noun)",
          checker.keyPlaces[path] ?? checker.place(path))
      }
      return fitting
    }
    var result: [ScenarioSystem] = []
    for (index, name) in names.items.compactMap(\.word).enumerated() {
      let place = checker.place("\(path).systems.\(index)")
      guard let system = systems.first(where: { $0.name == name }) else {
        unknown("system", name, in: "systems", place)
        continue
      }
      if result.contains(where: { $0.name == name }) {
        checker.error("system \"\(name)\" is named twice", place)
      }
      guard kind.fits(system.target) else {
        checker.error("system \"\(name)\" is not one for \(kind.noun)", place)
        continue
      }
      result.append(system)
    }
    return result
  }

  /// Reports a name that the section does not have, unless it has it with errors of its own.
  private mutating func unknown(
    _ noun: String, _ name: String, in section: String, _ place: Diagnostic.Place
  ) {
    checker.unknown(noun, name, among: (tree[section]?.entries ?? []).map(\.key), place)
  }

  /// Every combination, the last key moving fastest.
  private static func points(
    _ axes: [Value.Pair], _ base: Value
  ) -> [(labels: [String], values: Value)] {
    var points: [(labels: [String], values: Value)] = [([], base)]
    for axis in axes {
      points = points.flatMap { point in
        axis.value.items.map { value in
          let others = point.values.pairs.filter { $0.key != axis.key }
          return (
            point.labels + ["\(axis.key)=\(value.text)"],
            .record(others + [.init(axis.key, value)])
          )
        }
      }
    }
    return points
  }

  // MARK: Limits

  private mutating func limits(_ workloads: [ScenarioWorkload]) -> [Limit] {
    var result: [Limit] = []
    for (limit, place) in checker.limits { result.append(check(limit, place, workloads)) }
    checker.contradictions()
    return result
  }

  private mutating func check(
    _ limit: Limit, _ place: Diagnostic.Place, _ workloads: [ScenarioWorkload]
  ) -> Limit {
    var limit = limit
    if let system = limit.system { unknown("system", system, in: "systems", place) }
    if let workload = limit.workload { unknown("workload", workload, in: "workloads", place) }
    if case .ratio(_, let other) = limit.bound {
      unknown("system", other, in: "systems", place)
    }
    checker.ratio(limit, place)
    for index in limit.conditions.indices {
      condition(&limit.conditions[index], limit, place, workloads)
    }
    return limit
  }

  /// Brings the value into the form of the sweep's labels, or says why it never matches.
  private mutating func condition(
    _ condition: inout Limit.Condition, _ limit: Limit, _ place: Diagnostic.Place,
    _ workloads: [ScenarioWorkload]
  ) {
    let about = workloads.filter { limit.workload == nil || $0.name == limit.workload }
    // With errors elsewhere the sweeps are not all known.
    guard !about.isEmpty, about.count == workloads.count || limit.workload != nil else { return }
    let axes = about.flatMap(\.sweep)
    let values = axes.filter { $0.key == condition.key }.flatMap(\.values)
    guard !values.isEmpty else {
      guard (tree["workloads"]?.entries ?? []).count == workloads.count else { return }
      let near = NearestWord.of(condition.key, in: axes.map(\.key))
      checker.error(
        "no workload sweeps over \"\(condition.key)\"", place,
        hint: near.map { "did you mean \"\($0)\"?" } ?? "the limit would never apply")
      return
    }
    if let kind = WorkloadGrammar.member(condition.key)?.kind.alternative(.scalar),
      let value = try? Scalars.read(condition.value, plain: true, kind, name: condition.key)
    {
      condition.value = value.text
    }
    guard !values.contains(condition.value) else { return }
    checker.error(
      "the sweep over \(condition.key) has no value \(condition.value)", place,
      hint: "its values are \(values.joined(separator: ", "))")
  }
}
