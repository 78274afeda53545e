internal import Glibc
internal import Host
internal import Networking
internal import Storage

/// What marks figures that are not of hardware (DESIGN section 7).
enum Emulation {
  /// What stands on the record; nil where every system may be hardware.
  static func notice(of systems: [ExaminedSystem]) -> String? {
    let reasons = systems.compactMap { system in reason(system).map { "\(system.name) (\($0))" } }
    guard !reasons.isEmpty else { return nil }
    return "no hardware beneath: " + reasons.joined(separator: ", ")
  }

  private static func reason(_ system: ExaminedSystem) -> String? {
    switch system {
    case .unconnected, .unmade: return nil
    case .simulated: return "simulated"
    case .fabric(let fabric): return isSoft(fabric.device.name) ? "soft-RoCE" : nil
    case .storage(let storage):
      if let address = storage.fabrics?.place, let reason = reason(address) { return reason }
      if case .fabrics(let address) = storage.target { return reason(address) }
      guard let device = storage.device?.device else {
        return storage.facts.path == nil ? "no device" : "memory or network file system"
      }
      if device.name.hasPrefix("loop") { return "a file" }
      if device.name.hasPrefix("zram") { return "memory" }
      return device.model?.contains("QEMU") == true ? "emulated by QEMU" : nil
    }
  }

  private static func reason(_ address: FabricsAddress) -> String? {
    switch address.transport {
    case .loop: "a target of the same kernel"
    case .rdma: softAdapter
    case .tcp: nil
    }
  }

  /// soft-RoCE and soft-iWARP, where no other adapter is there to be meant.
  private static var softAdapter: String? {
    let adapters = RDMACounters.current().ports.map(\.device)
    return !adapters.isEmpty && adapters.allSatisfy(isSoft) ? "soft-RoCE" : nil
  }

  /// Known by the network interface that it names as its parent (rxe), or by the usual name.
  private static func isSoft(_ device: String) -> Bool {
    device.hasPrefix("rxe") || device.hasPrefix("siw")
      || access("/sys/class/infiniband/\(device)/parent", F_OK) == 0
  }
}
