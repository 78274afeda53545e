import ControlPlane
import Foundation
import Measure
import Scenario
import Storage
import Testing

/// The repository, found from this file.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

func files(_ folder: String, _ suffix: String) throws -> [URL] {
  try FileManager.default.contentsOfDirectory(
    at: repository.appending(path: folder), includingPropertiesForKeys: nil
  ).filter { $0.lastPathComponent.hasSuffix(suffix) }
    .sorted { $0.lastPathComponent < $1.lastPathComponent }
}

@Suite struct ShippedScenariosTests {
  /// What the file leaves to the user.
  static let overrides = [
    "nvme-qualification.yaml": ["systems.disk.device=/dev/nvme0n1"],
    "local-against-dpu.yaml": [
      "systems.local.device=/dev/nvme0n1", "systems.dpu.nvme-of.address=192.0.2.10",
      "systems.dpu.nvme-of.nqn=nqn.2026-01.example:vol1",
    ],
    "rdma-fabric.yaml": ["systems.fabric.fabric.peer=192.0.2.10"],
    "nvme-virtual-functions.yaml": [
      "systems.physical.device=/dev/nvme0n1", "systems.virtual.virtual-function.of=/dev/nvme0",
    ],
    "latency-under-load.yaml": ["systems.disk.device=/dev/nvme0n1"],
    "online-disk.yaml": ["systems.disk.device=/dev/nvme0n1"],
    "etcd-disk-choice.yaml": ["local", "cloud"].map {
      "systems.\($0).cluster.etcd.wal-sync.from-record=results/runs/\($0)"
    },
  ]

  @Test func everyShippedScenarioReadsAndSaysWhatItDestroys() throws {
    for file in try files("scenarios", ".yaml") {
      let text = try String(contentsOf: file, encoding: .utf8)
      let name = file.lastPathComponent
      let reading = try ScenarioReader.read(
        text: text, file: name, overrides: Self.overrides[name] ?? [])
      #expect(reading.warnings.isEmpty, "\(name)")
      #expect("\(reading.scenario.name).yaml" == name)
      for line in ["# Shows: ", "# Destroys: ", "# Takes: "] {
        #expect(text.contains("\n" + line) || text.hasPrefix(line), "\(name) lacks \(line)")
      }
      #expect(!Plan.expand(reading.scenario, seed: 1).trials.isEmpty)
    }
  }

  /// Short forms of simulated scenarios, as `--set` gives them.
  static let shortForms = [
    "promotion-day.yaml": [
      "workloads.as-published.simulation.duration=90s",
      "workloads.as-published.simulation.warm-up=10s",
      "workloads.as-published.simulation.traffic.at=5s",
    ],
    "small-cluster-availability.yaml": [
      "workloads.month.simulation.duration=2h",
      "workloads.month.simulation.faults.0.mean-time-between=1h",
    ],
  ]

  @Test(arguments: shortForms.keys.sorted())
  func aShortFormOfASimulatedScenarioRuns(_ name: String) throws {
    let text = try String(
      contentsOf: repository.appending(path: "scenarios/\(name)"), encoding: .utf8)
    let scenario = try ScenarioReader.read(
      text: text, file: name, overrides: Self.shortForms[name] ?? []
    ).scenario
    guard case .cluster(let model)? = scenario.systems.first?.target else {
      return #expect(Bool(false), "\(name) has no cluster")
    }
    let load = try #require(scenario.workloads[0].points[0].workload.simulation)
    let outcome = ClusterTrial(model: model, load: load, seed: 1).run()
    #expect(!outcome.spentBudget && outcome.requests.unavailable == 0)
    // In two hours some server fails; a promotion's first minutes ask for more pods.
    #expect(outcome.nodesLost > 0 || outcome.scaling.services[0].scaleUps > 0)
  }

  @Test func theQuickstartTakesAboutAMinuteAndNeedsNothingOfTheUser() throws {
    let file = repository.appending(path: "scenarios/quickstart.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    let plan = Plan.expand(
      try ScenarioReader.read(text: text, file: "quickstart.yaml").scenario, seed: 1)
    #expect(plan.trials.count == 9)
    #expect(plan.estimate.knownNs == .seconds(45))
    #expect(plan.estimate.unknownTime.contains { $0.contains("making /var/tmp") })
  }
}
