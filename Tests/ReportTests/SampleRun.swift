import Measure
import Report

@testable import Ledger

/// Runs drawn from a seed: log-normal latencies with a slow second mode, as disks have.
enum SampleRun {
  static func input(
    systems: [String] = ["local", "dpu"], workloads: [String] = ["random-read"],
    depths: [Int] = [1, 32], blocks: Int = 3, seconds: Int = 20, ios: Int = 20_000,
    disclosed: Bool = true
  ) -> ReportInput {
    var header = RunHeader(
      id: "20261121T020000Z-sample-1", name: "sample <run>", about: "Drawn & not measured.",
      startedAt: "2026-11-21T02:00:00Z", version: "0.1.0", seed: 42)
    header.notHardware = "drawn from a seed for a test"
    var input = ReportInput(header: header, scenario: "assay: 1\nname: \"<sample> & more\"\n")
    var number = 0
    for block in 1...blocks {
      for workload in workloads {
        for depth in depths {
          // ABBA: every second block runs the systems in reverse.
          for system in block.isMultiple(of: 2) ? systems.reversed() : systems {
            number += 1
            let key = CaseKey(
              system: system, workload: workload,
              point: depths.count > 1 ? ["queue-depth=\(depth)"] : [])
            let slow = 1 + Double(systems.firstIndex(of: system) ?? 0) * 0.6
            input.trials.append(
              trial(
                number, key, block: block, depth: depth, slow: slow, seconds: seconds, ios: ios,
                disclosed: disclosed))
          }
        }
      }
    }
    return input
  }

  private static func trial(
    _ number: Int, _ key: CaseKey, block: Int, depth: Int, slow: Double, seconds: Int, ios: Int,
    disclosed: Bool
  ) -> ReportInput.Trial {
    var random = SeededRandom(seed: 7, stream: UInt64(number))
    var histogram = LatencyHistogram()
    for _ in 0..<ios {
      // The sum of twelve uniform numbers is nearly normal: no library is needed here.
      let normal = (0..<12).reduce(-6.0) { sum, _ in sum + random.unit() }
      let tail = random.unit() < 0.004 ? 12.0 : 1.0
      let base = 60_000 * slow * (1 + Double(depth) / 24) * tail
      histogram.record(UInt64(base * (1 + 0.18 * normal + 0.04 * normal * normal).magnitude))
    }
    let latency = histogram.snapshot()
    let rate = Double(depth) * 1e9 / latency.mean
    let id = String(number)
    var record = TrialRecord(
      id: "t" + String(repeating: "0", count: 4 - id.count) + id, key: key, block: block)
    record.metrics = [
      "iops": .init(rate, "1/s"), "bandwidth": .init(rate * 4096, "B/s"),
      "latency p99": .init(Double(latency.quantile(0.99) ?? 0), "ns"),
      "cpu per io": .init(2_400 * slow, "ns"), "errors": .init(0, "1"),
    ]
    if disclosed {
      record.disclosure = [
        "pattern": "random-read", "block size": "4 KiB", "queue depth": "\(depth)", "jobs": "1",
        "engine": "io_uring", "load": "closed", "transport": "none", "medium": "a random stream",
      ]
    }
    record.startedAt = "2026-11-21T02:00:00Z"
    record.tookNs = .seconds(Int64(seconds))
    let series = (0..<seconds).map { second in
      let count = UInt64(rate * (0.95 + 0.1 * random.unit()))
      return SeriesRow(
        second: second, readIOs: count, readBytes: count * 4096, writeIOs: 0, writeBytes: 0,
        trimIOs: 0, syncIOs: 0, meanLatencyNs: UInt64(latency.mean),
        maxLatencyNs: UInt64(Double(latency.maximum) * (0.3 + 0.7 * random.unit())), lateIOs: 0,
        errors: 0)
    }
    return .init(record, distributions: ["read latency": latency], series: series)
  }
}
