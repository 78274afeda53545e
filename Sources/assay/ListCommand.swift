import ArgumentParser
import Foundation
import Ledger
import Measure
import Scenario
import Storage
import Verify

/// `assay list`.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List runs, scenarios, specifications, metrics or engines.")

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case runs, scenarios, specs, metrics, engines
  }

  @Argument(help: "runs, scenarios, specs, metrics or engines.")
  var kind: Kind

  @OptionGroup var results: ResultsArguments

  @Option(help: ArgumentHelp("The folder of scenario files.", valueName: "folder"))
  var scenarios = "scenarios"

  @Flag(help: "Print the result as JSON.")
  var json = false

  struct Row: Encodable {
    var name: String
    var about: String
  }

  func run() throws {
    let rows =
      switch kind {
      case .runs: runs()
      case .scenarios: files(in: scenarios)
      case .specs: files(in: scenarios + "/specs")
      case .metrics:
        MetricCatalogue.entries.map { entry in
          let statistics = entry.takesStatistic ? " mean|min|max|p50|p99|..." : ""
          return Row(
            name: entry.name + statistics,
            about: "\(entry.about) [\(entry.unit.rawValue), \(entry.direction.rawValue) is better]")
        }
      case .engines: engines()
      }
    if json { return try Output.json(rows) }
    if rows.isEmpty { return Output.note("there are none") }
    let width = min(rows.map(\.name.count).max() ?? 0, 60)
    for row in rows {
      let padding = String(repeating: " ", count: max(width - row.name.count, 0))
      Output.result("\(row.name)\(padding)  \(row.about)")
    }
  }

  private func runs() -> [Row] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: results.folder)) ?? []
    return names.sorted().compactMap { name -> Row? in
      let path = results.folder + "/" + name
      guard FileManager.default.fileExists(atPath: path + "/events.jsonl") else { return nil }
      do {
        let record = try RunRecord.read(path, details: .omitted)
        let state = record.isComplete ? "complete" : "cut short"
        return Row(
          name: path,
          about: "\(record.header.name), \(counted(record.trials.count, "trial")), \(state)")
      } catch {
        return Row(name: path, about: "damaged: \(error)")
      }
    }
  }

  private func files(in folder: String) -> [Row] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { $0.hasSuffix(".yaml") }.map { name in
      let path = folder + "/" + name
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      let about = text.split(separator: "\n").first { $0.hasPrefix("about:") }
      return Row(
        name: path,
        about: about.map {
          $0.dropFirst(6).trimmingCharacters(in: CharacterSet(charactersIn: " \""))
        } ?? "")
    }
  }

  private func engines() -> [Row] {
    StorageWorkload.Engine.allCases.map { engine in
      var workload = StorageWorkload(pattern: .randomRead)
      workload.engine = engine
      do {
        let granted = try EngineProbe.granted(to: workload)
        return Row(
          name: engine.rawValue,
          about: granted.isEmpty ? "available" : "available: " + granted.joined(separator: ", "))
      } catch let error as StorageError {
        return Row(name: engine.rawValue, about: "not available: \(error.message)")
      } catch {
        return Row(name: engine.rawValue, about: "not available: \(error)")
      }
    }
  }
}

/// `assay schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema (draft-07) of scenarios, specifications or records.",
    discussion: """
      For editors with yaml-language-server, put this line on top of a scenario:
      # yaml-language-server: $schema=/path/to/assay.schema.json
      """)

  @Flag(help: "Print a reference of every key in Markdown instead.")
  var reference = false

  @Flag(help: "Print the schema of specifications, for `qualify`.")
  var spec = false

  @Flag(help: "Print the schema of a record's files: a definition for each.")
  var record = false

  func validate() throws {
    if [reference, spec, record].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --reference, --spec and --record.")
    }
  }

  func run() {
    if record { return Output.result(RecordSchema.text) }
    Output.result(
      reference
        ? ScenarioSchema.reference() : ScenarioSchema.json(of: spec ? .specification : .scenario))
  }
}
