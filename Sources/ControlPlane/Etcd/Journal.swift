internal import Measure

/// A file system's journal: one commit at a time, and all that ask while one runs share the next
/// (fs/jbd2/commit.c, `jbd2_log_start_commit`).
struct Journal {
  private var running = Nanoseconds.zero
  private var next = Nanoseconds.zero

  /// When a sync that asks now, and would take `length` by itself, has its commit.
  mutating func commit(_ length: Nanoseconds, at now: Nanoseconds) -> Nanoseconds {
    if now >= running, next > now { running = next }
    guard now < running else {
      running = now + length
      return running
    }
    if next <= running { next = running + length }
    return next
  }
}
