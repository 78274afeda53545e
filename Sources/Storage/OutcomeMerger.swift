internal import Measure

/// Makes one outcome of the workers' results.
struct OutcomeMerger {
  let clock: TickClock
  let jobs: [WorkerJob]

  func merge(_ results: [WorkerResult]) -> StorageOutcome {
    var outcome = StorageOutcome()
    for result in results {
      outcome.read.merge(result.read)
      outcome.write.merge(result.write)
      outcome.trim.merge(result.trim)
      outcome.sync.merge(result.sync)
      outcome.lateIOs += result.late
      outcome.hungIOs += result.hung
      outcome.errorCount += result.errorCount
      outcome.errors += result.errors
      outcome.workers.append(result.usage)
      if outcome.stoppedEarly == nil { outcome.stoppedEarly = result.failure }
      if outcome.features.isEmpty { outcome.features = result.features }
      for (level, count) in result.depthLevels.enumerated() { outcome.depthLevels[level] += count }
    }
    outcome.errors.sort { $0.atNs < $1.atNs }
    outcome.errors = Array(outcome.errors.prefix(Recorder.errorCapacity))
    let ran = results.filter { $0.lastTick > $0.firstTick }
    if let first = ran.map(\.firstTick).min(), let last = ran.map(\.lastTick).max() {
      outcome.elapsed = Nanoseconds(Int64(clock.nanoseconds(last - first)))
      // Without times of completions there are no gaps to know of.
      let isTimed = jobs.allSatisfy(\.timestamps)
      outcome.longestGap = Self.commonGap(isTimed ? ran.map(\.gaps) : []).map { gap in
        CompletionGap(
          startNs: Nanoseconds(Int64(clock.nanoseconds(gap.start > first ? gap.start - first : 0))),
          lengthNs: Nanoseconds(Int64(clock.nanoseconds(gap.length))))
      }
    }
    return outcome
  }

  static func verification(of results: [WorkerResult]) -> VerifyOutcome {
    results.reduce(into: VerifyOutcome()) { total, result in
      total.blocksChecked += result.verification.blocksChecked
      total.blocksBad += result.verification.blocksBad
      total.blocksUnreadable += result.verification.blocksUnreadable
      guard let bad = result.verification.firstBad else { return }
      if total.firstBad.map({ bad.offset < $0.offset }) ?? true { total.firstBad = bad }
    }
  }

  /// The longest time in which no worker completed anything.
  ///
  /// It is the longest common part of one gap of each: exact as long as no worker has more than 32
  /// gaps longer than it.
  static func commonGap(_ lists: [[Recorder.Gap]]) -> Recorder.Gap? {
    guard var common = lists.first else { return nil }
    for list in lists.dropFirst() {
      var parts: [Recorder.Gap] = []
      for left in common {
        for right in list {
          let start = max(left.start, right.start)
          let end = min(left.start + left.length, right.start + right.length)
          if end > start { parts.append(Recorder.Gap(start: start, length: end - start)) }
        }
      }
      common = Array(parts.sorted { $0.length > $1.length }.prefix(Recorder.gapCapacity))
    }
    return common.max { $0.length < $1.length }
  }
}
