import ArgumentParser

/// The program.
@main
struct Assay: AsyncParsableCommand {
  /// Assay's version; part of every record.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "assay",
    abstract: "Proves bare metal: storage measured, with its evidence.",
    discussion: """
      A scenario says what is tested and how. `plan` shows what would happen, \
      `run` does it and leaves a record, `report` renders a record.

        assay run scenarios/quickstart.yaml    measure this machine's disk, safely
        assay plan scenarios/etcd-disk.yaml    see what a run would do
        assay import job.fio > job.yaml        bring a fio job along
        assay compare results/runs/RECORD      its systems beside each other
        assay report results/runs/RECORD --format html --output report.html

      Results go to stdout, progress and diagnostics to stderr; --json gives the \
      result as JSON. Exit codes: `assay help exit-codes`.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Measuring",
        subcommands: [
          DoctorCommand.self, RunCommand.self, PlanCommand.self, ValidateCommand.self,
        ]),
      CommandGroup(
        name: "Judging",
        subcommands: [
          CompareCommand.self, GateCommand.self, BaselineCommand.self, QualifyCommand.self,
        ]),
      CommandGroup(
        name: "Records",
        subcommands: [
          ReportCommand.self, TrendCommand.self, VerifyCommand.self, ListCommand.self,
          ImportCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Reference",
        subcommands: [ExplainCommand.self, SchemaCommand.self, ExitCodesCommand.self]),
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
    } catch {
      // The parser's code for an error that it does not know is 1, which is a violated limit here.
      guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
      exit(withError: Output.fail(["\(error)"], .io))
    }
  }
}
