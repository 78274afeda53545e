internal import Measure
internal import Synchronization

extension WorkerLoop where Engine: ~Copyable {
  /// Keeps the queue full: each round prepares what is free, hands it over, takes what is done.
  mutating func runClosed(from start: UInt64) {
    var tick = start
    var done = 0
    while true {
      let handed = prepareFree(at: tick)
      if handed == 0 && freeCount == job.queueDepth { return }
      let isFull = freeCount == 0 || !canIssue
      let failed = engine.submit(waitingFor: isFull ? awaited(after: done) : 0)
      // A broken engine has nothing in flight any more: it is not asked for completions.
      if failed != 0 || channel.stop.load(ordering: .relaxed) { stopIssuing(engineError: failed) }
      done = engine.reap(into: completions, capacity: inFlight)
      channel.noteProgress()
      if done > 0 {
        if job.timestamps {
          tick = clock.now()
          complete(done, at: tick)
        } else {
          completeUntimed(done)
          tick &+= 1
          if tick & 63 == 0 { lastTick = clock.now() }
        }
      } else if job.timestamps {
        tick = clock.now()
      } else {
        lastTick = clock.now()
      }
      if job.timestamps { lastTick = tick }
      if lastTick >= nextMark { mark(lastTick) }
    }
  }

  /// How many completions the next wait is for.
  ///
  /// Left to the tool, those that come in bursts are awaited in bursts, since then the CPU sets the
  /// pace and each wake-up costs it; those that come singly are awaited singly.
  @inline(__always)
  func awaited(after lastBurst: Int) -> Int {
    let wanted = job.completeBatch ?? max(1, min(lastBurst / 2, job.queueDepth / 4))
    return min(wanted, inFlight)
  }

  /// Whether another I/O may be generated: the sync of the last writes belongs to their budget.
  @inline(__always)
  var canIssue: Bool { issuing && (countLeft > 0 && bytesLeft > 0 || syncIsDue) }

  /// Whether the next I/O has to be a sync.
  @inline(__always)
  var syncIsDue: Bool { job.syncEvery > 0 && writesSinceSync >= job.syncEvery }

  /// Prepares one batch; gives how many were prepared.
  @inline(__always)
  mutating func prepareFree(at tick: UInt64) -> Int {
    let room = min(freeCount, job.submitBatch)
    var prepared = 0
    while prepared < room && canIssue {
      prepareNext(start: tick, prepared: tick)
      prepared &+= 1
    }
    if prepared > 0 { handOver(prepared) }
    return prepared
  }

  /// Stamps the batch that was just prepared: its slots lie right above the free ones.
  @inline(__always)
  mutating func handOver(_ count: Int) {
    recorder.countDepth(inFlight: inFlight, handed: count)
    guard job.timestamps else { return }
    let issued = clock.now()
    for index in freeCount..<freeCount &+ count { slots[Int(free[index])].issued = issued }
  }
}
