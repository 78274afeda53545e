import ControlPlane
import Foundation
import Measure
import TestSupport
import Testing

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

  @Test(Requires.tool("promtool")) func prometheusReadsTheText() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "series-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = Self.outcome.series.openMetrics(origin: 1_700_000_000)
    let file = folder.appending(path: "series.txt")
    try text.write(to: file, atomically: true, encoding: .utf8)
    let blocks = folder.appending(path: "blocks").path
    let said = try Command.run(
      ["promtool", "tsdb", "create-blocks-from", "openmetrics", file.path, blocks])
    #expect(said.status == 0, "\(said)")
    // A database without a write-ahead log is no database to promtool.
    try FileManager.default.createDirectory(
      atPath: blocks + "/wal", withIntermediateDirectories: true)
    let dump = try Command.run(["promtool", "tsdb", "dump", blocks])
    let values = Self.outcome.series.columns.reduce(0) { $0 + $1.values.count { $0 != nil } }
    #expect(dump.stdout.split(separator: "\n").count == values)
  }
}
