import Foundation
import Scenario
import TestSupport
import Testing

@Suite struct SchemaTests {
  /// Prints a line a file: its name, and "accepts" or "refuses"; `off` is no boolean in YAML 1.2.
  static let check = """
    import sys, json, re, yaml, jsonschema
    class Loader(yaml.SafeLoader): pass
    Loader.yaml_implicit_resolvers = {
      k: [(t, r) for t, r in v if not t.endswith((":bool", ":timestamp"))]
      for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    Loader.add_implicit_resolver(
      "tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for name in sys.argv[2:]:
      try:
        documents = list(yaml.load_all(open(name), Loader))
        good = len(documents) == 1 and validator.is_valid(documents[0])
      except yaml.YAMLError:
        good = False
      print(name.split("/")[-1], "accepts" if good else "refuses")
    """

  private func verdicts(
    _ files: [URL], of format: ScenarioSchema.Format = .scenario
  ) throws -> [String: String] {
    let schema = FileManager.default.temporaryDirectory
      .appending(path: "assay-schema-\(UUID().uuidString).json")
    try Data(ScenarioSchema.json(of: format).utf8).write(to: schema)
    defer { try? FileManager.default.removeItem(at: schema) }
    let command = try Command.run(
      ["python3", "-c", Self.check, schema.path] + files.map(\.path))
    #expect(command.status == 0)
    let pairs = command.stdout.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
  }

  @Test(Requires.python("jsonschema"), Requires.python("yaml"))
  func theSchemaAcceptsEveryShippedScenario() throws {
    let shipped = try files("scenarios", ".yaml")
    let verdicts = try verdicts(shipped)
    #expect(verdicts.count == shipped.count)
    for (name, verdict) in verdicts { #expect(verdict == "accepts", "\(name)") }
  }

  @Test(Requires.python("jsonschema"), Requires.python("yaml"))
  func theSchemaOfSpecificationsAcceptsThemAndNoScenario() throws {
    let shipped = try files("scenarios/specs", ".yaml")
    let others =
      try files("scenarios", ".yaml") + files("Tests/ScenarioTests/Bad/specs", "keys.yaml")
    let verdicts = try verdicts(shipped + others, of: .specification)
    for file in shipped { #expect(verdicts[file.lastPathComponent] == "accepts", "\(file)") }
    for file in others { #expect(verdicts[file.lastPathComponent] == "refuses", "\(file)") }
  }

  @Test(Requires.python("jsonschema"), Requires.python("yaml"))
  func theSchemaRefusesWhatTheGrammarRefuses() throws {
    let bad = try files("Tests/ScenarioTests/Bad", ".yaml")
    let verdicts = try verdicts(bad)
    #expect(verdicts.count == bad.count)
    for file in bad {
      let text = try String(contentsOf: file, encoding: .utf8)
      // What only the reader can know, such as names and contradictions, is marked in the file.
      let expected = text.hasPrefix("# schema: accepts") ? "accepts" : "refuses"
      #expect(verdicts[file.lastPathComponent] == expected, "\(file.lastPathComponent)")
    }
  }

  @Test func theReferenceNamesEveryStorageKeyWithItsDefault() {
    let reference = ScenarioSchema.reference()
    #expect(reference.contains("| `queue-depth` | a whole number from 1 to 65536 | `1` |"))
    #expect(reference.contains("| `hang-bound` | a duration such as 30s | `1s` |"))
    #expect(reference.contains("| `existing` | refuse, overwrite | `refuse` |"))
  }
}
