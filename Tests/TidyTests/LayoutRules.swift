/// What stands where in the repository, and how its scripts and scenarios open.
enum LayoutRules {
  static let topLevel: Set<String> = [
    "Package.swift", "Sources", "Tests", "scenarios", "results", "scripts", "README.md", "LICENSE",
    "CONTRIBUTING.md",
  ]

  static func topLevel(paths: [String]) -> [Violation] {
    var seen: Set<Substring> = []
    return paths.compactMap { path in
      let top = path.prefix { $0 != "/" }
      guard !top.hasPrefix("."), !topLevel.contains(String(top)), seen.insert(top).inserted else {
        return nil
      }
      return Violation(
        path: path, line: 1,
        message: "'\(top)' is not of the layout; use one of "
          + "\(topLevel.sorted().joined(separator: ", ")) instead, or name it in .gitignore")
    }
  }

  /// A shipped scenario says what it is for before it can do harm.
  static func scenario(_ source: SourceText) -> [Violation] {
    guard source.path.hasPrefix("scenarios/"),
      source.path.hasSuffix(".yaml") || source.path.hasSuffix(".yml")
    else { return [] }
    let opening = source.lines.prefix { $0.hasPrefix("#") }
    // A specification runs nothing: it says what measures what it asks for, and who asks.
    let headings =
      source.path.hasPrefix("scenarios/specs/")
      ? ["# Shows:", "# Measured by:", "# Source:"] : ["# Shows:", "# Destroys:", "# Takes:"]
    return headings.compactMap { heading in
      let line = opening.first { $0.hasPrefix(heading) }
      guard line.map({ $0.count > heading.count + 1 }) != true else { return nil }
      return source.violation(
        1,
        "the opening comment has no line '\(heading) …'; use a comment block of all of "
          + "\(headings.joined(separator: " ")) instead")
    }
  }

  static func script(_ source: SourceText, isExecutable: Bool) -> [Violation] {
    guard source.isScript, !source.path.hasSuffix(".md") else { return [] }
    // A module that a script imports is not run by itself.
    if source.path.hasSuffix(".py") {
      let opening = source.lines.first.map { $0.hasPrefix("\"\"\"") && $0.count > 12 }
      return opening == true
        ? []
        : [source.violation(1, "does not say what it is; use a docstring on line 1 instead")]
    }
    var violations: [Violation] = []
    if !isExecutable {
      violations.append(source.violation(1, "not executable; use chmod +x instead"))
    }
    if source.lines.first?.hasPrefix("#!/usr/bin/env ") != true {
      violations.append(source.violation(1, "no interpreter; use '#!/usr/bin/env bash' instead"))
    }
    let says = source.lines.dropFirst().first.map { $0.hasPrefix("# ") && $0.count > 12 }
    if says != true {
      violations.append(
        source.violation(2, "does not say what it does; use a comment on line 2 instead"))
    }
    let isShell = source.lines.first?.hasSuffix("bash") == true
    if isShell, !source.lines.contains("set -euo pipefail") {
      violations.append(
        source.violation(3, "goes on after a failure; use 'set -euo pipefail' instead"))
    }
    return violations
  }

  /// Every library a module map links is installed by scripts/setup.
  static func linkedLibrary(_ source: SourceText, setup: String) -> [Violation] {
    guard source.path.hasSuffix("module.modulemap") else { return [] }
    return source.lines.enumerated().flatMap { index, line in
      line.matches(of: #/link "(\w+)"/#).compactMap { match in
        let package = "lib\(match.1)-dev"
        guard !setup.contains(package) else { return nil }
        return source.violation(
          index + 1, "scripts/setup does not install \(package); use its list of packages instead")
      }
    }
  }
}
