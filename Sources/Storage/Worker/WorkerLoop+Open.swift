internal import CLinux
internal import Measure
internal import Synchronization

extension WorkerLoop where Engine: ~Copyable {
  /// Issues each I/O at its intended time whether or not earlier ones have ended.
  mutating func runOpen(from start: UInt64) {
    guard let arrivals = job.arrivals else { return }
    var schedule = ArrivalSchedule(arrivals, clock: clock, start: start, seed: job.seed)
    let lateTicks = clock.ticks(job.lateBound)
    let spinNs: UInt64 = 50_000
    while true {
      let tick = clock.now()
      lastTick = tick
      channel.noteProgress()
      if tick >= nextMark { mark(tick) }
      if channel.stop.load(ordering: .relaxed) { stopIssuing(engineError: 0) }
      var prepared = 0
      let room = min(freeCount, job.submitBatch)
      while prepared < room && canIssue {
        if syncIsDue {
          // A sync follows its writes at once; the arrivals are those of the data.
          prepareNext(start: tick, prepared: tick)
          prepared &+= 1
          continue
        }
        guard schedule.next <= tick && schedule.next < end else { break }
        if tick &- schedule.next >= lateTicks { recorder.countLate() }
        prepareNext(start: schedule.next, prepared: tick)
        schedule.advance()
        prepared &+= 1
      }
      if prepared > 0 {
        handOver(prepared)
        let failed = engine.submit(waitingFor: 0)
        if failed != 0 { stopIssuing(engineError: failed) }
      }
      let done = engine.reap(into: completions, capacity: inFlight)
      if done > 0 { complete(done, at: clock.now()) }
      if prepared > 0 || done > 0 { continue }
      if (!canIssue || schedule.next >= end) && freeCount == job.queueDepth { break }
      idle(until: schedule.next, now: tick, spinNs: spinNs)
    }
    // What was due and never issued is late too: an overload must not hide in what was skipped.
    while schedule.next < min(lastTick, end) && countLeft > 0 {
      recorder.countLate()
      schedule.advance()
      countLeft -= 1
    }
  }

  /// Sleeps towards the next intended time or completion; spins the last 50 us.
  mutating func idle(until next: UInt64, now: UInt64, spinNs: UInt64) {
    guard freeCount > 0 && canIssue && next < end else {
      // Nothing can be issued: only a completion or the end of the second is awaited.
      _ = engine.wait(atMost: 100_000_000)
      return
    }
    let span = next > now ? clock.nanoseconds(next &- now) : 0
    if span > spinNs {
      _ = engine.wait(atMost: Int64(min(span - spinNs, 100_000_000)))
    } else if freeCount < job.queueDepth {
      _ = engine.wait(atMost: 0)
    } else {
      cl_relax()
    }
  }
}
