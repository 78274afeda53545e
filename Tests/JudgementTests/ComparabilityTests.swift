import Judgement
import Measure
import Testing

@testable import Ledger

struct ComparabilityTests {
  private static let facts = [
    EnvironmentFact(key: "cpu.governor", value: "performance", class: .shouldMatch),
    EnvironmentFact(key: "cpu.model", value: "A", class: .mustMatch),
    EnvironmentFact(key: "machine.serial", value: "1", class: .identity),
    EnvironmentFact(key: "memory.total", value: "64 GiB", class: .mustMatch),
    EnvironmentFact(key: "moment.uptimeSeconds", value: "10", class: .informational),
  ]

  /// Two records whose second machine has the facts changed as told; nil removes one.
  private func arms(_ changes: [String: String?], sameRecord: Bool = false) -> [ComparisonArm] {
    let values = [100.0, 103, 101, 102, 100, 101]
    var arms = Arms.twoRecords(values, values)
    arms[0].facts = Self.facts
    arms[1].facts = Self.facts.compactMap { fact in
      guard let change = changes[fact.key] else { return fact }
      return change.map { EnvironmentFact(key: fact.key, value: $0, class: fact.class) }
    }
    if sameRecord { arms[1].id = arms[0].id }
    return arms
  }

  @Test func machinesThatDifferInWhatDecidesAreRefused() throws {
    let differing = arms(["cpu.model": "B", "memory.total": "32 GiB"])
    let refusal = try #require(throws: ComparisonRefusal.self) {
      try ComparisonJudge.compare(differing)
    }
    #expect(refusal.differences.map(\.key) == ["cpu.model", "memory.total"])
    #expect(
      refusal.description == """
        not comparable: the machines differ in what decides figures
          cpu.model: A in before, B in after
          memory.total: 64 GiB in before, 32 GiB in after
          hint: if that is what you compare, add --despite cpu.model --despite memory.total
        """)
    // One of two is not enough; a part of the key up to a point names all below it.
    #expect(throws: ComparisonRefusal.self) {
      try ComparisonJudge.compare(differing, rules: ComparisonRules(despite: ["cpu"]))
    }
    #expect(throws: ComparisonRefusal.self) {
      try ComparisonJudge.compare(differing, rules: ComparisonRules(despite: ["cp", "memory"]))
    }
    let meant = try ComparisonJudge.compare(
      differing, rules: ComparisonRules(despite: ["cpu", "memory.total"]))
    #expect(meant.rows.count == 1 && meant.rows[0].verdict == .same)
    #expect(meant.differences.allSatisfy { $0.isMeant } && meant.differences.count == 2)
    #expect(meant.caveats.contains { $0.code == "compared-despite" && $0.severity == .warning })
  }

  @Test func otherDifferencesAreNamedAndComparedAllTheSame() throws {
    let found = try ComparisonJudge.compare(
      arms(["machine.serial": "2", "cpu.governor": "powersave", "moment.uptimeSeconds": "99"]))
    #expect(found.differences.map(\.key) == ["cpu.governor", "machine.serial"])
    let codes = found.caveats.filter { $0.severity == .warning }.map(\.code)
    #expect(codes == ["other-machine", "environment-differs", "other-session"])
    #expect(found.rows.count == 1)
  }

  @Test func whatOneMachineDoesNotTellIsNoRefusal() throws {
    let found = try ComparisonJudge.compare(arms(["cpu.model": String?.none]))
    #expect(found.differences.map(\.subject) == [nil] && found.rows[0].verdict == .same)
    #expect(found.caveats.contains { $0.code == "fact-unknown" })
    var unknown = arms([:])
    unknown[1].facts = []
    let none = try ComparisonJudge.compare(unknown)
    #expect(none.differences.isEmpty)
    #expect(none.caveats.contains { $0.message.hasPrefix("environment not known of after") })
  }

  @Test func oneRecordIsOneMachine() throws {
    let found = try ComparisonJudge.compare(arms(["cpu.model": "B"], sameRecord: true))
    #expect(found.differences.isEmpty && !found.caveats.contains { $0.code == "other-session" })
  }

  @Test func figuresThatAreNotOfHardwareSaySo() throws {
    var arms = arms([:])
    arms[1].notHardware = "zram"
    let one = try ComparisonJudge.compare(arms).caveats.first { $0.code == "not-hardware" }
    #expect(
      one?.message
        == "the figures of after are not hardware figures (zram), those beside them are")
    arms[0].notHardware = "zram"
    let both = try ComparisonJudge.compare(arms).caveats.first { $0.code == "not-hardware" }
    #expect(both?.message == "not hardware figures: zram")
  }

  // MARK: Disclosure

  private func disclosed(
    _ changes: [String: String], rules: ComparisonRules = ComparisonRules()
  ) throws -> Comparison {
    var arms = Arms.oneRecord(.abba, blocks: 6) { _, place in 100 + Double(place) }
    for (name, value) in changes {
      arms[1].cases[0].disclosure[name] = value.isEmpty ? nil : value
    }
    return try ComparisonJudge.compare(arms, rules: rules)
  }

  @Test func anotherWorkloadIsNotComparable() throws {
    let found = try disclosed(["block size": "8KiB"])
    #expect(found.rows[0].verdict == .notComparable && found.rows[0].ratio == nil)
    #expect(
      found.rows[0].reason == "not comparable: the block size is 8KiB, of local 4KiB: "
        + "compare all the same with --despite disclosure.block-size")
    let meant = try disclosed(
      ["block size": "8KiB"], rules: ComparisonRules(despite: ["disclosure.block-size"]))
    #expect(meant.rows[0].ratio != nil && meant.differences[0].isMeant)
  }

  @Test func anotherSystemIsWhatIsCompared() throws {
    let found = try disclosed(["transport": "rdma", "medium": "network disk", "scheduler": "none"])
    #expect(found.rows[0].ratio != nil)
    #expect(
      found.differences.filter { $0.reference != nil }.map(\.key)
        == ["disclosure.medium", "disclosure.transport"])
    #expect(found.differences.allSatisfy { $0.isMeant })
  }

  @Test func onlyTheSizeOfTheRegionDefinesTheWorkload() throws {
    var arms = Arms.oneRecord(.abba, blocks: 6) { _, place in 100 + Double(place) }
    arms[0].cases[0].disclosure["region"] = "1GiB from 0B of 1TiB"
    arms[1].cases[0].disclosure["region"] = "1GiB from 0B of 2TiB"
    #expect(try ComparisonJudge.compare(arms).rows[0].ratio != nil)
    arms[1].cases[0].disclosure["region"] = "2GiB from 0B of 2TiB"
    #expect(try ComparisonJudge.compare(arms).rows[0].verdict == .notComparable)
  }

  @Test func whatIsNotDisclosedIsNotCompared() throws {
    let found = try disclosed(["queue depth": "", "medium": ""])
    #expect(
      found.rows[0].reason == "not comparable: dpu does not disclose queue depth, medium")
    let meant = try disclosed(
      ["queue depth": "", "medium": ""], rules: ComparisonRules(despite: ["disclosure"]))
    #expect(meant.rows[0].ratio != nil)
  }

  // MARK: Matching

  @Test func casesMatchBySystemUnlessThereIsOneOfEach() throws {
    func arm(_ id: String, _ systems: [String], only: String? = nil) -> ComparisonArm {
      Arms.arm(
        systems.map { Arms.samples([1, 2, 3, 4], of: $0, session: id) }, label: id, id: id,
        system: only)
    }
    let both = try ComparisonJudge.compare([arm("a", ["x", "y"]), arm("b", ["y", "z"])])
    #expect(both.rows.map(\.key.system) == ["y"])
    #expect(both.unmatched.map { "\($0.arm) \($0.key.system)" } == ["0 x", "1 z"])
    #expect(both.caveats.contains { $0.code == "unmatched" })
    let one = try ComparisonJudge.compare([arm("a", ["x"]), arm("b", ["y"])])
    #expect(one.rows.map { [$0.referenceKey.system, $0.key.system] } == [["x", "y"]])
    let named = try ComparisonJudge.compare([
      arm("a", ["x", "y"], only: "x"), arm("b", ["y", "z"], only: "z"),
    ])
    #expect(named.rows.map { [$0.referenceKey.system, $0.key.system] } == [["x", "z"]])
    let three = try ComparisonJudge.compare([arm("a", ["x"]), arm("b", ["x"]), arm("c", ["x"])])
    #expect(three.rows.map(\.arm) == [1, 2])
  }

  @Test func metricsAreTheHeadlineUnlessAsked() throws {
    func metrics(_ choice: MetricChoice, _ evidence: RunHeader.Evidence = .measured) throws
      -> [String]
    {
      let values = ["errors", "latency p99", "iops", "latency max", "bandwidth"]
      let arms = ["local", "dpu"].map { system in
        var samples = Arms.samples([1, 2, 3, 4], of: system)
        for index in samples.samples.indices {
          for name in values { samples.samples[index].metrics[name] = MetricValue(5, "1") }
        }
        return Arms.arm([samples], label: system, id: "s", system: system, evidence: evidence)
      }
      return try ComparisonJudge.compare(arms, rules: ComparisonRules(metrics: choice)).rows
        .map(\.metric)
    }
    let all = ["iops", "bandwidth", "latency max", "latency p99", "errors"]
    #expect(try metrics(.headline) == ["iops", "latency p99"])
    #expect(try metrics(.headline, .published) == all)
    #expect(try metrics(.all) == all)
    #expect(try metrics(.reading(["latency"])) == ["latency max", "latency p99"])
    #expect(try metrics(.reading(["sync-latency-p99"])) == ["sync latency p99"])
    for (word, nearest) in [("iopps", "iops"), ("latncy", "latency"), ("latency-p9z", nil)] {
      let error = #expect(throws: UnknownMetric.self) { try MetricChoice.reading([word]) }
      #expect(error?.word == word && (nearest == nil || error?.nearest == nearest))
    }
  }

  // MARK: Drift

  @Test func driftIsNamedLoudlyWhereItCountsAndSoftlyWhereItDoesNot() throws {
    for (order, severity) in [(Arms.Order.abba, Finding.Severity.note), (.sequential, .warning)] {
      let found = try ComparisonJudge.compare(
        Arms.oneRecord(order, blocks: 10) { _, place in 100 - Double(place) })
      let drift = try #require(found.caveats.first { $0.code == "drift" })
      #expect(drift.severity == severity)
      #expect(drift.message.contains("local/read iops fell by "), "\(drift.message)")
    }
    let still = try ComparisonJudge.compare(
      Arms.oneRecord(.abba, blocks: 10) { _, place in 100 + Double(place * 7 % 5) })
    #expect(!still.caveats.contains { $0.code == "drift" })
  }

  /// Five values that rise have p = 2/120: enough for one case alone, not for one of four.
  @Test func driftIsJudgedOverAllCasesTogether() throws {
    func isTold(among cases: Int) throws -> Bool {
      let both = ["before", "after"].map { session in
        Arms.arm(
          (0..<cases).map { index in
            let values = index == 0 && session == "after" ? [100.0, 101, 102, 103, 104] : []
            return Arms.samples(
              values.isEmpty ? [100, 102, 101, 100, 102] : values, of: "disk\(index)",
              session: session)
          }, label: session, id: session)
      }
      let found = try ComparisonJudge.compare(both)
      #expect(found.rows.count == cases)
      return found.caveats.contains { $0.code == "drift" }
    }
    #expect(try isTold(among: 1))
    #expect(try !isTold(among: 4))
  }

  /// One side has two modes about the middle of the other, which no ratio shows.
  @Test func anotherShapeAboutTheSameMiddleIsNamed() throws {
    var random = SeededRandom(seed: 7)
    func arms(_ spread: Double) -> [ComparisonArm] {
      Arms.oneRecord(.abba, blocks: 30) { system, place in
        let mode = system == "dpu" ? spread * Double(place / 2 % 3 - 1) : 0
        return 1000 * (1 + mode + 0.005 * noise(&random))
      }
    }
    func isTold(_ spread: Double) throws -> Bool {
      let found = try ComparisonJudge.compare(arms(spread))
      #expect(found.rows.map(\.verdict) == [.same])
      return found.caveats.contains {
        $0.code == FindingCode.shapeDiffers.rawValue && $0.severity == .note
      }
    }
    #expect(try isTold(0.08))
    // Seen as surely, and within the tolerance.
    #expect(try !isTold(0.03))
    for _ in 0..<20 { #expect(try !isTold(0)) }
    // Two modes within the tolerance of the reference, and not of each other.
    let near = (0..<40).map { 1000 + Double($0 % 11) / 5 }
    let apart = (0..<40).map { $0 < 24 ? near[$0] * 0.97 : 1040 }
    let modes = try ComparisonJudge.compare(Arms.twoRecords(near, apart))
    #expect(modes.rows.map(\.verdict) == [.same])
    #expect(modes.caveats.contains { $0.code == FindingCode.shapeDiffers.rawValue })
    // A shift is the ratio's to tell.
    let shifted = Arms.twoRecords(
      (0..<30).map { 1000 + Double($0) / 10 }, (0..<30).map { 1020 + Double($0) / 10 })
    let found = try ComparisonJudge.compare(shifted)
    #expect(!found.caveats.contains { $0.code == FindingCode.shapeDiffers.rawValue })
  }
}
