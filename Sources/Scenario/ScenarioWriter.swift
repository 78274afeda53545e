public import ControlPlane
internal import Measure
public import Networking
public import Storage

/// Writes scenario files: typed values to YAML that reads back as the same values.
public enum ScenarioWriter {
  /// The YAML of a scenario, `header` as comment lines on top.
  ///
  /// Keys that have their default are left out, save the engine, which is always named: without it
  /// the target would choose. An empty `systems` of a workload means all.
  public static func yaml(
    name: String, about: String = "", header: [String] = [], seed: UInt64? = nil,
    systems: [(name: String, target: StorageTarget)],
    workloads: [(name: String, storage: StorageWorkload, systems: [String])],
    design: Design = Design(), limits: [String] = []
  ) -> String {
    var lines = header.flatMap { text in
      text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.isEmpty ? "#" : "# \(line)"
      }
    }
    lines += ["assay: 1", "name: \(YAMLText.scalar(name))"]
    if !about.isEmpty { lines.append("about: \(YAMLText.scalar(about))") }
    if let seed { lines.append("seed: \(seed)") }
    lines += ["", "systems:"]
    for system in systems {
      lines.append(
        "  \(YAMLText.scalar(system.name)): \(SystemGrammar.value(of: system.target).text)")
    }
    lines += ["", "workloads:"]
    for workload in workloads {
      lines += ["  \(YAMLText.scalar(workload.name)):", "    storage:"]
      lines += pairs(of: workload.storage).map { "      \($0.key): \($0.value.text)" }
      if !workload.systems.isEmpty {
        let names = workload.systems.map(YAMLText.scalar).joined(separator: ", ")
        lines.append("    systems: [\(names)]")
      }
    }
    lines += ["", "design: \(value(of: design).text)"]
    if !limits.isEmpty {
      lines += ["", "limits:"] + limits.map { "  - \(YAMLText.scalar($0))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The keys of a workload that differ from the default, as `key` and text, in the table's order.
  public static func settings(of workload: StorageWorkload) -> [(key: String, text: String)] {
    pairs(of: workload).map { ($0.key, $0.value.text) }
  }

  /// The keys of a verbs workload that differ from the default, as `key` and text.
  public static func settings(of workload: VerbsWorkload) -> [(key: String, text: String)] {
    let standard = VerbsWorkload(operation: workload.operation)
    return VerbsFields.all.compactMap { field in
      guard let value = field.render(workload), field.required || value != field.render(standard)
      else { return nil }
      return (field.name, value.text)
    }
  }

  /// The keys of a simulated load that differ from the default, as `key` and text.
  public static func settings(of load: ClusterLoad) -> [(key: String, text: String)] {
    let standard = ClusterLoad()
    return SimulationFields.all.compactMap { field in
      guard let value = field.render(load), value != field.render(standard) else { return nil }
      return (field.name, value.text)
    }
  }

  /// The keys of a simulated cluster that differ from its release's defaults, as `etcd.members` and
  /// text.
  public static func settings(of model: ClusterModel) -> [(key: String, text: String)] {
    ClusterFields.settings(of: model)
  }

  private static func pairs(of workload: StorageWorkload) -> [Value.Pair] {
    let standard = StorageWorkload(pattern: workload.pattern)
    return StorageFields.all.compactMap { field in
      guard let value = field.render(workload) else { return nil }
      let always = field.required || field.name == "engine"
      return always || value != field.render(standard) ? .init(field.name, value) : nil
    }
  }

  private static func value(of design: Design) -> Value {
    var pairs = [
      Value.Pair("order", .word(design.order.rawValue)), .init("blocks", .integer(design.blocks)),
    ]
    if design.confidence != Design().confidence {
      pairs.append(.init("confidence", .share(design.confidence)))
    }
    return .record(pairs)
  }
}
