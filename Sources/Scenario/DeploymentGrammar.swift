internal import ControlPlane
internal import Measure

/// A deployment on a simulated cluster, as a scenario file has it.
enum DeploymentGrammar {
  static let members: [Member] = [
    Member(
      name: "replicas", kind: .integer(1...1_000_000), doc: "how many pods it wants",
      required: true),
    Member(
      name: "cpus", kind: ClusterGrammar.cpus, doc: "CPUs that each pod asks for",
      standard: ClusterGrammar.cpuText(standard.cpu)),
    Member(
      name: "memory", kind: .size(least: 1 << 20), doc: "memory that each pod asks for",
      standard: standard.memory.text),
    Member(
      name: "image", kind: .size(least: 0),
      doc: "its image, compressed; nodes without such a pod pull it",
      standard: standard.image.text),
    Member(
      name: "memory-use", kind: .size(least: 0),
      doc: "memory that each pod uses; without it, what it asks for"),
    Member(
      name: "memory-growth", kind: .rate, doc: "how much more it uses with time: 1MiB/s"),
    Member(
      name: "disk-use", kind: .size(least: 0), doc: "what each pod has on its node's disk",
      standard: standard.diskUse.text),
    Member(name: "disk-growth", kind: .rate, doc: "how much more of it with time: 1MiB/s"),
    Member(name: "pool", kind: .name, doc: "the pool that its node selector names"),
    Member(
      name: "starts", kind: .word(["running", "empty"]),
      doc: "whether its pods run from the start, or it is made then",
      standard: standard.isThere ? "running" : "empty"),
    Member(
      name: "priority", kind: .integer(-2_147_483_648...1_000_000_000),
      doc: "of its pods: those of lower priority wait, and go where there is no room",
      standard: String(standard.priority)),
    Member(
      name: "spread", kind: .record(spread),
      doc: "topology spread constraints (DoNotSchedule), each with its maxSkew"),
    Member(
      name: "rollouts", kind: .list(.duration(least: 0)),
      doc: "when it is given another pod template, counted from the end of the warm-up"),
    Member(
      name: "max-surge", kind: .share(0...1),
      doc: "maxSurge of its rolling updates, rounded up", standard: "25%"),
    Member(
      name: "max-unavailable", kind: .share(0...1),
      doc: "maxUnavailable of its rolling updates, rounded down", standard: "25%"),
    Member(
      name: "requests", kind: .perSecond(allowsZero: false),
      doc: "users' requests to all its pods at usual traffic"),
    Member(
      name: "cpu-per-request", kind: .duration(least: 0), doc: "CPU time that a request takes",
      standard: served.cpuPerRequest.text),
    Member(
      name: "capacity", kind: .perSecond(allowsZero: false),
      doc: "requests that a pod can answer; what is beyond is lost",
      standard: served.capacity.text),
    Member(
      name: "autoscaler", kind: .anyOf([.word([published]), .record(autoscaler)]),
      doc: "a HorizontalPodAutoscaler (autoscaling/v2); \(published) is the one of the published "
        + "thousand-node cluster"),
  ]

  /// The published autoscaler's target.
  private static let published = "frontend"

  private static let spread: [Member] = [
    Member(
      name: "zones", kind: .integer(1...255),
      doc: "the most pods that a zone may have over the least"),
    Member(
      name: "nodes", kind: .integer(1...255),
      doc: "the most pods that a node may have over the least"),
  ]

  private static let autoscaler: [Member] = [
    Member(
      name: "minimum", kind: .integer(1...1_000_000), doc: "minReplicas", standard: "1"),
    Member(name: "maximum", kind: .integer(1...1_000_000), doc: "maxReplicas", required: true),
    Member(
      name: "cpu", kind: .share(0.01...100), doc: "target of CPU over what pods ask for"),
    Member(
      name: "requests", kind: .perSecond(allowsZero: false), doc: "target of requests for a pod"),
    Member(name: "up", kind: .record(rules), doc: "behavior.scaleUp"),
    Member(name: "down", kind: .record(rules), doc: "behavior.scaleDown"),
  ]

  private static let rules: [Member] = [
    Member(
      name: "stabilization", kind: .duration(least: 0),
      doc: "how long recommendations are remembered"),
    Member(name: "percent", kind: .integer(1...1_000_000), doc: "a policy of percent a period"),
    Member(name: "pods", kind: .integer(1...1_000_000), doc: "a policy of pods a period"),
    Member(
      name: "period", kind: .duration(least: 1_000_000_000), doc: "periodSeconds of both",
      standard: "1min"),
    Member(
      name: "select", kind: .word(ScalingRules.Selection.allCases.map(\.rawValue)),
      doc: "which of two policies holds", standard: ScalingRules.Selection.max.rawValue),
  ]

  private static let standard = ClusterLoad.Deployment(replicas: 1)
  private static let served = ServedTraffic(usual: Rate(perSecond: 0))

  /// The deployment of a checked value.
  static func deployment(_ value: Value) -> ClusterLoad.Deployment? {
    guard let replicas = value["replicas"]?.integer else { return nil }
    var deployment = ClusterLoad.Deployment(replicas: replicas)
    if let cpu = ClusterGrammar.thousandths(value["cpus"]) { deployment.cpu = cpu }
    deployment.memory = value["memory"]?.size ?? deployment.memory
    deployment.image = value["image"]?.size ?? deployment.image
    deployment.pool = value["pool"]?.word
    if let starts = value["starts"]?.word { deployment.isThere = starts == "running" }
    place(value, &deployment)
    use(value, &deployment)
    if let usual = value["requests"]?.perSecond {
      var traffic = ServedTraffic(usual: usual)
      traffic.cpuPerRequest = value["cpu-per-request"]?.duration ?? traffic.cpuPerRequest
      traffic.capacity = value["capacity"]?.perSecond ?? traffic.capacity
      deployment.traffic = traffic
    }
    deployment.autoscaler = value["autoscaler"].flatMap(scaler)
    return deployment
  }

  /// The rolling updates of the deployment at `place`.
  static func rollouts(_ value: Value, of place: Int) -> [ClusterLoad.Rollout] {
    (value["rollouts"]?.items ?? []).compactMap(\.duration).map {
      ClusterLoad.Rollout(deployment: place, at: $0)
    }
  }

  /// Which of its pods come first, where they may be, and how they are replaced.
  private static func place(_ value: Value, _ deployment: inout ClusterLoad.Deployment) {
    deployment.priority = value["priority"]?.integer ?? deployment.priority
    deployment.zoneSkew = value["spread"]?["zones"]?.integer ?? deployment.zoneSkew
    deployment.nodeSkew = value["spread"]?["nodes"]?.integer ?? deployment.nodeSkew
    deployment.maxSurge = value["max-surge"]?.share
    deployment.maxUnavailable = value["max-unavailable"]?.share
  }

  /// What its pods use.
  private static func use(_ value: Value, _ deployment: inout ClusterLoad.Deployment) {
    deployment.memoryUse = value["memory-use"]?.size
    deployment.diskUse = value["disk-use"]?.size ?? deployment.diskUse
    if case .rate(.bytesPerSecond(let bytes))? = value["memory-growth"] {
      deployment.memoryGrowthBytesPerSecond = Int64(bytes)
    }
    if case .rate(.bytesPerSecond(let bytes))? = value["disk-growth"] {
      deployment.diskGrowthBytesPerSecond = Int64(bytes)
    }
  }

  private static func scaler(_ value: Value) -> HorizontalPodAutoscaler? {
    if value.word == published { return .frontend }
    guard let maximum = value["maximum"]?.integer else { return nil }
    var metrics: [HorizontalPodAutoscaler.Metric] = []
    if let cpu = value["cpu"]?.share { metrics.append(.cpu(cpu)) }
    if let requests = value["requests"]?.perSecond { metrics.append(.requests(requests)) }
    var scaler = HorizontalPodAutoscaler(maximum: maximum, metrics: metrics)
    scaler.minimum = value["minimum"]?.integer ?? scaler.minimum
    scaler.scaleUp = rules(value["up"], scaler.scaleUp)
    scaler.scaleDown = rules(value["down"], scaler.scaleDown)
    return scaler
  }

  private static func rules(_ value: Value?, _ standard: ScalingRules) -> ScalingRules {
    guard let value else { return standard }
    let period = value["period"]?.duration ?? .seconds(60)
    var rules = standard
    rules.stabilization = value["stabilization"]?.duration ?? rules.stabilization
    let policies = [
      value["percent"]?.integer.map { ScalingRules.Policy(.percent($0), per: period) },
      value["pods"]?.integer.map { ScalingRules.Policy(.pods($0), per: period) },
    ].compactMap(\.self)
    if !policies.isEmpty { rules.policies = policies }
    if let select = value["select"]?.word.flatMap(ScalingRules.Selection.init(rawValue:)) {
      rules.selection = select
    }
    return rules
  }
}
