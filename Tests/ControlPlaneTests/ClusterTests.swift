import ControlPlane
import Measure
import Testing

struct ClusterTests {
  @Test func eachNodeRenewsItsLeaseOncePerInterval() {
    var model = ClusterModel()
    model.nodes.count = 100
    let outcome = ClusterTrial(model: model, load: ClusterLoad(), seed: 1).run()
    #expect(outcome.mutatingLatency.count == 6000)
  }

  @Test func theSameSeedGivesTheSameTrace() {
    let trial = ClusterTrial(model: ClusterModel(), load: ClusterLoad(), seed: 1)
    var other = trial
    other.seed = 2
    #expect(trial.run().trace == trial.run().trace)
    #expect(trial.run().trace != other.run().trace)
  }
}
