import Foundation
import Host
import Measure
import Storage

struct Obs: StorageObserver {
  func measuringWillStart(after ramp: Nanoseconds) {}
  func secondPassed(_ second: StorageSecond) { if CommandLine.arguments.count > 8 { print(second) } }
  func phaseChanged(_ phase: String) {}
  func measuringDidEnd() {}
  func shouldStop() -> Bool { false }
}
let a = CommandLine.arguments
var w = StorageWorkload(pattern: .randomRead)
w.engine = .init(rawValue: a[2])!
w.queueDepth = Int(a[3])!
if let b = Int(a[4]), b > 0 { w.submitBatch = b; w.completeBatch = b }
w.duration = .milliseconds(Int64(a[5])!)
if a.count > 6 { w.timestamps = a[6] == "1" }
let t: StorageTarget = a[1] == "none" ? .none(size: .gibibytes(1)) : .device(path: a[1])
let f = try TargetFacts.examine(t)
let clock = TickClock.calibrated(counterIsSteady: Environment.counterIsSteady)
let o = try StorageTrial(facts: f, workload: w, seed: 1, stampSeed: 1, rate: nil, clock: clock, cpus: [1], node: nil).run(Obs())
let n = Double(o.read.ios)
print(a[2], "iops", Int(n / o.elapsed.inSeconds), "cpu/io", Double(o.workers[0].cpuNs.count) / n, "lat p50", o.read.latency.quantile(0.5) ?? 0, "p99", o.read.latency.quantile(0.99) ?? 0, "svc", o.read.service.quantile(0.5) ?? 0, "sub", o.read.submission.quantile(0.5) ?? 0, o.features, o.longestGap as Any, o.depthLevels)
