internal import Host
internal import Measure
internal import Networking
internal import Storage

/// The kinds of system as a scenario file has them; each is known by its key.
enum SystemGrammar {
  static let kind = Kind.variant(
    noun: "system",
    [
      [
        Member(
          name: "device", kind: .text,
          doc: "a block device, or an NVMe generic device (/dev/ng0n1) for passthrough",
          required: true)
      ],
      file,
      [
        Member(
          name: "none",
          kind: .record([
            Member(
              name: "size", kind: .size(least: 1), doc: "size it pretends to have", required: true)
          ]), doc: "no device: what this tool and the ring alone cost", required: true)
      ],
      [
        Member(
          name: "nvme-of", kind: .record(fabrics), doc: "a namespace over NVMe over Fabrics",
          required: true)
      ],
      [
        Member(
          name: "virtual-function", kind: .record(virtualFunction),
          doc: "a virtual function (SR-IOV) of a local NVMe controller, made for the run",
          required: true)
      ],
      [
        Member(
          name: "fabric", kind: .record(fabric),
          doc: "an RDMA fabric, with `assay peer` on its other side", required: true)
      ],
      [
        Member(
          name: "cluster", kind: .record(ClusterGrammar.members),
          doc: "a Kubernetes control plane with its nodes, simulated", required: true)
      ],
    ])

  private static let file = [
    Member(name: "file", kind: .text, doc: "path of a regular file", required: true),
    Member(
      name: "size", kind: .size(least: 1),
      doc: "how large it is made; without it, an existing file as it is"),
    Member(
      name: "keep", kind: .boolean, doc: "whether it stays after the run", standard: "false"),
    Member(
      name: "existing", kind: .word(["refuse", "overwrite"]),
      doc: "whether writes to a file that was there before are refused", standard: "refuse"),
  ]

  static let fabrics: [Member] = [
    Member(
      name: "transport", kind: .word(FabricsAddress.Transport.allCases.map(\.rawValue)),
      doc: "what carries it", required: true),
    Member(name: "address", kind: .text, doc: "address of the target's port; loop has none"),
    Member(
      name: "port", kind: .integer(1...65535), doc: "port of the target",
      standard: String(FabricsAddress.standardPort)),
    Member(name: "nqn", kind: .text, doc: "qualified name of the subsystem", required: true),
    Member(
      name: "namespace", kind: .integer(1...0xFFFF_FFFE), doc: "which namespace of it",
      standard: "1"),
    Member(
      name: "initiator", kind: .word(FabricsAddress.Initiator.allCases.map(\.rawValue)),
      doc: "the kernel, or Assay itself past the block layer (rdma only)",
      standard: FabricsAddress.Initiator.kernel.rawValue),
    Member(
      name: "queues", kind: .integer(1...4096),
      doc: "I/O queues asked for; without it, one per CPU, or per job in user space"),
    Member(
      name: "queue-size", kind: .integer(2...65536),
      doc: "entries of an I/O queue asked for; without it, the initiator's default"),
    Member(
      name: "keep-alive", kind: .duration(least: 1_000_000_000),
      doc: "after so long a silent host is given up; without it, the initiator's default"),
    Member(
      name: "ctrl-loss-timeout", kind: .duration(least: 0),
      doc: "how long the kernel tries to reconnect; without it, 600 s"),
    Member(
      name: "host-nqn", kind: .text,
      doc: "how this host calls itself; without it, /etc/nvme/hostnqn, or from the machine id"),
  ]

  static let fabric: [Member] = [
    Member(
      name: "peer", kind: .text, doc: "address at which `assay peer` listens", required: true),
    Member(
      name: "port", kind: .integer(1...65535), doc: "its port",
      standard: String(FabricPeer.standardPort)),
  ]

  static let virtualFunction: [Member] = [
    Member(
      name: "of", kind: .text,
      doc: "the physical function: PCI address, controller (/dev/nvme0) or serial number",
      required: true),
    Member(
      name: "functions", kind: .integer(1...65535), doc: "how many virtual functions are made",
      standard: "1"),
    Member(
      name: "number", kind: .integer(1...65535), doc: "which of them is tested, from 1",
      standard: "1"),
    Member(
      name: "queues", kind: .integer(1...65534),
      doc: "I/O queues of each; without it, an equal share, at most one per CPU"),
    Member(
      name: "interrupts", kind: .integer(1...65535),
      doc: "interrupts of each; without it, one per queue and one for the admin queue"),
    Member(
      name: "namespace", kind: .integer(1...0xFFFF_FFFE), doc: "which namespace it is used for",
      standard: "1"),
  ]

  /// A system's target from checked values; nil where a required one is missing.
  static func target(_ value: Value) -> Target? {
    if let path = value["device"]?.word { return .storage(.device(path: path)) }
    if let path = value["file"]?.word {
      return .storage(
        .file(
          StorageTarget.ScratchFile(
            path: path, size: value["size"]?.size, keep: value["keep"]?.boolean ?? false,
            overwriteExisting: value["existing"]?.word == "overwrite")))
    }
    if let size = value["none"]?["size"]?.size { return .storage(.none(size: size)) }
    if let fabrics = value["nvme-of"] {
      return address(fabrics).map { .storage(.fabrics($0)) }
    }
    if let function = value["virtual-function"] {
      return place(function).map { .storage(.virtualFunction($0)) }
    }
    if let cluster = value["cluster"] { return .cluster(ClusterGrammar.model(cluster)) }
    guard let address = value["fabric"]?["peer"]?.word else { return nil }
    return .fabric(
      FabricPeer(
        address: address, port: value["fabric"]?["port"]?.integer ?? FabricPeer.standardPort))
  }

  private static func address(_ value: Value) -> FabricsAddress? {
    guard let nqn = value["nqn"]?.word,
      let transport = value["transport"]?.word.flatMap(FabricsAddress.Transport.init(rawValue:))
    else { return nil }
    let place = value["address"]?.word
    var address = FabricsAddress(
      transport: transport, address: place,
      port: place.map { _ in value["port"]?.integer ?? FabricsAddress.standardPort },
      subsystem: nqn)
    if let namespace = value["namespace"]?.integer { address.namespace = UInt32(namespace) }
    if let word = value["initiator"]?.word,
      let initiator = FabricsAddress.Initiator(rawValue: word)
    {
      address.initiator = initiator
    }
    address.queues = value["queues"]?.integer
    address.queueSize = value["queue-size"]?.integer
    address.keepAlive = value["keep-alive"]?.duration
    address.controllerLossTimeout = value["ctrl-loss-timeout"]?.duration
    address.host = value["host-nqn"]?.word
    return address
  }

  private static func place(_ value: Value) -> VirtualFunctionPlace? {
    guard let parent = value["of"]?.word else { return nil }
    var place = VirtualFunctionPlace(
      parent: parent, functions: value["functions"]?.integer ?? 1,
      number: value["number"]?.integer ?? 1)
    place.queues = value["queues"]?.integer
    place.interrupts = value["interrupts"]?.integer
    if let namespace = value["namespace"]?.integer { place.namespace = UInt32(namespace) }
    return place
  }

  /// What a storage target looks like in a scenario file.
  static func value(of target: StorageTarget) -> Value {
    switch target {
    case .device(let path): return .record([.init("device", .word(path))])
    case .none(let size):
      return .record([.init("none", .record([.init("size", .size(size))]))])
    case .fabrics(let address):
      return .record([.init("nvme-of", .record(pairs(of: address)))])
    case .virtualFunction(let place):
      return .record([.init("virtual-function", .record(pairs(of: place)))])
    case .file(let file):
      var pairs = [Value.Pair("file", .word(file.path))]
      if let size = file.size { pairs.append(.init("size", .size(size))) }
      if file.keep { pairs.append(.init("keep", .boolean(true))) }
      if file.overwriteExisting { pairs.append(.init("existing", .word("overwrite"))) }
      return .record(pairs)
    }
  }

  private static func pairs(of place: VirtualFunctionPlace) -> [Value.Pair] {
    let values: [(String, Value?)] = [
      ("of", .word(place.parent)), ("functions", .integer(place.functions)),
      ("number", .integer(place.number)), ("queues", place.queues.map { .integer($0) }),
      ("interrupts", place.interrupts.map { .integer($0) }),
      ("namespace", place.namespace == 1 ? nil : .integer(Int(place.namespace))),
    ]
    return values.compactMap { key, value in value.map { Value.Pair(key, $0) } }
  }

  private static func pairs(of address: FabricsAddress) -> [Value.Pair] {
    let values: [(String, Value?)] = [
      ("transport", .word(address.transport.rawValue)),
      ("address", address.address.map { .word($0) }),
      ("port", address.port.map { .integer($0) }),
      ("nqn", .word(address.subsystem)),
      ("namespace", address.namespace == 1 ? nil : .integer(Int(address.namespace))),
      (
        "initiator",
        address.initiator == .kernel ? nil : .word(address.initiator.rawValue)
      ),
      ("queues", address.queues.map { .integer($0) }),
      ("queue-size", address.queueSize.map { .integer($0) }),
      ("keep-alive", address.keepAlive.map { .duration($0) }),
      ("ctrl-loss-timeout", address.controllerLossTimeout.map { .duration($0) }),
      ("host-nqn", address.host.map { .word($0) }),
    ]
    return values.compactMap { key, value in value.map { Value.Pair(key, $0) } }
  }
}
