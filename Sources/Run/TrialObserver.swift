internal import Deploy
internal import Host
internal import Ledger
internal import Measure
internal import Scenario
internal import Storage

/// What a trial leaves besides its outcome: CPU at both ends, seconds, progress.
final class TrialObserver: StorageObserver {
  private let trial: PlannedTrial
  private let progress: any RunProgress
  private let series: SeriesWriter?
  private let operation: OnlineOperationRun?
  /// Why the operation could not be armed; the trial ends on it.
  private(set) var operationFailure: OperationFailure?
  private(set) var seriesError: LedgerError?
  /// I/Os of each whole second, once ``roundEnded(after:)`` has dropped what is none.
  private(set) var perSecond: [Double] = []
  private var cpuBefore: CPUSnapshot?
  private var cpuAfter: CPUSnapshot?
  private var rampEnd = Nanoseconds.zero
  /// Seconds of earlier rounds: a round's series goes on where the last one ended.
  private var firstSecond = 0
  private var lastSecond = -1
  /// Seconds of ``perSecond`` that belong to earlier rounds.
  private var settled = 0

  /// Most seconds that are kept in memory to look for a plateau in: the series file has them all.
  private static let kept = 4096

  init(
    _ trial: PlannedTrial, progress: any RunProgress, series: SeriesWriter?,
    operation: OnlineOperationRun? = nil
  ) {
    self.operation = operation
    self.trial = trial
    self.progress = progress
    self.series = series
  }

  func measuringWillStart(after ramp: Nanoseconds) {
    rampEnd = MonotonicClock.now() + ramp
    firstSecond = lastSecond + 1
    if ramp == .zero { cpuBefore = try? CPUSnapshot.capture() } else { cpuBefore = nil }
    cpuAfter = nil
    do throws(OperationFailure) {
      try operation?.arm()
    } catch {
      operationFailure = error
    }
  }

  func measuringStarts(at moment: Nanoseconds) {
    if operationFailure == nil { operation?.start(measuringFrom: moment) }
  }

  func secondPassed(_ second: StorageSecond) {
    var moved = second
    moved.second += firstSecond
    lastSecond = moved.second
    if perSecond.count < Self.kept { perSecond.append(Double(second.ios)) }
    progress.secondPassed(moved, of: trial)
    append(SeriesRow(moved))
  }

  /// A second of messages instead of I/Os.
  func messagesPassed(_ row: SeriesRow, _ messages: UInt64) {
    progress.messagesPassed(messages, of: trial)
    append(row)
  }

  private func append(_ row: SeriesRow) {
    guard let series, seriesError == nil else { return }
    do {
      try series.append(row)
    } catch {
      seriesError = error
    }
  }

  /// Drops the last part of a second: it is lower than the rest and no sign of anything.
  func roundEnded(after elapsed: Nanoseconds) {
    let whole = settled + Int(elapsed.inSeconds)
    if perSecond.count > whole { perSecond.removeLast(perSecond.count - whole) }
    settled = perSecond.count
  }

  func phaseChanged(_ phase: String) { progress.phaseChanged(phase) }

  func measuringDidEnd() { cpuAfter = try? CPUSnapshot.capture() }

  func shouldStop() -> Bool {
    if cpuBefore == nil && MonotonicClock.now() >= rampEnd {
      cpuBefore = try? CPUSnapshot.capture()
    }
    return progress.isInterrupted() || operationFailure != nil
  }

  /// CPU use of the measured window; nil where it could not be taken.
  var cpu: CPUUse? {
    guard let cpuBefore, let cpuAfter else { return nil }
    return cpuAfter - cpuBefore
  }
}

extension SeriesRow {
  init(_ second: StorageSecond) {
    self.init(
      second: second.second, readIOs: second.readIOs, readBytes: second.readBytes,
      writeIOs: second.writeIOs, writeBytes: second.writeBytes, trimIOs: second.trimIOs,
      syncIOs: second.syncIOs,
      meanLatencyNs: second.ios == 0 ? 0 : second.latencySumNs / second.ios,
      maxLatencyNs: second.latencyMaxNs, lateIOs: second.lateIOs, errors: second.errors)
  }
}
