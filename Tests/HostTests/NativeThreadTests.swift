import Glibc
import Host
import Synchronization
import Testing

@Suite struct NativeThreadTests {
  /// What a thread leaves behind: 0 until it ends, then what it saw.
  private final class Log: Sendable {
    private let word = Atomic<UInt>(0)
    var seen: UInt { word.load(ordering: .acquiring) }
    func end(_ seen: UInt) { word.store(seen, ordering: .releasing) }
  }

  @Test func itRunsBesideAndIsWaitedFor() throws {
    weak var kept: Log?
    do {
      let log = Log()
      kept = log
      let thread = try #require(
        NativeThread {
          usleep(20_000)
          log.end(pthread_self())
        })
      thread.join()
      #expect(![0, pthread_self()].contains(log.seen))
    }
    #expect(kept == nil, "what it ran is let go")
  }

  @Test func aSignalWakesIt() throws {
    signal(SIGUSR1) { _ in }
    let log = Log()
    let thread = try #require(NativeThread { log.end(sleep(30) > 0 ? 1 : 2) })
    // It may not sleep yet: as those who wake workers do, until it shows.
    while log.seen == 0 {
      thread.signal(SIGUSR1)
      usleep(1000)
    }
    thread.join()
    #expect(log.seen == 1)
  }

  @Test func onceAbandonedItGoesOnAlone() throws {
    let log = Log()
    try #require(
      NativeThread {
        usleep(10_000)
        log.end(1)
      }
    ).abandon()
    while log.seen == 0 { usleep(1000) }
  }
}
