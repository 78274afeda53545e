import Foundation
import Judgement
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  @Suite struct Simulations {
    private func scenario(
      _ shop: Workshop, limits: String = "[rejected requests = 0]"
    ) throws -> String {
      try shop.tinySimulation("design: {blocks: 6}\nlimits: \(limits)")
    }

    /// Runs it and gives the record.
    private func record(_ shop: Workshop, _ scenario: String, seed: Int) throws -> RunRecord {
      let before = Set(shop.records)
      try shop.run(scenario, "--seed", "\(seed)").checked()
      return try RunRecord.read(try #require(shop.records.first { !before.contains($0) }))
    }

    private func traces(_ record: RunRecord) -> [String] {
      record.trials.map { trial in
        guard case .string(let hash)? = trial.detail["simulation"]?["traceHash"] else { return "" }
        return hash
      }
    }

    @Test func aFullDatabaseIsToldAsSuch() throws {
      let shop = try Workshop()
      let path = try scenario(shop)
      let run = try shop.run(
        path, "--seed", "1", "--set", "systems.slow.cluster.etcd.quota=1MiB",
        "--set", "workloads.churn.simulation.duration=60s", "--set", "design.blocks=1")
      let warning = "warning: slow/churn (t0002): etcd's database reached its quota of 1MiB"
      #expect(run.stdout.contains(warning), "\(run.stdout)")
      #expect(!run.stdout.contains("warning: fast/churn"))
    }

    @Test func theSameSeedGivesTheSameFiguresAndAnotherSeedOthers() throws {
      let shop = try Workshop()
      let scenario = try scenario(shop, limits: "[mutating api latency p99 < 1s]")
      let first = try record(shop, scenario, seed: 1)
      let second = try record(shop, scenario, seed: 1)
      let other = try record(shop, scenario, seed: 2)
      #expect(first.trials.count == 12 && first.trials.allSatisfy { $0.status == .valid })
      #expect(first.trials.map(\.metrics) == second.trials.map(\.metrics))
      #expect(traces(first) == traces(second) && Set(traces(first)).count == 12)
      #expect(Set(traces(first)).isDisjoint(with: traces(other)))
      #expect(first.header.evidence == .simulated)
      #expect(first.header.notHardware?.contains("fast (simulated)") == true)
      #expect(first.findings.isEmpty, "what the host is like spoils nothing that is simulated")
      try shop.assay(["verify", first.folder]).checked()
    }

    @Test func systemsArePairedByBlockWithCommonRandomNumbers() throws {
      let shop = try Workshop()
      let record = try record(shop, try scenario(shop), seed: 3)
      let seeds = Dictionary(grouping: record.trials, by: \.block).mapValues { trials in
        Set(trials.map { "\($0.detail["seed"] ?? .null)" })
      }
      #expect(seeds.count == 6 && seeds.values.allSatisfy { $0.count == 1 })
      let result = try shop.assay(["compare", record.folder, "--json"]).checked()
      struct Answer: Decodable {
        struct Row: Decodable {
          var metric: String
          var method: String
          var pairs: Int?
          var ratio: Double?
        }
        var rows: [Row]
      }
      let rows = try JSONDecoder().decode(Answer.self, from: Data(result.stdout.utf8)).rows
      let row = try #require(rows.first { $0.metric == "mutating api latency p99" })
      #expect(row.method == "paired" && row.pairs == 6)
      #expect((row.ratio ?? 0) > 1.5, "a slower disk shows in every write")
    }

    @Test func aLoadAboveCapacityIsSaturatedAndHasNoMean() throws {
      let shop = try Workshop()
      let path = try shop.folder.write(
        """
        assay: 1
        name: above
        systems:
          short: {cluster: {nodes: 10, controllers: {qps: 1/s, burst: 2}}}
        workloads:
          churn: {simulation: {duration: 200s, warm-up: 20s, pods: 60, pod-churn: 4/s}}
        design: {blocks: 6}
        limits: [pod startup latency p99 <= 5s]

        """, to: "above.yaml")
      let result = try shop.run(path)
      #expect(result.status == 1, "\(result)")
      let record = try shop.record()
      let trial = try #require(record.trials.first)
      #expect(trial.findings.map(\.code) == ["saturated"])
      #expect(trial.findings.first?.message.contains("4/s, and the cluster replaces") == true)
      #expect(trial.metrics["pod startup latency mean"] == nil)
      #expect(trial.metrics["pod startup latency p99"]?.bound == .atLeast)
      try shop.assay(["verify", record.folder]).checked()
    }

    @Test func aTrialThatSpendsItsBudgetOfEventsFails() throws {
      let shop = try Workshop()
      let scenario = try scenario(shop)
      let result = try shop.run(
        scenario, "--set", "workloads.churn.simulation.event-budget=2000")
      #expect(result.status != 0)
      let trial = try #require(try shop.record().trials.first)
      #expect(trial.status == .failed)
      #expect(trial.findings.map(\.code) == ["event-budget-spent"])
    }
  }
}
