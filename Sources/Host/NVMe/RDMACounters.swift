/// Counters of the machine's RDMA ports (Documentation/ABI/stable/sysfs-class-infiniband).
///
///     let before = RDMACounters.current()
///     … measure …
///     let moved = RDMACounters.current().since(before)
///
/// Names and units are the driver's; port_xmit_data and port_rcv_data count words of 4 bytes.
public struct RDMACounters: Hashable, Codable, Sendable {
  /// One port of an RDMA device.
  public struct Port: Hashable, Codable, Sendable {
    /// Name of the device (`mlx5_0`).
    public var device: String
    /// Number of the port, from 1.
    public var port: Int
    /// Counters by name.
    public var counters: [String: Int64]
  }

  /// All ports, in order of device and number.
  public var ports: [Port]

  /// Reads the counters now; no port on a machine without RDMA.
  public static func current() -> RDMACounters { current(MachineFiles()) }

  static func current(_ machine: MachineFiles) -> RDMACounters {
    let root = "/sys/class/infiniband"
    let ports = machine.names(in: root).flatMap { device -> [Port] in
      let numbers = machine.names(in: "\(root)/\(device)/ports").compactMap { Int($0) }
      return numbers.sorted().map { number in
        let folder = "\(root)/\(device)/ports/\(number)"
        var counters: [String: Int64] = [:]
        for kind in ["counters", "hw_counters"] {
          // `lifespan` is how long the driver keeps a reading, no counter; some say "N/A".
          for name in machine.names(in: "\(folder)/\(kind)") where name != "lifespan" {
            counters[name] = machine.integer("\(folder)/\(kind)/\(name)")
          }
        }
        return Port(device: device, port: number, counters: counters)
      }
    }
    return RDMACounters(ports: ports)
  }

  /// How much the counters that moved have risen; those below zero were set back meanwhile.
  public func since(_ before: RDMACounters) -> RDMACounters {
    let moved = ports.compactMap { now -> Port? in
      let then = before.ports.first { $0.device == now.device && $0.port == now.port }
      let counters = now.counters.compactMap { name, value -> (String, Int64)? in
        let rise = value &- (then?.counters[name] ?? 0)
        return rise == 0 ? nil : (name, rise)
      }
      guard !counters.isEmpty else { return nil }
      return Port(
        device: now.device, port: now.port,
        counters: Dictionary(counters, uniquingKeysWith: { $1 }))
    }
    return RDMACounters(ports: moved)
  }
}
