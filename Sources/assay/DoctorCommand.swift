import ArgumentParser
import Host
import Measure

/// `assay doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Tell whether this host is ready for measurements, and what mends it.",
    discussion: """
      Reads only, and needs no privilege; what it cannot read it says. The commands that it \
      prints are for root's shell: none is run. `assay explain CODE` tells more of a check. Ends \
      with 0 whatever it found, or with --strict with 1 on a warning.
      """)

  @Option(
    help: ArgumentHelp(
      "Only these areas: "
        + Self.areas.joined(separator: ", ") + ".", valueName: "area"),
    completion: .list(Self.areas), transform: Self.readArea)
  var area: [ReadinessCheck.Area] = []

  private static let areas = ReadinessCheck.Area.allCases.map(\.rawValue)

  @Sendable private static func readArea(_ text: String) throws -> ReadinessCheck.Area {
    if let area = ReadinessCheck.Area(rawValue: text) { return area }
    let near = NearestWord.of(text, in: areas).map { " Did you mean '\($0)'?" } ?? ""
    throw ValidationError("There is no area '\(text)'.\(near)")
  }

  @Flag(help: "Skip the sample of noise, which takes a second.")
  var quick = false

  @Flag(help: "End with 1 on a warning.")
  var strict = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let wantsNoise = !quick && (area.isEmpty || area.contains(.noise))
    var readiness = Readiness.examine(spin: wantsNoise ? .seconds(1) : nil)
    if !area.isEmpty {
      readiness.checks.removeAll { !area.contains($0.area) }
      if !area.contains(.pci) { readiness.devices = [] }
    }
    if json {
      try Output.json(readiness)
    } else {
      Output.result(
        ReadinessText(colour: Output.wantsColour, showsDevices: area.contains(.pci))
          .render(readiness))
    }
    if strict, readiness.checks.contains(where: { $0.state == .warning }) {
      throw ExitStatus.limitViolated.exit
    }
  }
}

/// Readiness for a terminal: areas with the worst check first, then by the worst within each.
struct ReadinessText {
  let colour: Bool
  /// Whether the list of PCI devices follows.
  let showsDevices: Bool

  func render(_ readiness: Readiness) -> String {
    let areas = ReadinessCheck.Area.allCases.compactMap { area in
      let checks = readiness.checks.filter { $0.area == area }
      return checks.map(\.state).max().map { (area: area, worst: $0, checks: checks) }
    }
    var lines = [Self.counts(readiness.checks)]
    for state in ReadinessCheck.State.allCases.reversed() {
      for area in areas where area.worst == state {
        lines += ["", paint(area.area.rawValue, "1")]
        lines += area.checks.flatMap(rows)
      }
    }
    if showsDevices { lines += devices(readiness.devices) }
    let named = readiness.sources.filter { source in
      readiness.checks.contains { $0.state >= .advice && $0.found.contains(source.key) }
    }
    if !named.isEmpty { lines.append("") }
    lines += named.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    return lines.joined(separator: "\n")
  }

  private static func counts(_ checks: [ReadinessCheck]) -> String {
    let parts = ReadinessCheck.State.allCases.reversed().compactMap { state -> String? in
      let count = checks.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    return "\(counted(checks.count, "check")): " + parts.joined(separator: ", ")
  }

  private func rows(_ check: ReadinessCheck) -> [String] {
    let name = check.id.rawValue + (check.subject.map { " \($0)" } ?? "")
    let word = check.state.rawValue
    let padding = String(repeating: " ", count: 16 - word.count)
    let head = "  " + paint(word, Self.tint(check.state)) + padding + "\(name): "
    let indent = String(repeating: " ", count: 18)
    // The colour's bytes take no column.
    let plain = "  " + word + padding + "\(name): "
    var lines = Output.wrapped(check.found, first: plain, indent: indent)
    if let first = lines.first { lines[0] = head + first.dropFirst(plain.count) }
    guard check.state >= .advice else { return lines }
    lines += Output.wrapped(check.why, first: indent + "why: ", indent: indent + "     ")
    // A command stays on one line, so that it can be copied.
    if let remedy = check.remedy { lines.append("\(indent)do:  \(remedy)") }
    return lines
  }

  private func devices(_ devices: [PCIDevice]) -> [String] {
    guard !devices.isEmpty else { return ["", "no PCI devices"] }
    return ["", paint("PCI devices", "1")]
      + devices.map { device in
        let parts = [
          device.driver.map { "driver \($0)" } ?? "no driver",
          device.numaNode.map { "NUMA node \($0)" },
          device.link.map { "x\($0.width) at \($0.gigatransfers) GT/s" },
        ].compactMap(\.self)
        let name = [device.className, device.name].compactMap(\.self).joined(separator: ": ")
        return "  \(device.address) [\(device.identifier)] "
          + (name.isEmpty ? "" : "\(name), ") + parts.joined(separator: ", ")
      }
  }

  private func paint(_ text: String, _ code: String?) -> String {
    guard colour, let code else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private static func tint(_ state: ReadinessCheck.State) -> String? {
    switch state {
    case .warning: "31"
    case .advice: "33"
    case .ok: "32"
    case .unknown, .notApplicable: nil
    }
  }
}
