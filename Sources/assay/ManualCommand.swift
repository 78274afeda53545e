import ArgumentParser
import Foundation
import Report

/// `assay manual`.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Write the manual page, assay(1).",
    discussion: """
      It is made of the same description of the commands that --help shows. To read it:

        assay manual --output assay.1 && man ./assay.1
      """)

  @Option(
    help: ArgumentHelp("Write to a file instead of stdout.", valueName: "file"),
    completion: .file())
  var output: String?

  private static let files: [ManualPage.Item] = [
    .init("scenarios/*.yaml", "scenario files; `assay schema` prints their JSON Schema"),
    .init("results/runs/TIME-NAME-ID/", "a record; nothing in it changes once it is sealed"),
    .init("RECORD/scenario.yaml", "the scenario as given, with the overrides as comments"),
    .init("RECORD/plan.json", "the plan as expanded, with its seed"),
    .init("RECORD/environment.json", "the machine before and after"),
    .init("RECORD/events.jsonl", "what happened, one line an event, synced to disk as it happens"),
    .init("RECORD/histograms/, RECORD/series/", "latencies and seconds of each trial"),
    .init("RECORD/summary.json", "one value a trial and metric"),
    .init("RECORD/report.html", "the report; it loads nothing from elsewhere"),
    .init("RECORD/manifest.json", "SHA-256 of every file"),
  ]

  private static let environment: [ManualPage.Item] = [
    .init("ASSAY_RESULTS", "the folder of records, where --results is not given"),
    .init("NO_COLOR", "if set, no colours on the terminal"),
  ]

  func run() throws {
    let description = try JSONDecoder().decode(
      CommandDescription.Document.self, from: Data(Assay._dumpHelp().utf8))
    let page = try ManualPage.render(
      description.command, version: Assay.version, date: Assay.versionDate,
      .init(
        exitCodes: ExitStatus.allCases.map { .init("\($0.rawValue)", $0.meaning) },
        files: Self.files, environment: Self.environment))
    try Output.write(page, to: output)
  }
}

/// `assay completions`.
struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Print the completion script of a shell.",
    discussion: """
      It completes commands, options, scenario files and records:

        assay completions bash > ~/.local/share/bash-completion/completions/assay
        assay completions zsh > ~/.zfunc/_assay
        assay completions fish > ~/.config/fish/completions/assay.fish
      """)

  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    var parsers: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() { Output.result(Assay.completionScript(for: shell.parsers)) }
}

/// What arguments complete to.
enum Completing {
  /// Scenario files.
  static let scenario = CompletionKind.file(extensions: ["yaml", "yml"])

  /// Records of the results folder, and folders below what is typed already.
  static let record = CompletionKind.custom { _, _, prefix in
    let results = ProcessInfo.processInfo.environment["ASSAY_RESULTS"] ?? "results/runs"
    let typed = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let parent = typed.isEmpty ? "." : typed.joined(separator: "/")
    let below = prefix.isEmpty ? [] : folders(in: parent.isEmpty ? "/" : parent)
    return (folders(in: results) + below).filter { $0.hasPrefix(prefix) }
  }

  private static func folders(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let head = folder == "." ? "" : folder.hasSuffix("/") ? folder : folder + "/"
    return names.sorted().map { head + $0 }.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && isFolder.boolValue
    }
  }
}
