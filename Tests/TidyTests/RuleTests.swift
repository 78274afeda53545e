import Testing

/// Each rule can fail, and does not fail on what is right.
struct RuleTests {
  private func swift(_ text: String, at path: String = "Sources/Run/A.swift") -> SourceText {
    SourceText(path, text)
  }

  private func lines(_ violations: [Violation]) -> [Int] { violations.map(\.line) }

  private static let targets = [
    ModuleRules.Target(name: "Run", dependencies: ["Measure"]),
    ModuleRules.Target(name: "Measure", dependencies: []),
  ]

  @Test func aViolationReadsAsPlaceFaultRemedy() throws {
    let found = try #require(BannedRules.calls(swift("\nlet a = try! b()\n")).first)
    #expect(found.description.hasPrefix("Sources/Run/A.swift:2: 'try!' is banned; use "))
    #expect(found.description.hasSuffix(" instead"))
  }

  @Test func lineLength() {
    let long = String(repeating: "a", count: 101)
    #expect(lines(SizeRules.lineLength(swift("ok\n\(long)\n"))) == [2])
    #expect(SizeRules.lineLength(swift(String(long.dropLast()))).isEmpty)
    #expect(SizeRules.lineLength(swift("// https://example.org/\(long)")).isEmpty)
  }

  @Test func fileLength() {
    let longest = String(repeating: "a\n", count: 500)
    #expect(SizeRules.fileLength(swift(longest)).isEmpty)
    #expect(lines(SizeRules.fileLength(swift(longest + "a\n"))) == [501])
  }

  @Test(arguments: [
    "func long(a: [Int] = { [] }()) async throws(E) -> [Int] where A: B",
    "init<T>(_ t: T)", "var long: Int", "subscript(i: Int) -> Int", "deinit",
  ])
  func functionLength(head: String) {
    let body = String(repeating: "  a()\n", count: 68)
    let fits = "struct S {\n\(head) {\n\(body)}\n}\n"
    #expect(SizeRules.functionLength(swift(fits)).isEmpty)
    let over = "struct S {\n\(head) {\n\(body)  a()\n}\n}\n"
    #expect(lines(SizeRules.functionLength(swift(over))) == [2])
  }

  @Test func aRequirementHasNoBodyOfItsOwn() {
    let filler = String(repeating: "  a()\n", count: 80)
    let text = "protocol P {\n func a() -> Int\n var b: Int { get }\n}\nenum E {\n\(filler)}\n"
    #expect(SizeRules.functionLength(swift(text)).isEmpty)
  }

  @Test(arguments: BannedRules.bans + BannedRules.randomBans)
  func bannedCall(ban: BannedRules.Ban) {
    #expect(lines(BannedRules.calls(swift("let a = 1\n  \(ban.call)"))) == [2])
    #expect(lines(BannedRules.calls(swift("let a = \"\\(\(ban.call)\""))) == [1])
    #expect(BannedRules.calls(swift("// \(ban.call)\nlet a = \"\(ban.call)\"")).isEmpty)
    #expect(BannedRules.calls(swift("my\(ban.call)")).isEmpty)
    for path in ban.allowed {
      let file = path.hasSuffix("/") ? path + "A.swift" : path
      #expect(BannedRules.calls(swift(ban.call, at: file)).isEmpty)
    }
    guard ban.sparesMembers else { return }
    for own in ["page.", "case ", "func "] {
      #expect(BannedRules.calls(swift(own + ban.call)).isEmpty)
    }
  }

  @Test func testsMayRunProgramsButNotDrawUnseeded() {
    #expect(BannedRules.calls(swift("Process()", at: "Tests/A/A.swift")).isEmpty)
    let bad = swift("a\nlet b = Int.random(\n in: 0..<max(1, 2))", at: "Tests/A/A.swift")
    #expect(lines(BannedRules.unseededRandom(bad)) == [2])
    #expect(lines(BannedRules.unseededRandom(swift("a.shuffled()"))) == [1])
    #expect(BannedRules.unseededRandom(swift("Int.random(in: 0..<9, using: &r)")).isEmpty)
    #expect(BannedRules.unseededRandom(swift("stream.random; case .random: a()")).isEmpty)
  }

  @Test(arguments: ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
  func markers(word: String) {
    #expect(lines(LeftoverRules.markers(swift("a\n// \(word): later"))) == [2])
    #expect(LeftoverRules.markers(swift("mktemp \(word)\(word)")).isEmpty)
  }

  @Test func manifest() {
    func package(_ line: String) -> SourceText { swift("a\n\(line)\n", at: "Package.swift") }
    let bad = package("library(\"Measure\", [\"Storage\", \"CLinux\"]),")
    #expect(lines(ModuleRules.manifest(bad)) == [2])
    #expect(ModuleRules.manifest(package("library(\"Measure\", [\"CLinux\"]),")).isEmpty)
  }

  @Test func targetsAreReadInEveryForm() {
    let targets = ModuleRules.targets(
      manifest: """
        let yams: Target.Dependency = .product(
          name: "Yams", package: "Yams")
        .target(name: "CLinux"),
        library("A", ["CLinux", yams]),
        .executableTarget(
          name: "b",
          dependencies: [
            "A", yams,
          ],
        tests("ATests", ["A"]),
        """)
    #expect(targets.map(\.name) == ["CLinux", "A", "b", "ATests"])
    #expect(targets.map(\.dependencies) == [[], ["CLinux", "Yams"], ["A", "Yams"], ["A"]])
  }

  @Test(arguments: [
    "import Storage", "public import Storage", "@testable import Storage",
    "internal import struct Storage.Ring", "private import Crypto",
  ])
  func imports(line: String) {
    let found = ModuleRules.imports(swift("import Measure\n\(line)"), targets: Self.targets)
    #expect(lines(found) == [2])
  }

  @Test func importsThatAreDeclared() {
    let good =
      "internal import Foundation\npublic import Measure\n// import Storage\nlet important = 1"
    #expect(ModuleRules.imports(swift(good), targets: Self.targets).isEmpty)
    let cold = swift("import Foundation", at: "Sources/Measure/A.swift")
    #expect(lines(ModuleRules.imports(cold, targets: Self.targets)) == [1])
  }

  @Test(arguments: [
    "FileManager.default", "open(path, 0)", "try Data(contentsOf: url)", "MonotonicClock.now()",
    "String(contentsOfFile: a)", "WallClock.now()",
  ])
  func purity(call: String) {
    let found = ModuleRules.purity(swift("a\n\(call)", at: "Sources/Report/A.swift"))
    #expect(lines(found) == [2])
    #expect(ModuleRules.purity(swift(call, at: "Sources/Ledger/A.swift")).isEmpty)
  }

  @Test(arguments: ["a.append(contentsOf: b)", "open class A {}", "// FileManager", "opened(a)"])
  func pureEnough(call: String) {
    #expect(ModuleRules.purity(swift(call, at: "Sources/Report/A.swift")).isEmpty)
  }
}

/// The rules that look at more than one file, at scripts and at scenarios.
struct WholeRuleTests {
  @Test func deadFiles() {
    let files = [
      SourceText("Sources/A/Used.swift", "struct Used { let alone = 1 }"),
      SourceText("Sources/A/Dead.swift", "struct Dead { let used = Used() }\n// Entry"),
      SourceText("Sources/A/Member.swift", "extension Used { func helper() {} }"),
      SourceText("Sources/A/Conformance.swift", "extension Used: Equatable {}"),
      SourceText("Sources/A/Empty.swift", "// nothing"),
      SourceText("Sources/A/Entry.swift", "@main struct Entry { func run() { helper() } }"),
      SourceText("Tests/ATests/A.swift", "let dead = Dead()"),
    ]
    let dead = LeftoverRules.deadFiles(files)
    #expect(dead.map(\.path) == ["Sources/A/Dead.swift", "Sources/A/Empty.swift"])
    #expect(LeftoverRules.deadFiles(files, awaited: ["Sources/A/"]).isEmpty)
    let idle = LeftoverRules.deadFiles([], awaited: ["Sources/A/"])
    #expect(
      idle.map(\.message) == [
        "nothing under 'Sources/A/' is dead now; delete its entry in 'awaited' instead"
      ])
  }

  @Test func foldersWithoutTarget() {
    let targets = [ModuleRules.Target(name: "A", dependencies: [])]
    let paths = ["Sources/A/a.swift", "Sources/B/a.swift", "Sources/B/b.swift", "Tests/C/a.swift"]
    let found = LeftoverRules.folders(paths: paths, targets: targets)
    #expect(found.map(\.path) == ["Sources/B/a.swift", "Tests/C/a.swift"])
  }

  @Test func topLevel() {
    let paths = [".ci/run", "LICENSE", "Sources/a", "notes.txt", "utils/a", "utils/b"]
    #expect(LayoutRules.topLevel(paths: paths).map(\.path) == ["notes.txt", "utils/a"])
  }

  @Test func scenarios() {
    func scenario(_ text: String) -> [Violation] {
      LayoutRules.scenario(SourceText("scenarios/a.yaml", text))
    }
    let whole = "# Shows: a\n#   and b\n# Destroys: nothing\n# Takes: 1 min\nassay: 1\n"
    #expect(scenario(whole).isEmpty)
    #expect(scenario("assay: 1\n" + whole).count == 3)
    #expect(scenario("# Shows: a\n# Destroys:\n# Takes: 1 min\n").count == 1)
  }

  @Test func scripts() {
    func script(_ text: String, isExecutable: Bool = true) -> [Int] {
      LayoutRules.script(SourceText("scripts/a", text), isExecutable: isExecutable).map(\.line)
    }
    let good = "#!/usr/bin/env bash\n# Does what it says.\nset -euo pipefail\n"
    #expect(script(good).isEmpty)
    #expect(script(good, isExecutable: false) == [1])
    #expect(script("#!/usr/bin/env bash\nset -euo pipefail\n") == [2])
    #expect(script("#!/usr/bin/env bash\n# Does what it says.\n") == [3])
    #expect(script("# Does what it says.\n") == [1, 2])
    func module(_ text: String) -> [Int] {
      LayoutRules.script(SourceText("scripts/a/b.py", text), isExecutable: false).map(\.line)
    }
    #expect(module("\"\"\"What it is made of.\"\"\"\n").isEmpty)
    #expect(module("import os\n") == [1])
  }

  @Test func linkedLibraries() {
    let map = SourceText("Sources/CZ/module.modulemap", "module CZ {\n link \"z\"\n}")
    #expect(LayoutRules.linkedLibrary(map, setup: "libaio-dev").map(\.line) == [2])
    #expect(LayoutRules.linkedLibrary(map, setup: "packages=(libz-dev)").isEmpty)
  }
}

/// The mask that hides comments and literals from the rules.
struct SwiftMaskTests {
  @Test(arguments: [
    ("a // b", "a     "), ("a /* b /* c */ d */ e", "a                   e"),
    (#"a("b\"c") d"#, "a(      ) d"), (#"a("b\(c("d"))e") f"#, "a(   (c(   ))  ) f"),
    ("a #\"b\"c\"# d", "a         d"), ("#if a", "#if a"), ("a = /b\"c/\nd", "a =      \nd"),
    ("a / b / c", "a / b / c"), ("a(#/b\"/#, c)", "a(      , c)"),
    ("\"\"\"\n b \"c\"\n\"\"\" d", "   \n      \n    d"), ("\"a\nb", "  \nb"),
  ])
  func blanksCommentsAndLiterals(text: String, code: String) {
    #expect(SwiftMask.blank(text) == code)
  }
}
