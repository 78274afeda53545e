import ArgumentParser
import Calibration
import Foundation
import Ledger
import Measure
import Validation

/// `assay simulator control-plane`.
struct SimulatorControlPlaneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control-plane",
    abstract: "The simulator's control plane beside a real one, experiment by experiment.",
    discussion: """
      What a request costs comes from a calibration by other experiments (`assay calibrate \
      control-plane --fitting`); the experiments of the real record are predicted with it. Of the \
      real arm the median and the extremes of its repetitions stand there, of the simulated one \
      those of its seeds. Ends with 1 where a figure is out of its bar, with 2 where it is among \
      the real repetitions all the same (marked ?).

        assay simulator control-plane
        assay simulator control-plane --real control-plane.json --records /tmp/arms
        assay compare /tmp/arms/control-plane-real:real /tmp/arms/control-plane-simulated:simulated
      """)

  @Option(
    help: ArgumentHelp(
      "A record by `assay calibrate control-plane` (the one that Assay comes with).",
      valueName: "file"))
  var real: String?

  @Option(
    help: ArgumentHelp(
      "A record by `assay calibrate control-plane --fitting` (the one that Assay comes with).",
      valueName: "file"))
  var calibration: String?

  @Option(help: ArgumentHelp("Repetitions of the simulated arm, a seed each.", valueName: "count"))
  var seeds = 5

  @Option(
    help: ArgumentHelp(
      "Write both arms as records to this folder, for `assay compare`.", valueName: "folder"))
  var records: String?

  @Flag(help: "Print costs and rows as JSON.")
  var json = false

  func validate() throws {
    if seeds < 1 { throw ValidationError("--seeds is a whole number from 1.") }
  }

  private struct Result: Encodable {
    var costs: RequestCosts
    var rows: [ControlPlaneComparison.Row]
  }

  func run() async throws {
    do {
      let record = try ReferenceFile.controlPlane(at: real, "control-plane-real")
      let costs = try RequestCosts(
        try ReferenceFile.controlPlane(at: calibration, "control-plane-calibration"),
        try ReferenceFile.model(at: nil))
      let pairs = record.reports.filter { !$0.repetitions.isEmpty }.map { report in
        (
          real: report,
          simulated: SimulatedControlPlane(of: report, costs, seeds: 1..<UInt64(seeds) + 1)
        )
      }
      let comparison = ControlPlaneComparison(pairs)
      if let records {
        let paths = try ControlPlaneRunRecords.write(
          pairs, of: record, toolVersion: Assay.version, to: records)
        for path in paths { Output.note("wrote \(path)") }
      }
      try SimulatorCommand.show(
        Result(costs: costs, rows: comparison.rows), comparison.table.joined(separator: "\n"),
        json: json, holds: comparison.holds)
    } catch let error as CalibrationError {
      throw Output.fail([error.description], ExitStatus(error.kind))
    } catch let error as LedgerError {
      throw Output.fail(error)
    }
  }
}
