internal import Measure

/// Upper bounds of the buckets that Kubernetes and etcd give their histograms, seconds.
enum HistogramBounds {
  /// `apiserver_request_duration_seconds` (staging/src/k8s.io/apiserver/pkg/endpoints/metrics,
  /// metrics.go): up to 1.22 one list, since 1.23 a shorter one.
  static func requests(_ profile: KubernetesProfile) -> [Double] {
    switch profile {
    case .v1_22:
      [
        0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
        1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
      ]
    case .modern: sli
    }
  }

  /// `apiserver_request_sli_duration_seconds` of the same file.
  static let sli = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30,
    45, 60,
  ]

  /// `kubelet_pod_start_total_duration_seconds` (pkg/kubelet/metrics, metrics.go).
  static let podStart = [
    0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200,
    1800, 2700, 3600,
  ]

  /// `etcd_disk_wal_fsync_duration_seconds` (server/storage/wal, metrics.go) and
  /// `etcd_disk_backend_commit_duration_seconds` (server/storage/backend, metrics.go): 1 ms,
  /// doubled 13 times.
  static let disk = (0..<14).map { 0.001 * Double(1 << $0) }
}

extension ClusterSeries.Histogram {
  /// What a distribution would have counted at these bounds.
  ///
  /// The values of a bucket of ours count as its midpoint, which is at most 0.8 % off, within the
  /// least and the largest value. O(buckets).
  static func point(of distribution: LatencyDistribution, _ bounds: [Double]) -> Point {
    var counts: [UInt64] = []
    counts.reserveCapacity(bounds.count)
    var next = distribution.buckets[...]
    var seen: UInt64 = 0
    for bound in bounds {
      let limit = UInt64((bound * 1e9).rounded())
      while let bucket = next.first {
        let middle = LatencyBuckets.midpoint(bucket.index)
        guard min(max(middle, distribution.minimum), distribution.maximum) <= limit else { break }
        seen += bucket.count
        next.removeFirst()
      }
      counts.append(seen)
    }
    return Point(
      counts: counts, count: distribution.count, sum: Double(distribution.sum) / 1e9)
  }
}

/// Histograms as they are scraped, each from its first value on.
struct HistogramSheet {
  private(set) var histograms: [ClusterSeries.Histogram] = []
  private var places: [String: Int] = [:]
  /// How many samples were taken before this one.
  private var sample = 0

  mutating func take(_ cluster: borrowing Cluster) {
    let bounds = HistogramBounds.requests(cluster.world.model.profile)
    for latency in cluster.world.observations.latencies.snapshot() {
      let labels: KeyValuePairs = [
        "verb": latency.verb, "resource": latency.resource, "subresource": latency.subresource,
        "scope": latency.scope,
      ]
      add(
        "apiserver_request_duration_seconds",
        "Latency of requests at the servers, the wait for a seat included.", labels, bounds,
        latency.duration)
      add(
        "apiserver_request_sli_duration_seconds",
        "Latency of requests at the servers without the wait for a seat.", labels,
        HistogramBounds.sli, latency.sliDuration)
    }
    add(
      "kubelet_pod_start_total_duration_seconds",
      "From the wish for a pod until the API has it as ready.", [:], HistogramBounds.podStart,
      cluster.world.observations.podStartup.snapshot())
    add(
      "etcd_disk_wal_fsync_duration_seconds", "Syncs of the leader's log.", [:],
      HistogramBounds.disk, cluster.etcd.counters.walSyncs.snapshot())
    add(
      "etcd_disk_backend_commit_duration_seconds", "Commits of the leader's backend.", [:],
      HistogramBounds.disk, cluster.etcd.counters.backendCommits.snapshot())
    sample += 1
  }

  private mutating func add(
    _ name: String, _ help: String, _ labels: KeyValuePairs<String, String>, _ bounds: [Double],
    _ distribution: LatencyDistribution
  ) {
    let key = ([name] + labels.map(\.value)).joined(separator: "\u{1}")
    if places[key] == nil {
      places[key] = histograms.count
      histograms.append(
        ClusterSeries.Histogram(
          name: name, labels: labels.map { ClusterSeries.Label(name: $0.key, value: $0.value) },
          help: help, bounds: bounds, firstSample: sample, points: []))
    }
    guard let place = places[key] else { return }
    histograms[place].points.append(ClusterSeries.Histogram.point(of: distribution, bounds))
  }
}
