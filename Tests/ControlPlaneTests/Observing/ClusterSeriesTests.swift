import Foundation
import Measure
import TestSupport
import Testing

@testable import ControlPlane

struct ClusterSeriesTests {
  private static let outcome = ClusterTrial(model: model, load: load, seed: 5).run()

  private static var model: ClusterModel {
    var model = ClusterModel()
    model.nodes.pools[0].nodes = 80
    model.nodes.nodesPerRack = 20
    return model
  }

  private static var load: ClusterLoad {
    var load = ClusterLoad()
    load.duration = .seconds(300)
    load.podChurn = Rate(perSecond: 2)
    load.pods = 400
    var fault = ClusterFault(.rackLost)
    fault.at = .seconds(100)
    load.faults = [fault]
    return load
  }

  @Test func thereIsASampleEveryIntervalAndAValueInEach() {
    let series = Self.outcome.series
    #expect(series.times.first == .seconds(10) && series.times.last == .seconds(300))
    #expect(series.times.count == 30)
    #expect(series.columns.allSatisfy { $0.values.count == 30 })
    let names = series.columns.map { $0.name + $0.labels.map(\.value).joined() }
    #expect(Set(names).count == names.count)
  }

  @Test func samplesShowALostRackWhenTheAPIKnows() throws {
    let series = Self.outcome.series
    let ready = try #require(series.column("kube_node_status_condition", "Ready", "true"))
    let alive = try #require(series.column("assay_nodes_alive"))
    #expect(ready.values[9] == 80 && alive.values[10] == 60)
    // The grace period of 40 s is not over after 20.
    #expect(ready.values[11] == 80 && ready.values.last == 60)
  }

  @Test func countersAgreeWithTheOutcome() throws {
    let series = Self.outcome.series
    let leases = try #require(series.column("apiserver_request_total", "200", "ok"))
    #expect(leases.values.last == Double(Self.outcome.requests.succeeded))
    let rates = series.rates(of: leases)
    #expect(rates[0] == nil && (rates[5] ?? 0) > 8)
    let pods = try #require(series.column("kubelet_started_pods_total"))
    #expect(pods.values.last == Double(Self.outcome.podStartup.count))
  }

  @Test func longTrialsAreSampledMoreRarely() {
    var model = ClusterModel()
    model.nodes.leaseInterval = .seconds(1000)
    var load = ClusterLoad()
    load.sampling = .milliseconds(1)
    load.duration = .seconds(20)
    let series = ClusterTrial(model: model, load: load, seed: 1).run().series
    #expect(series.times.count == 10_000 && series.times.first == .milliseconds(2))
  }

  /// The same with histograms.
  private static let detailed = ClusterTrial(model: model, load: load, seed: 5).run(
    histograms: true)

  @Test func histogramsAreOfTheSameTrial() throws {
    #expect(Self.detailed.trace == Self.outcome.trace && Self.outcome.series.histograms.isEmpty)
    let histograms = Self.detailed.series.histograms
    let leases = try #require(
      histograms.first {
        $0.name == "apiserver_request_duration_seconds"
          && $0.labels.map(\.value) == ["PUT", "leases", "", "resource"]
      })
    let kind = try #require(
      Self.detailed.latencies.first { $0.verb == "PUT" && $0.resource == "leases" })
    let last = try #require(leases.points.last)
    #expect(last.count == kind.duration.count)
    #expect(abs(last.sum - Double(kind.duration.sum) / 1e9) < 1e-6)
    // Kubernetes 1.22 has 37 bounds from 50 ms on; etcd counts up to 8.192 s.
    #expect(leases.bounds.count == 37 && leases.bounds.first == 0.05 && leases.bounds.last == 60)
    let sync = try #require(
      histograms.first { $0.name == "etcd_disk_wal_fsync_duration_seconds" })
    #expect(sync.bounds.first == 0.001 && sync.bounds.last == 8.192)
    for histogram in histograms {
      #expect(histogram.firstSample + histogram.points.count == Self.detailed.series.times.count)
      for (point, next) in zip(histogram.points, histogram.points.dropFirst()) {
        #expect(zip(point.counts, next.counts).allSatisfy { $0 <= $1 } && point.sum <= next.sum)
      }
      for point in histogram.points {
        #expect(zip(point.counts, point.counts.dropFirst() + [point.count]).allSatisfy(<=))
      }
    }
  }

  @Test func aHistogramCountsWhatIsBelowItsBounds() {
    var histogram = LatencyHistogram()
    for millisecond in 1...1000 { histogram.record(UInt64(millisecond) * 1_000_000) }
    let distribution = histogram.snapshot()
    let point = ClusterSeries.Histogram.point(of: distribution, [0.0005, 0.1, 0.5, 2])
    #expect(point.counts[0] == 0 && point.counts[3] == 1000 && point.count == 1000)
    #expect(abs(Double(point.counts[1]) - 100) <= 2 && abs(Double(point.counts[2]) - 500) <= 8)
    #expect(abs(point.sum - 500.5) < 1e-9)
  }

  @Test(Requires.python("prometheus_client"), arguments: [false, true])
  func prometheusClientReadsTheText(hasHistograms: Bool) throws {
    let series = (hasHistograms ? Self.detailed : Self.outcome).series
    let folder = try TemporaryFolder()
    try folder.write(series.openMetrics(origin: 1_700_000_000), to: "series.txt")
    let oracle = """
      import sys
      from prometheus_client.openmetrics.parser import text_string_to_metric_families
      families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
      print(sum(len(f.samples) for f in families))
      print(*sorted({f.name for f in families if f.type == "histogram"}))
      """
    let said = try Command.run(["python3", "-c", oracle, folder.path("series.txt")]).checked()
    let lines = said.stdout.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(Int(lines[0]) == samples(series))
    #expect(
      String(lines[1])
        == (hasHistograms
          ? "apiserver_request_duration_seconds apiserver_request_sli_duration_seconds "
            + "etcd_disk_backend_commit_duration_seconds etcd_disk_wal_fsync_duration_seconds "
            + "kubelet_pod_start_total_duration_seconds" : ""))
  }

  /// How many samples the text of a series has.
  private func samples(_ series: ClusterSeries) -> Int {
    let detailed = Set(series.histograms.map(\.name))
    let values = series.columns.filter { $0.kind != .summary || !detailed.contains($0.name) }
      .reduce(0) { $0 + $1.values.count { $0 != nil } }
    return values
      + series.histograms.reduce(0) { $0 + $1.points.count * ($1.bounds.count + 3) }
  }

  @Test(Requires.tool("promtool"), arguments: [false, true])
  func prometheusReadsTheText(hasHistograms: Bool) throws {
    let series = (hasHistograms ? Self.detailed : Self.outcome).series
    let folder = try TemporaryFolder()
    try folder.write(series.openMetrics(origin: 1_700_000_000), to: "series.txt")
    let blocks = folder.path("blocks")
    let said = try Command.run(
      ["promtool", "tsdb", "create-blocks-from", "openmetrics", folder.path("series.txt"), blocks])
    #expect(said.status == 0, "\(said)")
    // A database without a write-ahead log is no database to promtool.
    try FileManager.default.createDirectory(
      atPath: blocks + "/wal", withIntermediateDirectories: true)
    let dump = try Command.run(["promtool", "tsdb", "dump", blocks])
    #expect(dump.stdout.split(separator: "\n").count == samples(series))
  }
}
