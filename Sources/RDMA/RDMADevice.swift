internal import CVerbs
internal import Glibc

/// An RDMA device of this machine, with its ports.
public struct RDMADevice: Hashable, Codable, Sendable {
  /// Name as in /sys/class/infiniband, such as `mlx5_0`.
  public var name: String
  /// Firmware's version, as the device tells it.
  public var firmware: String
  /// Most work requests of one queue.
  public var largestQueue: Int
  /// Most entries of one completion queue.
  public var largestCompletionQueue: Int
  /// Most bytes of one registration.
  public var largestRegistrationBytes: UInt64
  /// RDMA reads that a queue pair may have in flight from its peer.
  public var readsAsResponder: Int
  /// Ports, in order.
  public var ports: [Port]

  /// A port of a device.
  public struct Port: Hashable, Codable, Sendable {
    /// From 1.
    public var number: Int
    /// `active`, `down`, or what else verbs say.
    public var state: String
    /// `InfiniBand` or `Ethernet`.
    public var linkLayer: String
    /// MTU in use, in bytes.
    public var activeMTU: Int
    /// Largest MTU, in bytes.
    public var largestMTU: Int
    /// Addresses.
    public var gids: [GID]
  }

  /// An address of a port: 128 bits, for RoCE made of an IP address.
  public struct GID: Hashable, Codable, Sendable {
    /// Place in the port's table.
    public var index: Int
    /// As an IPv6 address.
    public var text: String
    /// `InfiniBand`, `RoCE v1` or `RoCE v2`.
    public var kind: String
    /// Number of the network interface; 0 where there is none.
    public var interfaceIndex: Int
  }

  /// All devices; none where the machine has none.
  ///
  /// Throws ``RDMAError`` where a device is there and may not be opened.
  public static func all() throws(RDMAError) -> [RDMADevice] {
    var count: Int32 = 0
    guard let list = ibv_get_device_list(&count) else { return [] }
    defer { ibv_free_device_list(list) }
    var devices: [RDMADevice] = []
    for index in 0..<Int(count) {
      guard let device = list[index] else { continue }
      let name = String(cString: ibv_get_device_name(device))
      guard let context = ibv_open_device(device) else {
        throw .failed("opening RDMA device \(name)", code: errno)
      }
      defer { ibv_close_device(context) }
      devices.append(try describe(context, name: name))
    }
    return devices
  }

  /// Facts of one device that is open.
  static func describe(
    _ context: UnsafeMutablePointer<ibv_context>, name: String
  ) throws(RDMAError) -> RDMADevice {
    var facts = ibv_device_attr()
    let status = ibv_query_device(context, &facts)
    guard status == 0 else { throw .failed("querying RDMA device \(name)", code: status) }
    let firmware = withUnsafeBytes(of: facts.fw_ver) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    var device = RDMADevice(
      name: name, firmware: firmware, largestQueue: Int(facts.max_qp_wr),
      largestCompletionQueue: Int(facts.max_cqe), largestRegistrationBytes: facts.max_mr_size,
      readsAsResponder: Int(facts.max_qp_rd_atom), ports: [])
    let gids = addresses(context)
    for number in 1...max(1, Int(facts.phys_port_cnt)) {
      var port = ibv_port_attr()
      guard cv_query_port(context, UInt8(number), &port) == 0 else { continue }
      device.ports.append(
        Port(
          number: number, state: stateWord(port.state),
          linkLayer: port.link_layer == IBV_LINK_LAYER_ETHERNET ? "Ethernet" : "InfiniBand",
          activeMTU: bytes(of: port.active_mtu), largestMTU: bytes(of: port.max_mtu),
          gids: gids.filter { $0.port == number }.map(\.gid)))
    }
    return device
  }

  /// `PORT_ACTIVE` as `active`.
  static func stateWord(_ state: ibv_port_state) -> String {
    let text = String(cString: ibv_port_state_str(state))
    let word = text.hasPrefix("PORT_") ? String(text.dropFirst(5)) : text
    return word.lowercased()
  }

  /// enum ibv_mtu counts powers of two from 256 (1) on.
  static func bytes(of mtu: ibv_mtu) -> Int {
    let code = Int(mtu.rawValue)
    return (1...5).contains(code) ? 128 << code : 0
  }

  private static func addresses(
    _ context: UnsafeMutablePointer<ibv_context>
  ) -> [(port: Int, gid: GID)] {
    let capacity = 256
    var entries = [ibv_gid_entry](repeating: ibv_gid_entry(), count: capacity)
    let count = Int(cv_query_gids(context, &entries, capacity))
    guard count > 0 else { return [] }
    return entries.prefix(count).map { entry in
      var copy = entry
      var raw = [UInt8](repeating: 0, count: 16)
      cv_gid_bytes(&copy, &raw)
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      inet_ntop(AF_INET6, raw, &text, UInt32(INET6_ADDRSTRLEN))
      let shown = String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return (
        Int(entry.port_num),
        GID(
          index: Int(entry.gid_index), text: shown, kind: kind(of: entry.gid_type),
          interfaceIndex: Int(entry.ndev_ifindex))
      )
    }
  }

  /// enum ibv_gid_type of verbs.h.
  private static func kind(of type: UInt32) -> String {
    switch type {
    case IBV_GID_TYPE_ROCE_V2.rawValue: "RoCE v2"
    case IBV_GID_TYPE_ROCE_V1.rawValue: "RoCE v1"
    default: "InfiniBand"
    }
  }
}
