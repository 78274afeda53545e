public import Testing

extension Trait where Self == TimeLimitTrait {
  /// Ends a test that hangs.
  ///
  /// A test's time counts from where it is due, not from where it gets a thread: those of a suite
  /// that runs one by one wait while all other suites hold the few threads there are, two minutes
  /// on two quiet processors. So this lies far above what all tests together take.
  public static var hangLimit: Self { .timeLimit(.minutes(30)) }
}
