import ArgumentParser
import Calibration
import Foundation
import Validation

/// `assay simulator`.
struct SimulatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulator",
    abstract: "Hold the simulator against theory, real parts and published figures.",
    discussion: """
      Each command prints a table and ends with 1 where something is out of its bars, with 2 where \
      what it is held against is not known well enough.

        assay simulator closed-forms     queues whose results are known exactly
        assay simulator etcd             a real etcd, measured by `assay calibrate etcd`
        assay simulator control-plane    a real one, by `assay calibrate control-plane`
        assay simulator published        what others have measured and published
      """,
    subcommands: [
      SimulatorClosedFormsCommand.self, SimulatorEtcdCommand.self,
      SimulatorControlPlaneCommand.self,
      SimulatorPublishedCommand.self, SimulatorFitCommand.self, SimulatorCellCommand.self,
    ])

  /// How many simulations run at once: one a processor.
  static var atOnce: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// Prints a table, and ends the command with 1 where it does not hold, with 2 where that is open.
  static func show(_ table: some Encodable, _ text: String, json: Bool, holds: Bool?) throws {
    if json { try Output.json(table) } else { Output.result(text) }
    guard let holds else { throw ExitStatus.inconclusive.exit }
    if !holds { throw ExitStatus.limitViolated.exit }
  }

  /// Runs a command's body; a file that is missing or damaged ends it with that fault's code.
  static func reporting(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as CalibrationError {
      throw Output.fail([error.description], ExitStatus(error.kind))
    }
  }
}

/// `assay simulator closed-forms`.
struct SimulatorClosedFormsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closed-forms",
    abstract: "Queues of the simulator beside what queueing theory says of them.",
    discussion: """
      Each model is simulated in 20 replications from seeds that stand fixed; theory has to lie \
      within the 99.9 % interval of their mean. Takes some seconds.
      """)

  @Flag(help: "Print the table as JSON.")
  var json = false

  func run() async throws {
    let table = try ClosedFormTable(
      modelSHA256: (try? ReferenceFile.model(at: nil))?.contentSHA256)
    try SimulatorCommand.show(table, table.text, json: json, holds: table.holds)
  }
}
