import ControlPlane
import Foundation
import Measure
import TestSupport
import Testing

struct ClusterTraceTests {
  private static var trial: ClusterTrial {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 40
    var load = ClusterLoad()
    load.warmUp = .seconds(10)
    load.duration = .seconds(60)
    load.pods = 100
    load.podChurn = Rate(perSecond: 3)
    var fault = ClusterFault(.leaderKilled)
    fault.at = .seconds(20)
    fault.duration = .seconds(10)
    load.faults = [fault]
    return ClusterTrial(model: model, load: load, seed: 9)
  }

  @Test func aTraceHasRequestsTheirPartsAndMoments() throws {
    let trace = Self.trial.trace(from: .seconds(25), to: .seconds(45))
    let names = Set(trace.slices.map(\.name))
    #expect(names.contains("PUT leases 200") && names.contains("PATCH pods/status 200"))
    #expect(names.isSuperset(of: ["API server's CPU", "etcd log and quorum", "network"]))
    let moments = trace.moments.map(\.name)
    #expect(moments.contains("leader-killed begins") && moments.contains("leader-killed ends"))
    #expect(moments.contains { $0.hasSuffix("leads") })
    #expect(trace.leftOut == 0)
    // The parts of a request lie behind each other within it.
    let byRequest = Dictionary(grouping: trace.slices, by: \.request)
    for slices in byRequest.values {
      let whole = slices[0]
      var end = whole.begin
      for part in slices.dropFirst() {
        #expect(part.begin == end)
        end = part.begin + part.length
      }
      if slices.count > 1 { #expect(end == whole.begin + whole.length) }
    }
  }

  @Test func aTraceKeepsNoMoreThanItsLimit() {
    let trace = Self.trial.trace(from: .seconds(25), to: .seconds(45), limit: 10)
    #expect(Set(trace.slices.map(\.request)).count == 10 && trace.leftOut > 10)
  }

  @Test func theTextIsJSONOfTheTraceEventFormat() throws {
    let trace = Self.trial.trace(from: .seconds(25), to: .seconds(35))
    let parsed = try JSONSerialization.jsonObject(with: Data(trace.json.utf8))
    let document = try #require(parsed as? [String: Any])
    let events = try #require(document["traceEvents"] as? [[String: Any]])
    let phases = events.map { $0["ph"] as? String ?? "" }
    #expect(phases.count { $0 == "b" } == trace.slices.count)
    #expect(phases.count { $0 == "e" } == trace.slices.count)
    #expect(phases.count { $0 == "i" } == trace.moments.count)
    let processes = events.filter { $0["ph"] as? String == "M" }
    #expect(processes.count >= 4)
  }

  @Test func tracingChangesNothing() {
    let outcome = Self.trial.run()
    let other = Self.trial.run(untilEvent: outcome.events)
    #expect(other.trace == outcome.trace && other.time <= outcome.simulated)
  }
}

struct ClusterSnapshotTests {
  @Test func theSameEventsHappenUntilOneIsLookedAt() throws {
    var trial = ClusterTrial(model: ClusterModel(), load: ClusterLoad(), seed: 4)
    trial.model.nodes.pools[0].nodes = 30
    trial.load.podChurn = Rate(perSecond: 2)
    trial.load.pods = 60
    let whole = trial.run()
    for share in [0.01, 0.5, 0.999] {
      let event = UInt64(Double(whole.events) * share)
      let snapshot = trial.run(untilEvent: event)
      #expect(snapshot.events == event)
      #expect(snapshot == trial.run(untilEvent: event))
      // The budget of a run ends it after the same event.
      var short = trial
      short.load.eventBudget = event
      #expect(short.run().trace == snapshot.trace)
    }
    #expect(trial.run(untilEvent: whole.events).trace == whole.trace)
  }

  @Test func aSnapshotSaysWhatThereIs() {
    var trial = ClusterTrial(model: ClusterModel(), load: ClusterLoad(), seed: 4)
    trial.model.nodes.pools[0].nodes = 30
    trial.load.pods = 60
    let snapshot = trial.run(untilEvent: 20_000)
    #expect(snapshot.nodes.map(\.count).reduce(0, +) == 30)
    #expect(snapshot.pods.map(\.name) == ["ready"] && snapshot.pods.map(\.count) == [60])
    #expect(snapshot.members.count == 3 && snapshot.members[0].contains("leader"))
    #expect(snapshot.pending.contains { $0.name == "etcd kind 0" && $0.count == 3 })
    #expect(snapshot.text.contains("after event 20000 at "))
  }
}
