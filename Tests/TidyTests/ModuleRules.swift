/// The rooms of the house and the arrows between them.
enum ModuleRules {
  /// Whom a module may know: the picture in DESIGN and README, as a table.
  ///
  /// Package.swift may declare fewer, never more; a file imports only what its target declares.
  static let mayKnow: [String: Set<String>] = [
    "Measure": ["CLinux"],
    "Statistics": ["Measure", "RealModule"],
    "Simulation": ["Statistics", "Measure", "RealModule"],
    "ControlPlane": ["Simulation", "Statistics", "Measure", "RealModule"],
    "Host": ["Measure", "CLinux", "CNuma", "CBlkid"],
    "Calibration": [
      "Ledger", "Host", "Statistics", "Measure", "CLinux", "CNghttp2", "Crypto", "AsyncHTTPClient",
      "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "SwiftProtobuf",
    ],
    "Validation": [
      "Calibration", "ControlPlane", "Simulation", "Ledger", "Host", "Statistics", "Measure",
      "Crypto",
    ],
    "RDMA": ["Measure", "CVerbs"],
    "Deploy": ["Host", "Measure", "CLinux"],
    "Storage": [
      "RDMA", "Host", "Measure", "Statistics", "CLinux", "CAio", "CNuma", "CBlkid", "CXxhash",
    ],
    "Networking": ["RDMA", "Host", "Measure", "CLinux"],
    "Scenario": [
      "ControlPlane", "Storage", "Networking", "Deploy", "Host", "Measure", "Yams",
    ],
    "Ledger": ["Statistics", "Measure", "CLinux", "Crypto"],
    "Judgement": ["Ledger", "Scenario", "Statistics", "Measure", "RealModule"],
    "Run": [
      "Scenario", "ControlPlane", "Storage", "Networking", "Deploy", "Host", "Ledger", "Judgement",
      "Simulation", "Measure", "Statistics", "CLinux",
    ],
    "Verify": ["Run", "Scenario", "Ledger", "Measure"],
    "Fio": ["Scenario", "Storage", "Ledger", "Measure"],
    "Report": [
      "Judgement", "Ledger", "Scenario", "Statistics", "Measure", "Crypto", "Mustache",
    ],
    "assay": [
      "Run", "Verify", "Fio", "Report", "Judgement", "Scenario", "ControlPlane", "Simulation",
      "Storage", "Networking", "Deploy", "Validation", "Calibration", "Ledger", "Host",
      "Statistics", "Measure", "CLinux", "ArgumentParser",
    ],
  ]

  /// Modules of the toolchain; Foundation is cold code's only.
  static let toolchain: Set<String> = ["Glibc", "Synchronization", "Swift"]
  static let foundation: Set<String> = [
    "Foundation", "FoundationEssentials", "FoundationNetworking",
  ]
  static let withoutFoundation: Set<String> = [
    "Measure", "Statistics", "Judgement", "Simulation", "ControlPlane",
  ]

  /// Functions of what they are given: the same records, the same bytes.
  static let pure: Set<String> = [
    "Statistics", "Scenario", "Judgement", "Report", "Simulation", "ControlPlane",
  ]
  private static let outside = [
    "FileManager", "FileHandle", "URLSession", "ProcessInfo", "contentsOf", "contentsOfFile",
    "open", "fopen", "getenv", "MonotonicClock", "TickClock", "WallClock",
  ]

  struct Target: Equatable {
    var name: String
    var dependencies: Set<String>
  }

  /// The targets of Package.swift with the modules they declare; read as text, SwiftPM is slow.
  static func targets(manifest: String) -> [Target] {
    // Names of products stand in constants: `let yams: Target.Dependency = .product(name: "Yams"`.
    var products: [Substring: Substring] = [:]
    let constant = #/let (\w+): Target\.Dependency = \.product\(\s*name: "(\w+)"/#
    for match in manifest.matches(of: constant) { products[match.1] = match.2 }
    let pattern =
      #/
      (?:library|tests|\.(?:target|executableTarget|systemLibrary|testTarget))\(\s*(name:\s*)?
      "(\w+)"(?:,\s*(?:dependencies:\s*)?\[([^\]]*)\])?
      /#
    return manifest.matches(of: pattern).map { match in
      let list = (match.3 ?? "").split { ", \n".contains($0) }
      let names = list.map { word in
        String(products[word] ?? word.drop { $0 == "\"" }.prefix { $0 != "\"" })
      }
      return Target(name: String(match.2), dependencies: Set(names))
    }
  }

  /// Package.swift against the table.
  static func manifest(_ source: SourceText) -> [Violation] {
    guard source.path == "Package.swift" else { return [] }
    return targets(manifest: source.text).flatMap { target -> [Violation] in
      guard let known = mayKnow[target.name] else { return [] }
      let line = source.lines.firstIndex { $0.contains("\"\(target.name)\"") } ?? 0
      return target.dependencies.subtracting(known).sorted().map {
        source.violation(
          line + 1,
          "\(target.name) may not know \($0); use \(list(known)) instead, or change the picture "
            + "(README and ModuleRules.mayKnow) first")
      }
    }
  }

  /// The imports of one file against what its target declares.
  static func imports(_ source: SourceText, targets: [Target]) -> [Violation] {
    guard source.isSwift, let module = source.module else { return [] }
    guard let target = targets.first(where: { $0.name == module }) else { return [] }
    var allowed = target.dependencies.union(toolchain)
    if !withoutFoundation.contains(module) { allowed.formUnion(foundation) }
    return importedModules(source).compactMap { line, name in
      guard !allowed.contains(name) else { return nil }
      return source.violation(
        line, "\(module) may not import \(name); use \(list(allowed)) instead")
    }
  }

  static func importedModules(_ source: SourceText) -> [(line: Int, name: String)] {
    source.codeLines.enumerated().compactMap { index, line in
      var words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "@" }
      guard let keyword = words.firstIndex(of: "import") else { return nil }
      let access: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
      guard words[..<keyword].allSatisfy({ access.contains($0) || $0.hasPrefix("@") }) else {
        return nil
      }
      words.removeFirst(keyword + 1)
      if let kind = words.first, SwiftScan.declares.contains(kind) { words.removeFirst() }
      return words.first.map { (index + 1, String($0)) }
    }
  }

  /// Pure modules touch neither clock nor file nor process.
  static func purity(_ source: SourceText) -> [Violation] {
    guard source.isSwift, let module = source.module, pure.contains(module) else { return [] }
    let tokens = SwiftScan.tokens(source.code)
    return tokens.indices.compactMap { index in
      let token = tokens[index]
      guard outside.contains(where: { $0 == token.text }) else { return nil }
      let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
      let before = index > 0 ? tokens[index - 1].text : ""
      switch token.text {
      case "open", "fopen", "getenv":
        guard next == "(", before != ".", before != "func" else { return nil }
      case "contentsOf", "contentsOfFile":
        // `append(contentsOf:)` and `insert(contentsOf:)` are of collections, `Data(…)` of files.
        guard index > 1, before == "(", ["Data", "String", "URL"].contains(tokens[index - 2].text)
        else { return nil }
      default: break
      }
      return source.violation(
        token.line,
        "\(module) is pure and may not use '\(token.text)'; "
          + "use a value handed in by Sources/assay, Run or Ledger instead")
    }
  }

  private static func list(_ names: Set<String>) -> String {
    names.sorted().joined(separator: ", ")
  }
}
