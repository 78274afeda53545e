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
      outcome.longestGap = Self.commonGap(isTimed ? ran.map(\.gaps) : [])
        .map { span($0, since: first) }
    }
    let lost = results.count(where: \.isLost)
    if lost > 0 { outcome.lostWorkers = lost }
    return outcome
  }

  /// Completions by windows; nil where they were not asked for.
  ///
  /// `origin` is the tick at which measuring started, `startedAt` the same moment on
  /// CLOCK_MONOTONIC.
  func timeline(
    _ results: [WorkerResult], _ logs: [WindowLog], origin: UInt64, startedAt: Nanoseconds
  ) -> CompletionTimeline? {
    guard let first = logs.first, let job = jobs.first else { return nil }
    let ran = results.filter { $0.lastTick > $0.firstTick }
    let failed = results.filter { $0.lastError > 0 }
    func since(_ tick: UInt64) -> Nanoseconds {
      Nanoseconds(Int64(clock.nanoseconds(tick > origin ? tick - origin : 0)))
    }
    var windows = [CompletionTimeline.Window](repeating: .init(), count: first.capacity)
    for log in logs {
      for index in windows.indices {
        windows[index].ios += UInt64(log[index].ios)
        windows[index].errors += UInt64(log[index].errors)
      }
    }
    let recovered = failed.map(\.successAfterError)
    return CompletionTimeline(
      startedAtNs: startedAt, windowNs: job.window, windows: windows,
      gaps: Self.commonGaps(ran.map(\.gaps)).map { span($0, since: origin) },
      lastErrorNs: failed.map(\.lastError).max().map(since),
      succeededAgainNs: recovered.contains(0) ? nil : recovered.max().map(since),
      endNs: since(ran.map(\.lastTick).max() ?? origin),
      lostWorkers: results.count(where: \.isLost))
  }

  private func span(_ gap: Recorder.Gap, since first: UInt64) -> CompletionGap {
    CompletionGap(
      startNs: Nanoseconds(Int64(clock.nanoseconds(gap.start > first ? gap.start - first : 0))),
      lengthNs: Nanoseconds(Int64(clock.nanoseconds(gap.length))))
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

  /// The longest time in which no I/O of any worker ended well.
  static func commonGap(_ lists: [[Recorder.Gap]]) -> Recorder.Gap? {
    commonGaps(lists).max { $0.length < $1.length }
  }

  /// The longest times in which no I/O of any worker ended well.
  ///
  /// Each is a common part of one gap of each worker: exact as long as no worker has more than 32
  /// gaps longer than it.
  static func commonGaps(_ lists: [[Recorder.Gap]]) -> [Recorder.Gap] {
    guard var common = lists.first else { return [] }
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
    return common
  }
}
