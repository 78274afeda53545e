internal import Deploy
internal import Measure
internal import Storage

/// What an online operation did to the I/O of its trial; kept in the record, times in nanoseconds.
struct OperationEffect: Codable {
  /// A part of the measured time with what ended in it.
  struct Part: Codable {
    /// From the start of measuring.
    var fromNs: Nanoseconds
    var toNs: Nanoseconds
    var ios: UInt64
    var errors: UInt64

    /// I/Os per second; nil for no time at all.
    var iops: Double? {
      let seconds = (toNs - fromNs).inSeconds
      return seconds > 0 ? Double(ios) / seconds : nil
    }
  }

  /// I/Os that ended well, by windows around the operation.
  struct Chart: Codable {
    var fromNs: Nanoseconds
    var windowNs: Nanoseconds
    var ios: [UInt64]
    var errors: [UInt64]
  }

  /// Until the trigger.
  var before: Part?
  /// From the trigger until all had settled.
  var during: Part
  /// From then on; nil where nothing settled before the end.
  var after: Part?
  /// The longest time in which no I/O ended well, as far as it lies after the trigger.
  var longestStall: CompletionGap?
  /// From the trigger to the first failed I/O.
  var firstErrorNs: Nanoseconds?
  /// From the trigger until I/O ended well again; nil without an outage, or where it did not.
  var recoveryNs: Nanoseconds?
  /// Whether I/Os failed, or none ended well for at least ``stallBound``.
  var hadOutage: Bool
  var chart: Chart

  /// A stall from which it counts as an outage: far above what disks do of themselves, far below
  /// what a driver's first retry waits.
  static let stallBound = Nanoseconds.milliseconds(100)
  /// The most windows of a chart, and how much is shown on both sides of the operation.
  private static let mostWindows: Int64 = 600
  private static let margin = Nanoseconds.seconds(2)

  /// Works out the effect; nil where the operation was never triggered.
  init?(of seen: OperationTimeline, on timeline: CompletionTimeline, errors: [IOError]) {
    guard let trigger = seen.triggeredNs else { return nil }
    let timing = Timing(timeline)
    let stall = timing.longestStall(after: trigger)
    longestStall = stall
    firstErrorNs = timing.firstError(after: trigger, errors).map { max($0 - trigger, .zero) }
    let isStalled = stall.map { $0.lengthNs >= Self.stallBound } ?? false
    hadOutage = firstErrorNs != nil || isStalled
    var recovered: Nanoseconds? = hadOutage ? trigger : nil
    if isStalled, let stall {
      recovered = timing.isEnded(stall) ? stall.startNs + stall.lengthNs : nil
    }
    if firstErrorNs != nil, let soFar = recovered {
      recovered = timing.timeline.succeededAgainNs.map { max($0, soFar) }
    }
    recoveryNs = recovered.map { $0 - trigger }
    let end = timing.end
    let isSettled = !hadOutage || recovered != nil
    let settled = isSettled ? max(seen.lastNs(before: end) ?? trigger, recovered ?? trigger) : end
    let first = timing.window(of: trigger)
    // At least one window: what lasts less than one is in it.
    let second = min(max(timing.window(of: settled) + 1, first + 1), timing.window(of: end))
    let last = timing.window(of: end)
    before = first > 0 ? timing.part(0, first) : nil
    during = timing.part(first, max(second, first + 1))
    after = last > second ? timing.part(second, last) : nil
    chart = timing.chart(
      from: trigger - Self.margin, to: settled + Self.margin, most: Self.mostWindows)
  }

  /// Reads a timeline of completions.
  private struct Timing {
    let timeline: CompletionTimeline

    init(_ timeline: CompletionTimeline) { self.timeline = timeline }

    /// Where measuring ended: what is drained after it belongs to no rate.
    var end: Nanoseconds {
      let planned = timeline.windowNs * Int64(timeline.windows.count - 1)
      return timeline.lostWorkers > 0 ? planned : min(timeline.endNs, planned)
    }

    func window(of moment: Nanoseconds) -> Int {
      let index = Int(max(moment.count, 0) / timeline.windowNs.count)
      return min(index, timeline.windows.count - 1)
    }

    func part(_ from: Int, _ to: Int) -> Part {
      let windows = timeline.windows[min(from, to)..<min(to, timeline.windows.count)]
      return Part(
        fromNs: timeline.windowNs * Int64(from), toNs: timeline.windowNs * Int64(to),
        ios: windows.reduce(0) { $0 + $1.ios }, errors: windows.reduce(0) { $0 + $1.errors })
    }

    /// Of workers that hang only windows are known: then stalls are runs of empty ones.
    private var gaps: [CompletionGap] {
      guard timeline.lostWorkers > 0 else { return timeline.gaps }
      var gaps: [CompletionGap] = []
      var start: Int?
      for (index, window) in timeline.windows.enumerated() {
        if window.ios > 0, let from = start {
          gaps.append(span(from, index))
          start = nil
        } else if window.ios == 0, start == nil {
          start = index
        }
      }
      if let start { gaps.append(span(start, timeline.windows.count)) }
      return gaps
    }

    private func span(_ from: Int, _ to: Int) -> CompletionGap {
      CompletionGap(
        startNs: timeline.windowNs * Int64(from), lengthNs: timeline.windowNs * Int64(to - from))
    }

    func longestStall(after trigger: Nanoseconds) -> CompletionGap? {
      let later = gaps.compactMap { gap -> CompletionGap? in
        let end = gap.startNs + gap.lengthNs
        let start = max(gap.startNs, trigger)
        return end > start ? CompletionGap(startNs: start, lengthNs: end - start) : nil
      }
      return later.max { $0.lengthNs < $1.lengthNs }
    }

    /// Whether an I/O that ended well ended the stall, and not the end of the trial.
    func isEnded(_ stall: CompletionGap) -> Bool {
      let end = window(of: stall.startNs + stall.lengthNs)
      return timeline.windows[end...].contains { $0.ios > 0 }
    }

    /// The moment of the first failed I/O: exact while it is among those kept, else its window's.
    func firstError(after trigger: Nanoseconds, _ errors: [IOError]) -> Nanoseconds? {
      if let error = errors.first(where: { $0.atNs >= trigger }) { return error.atNs }
      let first = window(of: trigger)
      let index = timeline.windows[first...].firstIndex { $0.errors > 0 }
      return index.map { timeline.windowNs * Int64($0) }
    }

    func chart(from: Nanoseconds, to: Nanoseconds, most: Int64) -> Chart {
      let range = window(of: from)..<(window(of: to) + 1)
      let fold = (range.count + Int(most) - 1) / Int(most)
      var ios: [UInt64] = []
      var errors: [UInt64] = []
      for start in stride(from: range.lowerBound, to: range.upperBound, by: fold) {
        let part = part(start, min(start + fold, range.upperBound))
        ios.append(part.ios)
        errors.append(part.errors)
      }
      return Chart(
        fromNs: timeline.windowNs * Int64(range.lowerBound),
        windowNs: timeline.windowNs * Int64(fold),
        ios: ios, errors: errors)
    }
  }
}

/// An operation of a trial as its record has it, under `operation` of the detail.
struct OperationRecord: Codable {
  /// What was called and expected, in one line.
  var text: String
  /// What was expected of a disk: `appears`, `vanishes`, `grows`.
  var expected: String?
  /// What was seen of it, from the start of measuring.
  var seen: OperationTimeline
  /// What it did to the I/O; nil where it was not triggered, or nothing is known of the I/O.
  var effect: OperationEffect?

  init(_ operation: OnlineOperation, _ seen: OperationTimeline, _ outcome: StorageOutcome) {
    text = operation.text
    expected = operation.expectation?.change.rawValue
    let moved = outcome.timeline.map { seen.since($0.startedAtNs) } ?? seen
    self.seen = moved
    effect = outcome.timeline.flatMap {
      OperationEffect(of: moved, on: $0, errors: outcome.errors)
    }
  }
}
