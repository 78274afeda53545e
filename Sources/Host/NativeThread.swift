internal import Glibc

/// A thread of the system's own, for work that blocks or must not share its processor.
///
///     guard let thread = NativeThread({ serve() }) else { return }
///     thread.join()
///
/// Whoever starts one ends it with ``join()`` or ``abandon()``, once.
public struct NativeThread: Sendable {
  private let thread: pthread_t

  /// What a thread runs, in a box that a C function can be handed.
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread that runs `body`, which is let go once it has ended.
  ///
  /// Nil where the system has no thread left.
  public init?(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { work in
        guard let work else { return nil }
        // A mask is inherited, and a dispatch queue's blocks what ``signal(_:)`` sends.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard status == 0 else {
      work.release()
      return nil
    }
    self.thread = thread
  }

  /// Waits for its end.
  public func join() { pthread_join(thread, nil) }

  /// Lets it go where it hangs in the kernel; what it uses stays with it.
  public func abandon() { pthread_detach(thread) }

  /// Sends it a signal: a system call in which it is blocked returns.
  public func signal(_ number: Int32) { pthread_kill(thread, number) }
}
