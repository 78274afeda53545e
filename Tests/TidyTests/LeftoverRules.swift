/// What was left behind: markers, files nobody uses, folders nobody builds.
enum LeftoverRules {
  /// Put together here, so that this file has none.
  static let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

  static func markers(_ source: SourceText) -> [Violation] {
    source.lines.enumerated().flatMap { index, line in
      markers.filter { holds($0, in: line) }.map {
        source.violation(
          index + 1, "'\($0)' left behind; do it now, or use the commit message instead")
      }
    }
  }

  private static func holds(_ word: String, in line: Substring) -> Bool {
    guard line.contains(word) else { return false }
    return line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
  }

  /// Folders and files whose first users are still to be built; an entry goes as soon as it is not
  /// needed.
  static let awaited =
    [
      // The tail of merged histograms: the interval of p99.9 needs trials drawn with their I/Os.
      "HierarchicalBootstrap",
      // The packet engine: shapes of latency whose tails differ, and throughput searches whose
      // seconds resemble their neighbours.
      "AndersonDarling", "Autocorrelation",
      // Create to ping: deploys that never came up are censored, and whether one deployer is as
      // good as another is asked at a level of its own.
      "KaplanMeier", "RatioEquivalence",
    ].map { "Sources/Statistics/\($0).swift" }
    // The simulator's stations and experiments, until the control plane and its commands use them.
    + ["Sources/Simulation"]

  /// The dead files but those awaited, and the entries of `awaited` under which nothing is dead.
  static func deadFiles(_ sources: [SourceText], awaited: [String]) -> [Violation] {
    let dead = deadFiles(sources)
    let idle = awaited.filter { folder in !dead.contains { $0.path.hasPrefix(folder) } }
    return dead.filter { file in !awaited.contains { file.path.hasPrefix($0) } }
      + idle.map {
        Violation(
          path: "Tests/TidyTests/LeftoverRules.swift", line: 1,
          message: "nothing under '\($0)' is dead now; delete its entry in 'awaited' instead")
      }
  }

  /// Swift files of Sources none of whose declarations is named in another; tests do not count.
  ///
  /// A heuristic: names are compared as words. A file that only adds a conformance counts as used
  /// where the extended type is.
  static func deadFiles(_ sources: [SourceText]) -> [Violation] {
    let swift = sources.filter { $0.isSwift && $0.module != nil }
    let words = swift.map { Set(SwiftScan.tokens($0.code).map { String($0.text) }) }
    var users: [String: Int] = [:]
    for file in words { for word in file { users[word, default: 0] += 1 } }
    return swift.compactMap { source in
      let names = declaredNames(source)
      let isEntry = source.path.hasSuffix("/main.swift") || source.code.contains("@main")
      // The file itself is one user of each of its names.
      guard !isEntry, !names.contains(where: { users[$0, default: 0] > 1 }) else { return nil }
      let shown = names.sorted().prefix(3).joined(separator: ", ")
      return source.violation(
        1,
        names.isEmpty
          ? "declares nothing; delete it instead"
          : "nothing else in Sources names what it declares (\(shown)); "
            + "use it, or delete the file instead")
    }
  }

  /// Top-level names, members of top-level extensions, and types which they make conform.
  static func declaredNames(_ source: SourceText) -> Set<String> {
    let tokens = SwiftScan.tokens(source.code)
    var names: Set<String> = []
    var inExtension = false
    for index in tokens.indices.dropLast() {
      let token = tokens[index]
      if token.depth == 0, token.text == "extension" {
        inExtension = true
        if index + 2 < tokens.count, tokens[index + 2].text == ":" {
          names.insert(String(tokens[index + 1].text))
        }
      } else if SwiftScan.declares.contains(token.text) || token.text == "case" {
        if token.depth == 0 { inExtension = false }
        if token.depth == 0 || (token.depth == 1 && inExtension) {
          names.insert(String(tokens[index + 1].text))
        }
      }
    }
    return names
  }

  /// Folders of Sources and Tests against the targets of Package.swift.
  static func folders(paths: [String], targets: [ModuleRules.Target]) -> [Violation] {
    let names = Set(targets.map(\.name))
    var seen: Set<String> = []
    return paths.compactMap { path in
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count > 2, ["Sources", "Tests"].contains(parts[0]) else { return nil }
      guard !names.contains(parts[1]), seen.insert(parts[1]).inserted else { return nil }
      return Violation(
        path: path, line: 1,
        message: "no target '\(parts[1])' in Package.swift; add it, or use another folder instead")
    }
  }
}
