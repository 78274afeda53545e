import Measure
import Scenario
import Storage
import Testing

@Suite struct ReaderTests {
  private let minimal = """
    assay: 1
    name: minimal
    systems: {disk: {file: ~/x.dat, size: 1GiB}}
    workloads: {w: {storage: {pattern: random-read, duration: 30s}}}
    """

  private func read(_ text: String) throws -> ScenarioReader.Reading {
    try ScenarioReader.read(text: text, file: "r.yaml")
  }

  @Test func whatIsNotGivenHasItsDefault() throws {
    let scenario = try read(minimal).scenario
    var expected = StorageWorkload(pattern: .randomRead)
    expected.duration = .seconds(30)
    #expect(scenario.workloads[0].storage == expected)
    #expect(scenario.workloads[0].points.map(\.storage) == [expected])
    #expect(scenario.workloads[0].points.map(\.labels) == [[]])
    #expect(scenario.workloads[0].systems == ["disk"])
    #expect(!scenario.workloads[0].namesEngine)
    #expect(scenario.design == Design(order: .abba, blocks: 1, confidence: .percent(95)))
    #expect(scenario.seed == nil && scenario.limits.isEmpty)
    #expect(
      scenario.systems[0].target.storage
        == .file(
          .init(path: "~/x.dat", size: .gibibytes(1), keep: false, overwriteExisting: false)))
  }

  @Test func severalSweptKeysGiveEveryCombinationTheLastFastest() throws {
    let text = minimal.replacing(
      "duration: 30s}}}", with: "duration: 30s}, sweep: {jobs: [1, 2], block-size: [4KiB, 8KiB]}}}")
    let workload = try read(text).scenario.workloads[0]
    #expect(
      workload.points.map { $0.labels.joined(separator: " ") } == [
        "jobs=1 block-size=4KiB", "jobs=1 block-size=8KiB", "jobs=2 block-size=4KiB",
        "jobs=2 block-size=8KiB",
      ])
    #expect(workload.points[3].storage.jobs == 2)
    #expect(workload.points[3].storage.writeBlock == .fixed(.kibibytes(8)))
  }

  @Test func aBandwidthBecomesARateByTheMeanBlock() throws {
    let text = minimal.replacing(
      "duration: 30s", with: "duration: 30s, block-size: 8KiB, rate: 8MiB/s, arrivals: poisson")
    let load = try read(text).scenario.workloads[0].storage.load
    #expect(load == .open(.absolute(Rate(perSecond: 1024)), arrivals: .poisson))
  }

  @Test func linesMayEndAsOnWindowsAndPartsMayBeAnchored() throws {
    #expect(
      try read(minimal.replacing("\n", with: "\r\n")).scenario == read(minimal).scenario)
    let anchored = """
      assay: 1
      name: anchored
      systems: {disk: {file: /var/tmp/x, size: 1GiB}}
      workloads:
        a: &same {storage: {pattern: random-read, duration: 1s}}
        b: *same
      """
    let workloads = try read(anchored).scenario.workloads
    #expect(workloads.count == 2 && workloads[0].storage == workloads[1].storage)
  }

  @Test func anUnusedSystemIsAWarning() throws {
    let text = minimal.replacing("{disk:", with: "{spare: {device: /dev/sdb}, disk:")
      .replacing("30s}}}", with: "30s}, systems: [disk]}}")
    #expect(
      try read(text).warnings.map(\.headline) == [
        "r.yaml:3:11: warning: no workload runs against \"spare\""
      ])
  }

  @Test func aFileOfAliasesWithinAliasesIsRefusedSoon() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(items)]\n"
    }
    let error = #expect(throws: ScenarioError.self) { try read(text) }
    #expect(error?.diagnostics.contains { $0.message.contains("too large") } == true)
  }

  @Test func theCaretStandsUnderTheValueOfAnIndentedLine() {
    let error = #expect(throws: ScenarioError.self) {
      try read(minimal.replacing("30s", with: "30"))
    }
    #expect(
      error?.description == """
        r.yaml:4:59: error: a duration needs a unit: 30
         4 | workloads: {w: {storage: {pattern: random-read, duration: 30}}}
           | \(String(repeating: " ", count: 58))^
          hint: write 30s or 30ms
        """)
  }
}
