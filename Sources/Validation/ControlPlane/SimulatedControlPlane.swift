public import Calibration
public import ControlPlane
internal import Measure

/// An experiment on the simulated control plane: each seed is a repetition.
public struct SimulatedControlPlane: Hashable, Codable, Sendable {
  /// One repetition.
  public struct Repetition: Hashable, Codable, Sendable {
    /// What its random numbers follow from.
    public var seed: UInt64
    /// The experiment's results, by the names of the real ones.
    public var figures: [ControlPlaneFigure]
    /// What clients saw, by verb and resource.
    public var requests: [RequestFigures]
  }

  /// The name of the experiment.
  public var name: String
  /// What was done.
  public var experiment: ControlPlaneExperiment
  /// The repetitions by rising seed.
  public var repetitions: [Repetition]

  /// Does what a real control plane did; `change` may change the model, as a test that breaks it
  /// does.
  ///
  /// What other programs used of the real machine's CPUs meanwhile, kernel threads among them, is
  /// taken from the real report: it is no result of the experiment, but a circumstance of it.
  public init(
    of real: ControlPlaneReport, _ costs: RequestCosts, seeds: Range<UInt64>,
    change: (inout ClusterModel) -> Void = { _ in }
  ) {
    let experiment = real.experiment
    let used = real.repetitions.map { $0.costs.cores($0.costs.others + $0.costs.steal) }.sorted()
    let others = Fraction(used.isEmpty ? 0 : used[used.count / 2])
    name = real.name
    self.experiment = experiment
    repetitions = seeds.map { seed in
      var trial = experiment.trial(costs, others: others, seed: seed)
      change(&trial.model)
      let seen = trial.runWatched()
      // What clients did after the end of a real repetition is no part of it.
      let end = experiment.end(seen)
      trial.load.duration = end
      let requests = (end == experiment.window ? seen : trial.runWatched()).operations.map {
        Self.figures($0, end)
      }
      return Repetition(
        seed: seed, figures: experiment.figures(seen, requests, costs), requests: requests)
    }
  }

  private static func figures(
    _ operation: ClusterSightings.Operation, _ window: Nanoseconds
  ) -> RequestFigures {
    RequestFigures(
      operation: APIOperation(operation.verb, operation.resource), latency: operation.latency,
      perSecond: Double(operation.latency.count) / window.inSeconds,
      failures: operation.failures > 0 ? ["failed": operation.failures] : [:])
  }
}

extension ControlPlaneExperiment {
  /// When a repetition is over, as a real one is: what it waits for has happened, or its window has
  /// passed.
  fileprivate func end(_ seen: ClusterSightings) -> Nanoseconds {
    let last: Nanoseconds? =
      switch kind {
      case .deployment:
        seen.pods.count { $0.running != nil } >= pods ? seen.pods.compactMap(\.running).max() : nil
      case .nodeFailure:
        seen.nodes.count { $0.noExecute != nil } >= failures
          ? seen.nodes.compactMap(\.noExecute).max() : nil
      // All watches have to stay for a while.
      case .apiServerRestart: seen.watches.map { $0.settled + .seconds(5) }.max()
      case .podCreation, .leaseRenewal, .objectUpdate, .objectRead, .objectCreation: nil
      }
    return last.map { min($0 + .milliseconds(20), window) } ?? window
  }

  /// The figures of the real experiment, from what was seen of the simulated one.
  fileprivate func figures(
    _ seen: ClusterSightings, _ requests: [RequestFigures], _ costs: RequestCosts
  ) -> [ControlPlaneFigure] {
    let rate = { (operation: APIOperation) in
      requests.first { $0.operation == operation }?.perSecond ?? 0
    }
    switch kind {
    case .podCreation:
      return [ControlPlaneFigure("pods-created", "1/s", [rate(APIOperation("POST", "pods"))])]
    case .objectUpdate:
      return [ControlPlaneFigure("requests", "1/s", [rate(APIOperation("PUT", "configmaps"))])]
    case .objectRead:
      return [ControlPlaneFigure("requests", "1/s", [rate(APIOperation("GET", "configmaps"))])]
    case .objectCreation:
      let create = APIOperation("POST", "customresources")
      return [ControlPlaneFigure("requests", "1/s", [rate(create)])]
    case .leaseRenewal:
      return [
        ControlPlaneFigure("lease-renewals", "1/s", [rate(APIOperation("PUT", "leases"))]),
        ControlPlaneFigure("nodes-not-ready", "count", [Double(seen.nodesNotReady)]),
      ]
    case .deployment: return deployed(seen)
    case .nodeFailure: return failed(seen)
    case .apiServerRestart: return restarted(seen, costs)
    }
  }

  private func deployed(_ seen: ClusterSightings) -> [ControlPlaneFigure] {
    let created = seen.pods.map(\.created.inSeconds)
    let bound = seen.pods.compactMap(\.bound?.inSeconds)
    let running = seen.pods.compactMap(\.running?.inSeconds)
    // What did not come to its end takes the window at least.
    let last = { (values: [Double]) in
      values.count >= pods ? values.max() ?? 0 : window.inSeconds
    }
    return [
      ControlPlaneFigure("all-created", "s", [last(created)]),
      ControlPlaneFigure("all-bound", "s", [last(bound)]),
      ControlPlaneFigure("all-running", "s", [last(running)]),
      ControlPlaneFigure("pod-bound", "s", bound),
      ControlPlaneFigure("pod-running", "s", running),
    ]
  }

  private func failed(_ seen: ClusterSightings) -> [ControlPlaneFigure] {
    // Those that failed are those that do not renew any more.
    let nodes = seen.nodes.filter { ($0.renewed ?? .zero) <= .zero }
    let since = { (moment: (ClusterSightings.Node) -> Nanoseconds?) in
      nodes.compactMap { node in
        moment(node).map { ($0 - (node.renewed ?? .zero)).inSeconds }
      }
    }
    return [
      ControlPlaneFigure("unknown-since-last-renewal", "s", since(\.unknown)),
      ControlPlaneFigure("no-schedule-since-last-renewal", "s", since(\.noSchedule)),
      ControlPlaneFigure("no-execute-since-last-renewal", "s", since(\.noExecute)),
      ControlPlaneFigure(
        "last-renewal-before-failure", "s", nodes.map { -($0.renewed ?? .zero).inSeconds }),
    ]
  }

  private func restarted(
    _ seen: ClusterSightings, _ costs: RequestCosts
  ) -> [ControlPlaneFigure] {
    [
      ControlPlaneFigure("api-server-outage", "s", [costs.outage.inSeconds]),
      ControlPlaneFigure("watch-answered", "s", seen.watches.map(\.answered.inSeconds)),
      ControlPlaneFigure("watch-settled", "s", seen.watches.map(\.settled.inSeconds)),
      ControlPlaneFigure("relists", "count", [Double(seen.relists)]),
      ControlPlaneFigure("watches-expired-410", "count", [Double(seen.expiredWatches)]),
      ControlPlaneFigure("nodes-not-ready", "count", [Double(seen.nodesNotReady)]),
    ]
  }
}
