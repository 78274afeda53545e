internal import ControlPlane
internal import Deploy
internal import Measure
internal import Networking
internal import Storage

/// Works out what a trial takes and writes, without running it.
enum TrialEstimates {
  static func of(_ work: Work) -> TrialEstimate {
    switch work {
    case .storage(let work):
      var estimate = of(work.workload, on: work.target)
      if let operation = work.operation {
        estimate.unknownTime.append(
          "an online operation that ends late, at most \(operation.withinNs.text) and as much to "
            + "take it back")
      }
      return estimate
    case .verbs(let work):
      var estimate = TrialEstimate()
      estimate.knownNs = work.workload.ramp + work.workload.duration
      estimate.atMostNs = estimate.knownNs
      return estimate
    case .simulation(let work):
      var estimate = TrialEstimate()
      let simulated = work.load.warmUp + work.load.duration
      estimate.unknownTime = ["simulating \(simulated.text) of a cluster's time in each trial"]
      return estimate
    }
  }

  private static func of(
    _ workload: StorageWorkload, on target: StorageTarget
  ) -> TrialEstimate {
    var estimate = TrialEstimate()
    time(workload, &estimate)
    let region = region(workload, target)
    let passes: Int =
      switch workload.precondition {
      case .none: 0
      case .snia: 2
      case .fill(let passes): passes
      }
    if passes > 0 {
      estimate.unknownTime.append("preconditioning, \(passes) x the region")
      add(region.map { $0.count.multipliedClamped(Int64(passes)) }, "preconditioning", &estimate)
    }
    writes(workload, region, &estimate)
    return estimate
  }

  private static func region(_ workload: StorageWorkload, _ target: StorageTarget) -> ByteCount? {
    if let size = workload.regionSize { return size }
    switch target {
    case .device, .fabrics, .virtualFunction: return nil
    case .file(let file): return file.size.map { rest($0, workload) }
    case .none(let size): return rest(size, workload)
    }
  }

  private static func rest(_ size: ByteCount, _ workload: StorageWorkload) -> ByteCount {
    ByteCount(max(size.count - workload.regionOffset.count, 0))
  }

  private static func time(_ workload: StorageWorkload, _ estimate: inout TrialEstimate) {
    if let rule = workload.steadyState {
      estimate.knownNs = workload.ramp + times(rule.round, rule.window)
      estimate.atMostNs = workload.ramp + times(rule.round, rule.maxRounds)
    } else if let duration = workload.duration {
      estimate.knownNs = workload.ramp + duration
      estimate.atMostNs = estimate.knownNs
    } else {
      estimate.knownNs = workload.ramp
      estimate.atMostNs = workload.ramp
      estimate.unknownTime.append("an end by bytes or count")
    }
    if workload.verify == .writeThenRead { estimate.unknownTime.append("reading back for verify") }
  }

  private static func times(_ span: Nanoseconds, _ count: Int) -> Nanoseconds {
    Nanoseconds(span.count.multipliedClamped(Int64(count)))
  }

  private static func add(_ bytes: Int64?, _ what: String, _ estimate: inout TrialEstimate) {
    if let bytes {
      estimate.writesAtMost = .init(estimate.writesAtMost.count.addingClamped(bytes))
    } else {
      estimate.unknownWrites.append("\(what): the size of the target is not known here")
    }
  }

  private static func writes(
    _ workload: StorageWorkload, _ region: ByteCount?, _ estimate: inout TrialEstimate
  ) {
    guard workload.pattern.writes, workload.engine != .null, workload.engine != .nopRing else {
      return
    }
    let jobs = Int64(workload.jobs)
    let largest = workload.writeBlock.largest.count
    var bounds: [Int64] = []
    if let total = workload.totalBytes { bounds.append(total.count.multipliedClamped(jobs)) }
    if let count = workload.totalCount {
      bounds.append(count.multipliedClamped(largest).multipliedClamped(jobs))
    }
    let ends = workload.steadyState != nil || workload.duration != nil
    if !ends, bounds.isEmpty, let region { bounds.append(region.count.multipliedClamped(jobs)) }
    if ends, case .open(.absolute(let rate), _) = workload.load {
      let bytes = rate.perSecond * estimate.atMostNs.inSeconds * Double(largest)
      if bytes < 9e18 { bounds.append(Int64(bytes.rounded(.up))) }
    }
    if let least = bounds.min() {
      estimate.writesAtMost = .init(estimate.writesAtMost.count.addingClamped(least))
    } else {
      estimate.unknownWrites.append("writes for \(estimate.atMostNs.text): their rate is not known")
    }
  }
}
