internal import ControlPlane
internal import Measure

/// A simulated cluster as a scenario file has it.
enum ClusterGrammar {
  static let members: [Member] =
    [
      Member(
        name: "preset", kind: .word(ClusterPreset.allCases.map(\.rawValue)),
        doc: "a published cluster to start from; other keys change it"),
      Member(
        name: "kubernetes", kind: .word(KubernetesProfile.allCases.map(\.rawValue)),
        doc: "the release whose defaults stand where nothing is said",
        standard: ClusterModel().profile.rawValue),
      Member(
        name: "nodes", kind: .integer(1...mostNodes), doc: "nodes alike; in place of pools",
        standard: String(ClusterModel().nodes.count)),
      Member(
        name: "pools", kind: .map(noun: "pool", .anyOf([.integer(1...mostNodes), .record(pool)])),
        doc: "pools of nodes alike, by name: how many, or a mapping"),
    ]
    + ClusterFields.groups.map {
      Member(name: $0.name, kind: .record($0.members), doc: $0.doc)
    } + ScalingFields.parts.map { $0.member(ClusterModel()) }

  /// The keys of a pool.
  static let pool: [Member] = [
    Member(
      name: "nodes", kind: .integer(1...mostNodes), doc: "how many nodes it has", required: true),
    Member(
      name: "cpus", kind: cpus, doc: "CPUs of each that pods can ask for",
      standard: cpuText(standard.cpu)),
    Member(
      name: "memory", kind: .size(least: 1 << 20), doc: "memory of each that pods can ask for",
      standard: standard.memory.text),
    Member(
      name: "disk", kind: .size(least: 1 << 20), doc: "disk of each that pods can fill",
      standard: standard.disk.text),
    Member(
      name: "standby", kind: .integer(0...mostNodes),
      doc: "how many of them take no pods until others are not ready",
      standard: String(standard.standby)),
    Member(
      name: "maximum", kind: .integer(1...mostNodes),
      doc: "how many the cluster autoscaler may make of it; without it, no more"),
    Member(
      name: "minimum", kind: .integer(0...mostNodes),
      doc: "how few the cluster autoscaler leaves of it", standard: String(standard.minimum)),
    Member(
      name: "bare-metal", kind: .boolean, doc: "carries the taint dedicated=baremetal:NoSchedule",
      standard: String(standard.isBareMetal)),
  ]

  /// CPUs, at least a thousandth.
  static let cpus = Kind.number(above: 0.0009, below: 100_000)
  private static let standard = NodeParameters.Pool(name: "", nodes: 0)
  /// Numbers of nodes have 20 bits to spare in the model; this is ten times the largest cluster.
  private static let mostNodes = 50_000

  /// Thousandths of a CPU as a number of CPUs.
  static func cpuText(_ thousandths: Int) -> String { decimalText(Double(thousandths) / 1000) }

  /// CPUs in thousandths.
  static func thousandths(_ value: Value?) -> Int? {
    value?.number.map { Int(($0 * 1000).rounded()) }
  }

  /// The model of checked values.
  static func model(_ value: Value) -> ClusterModel {
    let preset = value["preset"]?.word.flatMap(ClusterPreset.init(rawValue:))
    let profile = value["kubernetes"]?.word.flatMap(KubernetesProfile.init(rawValue:))
    var model = preset.map { ClusterModel(preset: $0) } ?? ClusterModel(profile: profile ?? .v1_22)
    if let nodes = value["nodes"]?.integer {
      model.nodes.pools = [NodeParameters.Pool(name: "general", nodes: nodes)]
    }
    if let pools = value["pools"]?.pairs, !pools.isEmpty {
      model.nodes.pools = pools.compactMap(pool)
    }
    for group in ClusterFields.groups {
      for field in group.fields {
        if let given = value[group.name]?[field.name] { field.apply(given, &model) }
      }
    }
    for field in ScalingFields.parts {
      if let given = value[field.name] { field.apply(given, &model) }
    }
    return model
  }

  private static func pool(_ pair: Value.Pair) -> NodeParameters.Pool? {
    guard let nodes = pair.value.integer ?? pair.value["nodes"]?.integer else { return nil }
    var pool = NodeParameters.Pool(name: pair.key, nodes: nodes)
    if let cpu = thousandths(pair.value["cpus"]) { pool.cpu = cpu }
    if let memory = pair.value["memory"]?.size { pool.memory = memory }
    pool.disk = pair.value["disk"]?.size ?? pool.disk
    pool.standby = pair.value["standby"]?.integer ?? pool.standby
    pool.maximum = pair.value["maximum"]?.integer
    pool.minimum = pair.value["minimum"]?.integer ?? pool.minimum
    if let isBareMetal = pair.value["bare-metal"]?.boolean { pool.isBareMetal = isBareMetal }
    return pool
  }
}
