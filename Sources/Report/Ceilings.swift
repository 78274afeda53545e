internal import Ledger
internal import Measure

/// What IOPS cannot exceed, as lines: the device's link, and the maximum of the closed loop.
extension WorkloadFigures {
  /// A link farther than this beyond the data would press them flat; it is only told then.
  private static let farthestLink = 3.0
  /// The most links of one chart: beyond it lines are no longer told apart.
  private static let mostLinks = 3

  /// Draws the ceilings of some cases on the axis that shows IOPS.
  func addCeilings(of cases: [CaseFigures], on axis: Direction, to chart: inout Chart) {
    let largest = cases.compactMap { $0.lines[0].iops?.largest }.max() ?? 0
    let links = linkCeilings(of: cases, on: axis)
    let near = links.filter { $0.at <= largest * Self.farthestLink }
    chart.limits += maxima(of: cases, on: axis) + near
    for link in links where !near.contains(link) {
      chart.about +=
        " \(link.label) ends at \(Quantity(link.at, .rate).text) IOPS, beyond the chart."
    }
  }

  /// The maxima that were sought before rates were derived from them.
  private func maxima(of cases: [CaseFigures], on axis: Direction) -> [LimitLine] {
    let shown = Set(cases.map(\.key.system))
    return self.cases.filter { $0.findsMaximum && shown.contains($0.key.system) }
      .compactMap { figures in
        figures.lines[0].iops.map {
          let label = "closed loop" + (systems.count > 1 ? " " + figures.key.system : "")
          return LimitLine(on: axis, at: $0.median, label: label, isBinding: false)
        }
      }
  }

  /// Each link's bytes per second by the size of an I/O, for what moves data one way only.
  ///
  /// A link carries as much in the other direction at the same time, so that a mix has no ceiling
  /// of this kind.
  private func linkCeilings(of cases: [CaseFigures], on axis: Direction) -> [LimitLine] {
    struct Link: Hashable {
      var name: String
      var iops: Double
      var size: Double
    }
    let links = cases.compactMap { figures -> (system: String, link: Link)? in
      guard let trial = figures.valid.first?.record,
        let carries = trial.detail["linkBytesPerSecond"]?.number, carries > 0,
        let text = trial.disclosed("link"), let pattern = trial.disclosed("pattern"),
        pattern.contains("read") || pattern.contains("write"),
        let iops = figures.lines[0].iops?.median, let bytes = figures.lines[0].bandwidth?.median,
        iops > 0, bytes > 0
      else { return nil }
      // Sizes are whole bytes; a ratio of two medians is only nearly so.
      let size = (bytes / iops).rounded()
      let name = String(text[..<(text.firstRange(of: " (")?.lowerBound ?? text.endIndex)])
      return (figures.key.system, Link(name: name, iops: carries / size, size: size))
    }
    let different = links.map(\.link).uniqued()
    guard different.count <= Self.mostLinks else { return [] }
    let sizes = Set(different.map(\.size))
    return different.map { link in
      var label = link.name
      if sizes.count > 1 { label += " at \(Quantity(link.size, .bytes).text)" }
      let owners = links.filter { $0.link == link }.map(\.system).uniqued()
      if owners.count < Set(cases.map(\.key.system)).count {
        label += " " + owners.joined(separator: ", ")
      }
      return LimitLine(on: axis, at: link.iops, label: label, isBinding: false)
    }
  }
}
