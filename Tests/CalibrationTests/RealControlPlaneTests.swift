import Foundation
import Measure
import TestSupport
import Testing

@testable import Calibration

/// A real control plane with nodes of ours; each test starts one, in some ten seconds.
@Suite(.serialized, Requires.controlPlane, .timeLimit(.minutes(5))) struct RealControlPlaneTests {
  private static let script = Checkout.folder + "/scripts/lab"

  @Test func aDeploymentRunsOnNodesThatAreTakenAwayAgain() async throws {
    let lab = try LabControlPlane(script: Self.script, limits: nil)
    defer { lab.stop() }
    var experiment = ControlPlaneExperiment(.deployment, window: .seconds(60))
    experiment.nodes = 50
    experiment.pods = 20
    experiment.repetitions = 2
    let report = try await Self.run(experiment, .running(lab.access))
    #expect(report.repetitions.count == 2)
    for repetition in report.repetitions {
      let bound = try #require(repetition.values("pod-bound"))
      let running = try #require(repetition.values("pod-running"))
      #expect(bound.count == 20 && running.count == 20)
      // Each reports 100 to 300 ms after it was bound.
      #expect(running[0] > bound[0] + 0.1)
      // The servers' own count of what the nodes reported.
      let reports = repetition.requests.first { $0.operation == .init("PATCH", "pods/status") }
      #expect(reports?.latency.count == 20)
      #expect(repetition.served("PATCH", "pods", "status") == 20)
    }
    // Two nodes that are new are free of taints, and their leases get younger.
    experiment = ControlPlaneExperiment(.leaseRenewal, window: .seconds(6))
    experiment.nodes = 2
    experiment.leaseInterval = .seconds(1)
    experiment.leaseJitter = Fraction(0)
    experiment.warmUp = .seconds(1)
    experiment.repetitions = 1
    let leases = try await Self.run(experiment, .running(lab.access)).repetitions[0]
    let renewals = try #require(leases.values("lease-renewals"))[0]
    #expect((1.2...2.1).contains(renewals), "2 nodes, each every second and what a renewal takes")
    #expect(leases.values("nodes-not-ready") == [0], "the fifty of before are gone, these renew")
  }

  @Test func nodesThatStopRenewingBecomeUnknownAndAreTainted() async throws {
    var experiment = ControlPlaneExperiment(.nodeFailure, window: .seconds(90))
    experiment.nodes = 6
    experiment.failures = 2
    experiment.warmUp = .seconds(11)
    experiment.repetitions = 1
    let report = try await Self.run(experiment)
    let repetition = try #require(report.repetitions.first)
    let unknown = try #require(repetition.values("unknown-since-last-renewal"))
    #expect(unknown.count == 2)
    // 40 s of grace, from when the controller saw the renewal; it looks every 5 s.
    #expect(unknown.allSatisfy { (39.5...52).contains($0) }, "\(unknown)")
    let taints = try #require(repetition.values("no-execute-since-last-renewal"))
    #expect(taints.count == 2 && taints[0] >= unknown[0])
  }

  @Test func watchesComeBackAfterTheServerWasKilled() async throws {
    var experiment = ControlPlaneExperiment(.apiServerRestart, window: .seconds(60))
    experiment.nodes = 10
    experiment.watchesPerNode = true
    experiment.warmUp = .seconds(11)
    experiment.repetitions = 1
    let report = try await Self.run(experiment)
    let repetition = try #require(report.repetitions.first)
    #expect(repetition.values("watch-settled")?.count == 10)
    let outage = try #require(repetition.values("api-server-outage"))[0]
    #expect(outage > 0.5, "a server takes seconds to start: \(outage)")
    // Leases moved the version on: what a watcher had seen is older than the new server's cache.
    #expect(try #require(repetition.values("relists"))[0] >= 10)
  }

  @Test func nothingIsLeftWhenTheHolderIsKilled() async throws {
    let folder = try TemporaryFolder()
    // A FIFO that is open for writing too never ends; the shell becomes the script.
    let holder = try Command.start([
      "bash", "-c", #"mkfifo "$1/in" && exec "$2" control-plane up --hold "$1/cluster" <>"$1/in""#,
      "bash", folder.path, Self.script,
    ])
    try holder.wait(for: "ready-seconds", seconds: 120)
    let number = try #require(Int32(try Self.number(folder, "kube-apiserver")))
    #expect(kill(number, 0) == 0)
    holder.kill(SIGKILL)
    for _ in 0..<100 where kill(number, 0) == 0 { try await Task.sleep(for: .milliseconds(50)) }
    #expect(kill(number, 0) != 0, "kube-apiserver outlives who held it")
  }

  private static func number(_ folder: TemporaryFolder, _ component: String) throws -> String {
    try folder.read("cluster/\(component).pid").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func run(
    _ experiment: ControlPlaneExperiment, _ target: ControlPlaneCalibration.Target? = nil
  ) async throws -> ControlPlaneReport {
    let calibration = ControlPlaneCalibration(target ?? .lab(script: script, flags: [])) { _ in }
    let report = try await calibration.run("test", experiment)
    #expect(report.failure == nil)
    return report
  }
}

extension ControlPlaneReport.Repetition {
  fileprivate func values(_ name: String) -> [Double]? {
    figures.first { $0.name == name }?.values
  }

  /// How many requests the API server itself counted.
  fileprivate func served(_ verb: String, _ resource: String, _ subresource: String) -> Int {
    servers.filter {
      $0.labels == ["verb": verb, "resource": resource, "subresource": subresource]
    }.map(\.count).reduce(0, +)
  }
}

extension Requires {
  /// The control plane is built; a build takes minutes, so no test does it.
  static var controlPlane: ConditionTrait {
    .enabled(
      if: isPrepared, "needs a control plane: `scripts/lab control-plane prepare` as root")
  }

  private static let isPrepared: Bool = {
    let script = Checkout.folder + "/scripts/lab"
    return (try? Command.run([script, "control-plane", "prepare", "--check"]))?.status == 0
  }()
}
