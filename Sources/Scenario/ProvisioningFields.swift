internal import ControlPlane
internal import Measure

/// The keys of `provisioning:`, how machines are made nodes.
enum ProvisioningFields {
  static let all: [ClusterField] = [
    .word("by", \.provisioning.path, "how an operating system gets onto a machine"),
    .integer(
      "step", \.provisioning.step, 0...50_000,
      "machines that are begun at once, the next when all are ready or given up; 0 is all"),
    .duration(
      "pause", \.provisioning.pause, least: 0, "from the end of a step to the next one"),
    .integer(
      "concurrency", \.provisioning.concurrency, 1...1_000_000,
      "deployments at once (Ironic's max_concurrent_deploy)"),
    .size("image-size", \.provisioning.imageSize, least: 0, "ironic: the image, whole"),
    .bytesPerSecond(
      "image-server-link", \.provisioning.imageServerBytesPerSecond,
      "ironic: what the image server's link carries"),
    .bytesPerSecond(
      "download", \.provisioning.downloadBytesPerSecond, "ironic: the most that one agent gets"),
    .bytesPerSecond(
      "disk-write", \.provisioning.diskBytesPerSecond, "ironic: what an agent writes to disk"),
    .integer(
      "boot-server-concurrency", \.provisioning.bootServerConcurrency, 1...1_000_000,
      "ironic: machines that DHCP and TFTP serve at once"),
    .integer(
      "clone-concurrency", \.provisioning.cloneConcurrency, 1...1_000_000,
      "dpu: clones that the storage back-end makes at once"),
    .phase("schedule", \.provisioning.schedule, "the API accepts, a machine is chosen"),
    .phase("network-boot", \.provisioning.networkBoot, "ironic: DHCP, kernel and ramdisk"),
    .phase("agent-start", \.provisioning.agentStart, "ironic: the agent boots and calls back"),
    .phase("clone", \.provisioning.clone, "dpu: a clone of the system volume"),
    .phase("attach", \.provisioning.attach, "dpu: the volume is mapped"),
    .phase("power-on", \.provisioning.powerOn, "power on and POST"),
    .phase("boot", \.provisioning.boot, "the operating system boots from its disk"),
    .phase("cloud-init", \.provisioning.cloudInit, "cloud-init, network up, ping answered"),
    ClusterField(
      name: "create-to-ping", kind: LatencyGrammar.kind(of: "provisioning.create-to-ping"),
      doc: "all of it as it was measured, in place of the phases",
      apply: { value, model in
        if let law = LatencyGrammar.law(value) { model.provisioning.createToPing = law }
      },
      render: { $0.provisioning.createToPing.map(LatencyGrammar.value) }),
    .share(
      "failures", \.provisioning.failures, 0...1, "the part of all attempts that fail"),
    .integer(
      "attempts", \.provisioning.attempts, 1...1000,
      "how often a machine is tried before it is given up"),
    .duration(
      "retry-pause", \.provisioning.retryPause, least: 0,
      "from a failed attempt to the next"),
    .word(
      "segmentation", \.provisioning.segmentation,
      "what machines' networks are told apart by: a VLAN has 4094"),
  ]
}

extension Field<ClusterModel> {
  /// A key for how long a phase takes.
  fileprivate static func phase(
    _ name: String, _ path: Path<LatencyLaw>, _ doc: String
  ) -> Self {
    latency(name, path, doc, in: "provisioning")
  }

  /// A key for how many bytes a second pass.
  static func bytesPerSecond(_ name: String, _ path: Path<Int64>, _ doc: String) -> Self {
    Self(
      name: name, kind: .rate, doc: doc,
      apply: { value, model in
        if case .rate(.bytesPerSecond(let bytes)) = value { model[keyPath: path] = Int64(bytes) }
      },
      render: { .rate(.bytesPerSecond(Double($0[keyPath: path]))) })
  }
}
