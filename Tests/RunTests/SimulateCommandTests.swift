import Foundation
import Ledger
import Measure
import TestSupport
import Testing

extension Program {
  /// Simulated trials alone: hashes, replays, states, traces and series.
  @Suite struct SimulateCommand {
    private func scenario(_ shop: Workshop) throws -> String {
      try shop.tinySimulation("design: {blocks: 2}")
    }

    private struct Replays: Decodable {
      struct Trial: Decodable {
        var trial: String
        var key: CaseKey
        var replication: Int
        var seed: String
        var events: UInt64
        var traceHash: String
        var isSame: Bool?
      }
      var trials: [Trial]
    }

    private func replays(_ shop: Workshop, _ words: [String]) throws -> [Replays.Trial] {
      let said = try shop.assay(["simulate"] + words + ["--json"]).checked().stdout
      return try JSONDecoder().decode(Replays.self, from: Data(said.utf8)).trials
    }

    @Test func aRecordIsSimulatedAgainTrialByTrial() throws {
      let shop = try Workshop()
      let scenario = try scenario(shop)
      try shop.run(scenario, "--seed", "5").checked()
      let record = try shop.record()
      let again = try replays(shop, [record.folder])
      #expect(again.map(\.trial) == ["t0001", "t0002", "t0003", "t0004"])
      #expect(again.allSatisfy { $0.isSame == true } && Set(again.map(\.traceHash)).count == 4)
      let fresh = try replays(shop, [scenario, "--seed", "5"])
      #expect(fresh.map(\.traceHash) == again.map(\.traceHash))
      #expect(fresh.allSatisfy { $0.isSame == nil })
      let one = try replays(shop, [record.folder, "--case", "slow", "--replication", "2"])
      #expect(one.count == 1 && one[0].key.system == "slow" && one[0].replication == 2)
      #expect(again.contains { $0.trial == one[0].trial && $0.traceHash == one[0].traceHash })
      let text = try shop.assay(["simulate", record.folder, "--trial", "t0001"]).checked()
      #expect(text.stdout.contains("the same") && text.stdout.contains("pod startup latency p99"))
    }

    @Test func aTrialThatIsNotAsItsRecordHasItEndsWithOne() throws {
      let shop = try Workshop()
      try shop.run(try scenario(shop), "--seed", "5").checked()
      let record = try shop.record()
      let plan = record.folder + "/plan.json"
      #expect(try shop.assay(["simulate", record.folder]).status == 0)
      // As if it had never been sealed.
      try FileManager.default.removeItem(atPath: record.folder + "/manifest.json")
      let text = try String(contentsOfFile: plan, encoding: .utf8)
      let seed = try #require(text.firstMatch(of: #/"seed" ?: ?(\d{6,})/#))
      try text.replacing(seed.output.1, with: "17").write(
        toFile: plan, atomically: true, encoding: .utf8)
      let result = try shop.assay(["simulate", record.folder])
      #expect(result.status == 1, "\(result)")
      #expect(result.stdout.contains("differs: "))
    }

    @Test func aTrialStopsAtAnEventAndShowsItsState() throws {
      let shop = try Workshop()
      let scenario = try scenario(shop)
      let words = ["simulate", scenario, "--seed", "5", "--case", "slow", "--until-event"]
      let first = try shop.assay(words + ["4000"]).checked().stdout
      #expect(first.contains("after event 4000 at ") && first.contains("etcd:"))
      #expect(try shop.assay(words + ["4000"]).checked().stdout == first)
      let whole = try replays(shop, [scenario, "--seed", "5", "--trial", "t0001"])
      let end = try shop.assay(
        ["simulate", scenario, "--seed", "5", "--trial", "t0001", "--json"]
          + ["--until-event", String(whole[0].events + 10)])
      #expect(end.stderr.contains("no more than \(whole[0].events) events"))
      let state = try JSONSerialization.jsonObject(with: Data(end.stdout.utf8)) as? [String: Any]
      #expect(state?["events"] as? UInt64 == whole[0].events)
    }

    @Test func tracesAndSeriesAreWritten() throws {
      let shop = try Workshop()
      try shop.run(try scenario(shop), "--seed", "5").checked()
      let record = try shop.record()
      let (trace, series) = (shop.path("trace.json"), shop.path("series.txt"))
      let said = try shop.assay(
        ["simulate", record.folder, "--trial", "t0002", "--perfetto", trace, "--requests", "40"]
          + ["--openmetrics", series, "--json"]
      ).checked()
      #expect(said.stderr.contains("more were left out") && said.stderr.contains("--requests"))
      let parsed = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: trace)))
      let events = (parsed as? [String: Any])?["traceEvents"] as? [[String: Any]]
      #expect((events ?? []).contains { $0["ph"] as? String == "b" })
      let text = try String(contentsOfFile: series, encoding: .utf8)
      #expect(text.hasSuffix("# EOF\n"))
      #expect(text.contains("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.008\"}"))
      // Seconds of the epoch, from when the record's trial was simulated.
      let last = try #require(
        text.split(separator: "\n").dropLast().last?.split(separator: " ").last)
      #expect((Double(last) ?? 0) > 1_700_000_000)
      let answer = try JSONSerialization.jsonObject(with: Data(said.stdout.utf8)) as? [String: Any]
      guard case .string(let hash)? = record.trials[1].detail["simulation"]?["traceHash"] else {
        return #expect(Bool(false), "the record has no hash")
      }
      #expect(answer?["traceHash"] as? String == hash)
      let piped = try shop.assay(
        ["simulate", record.folder, "--trial", "t0002", "--perfetto", "-", "--from", "20s"]
          + ["--to", "21s"]
      ).checked().stdout
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(piped.utf8)) }
    }

    @Test func whatIsWrongIsSaidWithWhatIsRight() throws {
      let shop = try Workshop()
      let scenario = try scenario(shop)
      let disk = try shop.scenario(
        "{none: {size: 1GiB}}",
        "ring: {storage: {engine: 'null', pattern: random-read, duration: 50ms}}", name: "disk")
      try shop.run(disk).checked()
      let record = try shop.record().folder
      let wrongs: [([String], Int32, String)] = [
        ([scenario, "--case", "slwo/churn"], 64, "did you mean slow/churn?"),
        ([scenario, "--replication", "3"], 64, "no trial is all of that"),
        ([scenario, "--perfetto", shop.path("t.json")], 64, "choose by --case or --trial"),
        (
          [scenario, "--trial", "t0001", "--perfetto", shop.path("t.json"), "--from", "26s"], 64,
          "the trial ends at 25s"
        ),
        ([scenario, "--from", "1s"], 64, "belong to --perfetto"),
        ([scenario, "--trial", "t0001", "--perfetto", "/none/t.json"], 74, "/none/t.json"),
        ([disk], 65, "simulates nothing"), ([record], 65, "only what was simulated"),
        ([shop.path("")], 65, "events.jsonl"),
      ]
      for (words, status, message) in wrongs {
        let result = try shop.assay(["simulate"] + words)
        #expect(result.status == status && result.stderr.contains(message), "\(words): \(result)")
      }
    }
  }

  /// Machines that take as long as those of a deploy record took.
  @Suite struct RecordedDeployments {
    /// A record of `count` deployments, one a trial.
    private func deployments(
      _ shop: Workshop, metric: String = "create to ping", evidence: RunHeader.Evidence = .measured
    ) throws -> String {
      let folder = try RunFolder.create(in: shop.results, id: "deploys-\(metric.count)-\(evidence)")
      try folder.write(text: "assay: 1\n", to: "scenario.yaml")
      try folder.write([String: String](), to: "plan.json")
      try folder.append(.runStarted) {
        $0.run = RunHeader(
          id: "deploys", name: "deploys", about: "", startedAt: "2026-11-21T00:00:00.000Z",
          version: "0.1.0", seed: 0, evidence: evidence)
      }
      for number in 1...20 {
        var trial = TrialRecord(
          id: "t00\(number + 10)", key: CaseKey(system: "dpu", workload: "deploy"), block: number)
        trial.status = .valid
        trial.metrics[metric] = MetricValue(Double(150 + number) * 1e9, "ns")
        try folder.append(.trialFinished) { $0.trial = trial }
      }
      try folder.append(.runFinished)
      return folder.path
    }

    private func scenario(_ shop: Workshop, from record: String, more: String = "") throws -> String
    {
      try shop.folder.write(
        """
        assay: 1
        name: wave
        systems:
          planned:
            cluster:
              nodes: 5
              provisioning:
                by: dpu
                create-to-ping: {from-record: \(record)\(more)}
        workloads:
          grow: {simulation: {duration: 5min, add-nodes: 10}}
        design: {blocks: 1}

        """, to: "wave.yaml")
    }

    @Test func machinesTakeAsLongAsTheRecordsDid() throws {
      let shop = try Workshop()
      let record = try deployments(shop)
      let path = try scenario(shop, from: record)
      let text = try shop.assay(["simulate", path, "--seed", "1", "--json"]).checked().stdout
      let answer = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      let trial = (answer?["trials"] as? [[String: Any]])?.first
      let metrics = trial?["metrics"] as? [String: [String: Any]]
      let median = try #require(metrics?["deploy latency p50"]?["value"] as? Double)
      let longest = try #require(metrics?["deploy latency max"]?["value"] as? Double)
      #expect(median > 149e9 && median < 172e9 && longest < 172e9)
    }

    @Test func recordsThatDoNotServeAreToldWithTheirPlace() throws {
      let shop = try Workshop()
      let wrongs = [
        (shop.path("nowhere"), "", "no record can be read at"),
        (try deployments(shop, metric: "latency p99"), "", "has no create to ping"),
        (try deployments(shop, evidence: .simulated), "", "was not measured by Assay"),
        (try deployments(shop, evidence: .published), "", "was not measured by Assay"),
        (try deployments(shop), ", system: dup", "did you mean \"dpu\"?"),
      ]
      for (record, more, message) in wrongs {
        let path = try scenario(shop, from: record, more: more)
        let result = try shop.assay(["validate", path])
        #expect(result.status == 65 && result.stderr.contains(message), "\(result)")
        #expect(result.stderr.contains("wave.yaml:9:"), "\(result.stderr)")
      }
    }

    @Test func aDelayThatNoMachineGoesThroughIsToldOf() throws {
      let shop = try Workshop()
      let text = """
        assay: 1
        name: wave
        systems:
          planned: {cluster: {nodes: 5, provisioning: {create-to-ping: 150s}}}
        workloads:
          grow: {simulation: {duration: 5min, add-nodes: 10}}

        """
      let result = try shop.assay(["validate", try shop.folder.write(text, to: "wave.yaml")])
      #expect(
        result.status == 65 && result.stderr.contains("say by: ironic or by: dpu"), "\(result)")
    }
  }
}
