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
    #expect(names.isSuperset(of: ["API server's CPU", "etcd fsync", "network"]))
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

  /// Reads a trace as its format says: what is left to complain of.
  private func faults(of text: String) throws -> (events: [[String: Any]], faults: [String]) {
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let document = try #require(parsed as? [String: Any])
    let events = try #require(document["traceEvents"] as? [[String: Any]])
    var faults: [String] = []
    var open: [String: [String]] = [:]
    var last: [String: Double] = [:]
    var named: Set<Int> = [0]
    for (place, event) in events.enumerated() {
      guard let phase = event["ph"] as? String, let pid = event["pid"] as? Int,
        let name = event["name"] as? String
      else { return (events, ["\(place): without phase, process or name"]) }
      if phase == "M" {
        named.insert(pid)
        continue
      }
      guard let time = event["ts"] as? Double else { return (events, ["\(place): no time"]) }
      if !named.contains(pid) { faults.append("\(place): process \(pid) has no name") }
      let id = (event["id2"] as? [String: Any])?["local"] as? String
      let track = "\(phase == "b" || phase == "e" ? "\(pid)/\(id ?? "none")" : phase + name)"
      if time < last[track] ?? 0 { faults.append("\(place): time falls on \(track)") }
      last[track] = time
      switch phase {
      case "b": open[track, default: []].append(name)
      case "e":
        if open[track]?.popLast() != name { faults.append("\(place): ends what did not begin") }
      case "i": break
      case "C":
        let value = (event["args"] as? [String: Any])?["value"] as? Double
        if value == nil { faults.append("\(place): a counter without a number") }
      default: faults.append("\(place): phase \(phase)")
      }
    }
    for (track, names) in open where !names.isEmpty {
      faults.append("\(track) stays open: \(names)")
    }
    return (events, faults)
  }

  @Test(arguments: [(10, 35), (0, 200)]) func theTextIsOfTheTraceEventFormat(
    begin: Int64, end: Int64
  ) throws {
    var text = ""
    var pieces = 0
    let extent = Self.trial.writeTrace(from: .seconds(begin), to: .seconds(end), limit: 100_000) {
      text += $0
      pieces += 1
    }
    let (events, faults) = try faults(of: text)
    #expect(faults == [])
    let trace = Self.trial.trace(from: .seconds(begin), to: .seconds(end))
    let phases = events.map { $0["ph"] as? String ?? "" }
    #expect(phases.count { $0 == "b" } == trace.slices.count)
    #expect(phases.count { $0 == "i" } == trace.moments.count)
    #expect(phases.count { $0 == "M" } >= 4 && phases.contains("C") && pieces > 3)
    #expect(extent.requests == Set(trace.slices.map(\.request)).count && extent.leftOut == 0)
    #expect(extent.endNs == .seconds(min(end, 70)))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    var text = ""
    let extent = Self.trial.writeTrace(from: .seconds(10), to: .seconds(70), limit: 50) {
      text += $0
    }
    #expect(extent.requests == 50 && extent.leftOut > 100)
    #expect(try #require(extent.cutAtNs) >= .seconds(10))
    #expect(try faults(of: text).faults == [])
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
    #expect(snapshot.pending.contains { $0.name == "etcd tick" && $0.count == 3 })
    #expect(snapshot.text.contains("after event 20000 at "))
  }
}
