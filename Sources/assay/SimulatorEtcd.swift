import ArgumentParser
import Measure
import Validation

/// `assay simulator etcd`.
struct SimulatorEtcdCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "etcd",
    abstract: "The simulator's etcd beside a real one, point by point.",
    discussion: """
      The model was fitted to a few points of one calibration and frozen; those are marked and do \
      not count. The others are predicted: rate within 15 %, mean latency within 20 %, puts a \
      write of the log within 15 %, outages without a leader by the test of Kolmogorov and Smirnov.

        assay simulator etcd
        assay simulator etcd --calibration other.json --json
      """)

  @Option(
    help: ArgumentHelp(
      "A calibration by `assay calibrate etcd` (the one that Assay comes with).",
      valueName: "file"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "A model by `assay simulator fit` (the one that Assay comes with).", valueName: "file"))
  var model: String?

  @Flag(help: "Print the table as JSON.")
  var json = false

  func run() async throws {
    try await SimulatorCommand.reporting {
      let table = try await EtcdTable(
        try ReferenceFile.calibration(at: calibration), try ReferenceFile.model(at: model),
        atOnce: SimulatorCommand.atOnce)
      try SimulatorCommand.show(table, table.text, json: json, holds: table.holds)
    }
  }
}

/// `assay simulator fit`.
struct SimulatorFitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit the simulator's etcd to a calibration.",
    discussion: """
      Puts and reads of 1 and 64 clients are fitted, all else is left to be predicted. The same \
      calibration gives the same model.

        assay simulator fit --calibration etcd.json --output model.json
      """)

  @Option(
    help: ArgumentHelp(
      "A calibration by `assay calibrate etcd` (the one that Assay comes with).",
      valueName: "file"))
  var calibration: String?

  @Option(
    help: ArgumentHelp("Write the model to this file instead of stdout.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the model, which is JSON, even where it is written to a file.")
  var json = false

  func run() async throws {
    try await SimulatorCommand.reporting {
      let measured = try ReferenceFile.calibration(at: calibration)
      let text = try await EtcdFit.model(of: measured) {
        Output.note($0)
      }.text()
      if let output { try Output.write(text, to: output) }
      if json || output == nil { Output.result(text) }
    }
  }
}
