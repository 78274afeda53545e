internal import Foundation

/// An axis that knows its data: where numbers lie and which of them are named.
struct AxisMap {
  /// A place with a name; without one it is a grid line only.
  struct Tick: Hashable {
    var value: Double
    var label: String
  }

  let axis: Axis
  /// Ends of the axis on its scale.
  let low: Double
  let high: Double
  /// Ends of the axis on paper.
  let start: Double
  let end: Double
  let ticks: [Tick]
  /// Grid lines between ticks.
  let minor: [Double]

  /// Fits an axis around finite `values`.
  ///
  /// O(values).
  init(_ axis: Axis, values: [Double], start: Double, end: Double, most: Int) {
    self.axis = axis
    self.start = start
    self.end = end
    var all = values.filter { Self.scaled($0, axis.scale) != nil }
    if let range = axis.range {
      for edge in [range.lowerBound, range.upperBound]
      where Self.scaled(edge, axis.scale) != nil { all.append(edge) }
    }
    let fit: Fit =
      switch axis.scale {
      case .linear: .linear(all + [0], axis.kind, most)
      case .linearAroundData: .linear(all, axis.kind, most)
      case .log10: .logarithmic(all, axis.kind, most + 2)
      case .percentile: .percentile(all)
      case .categories(let names): .categories(names)
      case .rows(let rows): .categories(rows.map(\.name))
      }
    low = fit.low
    high = fit.high
    ticks = fit.ticks
    minor = fit.minor
  }

  /// Where a number lies on paper; nil for what the scale cannot show.
  func place(_ value: Double) -> Double? {
    guard let scaled = Self.scaled(value, axis.scale) else { return nil }
    return start + (end - start) * (scaled - low) / (high - low)
  }

  /// The share of the axis at which a number lies, 0 at its start.
  func share(_ value: Double) -> Double? {
    Self.scaled(value, axis.scale).map { ($0 - low) / (high - low) }
  }

  static func scaled(_ value: Double, _ scale: Axis.Scale) -> Double? {
    guard value.isFinite else { return nil }
    switch scale {
    case .linear, .linearAroundData, .categories, .rows: return value
    case .log10: return value > 0 ? Foundation.log10(value) : nil
    case .percentile: return value >= 0 && value < 1 ? -Foundation.log10(1 - value) : nil
    }
  }
}

/// Ends and ticks of an axis around some data.
private struct Fit {
  var low: Double
  var high: Double
  var ticks: [AxisMap.Tick]
  var minor: [Double] = []

  /// Steps of 1, 2 or 5 in the unit of the largest number; of clock steps for elapsed time.
  static func linear(_ values: [Double], _ kind: Quantity.Kind, _ most: Int) -> Fit {
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    if high - low <= max(abs(high), abs(low)) * 1e-9 {
      // One value only: some room around it, and never an axis of no length.
      let room = high == 0 ? 1 : abs(high) * 0.1
      high += room
      if low != 0 { low -= room }
    }
    let scale = Quantity.scale(for: max(abs(low), abs(high)), kind)
    var step = step((high - low) / scale.factor / Double(most), kind) * scale.factor
    // There is no half of a round or of a trial.
    if kind == .count, high - low >= 2 { step = Swift.max(step, 1) }
    let first = (low / step + 1e-9).rounded(.down)
    let last = (high / step - 1e-9).rounded(.up)
    let decimals = Swift.max(0, Int((-Foundation.log10(step / scale.factor) + 1e-9).rounded(.up)))
    let ticks = (Int(first)...Int(last)).map { index in
      let value = Double(index) * step
      return AxisMap.Tick(
        value: value, label: label(value, kind, scale: scale, decimals: decimals))
    }
    return Fit(low: first * step, high: last * step, ticks: ticks)
  }

  private static func step(_ rough: Double, _ kind: Quantity.Kind) -> Double {
    if kind == .elapsed, rough > 1 {
      let steps: [Double] = [
        2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
      ]
      if let step = steps.first(where: { $0 >= rough }) { return step }
    }
    let power = Foundation.pow(10, Foundation.log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].first { $0 * power >= rough * (1 - 1e-9) } ?? 10
    return step * power
  }

  private static func label(
    _ value: Double, _ kind: Quantity.Kind, scale: Quantity.Scale, decimals: Int
  ) -> String {
    switch kind {
    case .ratio: return Quantity.fixed(value, max(decimals, 2))
    case .elapsed where abs(value) >= 120: return Quantity(value, .elapsed).text
    default:
      if value == 0 { return "0" }
      let number = Quantity.short(value / scale.factor, decimals)
      return number + (scale.isPrefix || scale.unit.isEmpty ? scale.unit : " " + scale.unit)
    }
  }

  /// Powers of ten, with 2 and 5 between where there are few; powers of two for amounts of data.
  static func logarithmic(_ values: [Double], _ kind: Quantity.Kind, _ most: Int) -> Fit {
    let least = values.min() ?? 1
    let largest = values.max() ?? 10
    if kind == .bytes || kind == .bandwidth { return binary(least, largest, kind, most) }
    let decades = Foundation.log10(largest / least)
    let mantissas: [Double] = decades < 2.2 ? [1, 2, 5] : [1]
    let fine: [Double] = decades < 2.2 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5]
    let first = Int(Foundation.log10(least).rounded(.down)) - 1
    let last = Int(Foundation.log10(largest).rounded(.up)) + 1
    func grid(_ mantissas: [Double]) -> [Double] {
      (first...last).flatMap { power in mantissas.map { $0 * Foundation.pow(10, Double(power)) } }
    }
    let edges = grid([1, 2, 5])
    let low = edges.last { $0 <= least * (1 + 1e-9) } ?? least / 2
    var high = edges.first { $0 >= largest * (1 - 1e-9) } ?? largest * 2
    if high <= low { high = low * 10 }
    func inside(_ value: Double) -> Bool { value >= low * 0.999_999 && value <= high * 1.000_001 }
    let every = Swift.max(1, Int((decades / Double(most)).rounded(.up)))
    let ticks = grid(mantissas).filter(inside).filter { value in
      mantissas.count > 1 || Int(Foundation.log10(value).rounded()).isMultiple(of: every)
    }
    return Fit(
      low: Foundation.log10(low), high: Foundation.log10(high),
      ticks: ticks.map { .init(value: $0, label: logarithmicLabel($0, kind)) },
      minor: grid(fine).filter(inside).filter { !ticks.contains($0) })
  }

  private static func logarithmicLabel(_ value: Double, _ kind: Quantity.Kind) -> String {
    let scale = Quantity.scale(for: value, kind)
    let number = Quantity.short(value / scale.factor, 3)
    return number + (scale.isPrefix || scale.unit.isEmpty ? scale.unit : " " + scale.unit)
  }

  private static func binary(
    _ least: Double, _ largest: Double, _ kind: Quantity.Kind, _ most: Int
  ) -> Fit {
    let first = Int(Foundation.log2(least).rounded(.down))
    let last = max(Int(Foundation.log2(largest).rounded(.up)), first + 1)
    let every = Swift.max(1, (last - first + most - 1) / most)
    let ticks = stride(from: first, through: last, by: every).map { power in
      let value = Double(sign: .plus, exponent: power, significand: 1)
      return AxisMap.Tick(value: value, label: logarithmicLabel(value, kind))
    }
    let two = Foundation.log10(2.0)
    return Fit(low: Double(first) * two, high: Double(last) * two, ticks: ticks)
  }

  /// Ticks at 0, 50, 90 and each nine more, up to the first beyond the data, at least to 99 %.
  static func percentile(_ values: [Double]) -> Fit {
    let names = ["50", "90", "99", "99.9", "99.99", "99.999", "99.9999", "99.99999"]
    let shares = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999]
    let most = values.max() ?? 0.99
    let reached = shares.firstIndex { $0 >= most - 1e-12 } ?? shares.count - 1
    let last = Swift.max(reached, 2)
    let ticks = zip(shares, names).prefix(last + 1).map {
      AxisMap.Tick(value: $0.0, label: $0.1 + " %")
    }
    let high = -Foundation.log10(1 - Swift.max(shares[last], most))
    return Fit(low: 0, high: high, ticks: [.init(value: 0, label: "0")] + ticks)
  }

  static func categories(_ names: [String]) -> Fit {
    Fit(
      low: -0.5, high: Double(max(names.count, 1)) - 0.5,
      ticks: names.enumerated().map { .init(value: Double($0), label: $1) })
  }
}
