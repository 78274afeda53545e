import ArgumentParser
import Measure

/// The program.
@main
struct Assay: AsyncParsableCommand {
  /// Assay's version; part of every record.
  static let version = "0.1.0"
  /// When that version was made, for the manual page.
  static let versionDate = "2026-11-21"

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
        assay gate RECORD --baseline main      is it slower than before?
        assay report results/runs/RECORD --format html --output report.html

      Results go to stdout, progress and diagnostics to stderr; --json gives the \
      result as JSON. Exit codes: `assay help exit-codes`.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Measuring",
        subcommands: [
          RunCommand.self, PlanCommand.self, ValidateCommand.self, DoctorCommand.self,
          PeerCommand.self, CalibrateCommand.self, CleanupCommand.self, SelfTestCommand.self,
          ClusterCellCommand.self,
        ]),
      CommandGroup(
        name: "Simulating",
        subcommands: [
          SimulateCommand.self, FrontierCommand.self, SensitivityCommand.self,
          SimulatorCommand.self,
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
        subcommands: [
          ExplainCommand.self, SchemaCommand.self, ExitCodesCommand.self, ManualCommand.self,
          CompletionsCommand.self,
        ]),
    ])

  static func main() async {
    Output.prepare()
    let words = Array(CommandLine.arguments.dropFirst())
    if let problem = UnknownCommand.find(in: words, below: self) {
      exit(withError: Output.fail([problem], .usage))
    }
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

/// A word where a command is due, which the parser would take for an argument, or for none.
enum UnknownCommand {
  /// What is wrong with the command's name, with the nearest one; nil where it is right.
  ///
  /// `help` and the commands after it are looked at too: the parser shows the help of the program
  /// for one that it does not know.
  static func find(in words: [String], below root: any ParsableCommand.Type) -> String? {
    var command = root
    var path = name(of: root)
    for word in words.first == "help" ? words.dropFirst() : words[...] {
      let commands = command.configuration.subcommands
      guard !commands.isEmpty, !word.hasPrefix("-") else { return nil }
      guard let next = commands.first(where: { name(of: $0) == word }) else {
        let known = commands.map(name) + (command == root ? ["help"] : [])
        if word == "help" { return nil }
        let near = NearestWord.of(word, in: known).map { "did you mean \($0)? " } ?? ""
        let hint = command == TrendCommand.self ? TrendCommand.hint(onFolder: word) : nil
        return "\(path) has no command \"\(word)\"\n  hint: "
          + (hint ?? "\(near)`\(path) --help` shows all")
      }
      command = next
      path += " " + word
    }
    return nil
  }

  private static func name(of command: any ParsableCommand.Type) -> String {
    command._commandName
  }
}
