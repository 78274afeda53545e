public import Judgement
internal import Measure

/// The self-test for a terminal.
public struct SelfTestText: Sendable {
  private let terminal: TerminalText

  /// Chooses a form; a width of nil is no bound.
  public init(unicode: Bool, colour: Bool, width: Int? = nil) {
    terminal = TerminalText(unicode: unicode, colour: colour, width: width)
  }

  /// Both tables, and a word for the whole, ending in a new line.
  public func render(_ result: SelfTestResult) -> String {
    var lines = terminal.table(
      ["what measuring costs here", "", "at most", ""],
      result.costs.map { cost in
        [cost.about, figure(cost.value, cost.unit), figure(cost.bound, cost.unit), word(cost)]
      }, words: 1)
    lines.append(
      "The same work without a device, \(result.noise.perTrialNs.count) trials: CV "
        + "\(percent(result.noise.variation)), range \(percent(result.noise.range))")
    if !result.isOptimised {
      lines.append("This build is not optimised: its costs are not Assay's.")
    }
    lines += ["", "How often a loss is found in simulated experiments, seed \(result.seed):"]
    lines += terminal.table(
      [
        "judge", "trials", "CV", "drift", "sessions", "true change", "found", "undecided", "stated",
        "",
      ],
      result.characteristics.map(row), words: 1)
    lines.append(
      "gate: a loss beyond the tolerance of 5 % at 95 %; compare: any difference at 95 %. "
        + "Stated rates hold but for chance,")
    lines.append(
      "3 standard errors of \(result.characteristics.first?.rounds ?? 0) experiments. "
        + "What is not ok without a stated rate is why Assay warns of it.")
    lines.append("Verdict: \(result.isGood ? "PASS" : "FAIL")")
    return terminal.text(lines)
  }

  private func row(_ row: OperatingCharacteristic) -> [String] {
    let truth = row.experiment
    let rounds = Double(max(row.rounds, 1))
    let stated =
      switch row.promise {
      case .atMost(let bound): "≤ \(percent(bound))"
      case .atLeast(let bound): "≥ \(percent(bound))"
      case nil: ""
      }
    return [
      Self.name(row.design), String(truth.trials), percent(truth.variation), percent(truth.drift),
      percent(truth.sessionVariation), percent(truth.change), percent(row.rate),
      percent(Fraction(Double(row.undecided) / rounds)), stated,
      row.promise == nil ? "warned of" : row.isKept ? "ok" : "NOT KEPT",
    ]
  }

  private static func name(_ design: OperatingCharacteristic.Design) -> String {
    switch design {
    case .gate(1): "gate, baseline of 1 session"
    case .gate(let sessions): "gate, baseline of \(sessions) sessions"
    case .interleaved: "compare, A B B A"
    case .sequential: "compare, A A ... B B"
    }
  }

  private func word(_ cost: ToolCost) -> String { cost.isGood ? "ok" : "TOO MUCH" }

  private func percent(_ share: Fraction) -> String {
    Quantity(share.value * 100, .percent).text(ascii: !terminal.unicode)
  }

  private func figure(_ value: Double, _ unit: String) -> String {
    guard unit != "ppm" else { return Quantity(value, .count).text + " ppm" }
    return Quantity(value, Quantity.Kind(unit: unit)).text(ascii: !terminal.unicode)
  }
}
