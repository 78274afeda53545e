internal import CLinux
internal import Glibc
internal import Measure

extension WorkerLoop where Engine: ~Copyable {
  /// A ramp, a second, or the measured time is over.
  @inline(never)
  mutating func mark(_ tick: UInt64) {
    if !measuring && tick >= nextMark && tick < end {
      measuring = true
      measureStart = tick
      recorder.restart(at: tick)
      recorder.openWindows(at: rampEnd)
      nextSecond = 0
      startUsage()
      secondEnd = tick + clock.ticks(.seconds(1))
    }
    while measuring && tick >= secondEnd {
      publishSecond()
      secondEnd += clock.ticks(.seconds(1))
    }
    if tick >= end { issuing = false }
    nextMark = issuing ? min(secondEnd, end) : secondEnd
  }

  /// Gives the second to the coordinator, or goes on filling it when the coordinator sleeps.
  mutating func publishSecond() {
    nextSecond += 1
    if channel.publish(recorder.second) {
      recorder.second = WorkerSecond()
      recorder.second.second = nextSecond
    }
  }

  mutating func stopIssuing(engineError: Int32) {
    issuing = false
    if engineError != 0 && failure == nil {
      let reason = engine.failureText ?? String(cString: strerror(engineError))
      failure = "the engine failed: \(reason)"
      // Nothing in flight can be awaited on a broken engine.
      freeCount = job.queueDepth
    }
  }

  mutating func startUsage() {
    _ = cl_thread_usage(&usageAtStart)
    cpuAtStart = cl_thread_cpu_ns()
  }

  mutating func finish() {
    let tick = clock.now()
    if !job.timestamps { lastTick = tick }
    recorder.close(at: lastTick)
    let last = recorder.second
    if last.ios != (0, 0, 0, 0) || last.errors > 0 || last.late > 0 { publishSecond() }
  }

  /// What this worker used since measuring started.
  func usage() -> WorkerOutcome {
    var now = rusage()
    _ = cl_thread_usage(&now)
    var outcome = WorkerOutcome()
    outcome.cpuNs = Nanoseconds(cl_thread_cpu_ns() - cpuAtStart)
    outcome.userNs = Self.span(usageAtStart.ru_utime, now.ru_utime)
    outcome.systemNs = Self.span(usageAtStart.ru_stime, now.ru_stime)
    outcome.voluntarySwitches = now.ru_nvcsw - usageAtStart.ru_nvcsw
    outcome.involuntarySwitches = now.ru_nivcsw - usageAtStart.ru_nivcsw
    return outcome
  }

  static func span(_ from: timeval, _ to: timeval) -> Nanoseconds {
    Nanoseconds(
      Int64(to.tv_sec - from.tv_sec) * 1_000_000_000 + Int64(to.tv_usec - from.tv_usec) * 1_000)
  }
}
