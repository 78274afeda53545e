import ArgumentParser
import Validation

/// `assay simulator published`.
struct SimulatorPublishedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "published",
    abstract: "What others have measured and published beside what the simulator says.",
    discussion: """
      Each figure is simulated with the parameters that its publication tells, and with those of \
      the frozen model where it tells none. Figures that a parameter was chosen by are marked and \
      do not count; those that the model cannot express are listed with the reason. Takes minutes.
      """)

  @Option(
    help: ArgumentHelp(
      "A model by `assay simulator fit` (the one that Assay comes with).", valueName: "file"))
  var model: String?

  @Option(help: ArgumentHelp("How often each is simulated.", valueName: "count"))
  var replications = 5

  @Flag(help: "Print the table as JSON.")
  var json = false

  func validate() throws {
    if replications < 2 { throw ValidationError("--replications is a whole number from 2.") }
  }

  func run() async throws {
    try await SimulatorCommand.reporting {
      let table = try await PublishedTable(
        try ReferenceFile.model(at: model), replications: replications,
        atOnce: SimulatorCommand.atOnce)
      try SimulatorCommand.show(table, table.text, json: json, holds: table.holds)
    }
  }
}
