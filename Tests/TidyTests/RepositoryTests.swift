import Foundation
import TestSupport
import Testing

/// The rules, held over this repository's files.
struct RepositoryTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// What git has or would take; without git (a tarball, another owner) what lies in the folders.
  static let paths: [String] = {
    let words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if let answer = try? Command.run(words, folder: root.path), answer.status == 0 {
      let lines = Set(answer.stdout.split(separator: "\n").map(String.init))
      // Deleted, but not yet for git.
      return lines.filter { FileManager.default.fileExists(atPath: full($0)) }.sorted()
    }
    let folders = ["Sources", "Tests", "scenarios", "scripts"]
    let files = folders.flatMap { folder in
      let inside = FileManager.default.enumerator(atPath: full(folder))
      return (inside?.compactMap { $0 as? String } ?? []).map { "\(folder)/\($0)" }
    }
    return (files + ["Package.swift", "README.md", "CONTRIBUTING.md", ".ci/run"]).filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: full(path), isDirectory: &isFolder)
        && !isFolder.boolValue
    }
  }()

  /// Every text file but the licence and the data in results/.
  static let sources: [SourceText] = paths.compactMap { path in
    guard !path.hasPrefix("results/"), path != "LICENSE",
      let data = FileManager.default.contents(atPath: full(path)),
      let text = String(data: data, encoding: .utf8)
    else { return nil }
    return SourceText(path, text)
  }

  static let targets = ModuleRules.targets(
    manifest: sources.first { $0.path == "Package.swift" }?.text ?? "")

  static func full(_ path: String) -> String { root.appendingPathComponent(path).path }

  private func expectNone(_ violations: [Violation]) {
    for violation in violations { Issue.record(Comment(rawValue: violation.description)) }
  }

  private func hold(_ rule: (SourceText) -> [Violation]) {
    expectNone(Self.sources.flatMap(rule))
  }

  @Test func theRepositoryIsFound() {
    #expect(Self.sources.contains { $0.path == "Sources/Measure/Units.swift" })
    #expect(Self.targets.contains { $0.name == "Measure" && $0.dependencies == ["CLinux"] })
  }

  @Test func linesFit() { hold(SizeRules.lineLength) }
  @Test func functionsFit() { hold(SizeRules.functionLength) }
  @Test func filesFit() { hold(SizeRules.fileLength) }
  @Test func noBannedCalls() { hold(BannedRules.calls) }
  @Test func noUnseededRandom() { hold(BannedRules.unseededRandom) }
  @Test func noMarkersLeft() { hold(LeftoverRules.markers) }
  @Test func pureModulesArePure() { hold(ModuleRules.purity) }
  @Test func scenariosSayWhatTheyDo() { hold(LayoutRules.scenario) }

  @Test func arrowsOfThePackagePointDown() { hold(ModuleRules.manifest) }

  @Test func importsKeepToTheArrows() {
    hold { ModuleRules.imports($0, targets: Self.targets) }
  }

  @Test func everyTargetHasItsArrows() {
    let modules = Set(Self.sources.compactMap(\.module)).filter { !$0.hasPrefix("C") }
    #expect(modules.subtracting(ModuleRules.mayKnow.keys).isEmpty, "name them in mayKnow")
  }

  @Test func everyFolderIsATarget() {
    expectNone(LeftoverRules.folders(paths: Self.paths, targets: Self.targets))
  }

  @Test func noFileIsDead() {
    expectNone(LeftoverRules.deadFiles(Self.sources, awaited: LeftoverRules.awaited))
  }

  @Test func theTopLevelIsTheLayout() { expectNone(LayoutRules.topLevel(paths: Self.paths)) }

  @Test func scriptsSayWhatTheyDo() {
    hold { source in
      LayoutRules.script(
        source,
        isExecutable: FileManager.default.isExecutableFile(atPath: Self.full(source.path)))
    }
  }

  @Test func setupInstallsWhatIsLinked() {
    let setup = Self.sources.first { $0.path == "scripts/setup" }?.text ?? ""
    hold { LayoutRules.linkedLibrary($0, setup: setup) }
  }
}
