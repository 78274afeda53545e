internal import Host
internal import Measure
internal import Scenario
internal import Storage

/// What must stand beside a storage figure for it to mean anything.
enum Disclosure {
  static func of(
    _ workload: StorageWorkload, _ system: ExaminedStorage, rate: Rate?,
    traffic: FunctionTraffic? = nil
  ) -> [String: String] {
    var facts: [String: String] = [
      "pattern": workload.pattern.rawValue,
      "block size": blockSize(workload),
      "queue depth": String(workload.queueDepth),
      "jobs": String(workload.jobs),
      "engine": workload.engine.rawValue,
      "load": load(workload, rate),
      "cache": workload.direct ? "direct (O_DIRECT)" : "buffered",
      "durability": durability(workload),
      "region": region(workload, system.facts),
      "precondition": precondition(workload.precondition),
    ]
    facts["batch"] =
      "submit \(workload.submitBatch.map(String.init) ?? "what is ready"), "
      + "complete \(workload.completeBatch.map { "at least \($0)" } ?? "in bursts as they come")"
    if case .open(.shareOfMaximum, _) = workload.load { facts["offered rate"] = rate?.text }
    if workload.pattern.isRandom { facts["distribution"] = distribution(workload) }
    if workload.pattern.writes { facts["data"] = data(workload) }
    if let target = system.facts.fabrics { return facts.merging(fabric(target)) { $1 } }
    guard let device = system.device else {
      facts["medium"] = system.facts.path == nil ? "none" : "memory or network file system"
      facts["transport"] = "none"
      return facts
    }
    facts["medium"] = device.medium
    facts["transport"] = device.device.transport ?? "unknown"
    if let link = system.fabrics { facts.merge(fabric(link)) { $1 } }
    if let function = system.function { facts.merge(words(of: function, traffic)) { $1 } }
    facts["device"] = device.isTarget ? device.device.path : "file on \(device.device.path)"
    facts["link"] = device.device.pcieLink?.text
    facts["write cache"] = device.device.writeCache
    facts["scheduler"] = device.device.scheduler
    facts["file system"] = device.fileSystem.map { "\($0.type) at \($0.mountPoint)" }
    return facts
  }

  /// What a target told the user-space initiator.
  private static func fabric(_ target: FabricsTarget) -> [String: String] {
    let data = target.inCapsuleBytes
    return [
      "transport": transport(target.address.transport.rawValue, target.address.initiator),
      "target": target.address.text, "controller": target.model, "adapter": target.device,
      "medium": "\(target.model), behind a fabric",
      "in-capsule data": data == 0 ? "none" : ByteCount(Int64(data)).text,
      "write cache": target.hasWriteCache ? "write back" : "none",
    ]
  }

  private static func transport(
    _ name: String, _ initiator: FabricsAddress.Initiator
  ) -> String {
    "nvme-of \(name), \(initiator.rawValue) initiator"
  }

  /// What a connection over a fabric turned out to be.
  private static func fabric(_ link: FabricsLink) -> [String: String] {
    let facts = link.facts
    var words = [
      "transport": transport(facts.transport, link.place.initiator),
      "target": link.place.text, "controller": facts.identity.model ?? "unknown",
    ]
    let entries = facts.queueSize.map { " of \($0) entries" } ?? ""
    words["I/O queues"] = facts.queues.map { "\($0) of \(facts.queuesAsked) asked for" + entries }
    words["in-capsule data"] = facts.inCapsule.map { $0 == .zero ? "none" : $0.text }
    words["multipath policy"] = facts.multipathPolicy
    return words
  }

  /// What a virtual function turned out to be, and how the I/O reached it.
  private static func words(
    of function: VirtualFunctionFacts, _ traffic: FunctionTraffic?
  ) -> [String: String] {
    var words = [
      "transport": "pcie virtual function \(function.number) of \(function.functions)",
      "controller": function.identity.model ?? "unknown",
      "virtual function": "\(function.controller) at \(function.address), of "
        + "\(function.parentController) at \(function.parentAddress)",
      "way of the I/O": function.isMultipathHead
        ? "\(function.device), which this function alone leads to"
        : "\(function.device), a block device of this function's own",
    ]
    words["I/O queues"] = function.queues.map { "\($0)" }
    words["virtual queues"] = function.virtualQueues.map { "\($0), the admin queue among them" }
    words["virtual interrupts"] = function.virtualInterrupts.map { "\($0)" }
    words["same namespace"] =
      function.twins.isEmpty ? nil : function.twins.joined(separator: ", ")
    words["commands"] = traffic?.text(for: function.controller)
    return words
  }

  private static func blockSize(_ workload: StorageWorkload) -> String {
    let read = text(workload.readBlock)
    let write = text(workload.writeBlock)
    switch (workload.pattern.reads, workload.pattern.writes || workload.pattern.trims) {
    case (true, true): return read == write ? read : "read \(read), write \(write)"
    case (true, false): return read
    case (false, _): return write
    }
  }

  private static func text(_ sizes: StorageWorkload.BlockSizes) -> String {
    switch sizes {
    case .fixed(let size): size.text
    case .range(let from, let to): "\(from.text)-\(to.text)"
    case .split(let entries):
      entries.map { "\($0.size.text)/\($0.weight)" }.joined(separator: ":")
    }
  }

  private static func load(_ workload: StorageWorkload, _ rate: Rate?) -> String {
    guard case .open(let asked, let arrivals) = workload.load, let rate else {
      return "closed loop"
    }
    // What the share comes to differs from run to run, and stands apart: it does not define the
    // workload.
    if case .shareOfMaximum(let share) = asked {
      return "open loop, \(share.text) of maximum, \(arrivals.rawValue) arrivals"
    }
    return "open loop, \(rate.text), \(arrivals.rawValue) arrivals"
  }

  private static func durability(_ workload: StorageWorkload) -> String {
    if let every = workload.fdatasyncEvery { return "fdatasync every \(every) writes" }
    if let every = workload.fsyncEvery { return "fsync every \(every) writes" }
    return workload.endFsync ? "fsync at the end" : "none asked for"
  }

  private static func region(_ workload: StorageWorkload, _ facts: TargetFacts) -> String {
    let size = workload.regionSize ?? ByteCount(facts.sizeBytes.count - workload.regionOffset.count)
    return "\(size.text) from \(workload.regionOffset.text) of \(facts.sizeBytes.text)"
  }

  private static func precondition(_ kind: StorageWorkload.Precondition) -> String {
    switch kind {
    case .none: "none"
    case .snia: "SNIA: twice the region, 128 KiB sequential"
    case .fill(let passes): "\(passes) sequential passes"
    }
  }

  private static func distribution(_ workload: StorageWorkload) -> String {
    switch workload.distribution {
    case .uniform: workload.randomMap ? "uniform, each block once a pass" : "uniform"
    case .zipf(let theta): "zipf \(theta)"
    case .pareto(let h): "pareto \(h)"
    case .zoned(let zones): "\(zones.count) zones"
    }
  }

  private static func data(_ workload: StorageWorkload) -> String {
    let kind =
      switch workload.data {
      case .random: "random"
      case .zeros: "zeros"
      case .compressible(let share): "\(share.text) compressible"
      }
    if workload.verify != .off { return "verify stamps" }
    return workload.refill ? kind + ", fresh for each write" : kind + ", stamped every 4 KiB"
  }
}
