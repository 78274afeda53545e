internal import Host
internal import Storage

/// Finds what cannot be connected to or made, whatever the machine.
enum TargetRules {
  struct Problem {
    var path: String
    var message: String
    var hint: String?
  }

  /// Longest qualified name, bytes (NVM Express Base Specification 2.0, section 4.7).
  private static let longestName = 223
  /// NVMF_MIN_QUEUE_SIZE and NVMF_MAX_QUEUE_SIZE of Linux's drivers/nvme/host/fabrics.h.
  private static let kernelQueueSizes = 16...1024

  static func problems(of target: Target, named system: String) -> [Problem] {
    switch target {
    case .storage(.fabrics(let address)): problems(of: address, named: system)
    case .storage(.virtualFunction(let place)): problems(of: place, named: system)
    case .storage, .fabric: []
    }
  }

  private static func problems(
    of place: VirtualFunctionPlace, named system: String
  ) -> [Problem] {
    guard place.number > place.functions else { return [] }
    return [
      Problem(
        path: "systems.\(system).virtual-function.number",
        message: "number \(place.number) is more than the \(place.functions) functions there are",
        hint: "functions says how many are made, number which of them is tested")
    ]
  }

  private static func problems(of address: FabricsAddress, named system: String) -> [Problem] {
    let path = "systems.\(system).nvme-of"
    var problems: [Problem] = []
    for (key, name) in [("nqn", address.subsystem), ("host-nqn", address.host)] {
      guard let name, let (message, hint) = objection(to: name) else { continue }
      problems.append(Problem(path: "\(path).\(key)", message: message, hint: hint))
    }
    switch (address.transport, address.address) {
    case (.loop, .some):
      problems.append(
        Problem(
          path: "\(path).address", message: "transport loop has no address",
          hint: "leave it out, or give transport: rdma or tcp"))
    case (.rdma, nil), (.tcp, nil):
      problems.append(
        Problem(
          path: path, message: "transport \(address.transport.rawValue) needs an address",
          hint: "give address: 192.0.2.10, the target's port"))
    case (.loop, nil), (.rdma, .some), (.tcp, .some): break
    }
    switch address.initiator {
    case .userSpace: problems += userSpace(address, path)
    case .kernel:
      if let size = address.queueSize, !kernelQueueSizes.contains(size) {
        let (least, most) = (kernelQueueSizes.lowerBound, kernelQueueSizes.upperBound)
        problems.append(
          Problem(
            path: "\(path).queue-size",
            message: "the kernel takes a queue-size from \(least) to \(most), not \(size)",
            hint: "the user-space initiator takes others"))
      }
    }
    return problems
  }

  private static func userSpace(_ address: FabricsAddress, _ path: String) -> [Problem] {
    var problems: [Problem] = []
    if address.transport != .rdma {
      problems.append(
        Problem(
          path: "\(path).initiator",
          message: "the user-space initiator speaks rdma, not \(address.transport.rawValue)",
          hint: "give transport: rdma, or leave the initiator to the kernel"))
    }
    if address.controllerLossTimeout != nil {
      problems.append(
        Problem(
          path: "\(path).ctrl-loss-timeout",
          message: "ctrl-loss-timeout is the kernel's; the user-space initiator does not reconnect",
          hint: "leave it out"))
    }
    return problems
  }

  private static func objection(to name: String) -> (String, String)? {
    if name.hasPrefix("/") {
      return (
        "\(name) is a path, and the qualified name of a subsystem is due",
        "write nqn.2026-01.example:volume as `nvme discover` shows it, or name the path as device:"
      )
    }
    if !name.hasPrefix("nqn.") {
      return (
        "\"\(name)\" is no NVMe qualified name",
        "it begins with nqn. as in nqn.2026-01.example:vol1"
      )
    }
    guard name.utf8.count > longestName else { return nil }
    return ("the name is longer than \(longestName) bytes", "see what `nvme discover` shows")
  }
}
