internal import Ledger
internal import Measure

/// An online operation of a trial, as its record has it.
struct OperationFigures: Sendable {
  /// The trial's name.
  var trial: String
  /// Its case.
  var key: CaseKey
  /// What was called and expected, in one line.
  var text: String
  /// Moments from the trigger on, in order.
  var moments: [Moment]
  /// What it did to the I/O, as name and value.
  var effects: [(name: String, value: Quantity)]
  /// When it was triggered, ns from the start of measuring; nil where it was not.
  var triggered: Double?
  /// I/Os per second by windows around the operation, against seconds from the trigger.
  var rates: [Point]
  /// Failed I/Os per second by the same windows; empty where there were none.
  var errorRates: [Point]
  /// The longest stall, in seconds from the trigger.
  var stall: ClosedRange<Double>?
  /// Length of a window, ns.
  var window: Double
  /// The longest time between two looks at sysfs, ns; nil where nothing was looked for.
  var resolution: Double?

  /// One moment.
  struct Moment: Hashable, Sendable {
    /// What happened.
    var name: String
    /// From the trigger, ns.
    var after: Double
  }

  /// The operations of all trials, in executed order.
  static func all(of input: ReportInput) -> [OperationFigures] {
    input.trials.compactMap { OperationFigures($0.record) }
  }

  init?(_ record: TrialRecord) {
    guard let operation = record.detail["operation"], case .string(let text)? = operation["text"]
    else { return nil }
    self.text = text
    trial = record.id
    key = record.key
    let seen = operation["seen"]
    let trigger = seen?["triggeredNs"]?.number
    triggered = trigger
    resolution = seen?["resolutionNs"]?.number
    let isGoing = operation["expected"]?.text == "vanishes"
    let names = [
      ("accepted", "acceptedNs"), ("kernel event", "ueventNs"),
      (isGoing ? "gone from sysfs" : "in sysfs", "sysfsNs"),
      (isGoing ? "node gone" : "node there", "nodeNs"), ("first read", "usableNs"),
      ("undo triggered", "undoTriggeredNs"), ("undo accepted", "undoAcceptedNs"),
    ]
    moments = names.compactMap { name, member in
      guard let trigger, let moment = seen?[member]?.number else { return nil }
      return Moment(name: name, after: moment - trigger)
    }
    let effect = operation["effect"]
    for (name, member) in [("first error", "firstErrorNs"), ("recovered", "recoveryNs")] {
      if let after = effect?[member]?.number { moments.append(Moment(name: name, after: after)) }
    }
    moments.sort { ($0.after, $0.name) < ($1.after, $1.name) }
    effects = [
      "longest stall", "iops before", "iops during", "iops after", "errors",
    ].compactMap { name in record.metric(name).map { (name, Quantity($0)) } }
    let chart = effect?["chart"]
    window = chart?["windowNs"]?.number ?? 0
    let from = (chart?["fromNs"]?.number ?? 0) - (trigger ?? 0)
    let step = window
    func rates(_ member: String) -> [Point] {
      guard step > 0, case .array(let counts)? = chart?[member] else { return [] }
      return counts.enumerated().map { index, count in
        Point((from + Double(index) * step) / 1e9, (count.number ?? 0) / (step / 1e9))
      }
    }
    self.rates = rates("ios")
    let failed = rates("errors")
    errorRates = failed.contains { $0.y > 0 } ? failed : []
    if let stall = effect?["longestStall"], let start = stall["startNs"]?.number,
      let length = stall["lengthNs"]?.number, let trigger
    {
      self.stall = ((start - trigger) / 1e9)...((start - trigger + length) / 1e9)
    }
  }

  /// The operation in lines for a terminal.
  func lines(ascii: Bool) -> [String] {
    let head = "operation of \(trial), \(key): \(text)"
    guard triggered != nil else { return [head, "  not triggered"] }
    let times = moments.map { "\($0.name) +\(Quantity($0.after, .time).text(ascii: ascii))" }
    let effects = effects.map { "\($0.name) \($0.value.text(ascii: ascii))" }
    var line = "  " + times.joined(separator: ", ")
    if let resolution {
      line += " (looks at sysfs at most \(Quantity(resolution, .time).text(ascii: ascii)) apart)"
    }
    return [head, line, "  " + effects.joined(separator: ", ")]
  }

  /// I/Os per second around the operation, with its moments.
  func chart(_ index: Int) -> Chart? {
    guard rates.count > 1 else { return nil }
    let resolution = Quantity(window, .time).text
    var series = [Series("ended well", .step(rates), .number(0))]
    if !errorRates.isEmpty { series.append(Series("failed", .step(errorRates), .number(1))) }
    var chart = Chart(
      id: "operation-\(index + 1)", title: "\(trial): I/Os per second around the operation",
      about: "I/Os per second in windows of \(resolution) around the operation of \(trial), "
        + "\(key); 0 is its trigger. "
        + moments.map { "\($0.name) after \(Quantity($0.after, .time).text)" }
        .joined(separator: ", ") + ".",
      x: Axis("seconds from the trigger, windows of \(resolution)", .linearAroundData, .count),
      y: Axis("I/Os per second", .linear, .rate), series: series)
    chart.limits = [LimitLine(on: .x, at: 0, label: "trigger", isBinding: false)]
    chart.limits += marks.map {
      LimitLine(on: .x, at: $0.after / 1e9, label: $0.name, isBinding: false)
    }
    if let stall {
      chart.zones = [
        Zone(on: .x, from: stall.lowerBound, to: stall.upperBound, meaning: .neutral)
      ]
    }
    return chart
  }

  /// The moments that are told apart in a chart: a hundredth of its width between two.
  private var marks: [Moment] {
    guard let first = rates.first, let last = rates.last else { return [] }
    let least = (last.x - first.x) * 1e9 / 30
    var marks: [Moment] = []
    for moment in moments where moment.after - (marks.last?.after ?? 0) > least {
      marks.append(moment)
    }
    return marks
  }
}

/// Online operations on the page: what was seen when, and what it did to the I/O.
enum OperationSection {
  static func model(_ input: ReportInput) -> [String: Any]? {
    let operations = OperationFigures.all(of: input)
    guard !operations.isEmpty else { return nil }
    return [
      "operations": operations.enumerated().map { index, operation -> [String: Any] in
        [
          "trial": operation.trial, "key": operation.key.description, "text": operation.text,
          "moments": waterfall(operation),
          "effects": operation.effects.map { ["name": $0.name, "value": $0.value.text] },
          "isTriggered": operation.triggered != nil,
          "charts": operation.chart(index).map {
            [["title": $0.title, "svg": $0.svg(as: .inline)]]
          } ?? [],
        ]
      }
    ]
  }

  private static func waterfall(_ operation: OperationFigures) -> [[String: Any]] {
    operation.moments.map { moment in
      ["name": moment.name, "after": Quantity(moment.after, .time).text]
    }
  }
}
