import CLinux
import Foundation
import Ledger
import Measure
import Report
import Run
import Scenario
import Storage

/// Progress on stderr: one line that renews itself on a terminal, else a line a trial.
final class TerminalProgress: RunProgress {
  private let isTerminal = Output.stderrIsTerminal
  private var number = 0
  private var total = 0
  private var remaining = Nanoseconds.zero
  private var begun = MonotonicClock.now()
  private var phase = ""
  private var lastRate = ""

  func runBegins(plan: Plan, skipped: Int, folder: String) {
    Output.note("\(plan.name): \(counted(plan.trials.count, "trial")), record \(folder)")
    if skipped > 0 { Output.note("going on: \(skipped) of them done already") }
  }

  func preparing(_ what: String) {
    if isTerminal { show(what) } else { Output.note(what) }
  }

  func noted(_ what: String) {
    clear()
    Output.note(what)
  }

  func trialBegins(_ trial: PlannedTrial, number: Int, of total: Int, remaining: Nanoseconds) {
    (self.number, self.total, self.remaining) = (number, total, remaining)
    begun = MonotonicClock.now()
    phase = ""
    lastRate = ""
    line(trial)
  }

  func secondPassed(_ second: StorageSecond, of trial: PlannedTrial) {
    let ios = second.ios + second.syncIOs
    lastRate =
      Quantity(MetricValue(Double(ios), "1/s")).text(ascii: !Output.wantsUnicode)
      + " IOPS"
    line(trial)
  }

  func messagesPassed(_ messages: UInt64, of trial: PlannedTrial) {
    lastRate =
      Quantity(MetricValue(Double(messages), "1/s")).text(ascii: !Output.wantsUnicode)
      + " messages/s"
    line(trial)
  }

  func simulated(_ time: Nanoseconds, of trial: PlannedTrial) {
    let wall = MonotonicClock.now() - begun
    lastRate = Self.simulated(time, in: wall)
    line(trial)
  }

  /// `simulated 10 min 0 s in 2 s, 300 times as fast as time`.
  private static func simulated(_ time: Nanoseconds, in wall: Nanoseconds) -> String {
    "simulated \(Output.clock(time)) in \(Output.clock(wall))"
      + (time > .zero && wall > .zero
        ? ", \(Int(time.inSeconds / wall.inSeconds)) times as fast as time" : "")
  }

  func phaseChanged(_ phase: String) {
    self.phase = phase
    if isTerminal { show(phase) } else { Output.note("  " + phase) }
  }

  func trialEnded(_ record: TrialRecord, number: Int, of total: Int) {
    guard !isTerminal else { return }
    var figures = [
      "iops", "message rate", "latency p99", "sync latency p99", "mutating api latency p99",
      "pod startup latency p99", "events simulated",
    ].compactMap { name in
      record.metrics[name].map { "\(name) \(Quantity($0).text(ascii: true))" }
    }
    if case .integer(let time)? = record.detail["simulation"]?["simulatedNs"] {
      figures.append(Self.simulated(Nanoseconds(time), in: record.tookNs))
    }
    let end = record.status == .valid ? figures.joined(separator: ", ") : record.status.rawValue
    Output.note("[\(number)/\(total)] \(record.key): \(end)")
  }

  func isInterrupted() -> Bool { cl_stop_requested() != 0 }

  /// Removes the renewed line.
  func clear() {
    if isTerminal { Output.renew("") }
  }

  private func line(_ trial: PlannedTrial) {
    guard isTerminal else { return }
    let elapsed = MonotonicClock.now() - begun
    let left = remaining - elapsed
    let parts = [
      "[\(number)/\(total)] \(trial.key)", lastRate, phase,
      left > .zero ? "about \(Output.clock(left)) left" : "",
    ]
    show(
      parts.filter { !$0.isEmpty }.joined(separator: Output.wantsUnicode ? " · " : ", "))
  }

  private func show(_ text: String) {
    let columns = Output.columns(of: STDERR_FILENO) ?? 80
    let cut = text.count < columns ? text : String(text.prefix(columns - 1))
    Output.renew(cut)
  }
}
