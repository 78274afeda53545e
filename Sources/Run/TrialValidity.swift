internal import Deploy
internal import Host
internal import Ledger
internal import Measure
internal import Statistics
internal import Storage

/// Whether a trial's numbers may be used, and what was noticed about them.
struct TrialValidity {
  private(set) var status = TrialRecord.Status.valid
  private(set) var findings: [Finding] = []

  init(workload: StorageWorkload, outcome: StorageOutcome, rate: Rate?) {
    judgeEnd(outcome)
    judgeVerification(outcome)
    judgeLoad(workload, outcome, rate)
  }

  private mutating func note(_ code: FindingCode, _ severity: Finding.Severity, _ message: String) {
    findings.append(Finding(code: code, severity: severity, message: message))
  }

  private mutating func fail(_ code: FindingCode, _ message: String) {
    status = .failed
    note(code, .error, message)
  }

  private mutating func judgeEnd(_ outcome: StorageOutcome) {
    if let reason = outcome.stoppedEarly { fail(.stoppedEarly, reason) }
    if outcome.errorCount > 0 && outcome.stoppedEarly == nil, let first = outcome.errors.first {
      note(
        .ioErrors, .warning,
        "\(outcome.errorCount) I/Os failed; the first: \(first.operation) of \(first.length) B at "
          + "offset \(first.offset), errno \(first.errno), after \(first.atNs.text)")
    }
    if outcome.hungIOs > 0 {
      note(.hungIOs, .warning, "\(outcome.hungIOs) I/Os took at least the hang bound")
    }
    if outcome.elapsed == .zero && status == .valid {
      fail(.nothingMeasured, "no I/O completed in the measured time")
    }
  }

  /// Whether the operation was done, and what it did to the I/O.
  mutating func judge(_ operation: OperationRecord) {
    if let failure = operation.seen.failure { fail(.operationFailed, failure) }
    if let failure = operation.seen.undoFailure { fail(.undoFailed, failure) }
    guard let effect = operation.effect, effect.hadOutage else { return }
    var parts: [String] = []
    if let error = effect.firstErrorNs {
      parts.append("the first I/O failed \(Self.text(error)) after the trigger")
    }
    if let stall = effect.longestStall, stall.lengthNs >= OperationEffect.stallBound {
      parts.append("no I/O ended well for \(Self.text(stall.lengthNs))")
    }
    parts.append(
      effect.recoveryNs.map { "I/O went on \(Self.text($0)) after the trigger" }
        ?? "I/O did not go on before the end")
    note(.outage, effect.recoveryNs == nil ? .warning : .note, parts.joined(separator: "; "))
  }

  /// To the millisecond: outages are told, not compared.
  private static func text(_ span: Nanoseconds) -> String {
    Nanoseconds.milliseconds((span.count + 500_000) / 1_000_000).text
  }

  private mutating func judgeVerification(_ outcome: StorageOutcome) {
    guard let verification = outcome.verification else { return }
    if verification.blocksBad > 0, let bad = verification.firstBad {
      fail(
        .verifyBadBlock,
        "\(verification.blocksBad) of \(verification.blocksChecked) blocks are not what was "
          + "written; the first at offset \(bad.offset): \(bad.reason); expected \(bad.expected); "
          + "found \(bad.found)")
    }
    if verification.blocksUnreadable > 0 {
      note(
        .verifyUnreadable, .warning,
        "\(verification.blocksUnreadable) blocks could not be read back: not compared, not "
          + "counted as bad")
    }
  }

  private mutating func judgeLoad(
    _ workload: StorageWorkload, _ outcome: StorageOutcome, _ rate: Rate?
  ) {
    guard let rate, outcome.elapsed.inSeconds > 0 else { return }
    let ios = outcome.read.ios + outcome.write.ios + outcome.trim.ios
    let achieved = Double(ios) / outcome.elapsed.inSeconds
    // Poisson counts scatter by their square root; beyond that and 1 % it is overload.
    let expected = rate.perSecond * outcome.elapsed.inSeconds
    if Double(ios) < expected * 0.99 - 4 * expected.squareRoot() {
      note(
        .rateNotReached, .warning,
        "\(rate.text) were offered and \(Int(achieved))/s achieved: the target is overloaded, its "
          + "latency grows with the length of the trial")
    } else if outcome.lateIOs > 0 {
      note(
        .lateIOs, .note,
        "\(outcome.lateIOs) of \(ios) I/Os were issued at least \(workload.lateBound.text) late; "
          + "their latency counts from the intended time")
    }
  }

  /// SNIA's rule, where the workload asks for it.
  mutating func judgeSteadyState(
    _ rule: StorageWorkload.SteadyStateRule?, _ verdict: SteadyState.Verdict?, rounds: Int
  ) {
    guard rule != nil, verdict?.isReached != true, status == .valid else { return }
    status = .invalid
    guard let verdict else {
      note(
        .steadyStateNotReached, .error,
        "\(rounds) rounds are too few for the window, or one had no I/O: no steady state, no number"
      )
      return
    }
    note(
      .steadyStateNotReached, .error,
      "after \(rounds) rounds the last window ranges over \(verdict.rangeFraction.text) of its "
        + "mean with a slope of \(verdict.slopeFraction.text): no steady state, no number")
  }

  /// A provisioned cloud disk: a burst, then a flat limit.
  mutating func judgePlateau(_ perSecond: [Double]) {
    guard let plateau = RateLimitPlateau.detect(perSecond: perSecond) else { return }
    note(
      .rateLimitedPlateau, .warning,
      "IOPS fell from about \(Int(plateau.burstRate)) to a flat \(Int(plateau.limitRate)) after "
        + "\(plateau.burstSeconds) s: a token bucket, as provisioned cloud disks have. The figures "
        + "mix burst and limit; measure again below the limit, with `rate: 70%` say")
  }

  /// The kernel's own counters against ours, where nobody else can have used the device.
  mutating func judgeKernelCounts(
    _ kernel: DiskStatistics, system: ExaminedStorage, everything: StorageOutcome
  ) {
    guard system.device?.isTarget == true, !system.facts.isPassthrough,
      everything.stoppedEarly == nil, everything.verification == nil, !everything.hasRamp
    else { return }
    let counts: [(name: String, ours: Double, theirs: Double)] = [
      ("read", Double(everything.read.bytes), Double(kernel.bytesRead.count)),
      ("written", Double(everything.write.bytes), Double(kernel.bytesWritten.count)),
    ]
    for (name, ours, theirs) in counts {
      guard abs(theirs - ours) > max(ours * 0.001, 0x1p20) else { continue }
      note(
        .kernelCountDisagrees, .warning,
        "\(Int64(ours)) B \(name) by our count, \(Int64(theirs)) B by the kernel's: something "
          + "else uses the device, or a cache stands between")
    }
  }
}
