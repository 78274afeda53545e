internal import ControlPlane
internal import Measure

/// The keys of `cluster-autoscaler:` and `add-ons:`, which a cluster has only if it says so.
enum ScalingFields {
  /// Keys of a cluster that stand by themselves, not in a group.
  static let parts: [ClusterField] = [
    ClusterField(
      name: "cluster-autoscaler", kind: .record(members),
      doc: "adds machines to pools with a maximum, and removes what is not needed",
      apply: { value, model in
        var parameters = model.autoscaling.nodes ?? ClusterAutoscalerParameters()
        for field in fields {
          if let given = value[field.name] { field.apply(given, &parameters) }
        }
        model.autoscaling.nodes = parameters
      },
      render: { model in
        guard let parameters = model.autoscaling.nodes else { return nil }
        return .record(
          fields.compactMap { field in
            field.render(parameters).map { Value.Pair(field.name, $0) }
          })
      }),
    ClusterField(
      name: "add-ons", kind: .list(.word(["none"] + addOns.map(\.name))),
      doc: "what runs beside workloads and asks the API servers",
      apply: { value, model in
        let names = value.items.compactMap(\.word)
        let known = AddOnParameters.thousandNodes
        var chosen = AddOnParameters()
        for addOn in addOns where names.contains(addOn.name) { addOn.take(known, &chosen) }
        model.addOns = chosen
      },
      render: { model in
        let names = addOns.filter { $0.isThere(model.addOns) }.map(\.name)
        return names.isEmpty ? nil : .list(names.map(Value.word))
      }),
  ]

  private struct AddOn: Sendable {
    var name: String
    var isThere: @Sendable (AddOnParameters) -> Bool
    var take: @Sendable (AddOnParameters, inout AddOnParameters) -> Void
  }

  private static let addOns = [
    AddOn(name: "coredns", isThere: { $0.coreDNS != nil }, take: { $1.coreDNS = $0.coreDNS }),
    AddOn(
      name: "prometheus", isThere: { $0.prometheus != nil },
      take: { $1.prometheus = $0.prometheus }),
    AddOn(
      name: "fluent-bit", isThere: { $0.fluentBit != nil }, take: { $1.fluentBit = $0.fluentBit }),
    AddOn(name: "calico", isThere: { $0.calico != nil }, take: { $1.calico = $0.calico }),
  ]

  private static let members = fields.map { $0.member(ClusterAutoscalerParameters()) }

  private static let fields: [Field<ClusterAutoscalerParameters>] = [
    .word("expander", \.expander, "which pool is enlarged if several would help"),
    Field(
      name: "priorities", kind: .list(.name),
      doc: "expander priority: names of pools, the first preferred; all others come last",
      apply: { value, parameters in parameters.priorities = value.items.compactMap(\.word) },
      render: { $0.priorities.isEmpty ? nil : .list($0.priorities.map(Value.word)) }),
    .integer("replicas", \.replicas, 1...100, "of which one leads"),
    .duration("scan-interval", \.scanInterval, least: 1_000_000_000, "--scan-interval"),
    .duration(
      "provision-time", \.provisionTime, least: 1_000_000_000, "--max-node-provision-time"),
    .duration("unneeded-time", \.unneededTime, least: 0, "--scale-down-unneeded-time"),
    .duration("unready-time", \.unreadyTime, least: 0, "--scale-down-unready-time"),
    .duration("delay-after-add", \.delayAfterAdd, least: 0, "--scale-down-delay-after-add"),
    .duration(
      "delay-after-delete", \.delayAfterDelete, least: 0, "--scale-down-delay-after-delete"),
    .duration(
      "delay-after-failure", \.delayAfterFailure, least: 0, "--scale-down-delay-after-failure"),
    .share(
      "utilization-threshold", \.utilizationThreshold, 0...1,
      "--scale-down-utilization-threshold"),
    .flag("balances-pools", \.balancesSimilarPools, "--balance-similar-node-groups"),
    .integer("maximum-nodes", \.maximumNodes, 0...50_000, "--max-nodes-total; 0 is no limit"),
  ]
}
