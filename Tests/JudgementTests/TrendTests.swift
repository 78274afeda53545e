import Judgement
import Ledger
import Measure
import Testing

@Suite struct TrendTests {
  private let key = CaseKey(system: "dpu", workload: "read", point: ["queue-depth=1"])

  /// A record a value, an hour apart, with 1 % of noise around each level.
  private func records(
    _ levels: [Double], fingerprint: (Int) -> String? = { _ in "aaaa" },
    disclosure: (Int) -> [String: String] = { _ in ["queue depth": "1"] },
    metric: String = "latency p99", seed: UInt64 = 1
  ) -> [RecordSketch] {
    var random = SeededRandom(seed: seed)
    return levels.enumerated().map { index, level in
      let noise = (0..<12).reduce(-6.0) { sum, _ in
        sum + Double(random.below(1 << 30)) / 0x4000_0000
      }
      let number = String(1000 + index)
      return RecordSketch(
        id: "r\(number)", scenario: "s", startedAt: "2026-01-01T\(number)",
        fingerprint: fingerprint(index),
        cases: [
          .init(
            key: key, trials: 5, disclosure: disclosure(index),
            medians: [metric: MetricValue(level * (1 + 0.01 * noise), "ns")])
        ])
    }
  }

  private func shift(_ before: Int, _ after: Int, to level: Double = 110) -> [Double] {
    Array(repeating: 100, count: before) + Array(repeating: level, count: after)
  }

  private func trend(
    _ records: [RecordSketch], _ metric: String = "latency p99", _ known: [Acknowledgement] = []
  ) async throws -> Trend.Series {
    let trend = await TrendJudge.judge(records, metrics: [metric], acknowledged: known)
    #expect(trend.records == records.count)
    return try #require(trend.series.first)
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func aPlantedShiftIsFoundWhereItIs(_ seed: UInt64) async throws {
    for (level, isBetter) in [(110.0, false), (90.0, true)] {
      let series = try await trend(records(shift(30, 20, to: level), seed: seed))
      let change = try #require(series.changes.first)
      #expect(series.changes.count == 1)
      #expect((change.before, change.after) == ("r1029", "r1030"))
      #expect(change.isBetter == isBetter && change.voters.count >= 2)
      #expect(((change.relative?.value ?? 0) - (level / 100 - 1)).magnitude < 0.01)
      #expect(series.segments.count == 1 && series.points.count == 50)
    }
    // Of a rate more is better.
    let rate = try await trend(records(shift(30, 20), metric: "iops", seed: seed), "iops")
    #expect(rate.changes.first?.isBetter == true)
  }

  @Test func withoutAShiftNothingIsFound() async throws {
    var alarms = 0
    for seed in 100..<200 as Range<UInt64> {
      let series = try await trend(records(shift(60, 0), seed: seed))
      if !series.changes.isEmpty { alarms += 1 }
    }
    // The level is 1 %: of a hundred quiet histories five would be a chance of 1 in 300.
    #expect(alarms < 5)
  }

  @Test func anotherMachineOrDisclosureIsABreakAndNoChange() async throws {
    let levels = shift(30, 30, to: 150)
    let machine = try await trend(records(levels, fingerprint: { $0 < 30 ? "aaaa" : "bbbb" }))
    #expect(machine.changes.isEmpty)
    #expect(machine.segments.map(\.count) == [30, 30])
    #expect(machine.segments.map(\.reason) == [nil, "machine aaaa -> bbbb"])
    let depth = try await trend(
      records(levels, disclosure: { ["queue depth": $0 < 30 ? "1" : "8"] }))
    #expect(depth.changes.isEmpty)
    #expect(depth.segments.last?.reason == "queue depth 1 -> 8")
    let unknown = try await trend(records(levels, fingerprint: { $0 < 30 ? nil : "bbbb" }))
    #expect(unknown.changes.isEmpty && unknown.segments.count == 2)
  }

  /// Two kinds of runner take turns; only one of them got worse.
  @Test func machinesThatAlternateKeepTheirHistories() async throws {
    let levels = (0..<80).map { $0 % 2 == 0 ? 100.0 : $0 < 40 ? 300 : 330 }
    let series = try await trend(records(levels, fingerprint: { $0 % 2 == 0 ? "aaaa" : "bbbb" }))
    #expect(series.segments.map(\.fingerprint) == ["aaaa", "bbbb"])
    #expect(series.segments.map(\.count) == [40, 40])
    #expect(series.changes.map(\.segment) == [1])
    #expect(series.changes.map(\.after) == ["r1041"])
    #expect(series.changes.map(\.before) == ["r1039"])
  }

  private func acknowledgement(_ record: String, metric: String? = nil) -> Acknowledgement {
    Acknowledgement(
      record: record, case: nil, metric: metric, reason: "new firmware", by: "me", at: "2026")
  }

  @Test func anAcknowledgedChangeBeginsANewSegment() async throws {
    let found = records(shift(30, 20) + Array(repeating: 130, count: 20))
    let series = try await trend(found, "latency p99", [acknowledgement("r1030")])
    #expect(series.segments.map(\.count) == [30, 40])
    #expect(series.changes.map(\.after) == ["r1030", "r1050"])
    #expect(series.changes.map { $0.acknowledged?.reason } == ["new firmware", nil])
    let first = try #require(series.changes.first)
    #expect(first.voters.isEmpty && !first.isBetter)
    #expect((first.from - 100).magnitude < 1 && (first.to - 110).magnitude < 1)
    // Of another metric it says nothing.
    let other = try await trend(found, "latency p99", [acknowledgement("r1030", metric: "iops")])
    #expect(other.segments.count == 1 && other.changes.allSatisfy { $0.acknowledged == nil })
  }

  @Test func casesAndScenariosAreKeptApart() async {
    var found = records(shift(10, 0))
    for index in found.indices where index % 2 == 1 { found[index].scenario = "other" }
    let trend = await TrendJudge.judge(found, metrics: ["iops", "latency p99"])
    #expect(trend.series.map(\.scenario) == ["s", "other"])
    #expect(trend.series.allSatisfy { $0.points.count == 5 && $0.metric == "latency p99" })
    let none = await TrendJudge.judge(found, metrics: ["latency p99"]) { $0.system == "local" }
    #expect(none.series.isEmpty && none.records == 0)
  }
}
