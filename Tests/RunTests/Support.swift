import Foundation
import Ledger
import Measure
import TestSupport
import Testing

/// Suites that run the program: one test at a time, since devices and latencies are shared by all.
@Suite(.serialized, .timeLimit(.minutes(3))) enum Program {}

/// The program that was built beside these tests, in a folder of its own.
final class Workshop {
  let folder: TemporaryFolder

  /// The program.
  static let assay = Checkout.assay

  /// The repository.
  static let package = Checkout.folder

  /// What stands before the program: nothing, or what gives it a /run of this workshop's own.
  private let opening: [String]

  /// With `ownRun`, what killed runs leave written down in /run is seen by this workshop's alone.
  init(in parent: String? = nil, ownRun: Bool = false) throws {
    folder = try TemporaryFolder(in: parent)
    guard ownRun else {
      opening = []
      return
    }
    let run = folder.path("run")
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
    opening = [
      "unshare", "-m", "sh", "-c", "mount --bind \"$0\" /run && exec \"$@\"", run,
    ]
  }

  var results: String { folder.path("results") }

  /// A path that a scenario may use.
  func path(_ name: String) -> String { folder.path(name) }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.path(name))
  }

  /// Writes a scenario of one system `disk` and the workloads given; gives its path.
  func scenario(
    _ system: String, _ workloads: String..., more: String = "", name: String = "test"
  ) throws -> String {
    try folder.write(
      """
      assay: 1
      name: \(name)
      about: A test.
      systems:
        disk: \(system)
      workloads:
        \(workloads.joined(separator: "\n  "))
      \(more)

      """, to: "\(name).yaml")
  }

  /// Runs the program to its end.
  @discardableResult func assay(
    _ words: [String], input: String = "", environment: [String: String] = [:],
    folder: String? = nil
  ) throws -> Command.Result {
    try Command.run(
      opening + [Self.assay] + words, input: input, environment: environment, folder: folder)
  }

  /// Runs a scenario to its end.
  @discardableResult func run(_ scenario: String, _ more: String...) throws -> Command.Result {
    try assay(["run", scenario, "--results", results] + more)
  }

  /// Starts a run and goes on.
  func start(_ scenario: String, _ more: String...) throws -> BackgroundCommand {
    try start(["run", scenario, "--results", results] + more)
  }

  /// Starts the program and goes on.
  func start(
    _ words: [String], environment: [String: String] = [:], folder: String? = nil
  ) throws -> BackgroundCommand {
    try Command.start(
      opening + [Self.assay] + words, environment: environment, folder: folder)
  }

  func resume(_ record: String, _ more: String...) throws -> Command.Result {
    try assay(["run", "--resume", record] + more)
  }

  /// Folders of all records.
  var records: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: results)) ?? []
    return names.sorted().map { results + "/" + $0 }
  }

  /// The one record there is.
  func record() throws -> RunRecord {
    try #require(records.count == 1, "\(records)")
    return try RunRecord.read(records[0])
  }

  /// Lines of the one record's event file as they stand now, whole ones only.
  var events: [String] {
    guard let folder = records.first,
      let text = try? String(contentsOfFile: folder + "/events.jsonl", encoding: .utf8)
    else { return [] }
    return Array(text.split(separator: "\n", omittingEmptySubsequences: false).dropLast())
      .map(String.init)
  }

  /// How many events of a kind there are.
  func count(_ kind: String) -> Int {
    events.count { $0.contains("\"event\":\"\(kind)\"") }
  }

  /// Waits until a condition holds, looking at it without a pause.
  func wait(_ seconds: Double = 60, until holds: () throws -> Bool) throws {
    let end = Date().addingTimeInterval(seconds)
    while try !holds() {
      try #require(Date() < end, "waited in vain; events:\n\(events.joined(separator: "\n"))")
      usleep(500)
    }
  }
}

extension Workshop {
  /// Writes a scenario of two small simulated clusters, on a fast disk and on a slow one; `rest`
  /// are its further keys.
  func tinySimulation(_ rest: String) throws -> String {
    try folder.write(
      """
      assay: 1
      name: tiny
      systems:
        fast: {cluster: {nodes: 5, etcd: {wal-sync: 1ms}}}
        slow: {cluster: {nodes: 5, etcd: {wal-sync: 8ms}}}
      workloads:
        churn: {simulation: {duration: 20s, warm-up: 5s, pods: 50, pod-churn: 2/s}}
      \(rest)

      """, to: "tiny.yaml")
  }
}

/// What `--json` prints, as far as the tests look at it.
struct Answer: Decodable {
  struct Case: Decodable {
    var name: String
    var trials: Int
    var metrics: [String: Metric]
  }
  struct Metric: Decodable {
    var value: Double
    var unit: String
    var interval: Interval?
    var n: Int
  }
  struct Interval: Decodable {
    var lower: Double
    var upper: Double
  }
  struct Judged: Decodable {
    var verdict: String
  }
  var record: String
  var complete: Bool
  var verdict: String
  var exitCode: Int32
  var limits: [Judged]
  var cases: [Case]

  init(_ result: Command.Result) throws {
    self = try JSONDecoder().decode(Answer.self, from: Data(result.stdout.utf8))
  }

  func metric(_ name: String, of index: Int = 0) throws -> Double {
    try #require(cases[index].metrics[name], "no \(name)").value
  }
}

/// One code of findings of a trial, with its message.
func message(_ code: String, in trial: TrialRecord) -> String? {
  trial.findings.first { $0.code == code }?.message
}

/// A number of a trial's detail, whole or not.
func number(_ value: JSONValue?) throws -> Double {
  let number: Double? =
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    default: nil
    }
  return try #require(number, "a number is due, not \(String(describing: value))")
}
