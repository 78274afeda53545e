public import Measure
internal import Simulation

/// What somebody saw who watched a simulated cluster, as one watches a real one.
///
/// Moments count from the end of the warm-up; what was seen before it has negative ones.
public struct ClusterSightings: Sendable {
  /// What one operation cost its clients; without the servers' own clients.
  public struct Operation: Hashable, Sendable {
    /// POST, PUT, PATCH, GET, LIST, WATCH or DELETE.
    public var verb: String
    /// The resource with its subresource.
    public var resource: String
    /// From sending to the answer, of requests that succeeded; those sent after the warm-up.
    public var latency = LatencyDistribution()
    /// Requests that failed.
    public var failures = 0
  }

  /// When a pod was first seen so.
  public struct Pod: Hashable, Sendable {
    /// When it was there.
    public var created: Nanoseconds
    /// When it had a node.
    public var bound: Nanoseconds?
    /// When it ran.
    public var running: Nanoseconds?
  }

  /// What was last seen of a node.
  public struct Node: Hashable, Sendable {
    /// When its kubelet had its lease's last renewal confirmed.
    public var renewed: Nanoseconds?
    /// Since when its condition Ready is Unknown.
    public var unknown: Nanoseconds?
    /// Since when it has the taint unreachable:NoSchedule.
    public var noSchedule: Nanoseconds?
    /// Since when it has the taint unreachable:NoExecute.
    public var noExecute: Nanoseconds?
  }

  /// When a node's watch of its pods was answered after it broke, first and last.
  public struct Watch: Hashable, Sendable {
    /// First, be it to say that its version is too old.
    public var answered: Nanoseconds
    /// Last.
    public var settled: Nanoseconds
  }

  /// By verb and resource, the most frequent first.
  public var operations: [Operation] = []
  /// Pods that were seen, in no order.
  public var pods: [Pod] = []
  /// All nodes.
  public var nodes: [Node] = []
  /// The nodes' watches, where each has its own and it broke.
  public var watches: [Watch] = []
  /// Lists that the nodes' watchers asked for again, all together.
  public var relists = 0
  /// Watches of theirs that were answered 410, all together.
  public var expiredWatches = 0
  /// Nodes that were not Ready at the end.
  public var nodesNotReady = 0
  /// CPU time of the API servers.
  public var serverCPU = Nanoseconds.zero
  /// The hash of all events.
  public var trace: UInt64 = 0
}

extension ClusterTrial {
  /// Simulates it with somebody who watches.
  ///
  /// O(events).
  public func runWatched() -> ClusterSightings {
    var load = load
    load.isWatched = true
    var cluster = Cluster(model: model, load: load, seed: seed)
    var loop = Loop(capacity: 4 * model.nodes.count + 1024)
    Cluster.start(&loop)
    cluster.world.sightings.begin = load.warmUp
    _ = loop.run(&cluster, until: load.warmUp + load.duration, limit: load.eventBudget)
    return ClusterSightings(cluster, trace: loop.trace.value, warmUp: load.warmUp)
  }
}

extension ClusterSightings {
  init(_ cluster: borrowing Cluster, trace: UInt64, warmUp: Nanoseconds) {
    let moment = { (time: Nanoseconds) in time == .zero ? nil : time - warmUp }
    self.trace = trace
    addOperations(cluster)
    for pod in cluster.world.sightings.pods.indices {
      let seen = cluster.world.sightings.pods[pod]
      guard let created = moment(seen.created) else { continue }
      pods.append(
        Pod(created: created, bound: moment(seen.bound), running: moment(seen.running)))
    }
    for node in cluster.world.nodes.indices {
      nodesNotReady += cluster.world.nodes[node].condition == .ready ? 0 : 1
      guard node < cluster.world.sightings.nodes.count else {
        nodes.append(Node())
        continue
      }
      let seen = cluster.world.sightings.nodes[node]
      nodes.append(
        Node(
          renewed: moment(seen.renewed), unknown: moment(seen.unknown),
          noSchedule: moment(seen.noSchedule), noExecute: moment(seen.noExecute)))
    }
    for (first, last) in cluster.watches.answers(ofNodes: cluster.world.nodes.count)
    where first != .zero {
      watches.append(Watch(answered: first - warmUp, settled: last - warmUp))
    }
    relists = Int(cluster.watches.counters.nodeLists)
    expiredWatches = Int(cluster.watches.counters.nodeGone)
    for server in cluster.apiServers.servers.indices {
      let state = cluster.apiServers.servers[server]
      serverCPU = serverCPU + state.spentBefore + state.processors.spent
    }
  }

  private mutating func addOperations(_ cluster: borrowing Cluster) {
    for verb in Verb.allCases {
      for resource in Resource.allCases {
        var histogram = LatencyHistogram()
        var failures = 0
        for number in cluster.world.sightings.requests.indices {
          let request = cluster.world.sightings.requests[number]
          guard request.verb == verb, request.resource == resource else { continue }
          if request.outcome == .ok {
            histogram.record(UInt64(max(request.latency.count, 0)))
          } else {
            failures += 1
          }
        }
        guard histogram.count > 0 || failures > 0 else { continue }
        operations.append(
          Operation(
            verb: verb.metricName, resource: resource.path, latency: histogram.snapshot(),
            failures: failures))
      }
    }
    operations.sort {
      ($1.latency.count, $0.verb, $0.resource) < ($0.latency.count, $1.verb, $1.resource)
    }
  }
}

extension Resource {
  /// As it stands in paths of the API.
  var path: String {
    names.subresource.isEmpty ? names.plural : "\(names.plural)/\(names.subresource)"
  }
}
