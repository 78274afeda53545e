/// Calls that break a promise of the design, each with what keeps it.
enum BannedRules {
  struct Ban {
    /// As it stands in code; a letter at its left end matches a whole word only.
    let call: String
    let instead: String
    /// Paths, or folders ending in `/`, where it is right.
    var allowed: [String] = []
    /// `value.call`, `case call` and `func call` are somebody's own, not the banned one.
    var sparesMembers = false
  }

  private static let clock = "Sources/Measure/Clock.swift"
  private static let wallClock = "Sources/Ledger/WallClock.swift"
  private static let useClock =
    "the one clock of records: MonotonicClock or TickClock (\(clock)), or a time handed in"
  private static let useWallClock = "WallClock (\(wallClock)), for stamps that people read"
  private static let useThrow = "a typed error, or precondition for a bug of ours"
  private static let useStream = "SeededRandom, so that the seed in the record tells all"
  private static let useWorker = "a pinned worker of Host, or a task in cold code"
  private static let useProgram = "the kernel's own files, or Subprocess with its words as a list"

  /// For Sources; tests may run programs and trap.
  static let bans: [Ban] =
    ["gettimeofday(", "clock_gettime(", "ContinuousClock", "SuspendingClock", "DispatchTime"].map {
      Ban(call: $0, instead: useClock, allowed: [clock, wallClock])
    }
    + ["cl_monotonic_ns(", "cl_clock_ns(", "cl_tsc("].map {
      Ban(call: $0, instead: useClock, allowed: [clock, wallClock])
    }
    + ["Date()", "Date.now", "Date(timeIntervalSinceNow", "CFAbsoluteTimeGetCurrent"].map {
      Ban(call: $0, instead: useWallClock, allowed: [wallClock])
    }
    + [
      Ban(call: "time(nil)", instead: useWallClock, allowed: [wallClock], sparesMembers: true),
      Ban(call: "try!", instead: useThrow),
      Ban(call: "fatalError(", instead: useThrow),
      Ban(
        call: "print(", instead: "a returned value which Sources/assay writes",
        allowed: ["Sources/assay/"], sparesMembers: true),
      Ban(call: "system(", instead: useProgram, sparesMembers: true),
      Ban(call: "popen(", instead: useProgram, sparesMembers: true),
      Ban(call: "Process()", instead: useProgram),
      Ban(call: "Foundation.Process", instead: useProgram),
      Ban(call: "DispatchQueue", instead: useWorker),
    ]

  /// For Sources and Tests: what is drawn must be drawn again.
  static let randomBans: [Ban] = ["SystemRandomNumberGenerator", "arc4random", "drand48("].map {
    Ban(call: $0, instead: useStream, allowed: ["Sources/Measure/FreshSeed.swift"])
  }

  static func calls(_ source: SourceText) -> [Violation] {
    guard source.isSwift else { return [] }
    let bans = (source.path.hasPrefix("Sources/") ? bans : []) + randomBans
    return bans.flatMap { ban -> [Violation] in
      guard !ban.allowed.contains(where: { matches($0, source.path) }),
        source.code.contains(ban.call)
      else { return [] }
      return source.codeLines.enumerated().compactMap { index, line in
        guard finds(ban, in: line) else { return nil }
        return source.violation(index + 1, "'\(ban.call)' is banned; use \(ban.instead) instead")
      }
    }
  }

  /// `.random(in:)` and its like draw from the system unless a generator is handed in.
  static func unseededRandom(_ source: SourceText) -> [Violation] {
    guard source.isSwift else { return [] }
    let draws = ["random", "shuffled", "shuffle", "randomElement"]
    let tokens = SwiftScan.tokens(source.code)
    return tokens.indices.compactMap { index in
      guard index > 0, index + 1 < tokens.count, tokens[index - 1].text == ".",
        draws.contains(where: { $0 == tokens[index].text }), tokens[index + 1].text == "("
      else { return nil }
      var depth = 0
      for token in tokens[(index + 1)...] {
        if token.text == "(" { depth += 1 }
        if token.text == ")" { depth -= 1 }
        if token.text == "using" { return nil }
        if depth == 0 { break }
      }
      return source.violation(
        tokens[index].line,
        "'.\(tokens[index].text)(' without 'using:' is banned; use \(useStream) instead")
    }
  }

  private static func matches(_ allowed: String, _ path: String) -> Bool {
    allowed.hasSuffix("/") ? path.hasPrefix(allowed) : path == allowed
  }

  private static func finds(_ ban: Ban, in line: Substring) -> Bool {
    line.ranges(of: ban.call).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let head = line[..<range.lowerBound]
      if ban.sparesMembers, head.hasSuffix("case ") || head.hasSuffix("func ") { return false }
      let before = line[line.index(before: range.lowerBound)]
      if before == "." { return !ban.sparesMembers }
      return !before.isLetter && !before.isNumber && before != "_"
    }
  }
}
