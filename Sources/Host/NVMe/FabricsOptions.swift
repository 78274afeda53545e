internal import Glibc
internal import Measure

/// What is written to /dev/nvme-fabrics, after the options of drivers/nvme/host/fabrics.c
/// (opt_tokens).
struct FabricsOptions {
  /// The address as a number; nil for `loop`.
  let address: String?
  /// The port as a number; nil for `loop`.
  let port: Int?
  /// `transport=tcp,traddr=192.0.2.10,…`.
  let text: String

  init(_ place: FabricsAddress, host: FabricsHost) throws(HostError) {
    try Self.check(name: place.subsystem, "the subsystem")
    try Self.check(name: host.name, "the host")
    var options = ["nqn=\(place.subsystem)", "transport=\(place.transport.rawValue)"]
    if place.transport == .loop {
      (address, port) = (nil, nil)
    } else {
      guard let name = place.address else {
        throw HostError(
          place.text, "has no address", remedy: "give the address of the target's port")
      }
      let numeric = try Self.resolve(name)
      (address, port) = (numeric, place.port ?? FabricsAddress.standardPort)
      options += ["traddr=\(numeric)", "trsvcid=\(place.port ?? FabricsAddress.standardPort)"]
    }
    options += ["hostnqn=\(host.name)", "hostid=\(host.identifier)"]
    if let queues = place.queues { options.append("nr_io_queues=\(queues)") }
    if let size = place.queueSize { options.append("queue_size=\(size)") }
    for (key, span) in [
      ("keep_alive_tmo", place.keepAlive), ("ctrl_loss_tmo", place.controllerLossTimeout),
      ("reconnect_delay", Self.reconnectDelay(place)),
    ] {
      if let span { options.append("\(key)=\(Self.seconds(span))") }
    }
    text = options.joined(separator: ",")
  }

  /// The kernel's own 10 s would make one try of a shorter time to give up.
  private static func reconnectDelay(_ place: FabricsAddress) -> Nanoseconds? {
    if let delay = place.reconnectDelay { return delay }
    guard let loss = place.controllerLossTimeout, loss < .seconds(20) else { return nil }
    return max(.seconds(1), Nanoseconds(loss.count / 4))
  }

  /// The kernel counts whole seconds; what is shorter than one is one.
  private static func seconds(_ span: Nanoseconds) -> Int64 {
    (max(span.count, 0) + 999_999_999) / 1_000_000_000
  }

  /// A qualified name is at most 223 bytes (NVMe Base Specification 2.0, 4.5); a comma would begin
  /// another option.
  private static func check(name: String, _ whose: String) throws(HostError) {
    if name.hasPrefix("/") {
      throw HostError(
        name, "is a path where the qualified name (NQN) of \(whose) is due",
        remedy: "a device that is there already is a system by itself: device: \(name)")
    }
    let isClean = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x2C && $0 != 0x7F }
    guard name.hasPrefix("nqn."), isClean, name.utf8.count <= 223 else {
      throw HostError(
        "\"\(name)\"", "is no qualified name (NQN) of \(whose)",
        remedy: "nqn.YYYY-MM.reversed.domain:name, at most 223 bytes, no comma and no space")
    }
  }

  /// The kernel takes numbers only: 192.0.2.10, or fe80::1%eth0.
  private static func resolve(_ name: String) throws(HostError) -> String {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    defer { if list != nil { freeaddrinfo(list) } }
    guard code == 0, let first = list else {
      throw HostError(
        name, "cannot be resolved to an address: \(String(cString: gai_strerror(code)))",
        remedy: "give the target's address in numbers")
    }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let named = getnameinfo(
      first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
      NI_NUMERICHOST)
    guard named == 0 else { return name }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
