import Foundation
import Measure
import Testing

@testable import Calibration

@Suite struct ControlPlaneExperimentTests {
  @Test func theStandardOnesCanBeDoneAndSurviveJSON() throws {
    for (name, experiment) in ControlPlaneExperiment.standard {
      #expect(experiment.faults.isEmpty, "\(name)")
      let data = try JSONEncoder().encode(experiment)
      #expect(try JSONDecoder().decode(ControlPlaneExperiment.self, from: data) == experiment)
    }
  }

  @Test func whatIsImpossibleIsSaid() {
    var experiment = ControlPlaneExperiment(.deployment, window: .zero)
    experiment.nodes = 1
    experiment.pods = 111
    experiment.repetitions = 0
    let faults = experiment.faults.joined(separator: "\n")
    #expect(faults.contains("111 pods do not fit on 1 nodes of 110"))
    #expect(faults.contains("window") && faults.contains("repetitions"))
    experiment = ControlPlaneExperiment(.nodeFailure, window: .seconds(1))
    experiment.nodes = 5
    experiment.failures = 6
    #expect(experiment.faults == ["failures is 6; 1 to 5, the nodes, are due"])
  }

  /// What failed, or was done otherwise, is to be done again, in its place.
  @Test func aRecordKnowsWhatItLacks() throws {
    let experiment = ControlPlaneExperiment(.leaseRenewal, window: .seconds(1))
    var report = ControlPlaneReport(
      name: "leases", experiment: experiment, versions: [:], flags: [:], transport: "",
      repetitions: [], failure: "HTTP 500")
    var record = ControlPlaneRecord(toolVersion: "test")
    #expect(!record.has("leases", experiment))
    record.take(report)
    #expect(!record.has("leases", experiment))
    report.failure = nil
    record.take(report)
    var other = experiment
    other.seed = 2
    #expect(record.reports.count == 1 && record.has("leases", other))
    other.nodes = 7
    #expect(!record.has("leases", other))
  }

  /// util/wait's exponential back-off manager: 0.8 s doubled up to 30 s, plus up to as much again.
  @Test func aBackoffDoublesUpToItsCap() {
    var random = SeededRandom(seed: 7)
    var backoff = Backoff()
    var base = 0.8
    for _ in 0..<10 {
      let wait = backoff.next(&random)
      #expect(wait >= .seconds(base) && wait <= .seconds(2 * base))
      base = min(base * 2, 30)
    }
  }
}
