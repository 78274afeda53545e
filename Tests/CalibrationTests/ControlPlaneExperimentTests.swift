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
