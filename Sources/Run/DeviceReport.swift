internal import Host
internal import Ledger
internal import Measure

/// The NVMe controller beneath a system, before a run and after it.
struct DeviceReport: Codable {
  /// The system.
  var system: String
  /// The node that was asked.
  var path: String
  /// What the controller says of itself.
  var identity: NVMeIdentity
  /// What it says of the namespace; nil where the node is of none.
  var namespace: NVMeNamespace?
  /// The connection that leads to it; nil for a local disk.
  var fabrics: FabricsFacts?
  /// The virtual function that takes its I/O; nil for others.
  var virtualFunction: VirtualFunctionFacts?
  /// Its health before the run; nil where it keeps no log.
  var before: NVMeHealth?
  /// Its health after the run; nil while the run goes on.
  var after: NVMeHealth?
  /// What changed in between.
  var change: NVMeHealthChange?

  /// Asks the controllers of all systems that have one; without leave to ask, there is nothing.
  static func all(of systems: [ExaminedSystem]) -> [DeviceReport] {
    systems.compactMap(\.storage).compactMap { system in
      guard let device = system.device?.device,
        device.name.hasPrefix("nvme") || device.isNVMeGeneric,
        let identity = try? NVMeIdentity.read(device.path)
      else { return nil }
      return DeviceReport(
        system: system.name, path: device.path, identity: identity,
        namespace: namespace(of: device),
        fabrics: system.fabrics?.facts, virtualFunction: system.function,
        before: try? NVMeHealth.read(device.path))
    }
  }

  /// The namespace that a node's name ends with: nvme0n1, ng0n1.
  private static func namespace(of device: BlockDevice) -> NVMeNamespace? {
    let number = device.name.split(separator: "n").last.flatMap { UInt32($0) }
    return number.flatMap { try? NVMeNamespace.read(device.path, number: $0) }
  }

  /// The report with the reading of the same system after the run.
  func completed(by later: [DeviceReport]) -> DeviceReport {
    var report = self
    report.after = later.first { $0.system == system }?.before
    if let before, let after = report.after { report.change = after.since(before) }
    return report
  }

  /// What the controller went through that its figures may show; nil where nothing.
  var finding: Finding? {
    guard let change else { return nil }
    var signs = change.newWarnings.map { "it warns of \($0.rawValue)" }
    let counted = [
      ("mediaErrors", "media errors"), ("warningMinutes", "minutes above its warning temperature"),
      ("criticalMinutes", "minutes above its critical temperature"),
      ("lightThrottles", "light thermal throttles"), ("heavyThrottles", "heavy thermal throttles"),
    ]
    for (name, words) in counted {
      if let count = change.counters[name], count > 0 { signs.append("\(count) \(words)") }
    }
    guard !signs.isEmpty else { return nil }
    return Finding(
      code: .deviceHealth, severity: .warning,
      message: "\(system) (\(path)) during this run: " + signs.joined(separator: ", "))
  }
}
