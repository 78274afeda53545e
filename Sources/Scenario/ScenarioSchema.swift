internal import Foundation
public import Measure

/// The scenario format for machines and people, made from the grammar that the reader uses.
public enum ScenarioSchema {
  /// Formats that have a schema.
  public enum Format: Sendable {
    /// Scenario files.
    case scenario
    /// Specifications.
    case specification
  }

  /// The JSON Schema (draft-07, which yaml-language-server understands) as text.
  public static func json(of format: Format = .scenario) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Strings, numbers and lists cannot fail to encode.
    guard let data = try? encoder.encode(value(of: format)) else { return "{}\n" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// The JSON Schema as a value.
  public static func value(of format: Format = .scenario) -> JSONValue {
    let document =
      switch format {
      case .scenario: Grammar.document
      case .specification: SpecificationReader.document
      }
    guard case .object(var schema) = schema(document) else { return .null }
    schema["$schema"] = .string("http://json-schema.org/draft-07/schema#")
    schema["title"] = .string(format == .scenario ? "Assay scenario" : "Assay specification")
    return .object(schema)
  }

  /// Every key with what it takes, its default and its meaning, as Markdown tables.
  public static func reference() -> String {
    guard case .record(let document) = Grammar.document,
      case .variant(_, let systems) = SystemGrammar.kind,
      case .variant(_, let workloads) = Grammar.workload
    else { return "" }
    var text = table("Scenario", document)
    text += table("systems.<name>", Array(systems.joined()))
    text += table("systems.<name>.nvme-of", SystemGrammar.fabrics)
    text += table("systems.<name>.virtual-function", SystemGrammar.virtualFunction)
    text += table("systems.<name>.fabric", SystemGrammar.fabric)
    text += table("systems.<name>.cluster", ClusterGrammar.members)
    for group in ClusterFields.groups {
      text += table("systems.<name>.cluster.\(group.name)", group.members)
    }
    text += table("systems.<name>.cluster.pools.<name>", ClusterGrammar.pool)
    text += table("workloads.<name>", Self.once(workloads.joined()))
    for kind in WorkloadGrammar.allCases {
      text += table("workloads.<name>.\(kind.rawValue)", kind.members)
    }
    text += table("workloads.<name>.simulation.deployments.<name>", DeploymentGrammar.members)
    text += table("workloads.<name>.operation", OperationGrammar.members)
    text += table("workloads.<name>.operation.http", OperationGrammar.http)
    text += table("workloads.<name>.operation.qmp", OperationGrammar.qmp)
    if case .record(let design)? = document.first(where: { $0.name == "design" })?.kind {
      text += table("design", design)
    }
    return text
  }

  private static let seenBelow = Set(
    [
      "sweep", "nvme-of", "virtual-function", "fabric", "operation", "http", "qmp", "cluster",
      "pools",
      "deployments",
    ] + ClusterFields.groups.map(\.name)
      + WorkloadGrammar.allCases.map(\.rawValue))

  /// The first of members that share their name.
  private static func once(_ members: some Sequence<Member>) -> [Member] {
    var seen: Set<String> = []
    return members.filter { seen.insert($0.name).inserted }
  }

  private static func table(_ title: String, _ members: [Member]) -> String {
    var lines = ["### \(title)", "", "| key | takes | default | meaning |", "|---|---|---|---|"]
    for member in members {
      let standard = member.required ? "required" : member.standard.map { "`\($0)`" } ?? ""
      let takes = seenBelow.contains(member.name) ? "see below" : member.kind.text
      lines.append("| `\(member.name)` | \(takes) | \(standard) | \(member.doc) |")
    }
    return lines.joined(separator: "\n") + "\n\n"
  }

  // MARK: Kinds

  private static func schema(_ kind: Kind) -> JSONValue {
    switch kind {
    case .integer(let range):
      var schema: [String: JSONValue] = [
        "type": .string("integer"), "minimum": .integer(Int64(range.lowerBound)),
      ]
      if range.upperBound != .max { schema["maximum"] = .integer(Int64(range.upperBound)) }
      return .object(schema)
    case .seed: return .object(["type": .string("integer"), "minimum": .integer(0)])
    case .boolean: return .object(["type": .string("boolean")])
    case .word(let words): return .object(["enum": .array(words.map { .string($0) })])
    // Empty is for the override to fill; the reader asks for it.
    case .text: return .object(["type": .array([.string("string"), .string("number")])])
    case .name: return pattern("[a-z0-9-]+", also: "integer")
    case .limit: return pattern(".*(<=|>=|<|>|=).*")
    case .list(let kind):
      return .object([
        "type": .string("array"), "minItems": .integer(1), "items": schema(kind),
      ])
    case .record(let members): return object(members)
    case .variant(_, let variants): return .object(["oneOf": .array(variants.map(object))])
    case .map(_, let kind):
      return .object([
        "type": .string("object"), "minProperties": .integer(1),
        "additionalProperties": schema(kind),
        "propertyNames": .object(["pattern": .string("^[a-z0-9-]+$")]),
      ])
    case .date(let orMonth): return pattern("[0-9]{4}-[0-9]{2}(-[0-9]{2})" + (orMonth ? "?" : ""))
    case .notes, .figures:
      return .object([
        "type": .string("object"), "minProperties": .integer(1),
        "additionalProperties": schema(.text),
      ])
    case .anyOf(let kinds): return .object(["anyOf": .array(kinds.map(schema))])
    case .size, .sizes, .duration, .share, .number, .rate, .perSecond: return quantity(kind)
    }
  }

  private static func quantity(_ kind: Kind) -> JSONValue {
    let number = #"[0-9]+(\.[0-9]+)?"#
    func units(_ units: [(name: String, factor: Int64)]) -> String {
      "(\(units.map(\.name).joined(separator: "|")))"
    }
    // A size or a duration of nothing is refused where the least is more.
    let positive = #"(?=[0-9.]*[1-9])"#
    let size = number + units(QuantityText.sizeUnits)
    switch kind {
    case .size(let least): return pattern((least > 0 ? positive : "") + size)
    case .sizes: return pattern(positive + size + "(-" + positive + size + ")?")
    case .duration(let least):
      return pattern((least > 0 ? positive : "") + number + units(QuantityText.durationUnits))
    case .share: return pattern(number + "%")
    case .rate:
      let rate = number + units(QuantityText.rateUnits)
      return pattern(positive + "(\(rate)|\(size)/s|\(number)%( of maximum)?)")
    case .perSecond(let allowsZero):
      return pattern((allowsZero ? "" : positive) + number + units(QuantityText.rateUnits))
    case .number(let above, let below):
      var schema: [String: JSONValue] = [
        "type": .string("number"), "exclusiveMinimum": .number(above),
      ]
      if below.isFinite { schema["exclusiveMaximum"] = .number(below) }
      return .object(schema)
    default: return .object([:])
    }
  }

  private static func pattern(_ pattern: String, also type: String? = nil) -> JSONValue {
    let types: JSONValue =
      type.map { .array([.string("string"), .string($0)]) } ?? .string("string")
    return .object(["type": types, "pattern": .string("^\(pattern)$")])
  }

  private static func object(_ members: [Member]) -> JSONValue {
    var properties: [String: JSONValue] = [:]
    for member in members {
      guard case .object(var inner) = schema(member.kind) else { continue }
      inner["description"] = .string(member.doc)
      if let standard = member.standard { inner["default"] = json(standard, member.kind) }
      properties[member.name] = .object(inner)
    }
    return .object([
      "type": .string("object"), "additionalProperties": .bool(false),
      "properties": .object(properties),
      "required": .array(members.filter(\.required).map { .string($0.name) }),
    ])
  }

  /// A default as JSON rather than as it is written in YAML.
  private static func json(_ text: String, _ kind: Kind) -> JSONValue {
    switch kind {
    case .integer: Int64(text).map { .integer($0) } ?? .string(text)
    case .boolean: .bool(text == "true")
    default: .string(text)
    }
  }
}
